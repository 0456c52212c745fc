/* SPDX-License-Identifier: MIT */
/* The static table of HPACK (RFC 7541 appendix A). */
#ifndef HTTP2_HPACK_STATIC_H
#define HTTP2_HPACK_STATIC_H

#include "http2/hpack_field.h"

#define HPACK_STATIC 61

/* Index i of a header block is hpack_static[i - 1]. */
extern const struct hpack_field hpack_static[HPACK_STATIC];

#endif
