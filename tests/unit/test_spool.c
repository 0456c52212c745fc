/* SPDX-License-Identifier: MIT */
/* The spool: order, acknowledgements, recovery after cuts and flipped bits at
 * every place, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/spool.h"

struct fixture {
	char dir[32], path[64];
	char *said;
	size_t n_said;
	struct log log;
	struct spool_conf conf;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->dir, "/tmp/test_spool_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/spool", f->dir);
	f->log = (struct log){open_memstream(&f->said, &f->n_said), "test",
			      LOG_LEVEL_DEBUG};
	f->conf = (struct spool_conf){.dir = f->path,
				      .limit = SPOOL_LIMIT_MIN,
				      .memory = 1 << 20,
				      .log = &f->log};
	*state = f;
	return 0;
}

/* The files in the spool, without the lock; remove: they go. */
static unsigned int files(const struct fixture *f, bool remove)
{
	DIR *d = opendir(f->path);
	struct dirent *e;
	unsigned int n = 0;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		n += strcmp(e->d_name, "lock") != 0;
		if (remove)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
	return n;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fclose(f->log.out);
	free(f->said);
	files(f, true);
	rmdir(f->path);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static struct spool *open_spool(struct fixture *f)
{
	struct spool *s = spool_open(&f->conf);

	if (!s) {
		fflush(f->log.out);
		fail_msg("%s", f->said);
	}
	while (spool_recover(s))
		;
	return s;
}

/* Records "FIRST" to "FIRST + N - 1", with some text behind. */
static void add(struct spool *s, unsigned int first, unsigned int n,
		unsigned int text)
{
	struct buf b = {0};
	char number[16];

	for (unsigned int i = first; i < first + n; i++) {
		size_t begin = spool_record_begin(&b);

		snprintf(number, sizeof(number), "%u ", i);
		buf_add_str(&b, number);
		for (unsigned int k = 0; k < text; k++)
			buf_add_str(&b, "\xc3\xa9"); /* two bytes */
		spool_record_end(&b, begin);
	}
	assert_true(spool_append(s, &b, n));
	buf_free(&b);
}

/* The number of the next record, -1 at the end. */
static long next(struct spool *s, struct spool_place *place)
{
	struct spool_record r;

	if (!spool_read(s, &r, 0))
		return -1;
	*place = r.place;
	return strtol((const char *)r.payload, NULL, 10);
}

static void read_all(struct spool *s, unsigned int first, unsigned int n,
		     bool ack)
{
	struct spool_place place;

	for (unsigned int i = first; i < first + n; i++) {
		assert_int_equal(next(s, &place), i);
		if (ack)
			spool_ack(s, &place, 1);
	}
}

static struct spool_stats stats_of(const struct spool *s)
{
	struct spool_stats stats;

	spool_stats(s, &stats);
	return stats;
}

static void test_in_order(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	struct spool_place place;
	struct stat st;

	add(s, 0, 10, 5);
	add(s, 10, 5, 0);
	assert_int_equal(spool_unread(s), 15);
	read_all(s, 0, 15, true);
	assert_int_equal(next(s, &place), -1);
	add(s, 15, 1, 0);
	read_all(s, 15, 1, true);
	assert_int_equal(stats_of(s).on_disk, 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(files(f, false), 2);
	spool_close(s);
	/* All of it was acknowledged: nothing is left. */
	assert_int_equal(files(f, false), 0);
}

static void test_private_files(void **state)
{
	struct fixture *f = *state;
	mode_t before = umask(0);
	struct spool *s = open_spool(f);
	struct spool_place place;
	char path[128];
	struct stat st;

	add(s, 0, 2, 0);
	assert_int_equal(next(s, &place), 0);
	spool_ack(s, &place, 1);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", f->path,
			 i == 0	  ? "lock"
			 : i == 1 ? "0000000000000001.spool"
				  : "0000000000000001.acks");
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	spool_close(s);
	umask(before);
}

/* Whatever was acknowledged before the end, in whatever order, does not come
 * again; all else does, in order. */
static void test_recovery(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	struct spool_place place[20], all;
	struct spool_stats stats;

	add(s, 0, 20, 3);
	for (int i = 0; i < 20; i++)
		assert_int_equal(next(s, &place[i]), i);
	spool_ack(s, &place[7], 1);
	all = (struct spool_place){place[0].seq, place[2].from, place[4].to};
	spool_ack(s, &all, 3);
	spool_ack(s, &place[19], 1);
	spool_ack(s, &place[5], 1);
	spool_close(s);

	s = open_spool(f);
	stats = stats_of(s);
	assert_int_equal(stats.recovered, 14);
	assert_int_equal(stats.on_disk, 14);
	assert_int_equal(stats.damaged, 0);
	assert_int_equal(spool_unread(s), 14);
	add(s, 20, 2, 0);
	read_all(s, 0, 2, true);
	read_all(s, 6, 1, true);
	read_all(s, 8, 11, false);
	read_all(s, 20, 2, true);
	spool_close(s);

	s = open_spool(f);
	assert_int_equal(stats_of(s).recovered, 11);
	read_all(s, 8, 11, true);
	spool_close(s);
	assert_int_equal(files(f, false), 0);
}

/* What was left is counted while more comes; nothing is read before that is
 * done, and none is counted twice. */
static void test_recovery_while_working(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	struct spool_place place;
	unsigned int steps = 1, i;

	for (i = 0; i < 5; i++)
		add(s, i * 500, 500, 300); /* segments of their own */
	spool_close(s);
	s = spool_open(&f->conf);
	assert_non_null(s);
	add(s, 2500, 10, 0);
	assert_int_equal(spool_unread(s), 0);
	assert_int_equal(next(s, &place), -1);
	while (spool_recover(s)) {
		steps++;
		assert_int_equal(next(s, &place), -1);
		add(s, 2500 + steps * 10 - 10, 10, 0);
	}
	assert_int_equal(steps, 5);
	assert_int_equal(stats_of(s).recovered, 2500);
	assert_int_equal(stats_of(s).on_disk, 2550);
	read_all(s, 0, 2550, true);
	spool_close(s);
	assert_int_equal(files(f, false), 0);
}

/* Ended before that is done: all of it is still there. */
static void test_recovery_cut_off(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	unsigned int i;

	for (i = 0; i < 5; i++)
		add(s, i * 500, 500, 300);
	spool_close(s);
	s = spool_open(&f->conf);
	spool_recover(s);
	add(s, 2500, 10, 0);
	spool_close(s);
	s = open_spool(f);
	assert_int_equal(stats_of(s).recovered, 2510);
	read_all(s, 0, 2510, true);
	spool_close(s);
}

/* Nor is any dropped at the limit that was not counted. */
static void test_recovery_at_limit(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	struct spool_stats stats;
	unsigned int i;

	for (i = 0; i < 13; i++)
		add(s, i * 500, 500, 600);
	spool_close(s);
	s = spool_open(&f->conf);
	for (i = 0; i < 5; i++)
		add(s, 6500 + i * 500, 500, 600);
	while (spool_recover(s))
		;
	stats = stats_of(s);
	assert_int_equal(stats.recovered, 6500);
	assert_true(stats.dropped_limit > 0);
	assert_int_equal(stats.dropped_limit + stats.on_disk, 9000);
	read_all(s, (unsigned int)stats.dropped_limit,
		 9000 - (unsigned int)stats.dropped_limit, true);
	spool_close(s);
}

/* A segment that cannot be opened is not thrown away. */
static void test_unreadable(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	struct spool_place place;
	char path[128], away[128];
	unsigned int i;

	for (i = 0; i < 3; i++)
		add(s, i * 500, 500, 600);
	spool_close(s);
	s = open_spool(f);
	snprintf(path, sizeof(path), "%s/0000000000000002.spool", f->path);
	snprintf(away, sizeof(away), "%s/away", f->dir);
	assert_int_equal(rename(path, away), 0);
	read_all(s, 0, 500, true);
	read_all(s, 1000, 500, true);
	assert_int_equal(next(s, &place), -1);
	assert_int_equal(stats_of(s).dropped_damaged, 500);
	assert_int_equal(rename(away, path), 0);
	spool_close(s);
	fflush(f->log.out);
	assert_non_null(strstr(f->said, "it is left for the next start"));
	s = open_spool(f);
	assert_int_equal(stats_of(s).recovered, 500);
	read_all(s, 500, 500, true);
	spool_close(s);
}

/* A number is not used again while acknowledgements of it may be about. */
static void test_old_acks(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	struct spool_place place;
	char path[128];

	add(s, 0, 3, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(next(s, &place), i);
		spool_ack(s, &place, 1);
	}
	/* Killed between the removal of the one file and the other. */
	snprintf(path, sizeof(path), "%s/0000000000000001.spool", f->path);
	assert_int_equal(unlink(path), 0);
	spool_close(s);
	snprintf(path, sizeof(path), "%s/0000000000000001.acks", f->path);
	close(open(path, O_WRONLY | O_CREAT, 0600));

	s = open_spool(f);
	add(s, 100, 3, 0);
	spool_close(s);
	s = open_spool(f);
	read_all(s, 100, 3, true);
	spool_close(s);
}

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

static void spit(const char *path, const uint8_t *p, size_t n)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(p, 1, n, file), n);
	fclose(file);
}

