/* SPDX-License-Identifier: MIT */
/*
 * A spool with arbitrary content: the first two bytes give the size of the
 * segment, the rest is its acknowledgements. It is recovered, read, partly
 * acknowledged, appended to and recovered again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delivery/spool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64];

static void tidy(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/lock", dir);
	unlink(path);
	rmdir(dir);
}

static void put(const char *name, const uint8_t *p, size_t n)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	close(fd);
}

static struct spool *open_spool(void)
{
	static const struct log quiet = {.program = "fuzz"};
	static struct log log;
	static FILE *null;
	const struct spool_conf conf = {.dir = dir,
					.limit = SPOOL_LIMIT_MIN,
					.memory = 1 << 20,
					.log = &log};
	struct spool *s;

	if (!null)
		null = fopen("/dev/null", "w");
	log = quiet;
	log.out = null;
	s = spool_open(&conf);
	if (!s)
		abort();
	while (spool_recover(s))
		;
	return s;
}

static void append(struct spool *s)
{
	struct buf b = {0};
	size_t begin = spool_record_begin(&b);

	buf_add_str(&b, "new");
	spool_record_end(&b, begin);
	if (spool_append(s, &b, 1))
		abort();
	buf_free(&b);
}

/* Reads all records and acknowledges all or every other. Returns how many remain. */
static uint64_t read_all(struct spool *s, bool all)
{
	struct spool_record r;
	struct spool_stats before, after;
	uint64_t n = 0, acked = 0;
	unsigned int sum = 0;

	spool_stats(s, &before);
	if (before.on_disk != before.recovered + 1)
		abort(); /* including the appended one */
	while (spool_read(s, &r, 0)) {
		for (uint32_t i = 0; i < r.len; i++)
			sum += r.payload[i];
		if (r.range.to - r.range.from != r.len + SPOOL_RECORD_HEAD)
			abort();
		if (all || n % 2) {
			spool_ack(s, &r.range, 1);
			acked++;
		}
		n++;
	}
	spool_stats(s, &after);
	if (n != before.on_disk || after.on_disk != n - acked ||
	    after.dropped_damaged || after.dropped_limit || sum == 1)
		abort();
	return n - acked;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spool_stats stats;
	struct spool *s;
	uint64_t left;
	bool foreign;
	size_t n;

	if (!*dir) {
		/* tmpfs, as syncing to a disk would take time. */
		strcpy(dir, access("/dev/shm", W_OK)
				    ? "/tmp/fuzz_spool_XXXXXX"
				    : "/dev/shm/fuzz_spool_XXXXXX");
		if (!mkdtemp(dir))
			abort();
		atexit(tidy);
	}
	if (size < 2)
		return 0;
	n = data[0] | (size_t)data[1] << 8;
	data += 2;
	size -= 2;
	if (n > size)
		n = size;
	put("0000000000000001.spool", data, n);
	put("0000000000000001.acks", data + n, size - n);

	s = open_spool();
	append(s);
	left = read_all(s, false);
	spool_close(s);

	/* A file with far more entries than records, as it may have become by
	 * ours, is not used: everything is delivered again. */
	foreign = size - n > SPOOL_ACK * (n / SPOOL_RECORD_HEAD + 1);
	s = open_spool();
	spool_stats(s, &stats);
	if (foreign ? stats.recovered < left : stats.recovered != left)
		abort();
	append(s);
	if (read_all(s, true))
		abort();
	spool_close(s);
	return 0;
}
