/* SPDX-License-Identifier: MIT */
/* Streams that are reported when their response begins, too. */
#ifndef HTTP2_PROGRESS_H
#define HTTP2_PROGRESS_H

#include "http2/types.h"

/* Reports the responses that have lasted for conf.progress_ns at now_ns. Call while no
 * message points into a chunk. */
void h2_progress_check(struct http2_engine *e, uint64_t now_ns);

#endif