#define DAMAGED 12

/* A segment with that many records in a file; its path and contents. */
static uint8_t *make_segment(struct fixture *f, char path[128], size_t *n)
{
	struct spool *s = open_spool(f);

	add(s, 0, DAMAGED, 7);
	spool_close(s);
	snprintf(path, 128, "%s/0000000000000001.spool", f->path);
	return slurp(path, n);
}

/* Reads what is left of it; the numbers grow. Returns how many they are. */
static unsigned int read_damaged(struct fixture *f, unsigned int *places)
{
	struct spool *s = open_spool(f);
	struct spool_stats stats = stats_of(s);
	struct spool_place place;
	long i, last = -1;
	unsigned int n = 0;

	while ((i = next(s, &place)) >= 0) {
		assert_true(i > last && i < DAMAGED);
		last = i;
		n++;
	}
	assert_int_equal(stats.recovered, n);
	assert_int_equal(stats_of(s).dropped_damaged, 0);
	*places = (unsigned int)stats.damaged;
	spool_close(s);
	return n;
}

/* Cut at every byte: the whole records before it are there. */
static void test_cut_everywhere(void **state)
{
	struct fixture *f = *state;
	unsigned int places, whole;
	char path[128];
	size_t n, record;
	uint8_t *p = make_segment(f, path, &n);

	/* "N " and 14 bytes of text, two more characters from 10 on. */
	record = SPOOL_RECORD_HEAD + 2 + 14;
	assert_int_equal(n, SPOOL_HEADER + record * DAMAGED + 2);
	for (size_t cut = 0; cut <= n; cut++) {
		size_t at = SPOOL_HEADER;

		for (whole = 0; whole < DAMAGED; whole++) {
			at += record + (whole >= 10);
			if (at > cut)
				break;
		}
		spit(path, p, cut);
		assert_int_equal(read_damaged(f, &places), whole);
		assert_true(places <= 1);
		/* What was read was not acknowledged, but a file without
		 * anything in it is gone. */
		spit(path, p, n);
	}
	free(p);
}

