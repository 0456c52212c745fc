/* SPDX-License-Identifier: MIT */
/* The spool after damage: truncation and flipped bits at every position, noise,
 * files that cannot be opened. */
#include "spool_kit.h"

#include <fcntl.h>
#include <unistd.h>

static uint8_t *slurp(const char *path, size_t *n)
{
	FILE *file = fopen(path, "rb");
	uint8_t *p = malloc(1 << 16);

	assert_non_null(file);
	assert_non_null(p);
	*n = fread(p, 1, 1 << 16, file);
	fclose(file);
	return p;
}

#define DAMAGED 12

/* A segment file with that many records: its path and content. */
static uint8_t *make_segment(struct spool_kit *f, char path[128], size_t *n)
{
	struct spool *s = spool_kit_open(f);

	spool_kit_add(s, 0, DAMAGED, 7);
	spool_close(s);
	snprintf(path, 128, "%s/0000000000000001.spool", f->path);
	return slurp(path, n);
}

/* Reads the remaining records, whose numbers must ascend. Returns how many. */
static unsigned int read_damaged(struct spool_kit *f, unsigned int *places)
{
	struct spool *s = spool_kit_open(f);
	struct spool_stats stats = spool_kit_stats(s);
	struct spool_range range;
	long i, last = -1;
	unsigned int n = 0;

	while ((i = spool_kit_next(s, &range)) >= 0) {
		assert_true(i > last && i < DAMAGED);
		last = i;
		n++;
	}
	assert_int_equal(stats.recovered, n);
	assert_int_equal(spool_kit_stats(s).dropped_damaged, 0);
	*places = (unsigned int)stats.damaged;
	spool_close(s);
	return n;
}

/* Truncated at every byte: the whole records before it remain. */
static void test_cut_everywhere(void **state)
{
	struct spool_kit *f = *state;
	unsigned int places, whole;
	char path[128];
	size_t n, record;
	uint8_t *p = make_segment(f, path, &n);

	/* "N " and 14 bytes of text; from 10 on, N has another digit. */
	record = SPOOL_RECORD_HEAD + 2 + 14;
	assert_int_equal(n, SPOOL_HEADER + record * DAMAGED + 2);
	for (size_t cut = 0; cut <= n; cut++) {
		size_t at = SPOOL_HEADER;

		for (whole = 0; whole < DAMAGED; whole++) {
			at += record + (whole >= 10);
			if (at > cut)
				break;
		}
		spool_kit_spit(path, p, cut);
		assert_int_equal(read_damaged(f, &places), whole);
		assert_true(places <= 1);
		/* The records were not acknowledged, so their file remains;
		 * a file without any is deleted. */
		spool_kit_spit(path, p, n);
	}
	free(p);
}

