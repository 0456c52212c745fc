/* SPDX-License-Identifier: MIT */
/* Standard input, output and error. */
#ifndef BASE_STREAMS_H
#define BASE_STREAMS_H

/* A file opened later must not be taken for a standard stream that was closed
 * by the caller: opens what is missing of them, read-only, so that writing to
 * it is an error. To be done first of all. */
void streams_reserve(void);

#endif