/* Every bit flipped: at most the record that it is in is missing. */
static void test_flip_everywhere(void **state)
{
	struct fixture *f = *state;
	unsigned int places, got;
	char path[128];
	size_t n;
	uint8_t *p = make_segment(f, path, &n);

	for (size_t bit = 0; bit < n * 8; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		spit(path, p, n);
		got = read_damaged(f, &places);
		assert_int_equal(got, bit / 8 < SPOOL_HEADER ? DAMAGED
							     : DAMAGED - 1);
		assert_int_equal(places, 1);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(p);
}

/* Bytes put in, taken out or written over with others, of many lengths. */
static void test_noise(void **state)
{
	struct fixture *f = *state;
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
		case 0: /* put in */
			memset(q + at, round % 2 ? 0xf8 : 'a', len);
			memcpy(q + at + len, p + at, n - at);
			spit(path, q, n + len);
			break;
		case 1: /* taken out */
			len = len < n - at ? len : n - at;
			memcpy(q + at, p + at + len, n - at - len);
			spit(path, q, n - len);
			break;
		case 2:
			memcpy(q, p, n);
			len = len < n - at ? len : n - at;
			memset(q + at, (int)(x >> 24), len);
			spit(path, q, n);
		}
		/* 90 bytes lie in at most five records of 28. */
		assert_true(read_damaged(f, &places) >= DAMAGED - 5);
		spit(path, p, n);
	}
	free(p);
	free(q);
}

