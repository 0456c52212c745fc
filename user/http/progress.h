/* SPDX-License-Identifier: MIT */
/* Transactions that are reported when their response begins, too. */
#ifndef HTTP_PROGRESS_H
#define HTTP_PROGRESS_H

#include "http/types.h"

/* Reports the response in progress, if any, once it has lasted for
 * conf.progress_ns at now_ns. Call while no message points into a chunk. */
void progress_check(struct conn *c, uint64_t now_ns);

#endif