/* Any single bit flipped: at most its own record is lost. */
static void test_flip_everywhere(void **state)
{
	struct spool_kit *f = *state;
	unsigned int places, got;
	char path[128];
	size_t n;
	uint8_t *p = make_segment(f, path, &n);

	for (size_t bit = 0; bit < n * 8; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		spool_kit_spit(path, p, n);
		got = read_damaged(f, &places);
		assert_int_equal(got, bit / 8 < SPOOL_HEADER ? DAMAGED
							     : DAMAGED - 1);
		assert_int_equal(places, 1);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(p);
}

/* Bytes inserted, removed or overwritten, of many lengths. */
static void test_noise(void **state)
{
	struct spool_kit *f = *state;
	unsigned int places, x = 7;
	char path[128];
	size_t n, at, len;
	uint8_t *p = make_segment(f, path, &n), *q = malloc(2 * n);

	assert_non_null(q);
	for (int round = 0; round < 300; round++) {
		x = x * 1664525 + 1013904223;
		at = SPOOL_HEADER + x / 7 % (n - SPOOL_HEADER);
		len = 1 + x / 5000 % 90;
		memcpy(q, p, at);
		switch (round % 3) {
		case 0: /* inserted */
			memset(q + at, round % 2 ? 0xf8 : 'a', len);
			memcpy(q + at + len, p + at, n - at);
			spool_kit_spit(path, q, n + len);
			break;
		case 1: /* removed */
			len = len < n - at ? len : n - at;
			memcpy(q + at, p + at + len, n - at - len);
			spool_kit_spit(path, q, n - len);
			break;
		case 2:
			memcpy(q, p, n);
			len = len < n - at ? len : n - at;
			memset(q + at, (int)(x >> 24), len);
			spool_kit_spit(path, q, n);
		}
		/* 90 bytes overlap at most five records of 28. */
		assert_true(read_damaged(f, &places) >= DAMAGED - 5);
		spool_kit_spit(path, p, n);
	}
	free(p);
	free(q);
}

/* Damaged acknowledgements are ignored: their records are sent again. */
static void test_damaged_acks(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	struct spool_range range;
	char path[128];
	uint8_t *p;
	size_t n;

	spool_kit_add(s, 0, 8, 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(spool_kit_next(s, &range), i);
		spool_ack(s, &range, 1);
	}
	spool_close(s);
	snprintf(path, sizeof(path), "%s/0000000000000001.acks", f->path);
	p = slurp(path, &n);
	assert_int_equal(n, 4 * SPOOL_ACK);
	for (size_t bit = 0; bit < n * 8; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		spool_kit_spit(path, p, n);
		s = spool_kit_open(f);
		assert_int_equal(spool_kit_stats(s).recovered, 5);
		assert_int_equal(spool_kit_next(s, &range),
				 bit / 8 / SPOOL_ACK);
		spool_kit_read_all(s, 4, 4, false);
		spool_close(s);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut <= n; cut++) {
		spool_kit_spit(path, p, cut);
		s = spool_kit_open(f);
		assert_int_equal(spool_kit_stats(s).recovered,
				 8 - cut / SPOOL_ACK);
		spool_kit_read_all(s, (unsigned int)(cut / SPOOL_ACK),
				   (unsigned int)(8 - cut / SPOOL_ACK), false);
		spool_close(s);
	}
	/* A torn acknowledgement does not affect later ones. */
	spool_kit_spit(path, p, SPOOL_ACK + 5);
	s = spool_kit_open(f);
	assert_int_equal(spool_kit_next(s, &range), 1);
	assert_int_equal(spool_kit_next(s, &range), 2);
	spool_ack(s, &range, 1);
	spool_close(s);
	s = spool_kit_open(f);
	assert_int_equal(spool_kit_stats(s).recovered, 6);
	spool_close(s);
	free(p);
}

/* Damage at run time: records that cannot be read back are counted. */
static void test_damaged_while_running(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	struct spool_range range;
	struct spool_stats stats;
	char path[128];
	int fd;

	spool_kit_add(s, 0, 10, 0);
	spool_kit_read_all(s, 0, 3, true);
	spool_sync(s);
	/* More than a window, in a segment of its own. */
	spool_kit_add(s, 10, 4000, 100);
	snprintf(path, sizeof(path), "%s/0000000000000002.spool", f->path);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "XXXX", 4, 800000), 4);
	close(fd);
	spool_kit_read_all(s, 3, 7, true);
	while (spool_kit_next(s, &range) >= 0)
		spool_ack(s, &range, 1);
	/* Counted only once the segment is complete. */
	for (unsigned int i = 0; i < 300; i++)
		spool_kit_add(s, 5000 + i, 10, 100);
	while (spool_kit_next(s, &range) >= 0)
		spool_ack(s, &range, 1);
	stats = spool_kit_stats(s);
	assert_int_equal(stats.dropped_damaged, 1);
	assert_int_equal(stats.damaged, 1);
	assert_int_equal(stats.on_disk, 0);
	spool_close(s);
}

/* A segment that cannot be opened is not deleted. */
static void test_unreadable(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	struct spool_range range;
	char path[128], away[128];
	unsigned int i;

	for (i = 0; i < 3; i++)
		spool_kit_add(s, i * 500, 500, 600);
	spool_close(s);
	s = spool_kit_open(f);
	snprintf(path, sizeof(path), "%s/0000000000000002.spool", f->path);
	snprintf(away, sizeof(away), "%s/away", f->dir);
	assert_int_equal(rename(path, away), 0);
	spool_kit_read_all(s, 0, 500, true);
	spool_kit_read_all(s, 1000, 500, true);
	assert_int_equal(spool_kit_next(s, &range), -1);
	assert_int_equal(spool_kit_stats(s).dropped_damaged, 500);
	assert_int_equal(rename(away, path), 0);
	spool_close(s);
	fflush(f->log.out);
	assert_non_null(strstr(f->said, "leaving it for the next start"));
	s = spool_kit_open(f);
	assert_int_equal(spool_kit_stats(s).recovered, 500);
	spool_kit_read_all(s, 500, 500, true);
	spool_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)                                             \
	cmocka_unit_test_setup_teardown(name, spool_kit_setup, \
					spool_kit_teardown)
		TEST(test_cut_everywhere),
		TEST(test_flip_everywhere),
		TEST(test_noise),
		TEST(test_damaged_acks),
		TEST(test_damaged_while_running),
		TEST(test_unreadable),
	};

	return cmocka_run_group_tests_name("spool damage", tests, NULL, NULL);
}