/* Acknowledgements that are damaged count for nothing: sent once more. */
static void test_damaged_acks(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	struct spool_place place;
	char path[128];
	uint8_t *p;
	size_t n;

	add(s, 0, 8, 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(next(s, &place), i);
		spool_ack(s, &place, 1);
	}
	spool_close(s);
	snprintf(path, sizeof(path), "%s/0000000000000001.acks", f->path);
	p = slurp(path, &n);
	assert_int_equal(n, 4 * SPOOL_ACK);
	for (size_t bit = 0; bit < n * 8; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		spit(path, p, n);
		s = open_spool(f);
		assert_int_equal(stats_of(s).recovered, 5);
		assert_int_equal(next(s, &place), bit / 8 / SPOOL_ACK);
		read_all(s, 4, 4, false);
		spool_close(s);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut <= n; cut++) {
		spit(path, p, cut);
		s = open_spool(f);
		assert_int_equal(stats_of(s).recovered, 8 - cut / SPOOL_ACK);
		read_all(s, (unsigned int)(cut / SPOOL_ACK),
			 (unsigned int)(8 - cut / SPOOL_ACK), false);
		spool_close(s);
	}
	/* One that was torn does not spoil those behind it. */
	spit(path, p, SPOOL_ACK + 5);
	s = open_spool(f);
	assert_int_equal(next(s, &place), 1);
	assert_int_equal(next(s, &place), 2);
	spool_ack(s, &place, 1);
	spool_close(s);
	s = open_spool(f);
	assert_int_equal(stats_of(s).recovered, 6);
	spool_close(s);
	free(p);
}

/* Damage done while it is running: what cannot be read back is counted. */
static void test_damaged_while_running(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	struct spool_place place;
	struct spool_stats stats;
	char path[128];
	int fd;

	add(s, 0, 10, 0);
	read_all(s, 0, 3, true);
	spool_sync(s);
	/* More than a window, and in a segment of its own. */
	add(s, 10, 4000, 100);
	snprintf(path, sizeof(path), "%s/0000000000000002.spool", f->path);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "XXXX", 4, 800000), 4);
	close(fd);
	read_all(s, 3, 7, true);
	while (next(s, &place) >= 0)
		spool_ack(s, &place, 1);
	/* Only once it is certain that nothing more comes. */
	for (unsigned int i = 0; i < 300; i++)
		add(s, 5000 + i, 10, 100);
	while (next(s, &place) >= 0)
		spool_ack(s, &place, 1);
	stats = stats_of(s);
	assert_int_equal(stats.dropped_damaged, 1);
	assert_int_equal(stats.damaged, 1);
	assert_int_equal(stats.on_disk, 0);
	spool_close(s);
}

/* At the limit the oldest segment goes; each record is counted. */
static void test_limit(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	struct spool_stats stats;
	struct spool_place place;
	unsigned int i, first;

	assert_int_equal(next(s, &place), -1);
	for (i = 0; i < 2000; i++) {
		add(s, i * 10, 10, 500);
		stats = stats_of(s);
		assert_true(stats.disk_bytes <= f->conf.limit);
		assert_int_equal(stats.on_disk + stats.dropped_limit,
				 10 * (i + 1));
	}
	assert_true(stats.dropped_limit > 0);
	assert_true(stats.disk_bytes > f->conf.limit * 8 / 10);
	first = (unsigned int)stats.dropped_limit;
	read_all(s, first, 20000 - first, true);
	spool_close(s);
	fflush(f->log.out);
	assert_non_null(strstr(f->said, "it is full"));
	assert_int_equal(files(f, false), 0);

	/* Who waits does not drop. */
	f->conf.wait = true;
	s = open_spool(f);
	for (i = 0; spool_has_room(s); i++)
		add(s, i * 10, 10, 500);
	assert_int_equal(stats_of(s).dropped_limit, 0);
	read_all(s, 0, i * 10, true);
	assert_true(spool_has_room(s));
	spool_close(s);
}

