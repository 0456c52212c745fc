/* SPDX-License-Identifier: MIT */
/* Repairs files with an arbitrary end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "output/tail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool so)
{
	if (!so)
		abort();
}

/* As logfile_open() repairs it. */
static void mend(int fd, const struct tail *t)
{
	must(!ftruncate(fd, (off_t)t->keep));
	must(!t->newline || pwrite(fd, "\n", 1, (off_t)t->keep) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char start[] = "{\"request\":";
	const size_t n = size < sizeof(start) - 1 ? size : sizeof(start) - 1;
	int fd = memfd_create("tail", 0);
	struct tail t, again;
	uint64_t mended;
	char last;

	must(fd >= 0);
	must(write(fd, data, size) == (ssize_t)size);
	must(!tail_find(fd, size, &t));
	must(t.keep <= size);
	/* A file that is not ours is never truncated. */
	must(!memcmp(data, start, n) || t.keep == size);
	mend(fd, &t);
	mended = t.keep + t.newline;
	/* It now ends with a whole line or is empty, and needs no repair. */
	must(!mended ||
	     (pread(fd, &last, 1, (off_t)mended - 1) == 1 && last == '\n'));
	must(!tail_find(fd, mended, &again));
	must(again.keep == mended && !again.newline);
	close(fd);
	return 0;
}
