/* SPDX-License-Identifier: MIT */
/* Standard input, output and error. */
#ifndef BASE_STREAMS_H
#define BASE_STREAMS_H

/* Opens /dev/null as each standard stream that is closed, so that a file opened
 * later cannot become one. It is read-only: writing to it fails. Call this
 * before opening anything else. */
void streams_reserve(void);

#endif
