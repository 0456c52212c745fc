/* SPDX-License-Identifier: MIT */
/*
 * Reads backwards from the end of the file. The last line is whole if its braces
 * balance outside of strings, which is enough to tell a whole line of ours from
 * the beginning of one.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "output/tail.h"

#define BLOCK (64u << 10)
/* Zeros are only looked for in the last bytes, as file systems write older data
 * first. */
#define WINDOW (1u << 20)

/* Every line of ours begins like this. */
static const char start[] = "{\"request\":";

/* Reads exactly n bytes at offset. */
static int read_at(int fd, void *to, size_t n, uint64_t offset)
{
	char *p = to;

	while (n) {
		ssize_t r = pread(fd, p, n, (off_t)offset);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r ? -errno : -EIO;
		p += r;
		offset += (uint64_t)r;
		n -= (size_t)r;
	}
	return 0;
}

static int is_ours(int fd, uint64_t size, bool *ours)
{
	char head[sizeof(start) - 1];
	size_t n = size < sizeof(head) ? (size_t)size : sizeof(head);
	int err = read_at(fd, head, n, 0);

	*ours = !err && !memcmp(head, start, n);
	return err;
}

/* *at: the first zero byte in the window before size; size if there is none. */
static int find_zero(int fd, uint64_t size, uint64_t *at)
{
	uint64_t from = size > WINDOW ? size - WINDOW : 0;
	char block[BLOCK];

	for (*at = size; from < size; from += BLOCK) {
		size_t n = size - from < BLOCK ? (size_t)(size - from) : BLOCK;
		int err = read_at(fd, block, n, from);
		const char *zero;

		if (err)
			return err;
		zero = memchr(block, 0, n);
		if (zero) {
			*at = from + (uint64_t)(zero - block);
			return 0;
		}
	}
	return 0;
}

/* *begin: where the line that ends before end begins. */
static int find_line(int fd, uint64_t end, uint64_t *begin)
{
	char block[BLOCK];

	while (end) {
		size_t n = end < BLOCK ? (size_t)end : BLOCK;
		int err = read_at(fd, block, n, end - n);
		const char *newline;

		if (err)
			return err;
		newline = memrchr(block, '\n', n);
		if (newline) {
			*begin = end - n + (uint64_t)(newline - block) + 1;
			return 0;
		}
		end -= n;
	}
	*begin = 0;
	return 0;
}

/* Scans for the end of a JSON object. */
struct braces {
	unsigned int depth;
	bool string, escape;
	bool closed; /* the object has ended */
	bool extra;  /* bytes follow it */
};

static void braces_feed(struct braces *b, const char *p, size_t n)
{
	for (; n; p++, n--) {
		b->extra |= b->closed;
		if (b->escape)
			b->escape = false;
		else if (b->string && *p == '\\')
			b->escape = true;
		else if (*p == '"')
			b->string = !b->string;
		else if (b->string)
			continue;
		else if (*p == '{')
			b->depth++;
		else if (*p == '}' && b->depth)
			b->closed = !--b->depth;
	}
}

static int is_object(int fd, uint64_t begin, uint64_t end, bool *whole)
{
	struct braces b = {0};
	char block[BLOCK];

	while (begin < end) {
		size_t n = end - begin < BLOCK ? (size_t)(end - begin) : BLOCK;
		int err = read_at(fd, block, n, begin);

		if (err)
			return err;
		braces_feed(&b, block, n);
		begin += n;
	}
	*whole = b.closed && !b.extra;
	return 0;
}

int tail_find(int fd, uint64_t size, struct tail *t)
{
	uint64_t end = size, begin = 0;
	bool ours = false, whole = false;
	int err;

	*t = (struct tail){.keep = size};
	if (!size)
		return 0;
	err = is_ours(fd, size, &ours);
	if (!err && ours)
		err = find_zero(fd, size, &end);
	if (!err)
		err = find_line(fd, end, &begin);
	if (err)
		return err;
	t->keep = end;
	if (begin == end)
		return 0;
	if (ours) {
		err = is_object(fd, begin, end, &whole);
		if (err)
			return err;
	}
	if (ours && !whole)
		t->keep = begin;
	else
		t->newline = true;
	return 0;
}
