/* SPDX-License-Identifier: MIT */
/* The search for the next message start. */
#ifndef HTTP_RESYNC_H
#define HTTP_RESYNC_H

#include "http/types.h"

/* Enters DIR_RESYNC. lost: because bytes are missing. */
void parse_resync(struct conn *c, enum stream_dir dir, bool lost);
void parse_search(struct conn *c, enum stream_dir dir, struct input *in);

#endif
