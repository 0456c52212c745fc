/* SPDX-License-Identifier: MIT */
/* Reads and frees what may contain secrets without leaving copies in memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "http/secret.h"

#define CHUNK 4096

/* Like buf_reserve(), but wipes the old memory when the buffer moves. */
static uint8_t *reserve(struct buf *b, size_t n)
{
	struct buf grown = {0};

	if (b->cap - b->len >= n)
		return b->p + b->len;
	if (!buf_reserve(&grown, b->cap * 2 + n)) {
		b->failed = true;
		return NULL;
	}
	buf_add(&grown, b->p, b->len);
	secret_free_buf(b);
	*b = grown;
	return b->p + b->len;
}

int secret_read_fd(int fd, size_t max, struct buf *to)
{
	size_t start = to->len;

	for (;;) {
		uint8_t *at = reserve(to, CHUNK);
		ssize_t n;

		if (!at)
			return -ENOMEM;
		n = read(fd, at, CHUNK - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at[n] = 0;
		if (!n)
			return 0;
		to->len += (size_t)n;
		if (to->len - start > max)
			return -EMSGSIZE;
	}
}

int secret_read_file(const char *path, size_t max, struct buf *to)
{
	/* O_NONBLOCK: opening a FIFO must not block. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		error = -errno;
	else if (S_ISDIR(st.st_mode))
		error = -EISDIR;
	else
		error = secret_read_fd(fd, max, to);
	close(fd);
	return error;
}

void secret_free_buf(struct buf *b)
{
	if (b->p)
		OPENSSL_cleanse(b->p, b->cap);
	buf_free(b);
}

void secret_free_string(char **text)
{
	if (*text)
		OPENSSL_cleanse(*text, strlen(*text));
	free(*text);
	*text = NULL;
}