/* What was read before its segment was dropped may still be acknowledged. */
static void test_dropped_under_way(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	struct spool_place place;
	unsigned int i;

	add(s, 0, 10, 500);
	assert_int_equal(next(s, &place), 0);
	for (i = 1; i < 2000; i++)
		add(s, i * 10, 10, 500);
	assert_false(spool_has(s, place.seq));
	spool_ack(s, &place, 1);
	assert_int_equal(stats_of(s).dropped_limit + stats_of(s).on_disk,
			 20000 - 1);
	spool_close(s);
}

static void test_memory(void **state)
{
	struct fixture *f = *state;
	struct spool_place place;
	struct spool *s;

	f->conf.dir = NULL;
	s = open_spool(f);
	assert_int_equal(next(s, &place), -1);
	add(s, 0, 3000, 500);
	assert_false(spool_has_room(s));
	assert_int_equal(stats_of(s).in_memory, 3000);
	assert_int_equal(stats_of(s).on_disk, 0);
	read_all(s, 0, 3000, true);
	assert_true(spool_has_room(s));
	assert_int_equal(stats_of(s).memory_bytes, 0);
	spool_close(s);
}

static void test_unread_last(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	struct spool_record r;

	add(s, 0, 3, 0);
	assert_true(spool_read(s, &r, 0));
	assert_true(spool_read(s, &r, r.place.seq));
	spool_unread_last(s, &r);
	assert_int_equal(spool_unread(s), 2);
	read_all(s, 1, 2, true);
	assert_false(spool_read(s, &r, r.place.seq));
	spool_close(s);
}

/* Two processes, as a lock is one's own. */
static void test_lock(void **state)
{
	struct fixture *f = *state;
	struct spool *s = open_spool(f);
	int status;

	fflush(f->log.out);
	if (!fork()) {
		struct log quiet = {fopen("/dev/null", "w"), "", 0};

		f->conf.log = &quiet;
		_exit(spool_open(&f->conf) ? 1 : 0);
	}
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
	assert_null(spool_open(&f->conf));
	fflush(f->log.out);
	assert_non_null(strstr(f->said, "another metlo-xdp uses it"));
	spool_close(s);
	spool_close(open_spool(f));
}

/* A directory with anything else in it is left alone. */
static void test_foreign(void **state)
{
	struct fixture *f = *state;
	char path[128];

	assert_int_equal(mkdir(f->path, 0755), 0);
	snprintf(path, sizeof(path), "%s/1.spool", f->path);
	spit(path, (const uint8_t *)"x", 1);
	assert_null(spool_open(&f->conf));
	unlink(path);
	f->conf.dir = "/nonexistent/spool";
	assert_null(spool_open(&f->conf));
	f->conf.dir = "/dev/null";
	assert_null(spool_open(&f->conf));
	fflush(f->log.out);
	assert_non_null(strstr(f->said, "it has other files in it"));
	assert_non_null(strstr(f->said, "cannot be made: No such file"));
	assert_non_null(strstr(f->said, "cannot be opened: Not a directory"));
	f->conf.dir = f->path;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_in_order),
		TEST(test_private_files),
		TEST(test_recovery),
		TEST(test_recovery_while_working),
		TEST(test_recovery_cut_off),
		TEST(test_recovery_at_limit),
		TEST(test_unreadable),
		TEST(test_old_acks),
		TEST(test_cut_everywhere),
		TEST(test_flip_everywhere),
		TEST(test_noise),
		TEST(test_damaged_acks),
		TEST(test_damaged_while_running),
		TEST(test_limit),
		TEST(test_dropped_under_way),
		TEST(test_memory),
		TEST(test_unread_last),
		TEST(test_lock),
		TEST(test_foreign),
	};

	return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
