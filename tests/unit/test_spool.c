/* SPDX-License-Identifier: MIT */
/* The spool: order, acknowledgements, recovery, limits. */
#include "spool_kit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_in_order(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	struct spool_range range;
	struct stat st;

	spool_kit_add(s, 0, 10, 5);
	spool_kit_add(s, 10, 5, 0);
	assert_int_equal(spool_unread(s), 15);
	spool_kit_read_all(s, 0, 15, true);
	assert_int_equal(spool_kit_next(s, &range), -1);
	spool_kit_add(s, 15, 1, 0);
	spool_kit_read_all(s, 15, 1, true);
	assert_int_equal(spool_kit_stats(s).on_disk, 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(spool_kit_files(f, false), 2);
	spool_close(s);
	/* Everything was acknowledged: no file remains. */
	assert_int_equal(spool_kit_files(f, false), 0);
}

/* Records are read as before, whether memory is given back amid them or not. */
static void test_give_back(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);

	spool_kit_add(s, 0, 10, 5000);
	spool_kit_read_all(s, 0, 4, true);
	spool_give_back(s, 0);
	spool_kit_read_all(s, 4, 6, true);
	spool_give_back(s, 0);
	spool_give_back(s, 0);
	spool_kit_add(s, 10, 10, 5000);
	spool_kit_read_all(s, 10, 10, true);
	spool_close(s);
	assert_int_equal(spool_kit_files(f, false), 0);
}

