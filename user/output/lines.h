/* SPDX-License-Identifier: MIT */
/* Where lines end in a group of vectors. */
#ifndef OUTPUT_LINES_H
#define OUTPUT_LINES_H

#include <stdint.h>
#include <sys/uio.h>

/* How many of the first n bytes of the vectors are whole lines. */
uint64_t lines_whole(const struct iovec *iov, int n, uint64_t done);

/* How many bytes of whole lines fit into room bytes. */
uint64_t lines_within(const struct iovec *iov, int n, uint64_t room);

/* The length of the first line. */
uint64_t lines_first(const struct iovec *iov);

#endif
