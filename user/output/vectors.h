/* SPDX-License-Identifier: MIT */
/* Continues a partial writev(). */
#ifndef OUTPUT_VECTORS_H
#define OUTPUT_VECTORS_H

#include <stdint.h>
#include <sys/uio.h>

/* Skips the first done bytes. */
static inline void vectors_advance(struct iovec **iov, int *n, uint64_t done)
{
	for (; *n && done >= (*iov)->iov_len; (*iov)++, (*n)--)
		done -= (*iov)->iov_len;
	if (!*n)
		return;
	(*iov)->iov_base = (char *)(*iov)->iov_base + done;
	(*iov)->iov_len -= done;
}

#endif