static void test_private_files(void **state)
{
	struct spool_kit *f = *state;
	mode_t before = umask(0);
	struct spool *s = spool_kit_open(f);
	struct spool_range range;
	char path[128];
	struct stat st;

	spool_kit_add(s, 0, 2, 0);
	assert_int_equal(spool_kit_next(s, &range), 0);
	spool_ack(s, &range, 1);
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

/* Records acknowledged before the end, in any order, are not read again; all
 * others are, in order. */
static void test_recovery(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	struct spool_range range[20], all;
	struct spool_stats stats;

	spool_kit_add(s, 0, 20, 3);
	for (int i = 0; i < 20; i++)
		assert_int_equal(spool_kit_next(s, &range[i]), i);
	spool_ack(s, &range[7], 1);
	all = (struct spool_range){range[0].seq, range[2].from, range[4].to};
	spool_ack(s, &all, 3);
	spool_ack(s, &range[19], 1);
	spool_ack(s, &range[5], 1);
	spool_close(s);

	s = spool_kit_open(f);
	stats = spool_kit_stats(s);
	assert_int_equal(stats.recovered, 14);
	assert_int_equal(stats.on_disk, 14);
	assert_int_equal(stats.damaged, 0);
	assert_int_equal(spool_unread(s), 14);
	spool_kit_add(s, 20, 2, 0);
	spool_kit_read_all(s, 0, 2, true);
	spool_kit_read_all(s, 6, 1, true);
	spool_kit_read_all(s, 8, 11, false);
	spool_kit_read_all(s, 20, 2, true);
	spool_close(s);

	s = spool_kit_open(f);
	assert_int_equal(spool_kit_stats(s).recovered, 11);
	spool_kit_read_all(s, 8, 11, true);
	spool_close(s);
	assert_int_equal(spool_kit_files(f, false), 0);
}

/* Records of an earlier run are counted while new ones are appended. None is read
 * before that is complete, and none is counted twice. */
static void test_recovery_while_working(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	struct spool_range range;
	unsigned int steps = 1, i;

	for (i = 0; i < 5; i++)
		spool_kit_add(s, i * 500, 500, 300); /* segments of their own */
	spool_close(s);
	s = spool_open(&f->conf);
	assert_non_null(s);
	spool_kit_add(s, 2500, 10, 0);
	assert_int_equal(spool_unread(s), 0);
	assert_int_equal(spool_kit_next(s, &range), -1);
	while (spool_recover(s)) {
		steps++;
		assert_int_equal(spool_kit_next(s, &range), -1);
		spool_kit_add(s, 2500 + steps * 10 - 10, 10, 0);
	}
	assert_int_equal(steps, 5);
	assert_int_equal(spool_kit_stats(s).recovered, 2500);
	assert_int_equal(spool_kit_stats(s).on_disk, 2550);
	spool_kit_read_all(s, 0, 2550, true);
	spool_close(s);
	assert_int_equal(spool_kit_files(f, false), 0);
}

/* Closed before counting was complete: everything is still there. */
static void test_recovery_cut_off(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	unsigned int i;

	for (i = 0; i < 5; i++)
		spool_kit_add(s, i * 500, 500, 300);
	spool_close(s);
	s = spool_open(&f->conf);
	spool_recover(s);
	spool_kit_add(s, 2500, 10, 0);
	spool_close(s);
	s = spool_kit_open(f);
	assert_int_equal(spool_kit_stats(s).recovered, 2510);
	spool_kit_read_all(s, 0, 2510, true);
	spool_close(s);
}

/* Records are counted before they are dropped at the limit. */
static void test_recovery_at_limit(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	struct spool_stats stats;
	unsigned int i;

	for (i = 0; i < 13; i++)
		spool_kit_add(s, i * 500, 500, 600);
	spool_close(s);
	s = spool_open(&f->conf);
	for (i = 0; i < 5; i++)
		spool_kit_add(s, 6500 + i * 500, 500, 600);
	while (spool_recover(s))
		;
	stats = spool_kit_stats(s);
	assert_int_equal(stats.recovered, 6500);
	assert_true(stats.dropped_limit > 0);
	assert_int_equal(stats.dropped_limit + stats.on_disk, 9000);
	spool_kit_read_all(s, (unsigned int)stats.dropped_limit,
			   9000 - (unsigned int)stats.dropped_limit, true);
	spool_close(s);
}

/* A sequence number is not reused while its acknowledgements may exist. */
static void test_old_acks(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	struct spool_range range;
	char path[128];

	spool_kit_add(s, 0, 3, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(spool_kit_next(s, &range), i);
		spool_ack(s, &range, 1);
	}
	/* Killed between deleting the two files. */
	snprintf(path, sizeof(path), "%s/0000000000000001.spool", f->path);
	assert_int_equal(unlink(path), 0);
	spool_close(s);
	snprintf(path, sizeof(path), "%s/0000000000000001.acks", f->path);
	close(open(path, O_WRONLY | O_CREAT, 0600));

	s = spool_kit_open(f);
	spool_kit_add(s, 100, 3, 0);
	spool_close(s);
	s = spool_kit_open(f);
	spool_kit_read_all(s, 100, 3, true);
	spool_close(s);
}

/* At the limit the oldest segment is dropped, and each record counted. */
static void test_limit(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	struct spool_stats stats;
	struct spool_range range;
	unsigned int i, first;

	assert_int_equal(spool_kit_next(s, &range), -1);
	for (i = 0; i < 2000; i++) {
		spool_kit_add(s, i * 10, 10, 500);
		stats = spool_kit_stats(s);
		assert_true(stats.disk_bytes <= f->conf.limit);
		assert_int_equal(stats.on_disk + stats.dropped_limit,
				 10 * (i + 1));
	}
	assert_true(stats.dropped_limit > 0);
	assert_true(stats.disk_bytes > f->conf.limit * 8 / 10);
	first = (unsigned int)stats.dropped_limit;
	spool_kit_read_all(s, first, 20000 - first, true);
	spool_close(s);
	fflush(f->log.out);
	assert_non_null(strstr(f->said, "full: dropping the oldest"));
	assert_int_equal(spool_kit_files(f, false), 0);

	/* Blocking: reports no room instead of dropping. */
	f->conf.blocking = true;
	s = spool_kit_open(f);
	for (i = 0; spool_has_room(s); i++)
		spool_kit_add(s, i * 10, 10, 500);
	assert_int_equal(spool_kit_stats(s).dropped_limit, 0);
	spool_kit_read_all(s, 0, i * 10, true);
	assert_true(spool_has_room(s));
	spool_close(s);
}

/* A record read before its segment was dropped can still be acknowledged. */
static void test_dropped_under_way(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	struct spool_range range;
	unsigned int i;

	spool_kit_add(s, 0, 10, 500);
	assert_int_equal(spool_kit_next(s, &range), 0);
	for (i = 1; i < 2000; i++)
		spool_kit_add(s, i * 10, 10, 500);
	assert_false(spool_has_segment(s, range.seq));
	spool_ack(s, &range, 1);
	assert_int_equal(spool_kit_stats(s).dropped_limit +
				 spool_kit_stats(s).on_disk,
			 20000 - 1);
	spool_close(s);
}

static void test_memory(void **state)
{
	struct spool_kit *f = *state;
	struct spool_range range;
	struct spool *s;

	f->conf.dir = NULL;
	s = spool_kit_open(f);
	assert_int_equal(spool_kit_next(s, &range), -1);
	spool_kit_add(s, 0, 3000, 500);
	assert_false(spool_has_room(s));
	assert_int_equal(spool_kit_stats(s).in_memory, 3000);
	assert_int_equal(spool_kit_stats(s).on_disk, 0);
	spool_kit_read_all(s, 0, 3000, true);
	assert_true(spool_has_room(s));
	assert_int_equal(spool_kit_stats(s).memory_bytes, 0);
	spool_close(s);
}

static void test_unread_last(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	struct spool_record r;

	spool_kit_add(s, 0, 3, 0);
	assert_true(spool_read(s, &r, 0));
	assert_true(spool_read(s, &r, r.range.seq));
	spool_push_back(s, &r);
	assert_int_equal(spool_unread(s), 2);
	spool_kit_read_all(s, 1, 2, true);
	assert_false(spool_read(s, &r, r.range.seq));
	spool_close(s);
}

/* The lock excludes another process and another open in this one. */
static void test_lock(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
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
	assert_non_null(strstr(f->said, "in use by another metlo-xdp"));
	spool_close(s);
	spool_close(spool_kit_open(f));
}

/* A directory with other files in it is rejected. */
static void test_foreign(void **state)
{
	struct spool_kit *f = *state;
	char path[128];

	assert_int_equal(mkdir(f->path, 0755), 0);
	snprintf(path, sizeof(path), "%s/1.spool", f->path);
	spool_kit_spit(path, (const uint8_t *)"x", 1);
	assert_null(spool_open(&f->conf));
	unlink(path);
	f->conf.dir = "/nonexistent/spool";
	assert_null(spool_open(&f->conf));
	f->conf.dir = "/dev/null";
	assert_null(spool_open(&f->conf));
	fflush(f->log.out);
	assert_non_null(strstr(f->said, "contains other files"));
	assert_non_null(strstr(f->said, "opened: No such file"));
	assert_non_null(strstr(f->said, "opened: Not a directory"));
	f->conf.dir = f->path;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)                                             \
	cmocka_unit_test_setup_teardown(name, spool_kit_setup, \
					spool_kit_teardown)
		TEST(test_in_order),
		TEST(test_give_back),
		TEST(test_private_files),
		TEST(test_recovery),
		TEST(test_recovery_while_working),
		TEST(test_recovery_cut_off),
		TEST(test_recovery_at_limit),
		TEST(test_old_acks),
		TEST(test_limit),
		TEST(test_dropped_under_way),
		TEST(test_memory),
		TEST(test_unread_last),
		TEST(test_lock),
		TEST(test_foreign),
	};

	return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
