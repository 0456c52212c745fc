/* SPDX-License-Identifier: MIT */
/* Where lines end in a group of vectors: files are cut between lines only. */
#include <string.h>

#include "output/lines.h"

uint64_t lines_whole(const struct iovec *iov, int n, uint64_t done)
{
	uint64_t before = 0, lines = 0;

	for (int i = 0; i < n && before < done; i++) {
		size_t here = done - before < iov[i].iov_len
				      ? (size_t)(done - before)
				      : iov[i].iov_len;
		const char *base = iov[i].iov_base;
		const char *newline = memrchr(base, '\n', here);

		if (newline)
			lines = before + (uint64_t)(newline - base) + 1;
		before += here;
	}
	return lines;
}

uint64_t lines_within(const struct iovec *iov, int n, uint64_t room)
{
	uint64_t all = 0;

	for (int i = 0; i < n; i++)
		all += iov[i].iov_len;
	return all <= room ? all : lines_whole(iov, n, room);
}

uint64_t lines_first(const struct iovec *iov)
{
	const char *newline = memchr(iov->iov_base, '\n', iov->iov_len);

	return newline ? (uint64_t)(newline - (char *)iov->iov_base) + 1
		       : iov->iov_len;
}
