/* SPDX-License-Identifier: MIT */
/* How the client begins: perhaps a header of the PROXY protocol, then the preface. */
#ifndef HTTP2_PREFACE_H
#define HTTP2_PREFACE_H

#include "http2/account.h"

/* Consumes bytes in H2_DIR_PREFACE. False: it does not begin so; in->p is where that
 * shows. What is held of the direction came before it. */
bool h2_on_preface(struct h2_conn *c, enum stream_dir dir, struct h2_input *in);
/* n bytes are missing in this state. False: with them it is not known what follows. */
bool h2_on_preface_gap(struct h2_dir *d, uint64_t n);

#endif
