/* SPDX-License-Identifier: MIT */
/* Entries in the spool's directory that were made to cost time: none delays
 * delivery or costs a record. alarm() ends what takes too long. */
#include "spool_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/scale.h"

#define RECORDS 50
/* Far less than what these entries would take if they were read. */
#define SECONDS 10

static const char *path_of(const struct spool_kit *f, const char *name)
{
	static char path[400];

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	return path;
}

/* A spool with one segment, 1, that was closed. */
static void make_spool(struct spool_kit *f)
{
	struct spool *s = spool_kit_open(f);

	spool_kit_add(s, 0, RECORDS, 10);
	spool_close(s);
}

static void expect_all(struct spool_kit *f, uint64_t damaged)
{
	struct spool *s;
	struct spool_range range;

	alarm(SECONDS);
	s = spool_kit_open(f);
	assert_int_equal(spool_kit_stats(s).recovered, RECORDS);
	assert_int_equal(spool_kit_stats(s).damaged, damaged);
	spool_kit_add(s, RECORDS, 5, 10);
	spool_kit_read_all(s, 0, RECORDS + 5, true);
	assert_int_equal(spool_kit_next(s, &range), -1);
	assert_int_equal(spool_kit_stats(s).dropped_damaged, 0);
	assert_int_equal(spool_kit_stats(s).in_memory, 0);
	spool_close(s);
	alarm(0);
}

static bool logged(struct spool_kit *f, const char *text)
{
	fflush(f->log.out);
	return strstr(f->said, text) != NULL;
}

static void make_sparse(const struct spool_kit *f, const char *name, off_t size)
{
	int fd = open(path_of(f, name), O_RDWR | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

/* Many beginnings of long records, between the header of a segment
 * and its records: each would have its checksum computed over 2 MiB. */
static void test_false_records(void **state)
{
	struct spool_kit *f = *state;
	const char *name = "0000000000000001.spool";
	const size_t marks = 4u << 20;
	uint8_t *p = malloc(marks + 65536);
	uint8_t real[65536];
	FILE *file;
	size_t n;

	assert_non_null(p);
	make_spool(f);
	file = fopen(path_of(f, name), "rb");
	assert_non_null(file);
	n = fread(real, 1, sizeof(real), file);
	assert_in_range(n, SPOOL_HEADER + RECORDS * SPOOL_RECORD_HEAD,
			sizeof(real) - 1);
	fclose(file);
	memcpy(p, real, SPOOL_HEADER);
	for (size_t i = 0; i < marks; i += 8) {
		memcpy(p + SPOOL_HEADER + i, "\xf8MX\xff\xff\xff\x1f\0", 8);
		/* All lengths up to the longest. */
		p[SPOOL_HEADER + i + 6] = (uint8_t)(0x1f >> i / 8 % 6);
		p[SPOOL_HEADER + i + 5] = (uint8_t)(0xff >> i / 48 % 8);
	}
	memcpy(p + SPOOL_HEADER + marks, real + SPOOL_HEADER, n - SPOOL_HEADER);
	spool_kit_spit(path_of(f, name), p, n + marks);
	free(p);
	expect_all(f, 1);
}

/* More sparse files than could be read. */
static void test_many_sparse(void **state)
{
	struct spool_kit *f = *state;
	char name[32];
	const unsigned int n = test_scale(200, 5000);

	make_spool(f);
	for (unsigned int i = 2; i < n + 2; i++) {
		snprintf(name, sizeof(name), "%016x.spool", i);
		make_sparse(f, name, 120 << 20);
	}
	expect_all(f, n);
}

static void test_sparse_acks(void **state)
{
	struct spool_kit *f = *state;

	make_spool(f);
	make_sparse(f, "0000000000000001.acks", 1ll << 40);
	expect_all(f, 0);
}

/* Holes between records are damage like any other. */
static void test_hole_between_records(void **state)
{
	struct spool_kit *f = *state;
	char from[400];
	uint8_t real[65536];
	size_t n, half;
	FILE *file;

	make_spool(f);
	strcpy(from, path_of(f, "0000000000000001.spool"));
	file = fopen(from, "rb");
	assert_non_null(file);
	n = fread(real, 1, sizeof(real), file);
	fclose(file);
	half = SPOOL_HEADER + (n - SPOOL_HEADER) / RECORDS * 10;
	while (memcmp(real + half, "\xf8MX\xff", 4) != 0)
		half++;
	file = fopen(from, "r+b");
	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), (off_t)half), 0);
	assert_int_equal(fseek(file, 100 << 20, SEEK_SET), 0);
	assert_int_equal(fwrite(real + half, 1, n - half, file), n - half);
	fclose(file);
	expect_all(f, 1);
}

/* Beyond the largest size, a file is not read, and therefore kept. */
static void test_too_large(void **state)
{
	struct spool_kit *f = *state;
	const char *name = "0000000000000002.spool";

	make_spool(f);
	make_sparse(f, name, 1ll << 40);
	expect_all(f, 1);
	assert_int_equal(access(path_of(f, name), F_OK), 0);
	assert_true(logged(f, "0000000000000002.spool: larger than any"));
}

/* Many entries, of both forms of names. */
static void test_many_entries(void **state)
{
	struct spool_kit *f = *state;
	const unsigned int n = test_scale(100, 50000);
	char name[300];

	make_spool(f);
	for (unsigned int i = 2; i < n + 2; i++) {
		snprintf(name, sizeof(name), "%016x.spool", i);
		if (i % 2)
			assert_int_equal(mkdir(path_of(f, name), 0700), 0);
		else
			spool_kit_spit(path_of(f, name), (const uint8_t *)"x",
				       1);
		snprintf(name, sizeof(name), "%0*u\n", 200, i);
		spool_kit_spit(path_of(f, name), (const uint8_t *)"x", 1);
	}
	expect_all(f, n);
	for (unsigned int i = 3; i < n + 2; i += 2) {
		snprintf(name, sizeof(name), "%016x.spool", i);
		assert_int_equal(rmdir(path_of(f, name)), 0);
	}
	assert_false(logged(f, "2\n:"));
}

/* All numbers that follow are taken while the spool is open: records still go to
 * disk. */
static void test_next_numbers_taken(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	char name[32];

	for (unsigned int i = 1; i <= 1010; i++) {
		snprintf(name, sizeof(name), "%016x.spool", i);
		spool_kit_spit(path_of(f, name), (const uint8_t *)"x", 1);
	}
	spool_kit_add(s, 0, 10, 10);
	assert_int_equal(spool_kit_stats(s).on_disk, 10);
	spool_close(s);
	s = spool_kit_open(f);
	spool_kit_read_all(s, 0, 10, true);
	spool_close(s);
}

static void make_foreign_lock(const struct spool_kit *f, unsigned int which)
{
	const char *path = path_of(f, "lock");

	unlink(path);
	switch (which) {
	case 0:
		assert_int_equal(mkdir(path, 0700), 0);
		break;
	case 1:
		assert_int_equal(symlink("/nonexistent/lock", path), 0);
		break;
	case 2:
		assert_int_equal(mknod(path, S_IFSOCK | 0600, 0), 0);
		break;
	default:
		assert_int_equal(mkfifo(path, 0600), 0);
	}
}

/* Something else has the name of the lock: there still is only one user. */
static void test_foreign_lock(void **state)
{
	struct spool_kit *f = *state;

	make_spool(f);
	for (unsigned int which = 0; which < 4; which++) {
		struct spool *s;

		make_foreign_lock(f, which);
		s = spool_kit_open(f);
		assert_null(spool_open(&f->conf));
		assert_true(logged(f, "in use by another"));
		assert_int_equal(spool_kit_stats(s).recovered, RECORDS);
		spool_close(s);
		if (which == 0)
			assert_int_equal(rmdir(path_of(f, "lock")), 0);
	}
	assert_true(logged(f, "lock: cannot be used: Is a directory"));
}

/* An earlier version locks only the file. */
static void test_lock_of_earlier_version(void **state)
{
	struct spool_kit *f = *state;
	int fd;

	make_spool(f);
	fd = open(path_of(f, "lock"), O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_null(spool_open(&f->conf));
	close(fd);
	expect_all(f, 0);
}

/* A write that the disk takes in part: the rest goes to memory, nothing is lost,
 * and the part is not read as a record. */
static void test_partial_write(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s;
	struct rlimit before, limit;

	make_spool(f);
	s = spool_kit_open(f);
	spool_kit_read_all(s, 0, RECORDS, true);
	spool_kit_add(s, 100, 10, 10);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = 1000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (unsigned int i = 0; i < 20; i++)
		spool_kit_add(s, 110 + i * 10, 10, 10);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(spool_kit_stats(s).in_memory > 0);
	spool_kit_read_all(s, 100, 210, true);
	assert_int_equal(spool_kit_stats(s).damaged, 0);
	assert_int_equal(spool_kit_stats(s).dropped_damaged, 0);
	spool_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)                                             \
	cmocka_unit_test_setup_teardown(name, spool_kit_setup, \
					spool_kit_teardown)
		TEST(test_false_records),
		TEST(test_many_sparse),
		TEST(test_sparse_acks),
		TEST(test_hole_between_records),
		TEST(test_too_large),
		TEST(test_many_entries),
		TEST(test_next_numbers_taken),
		TEST(test_foreign_lock),
		TEST(test_lock_of_earlier_version),
		TEST(test_partial_write),
	};

	return cmocka_run_group_tests_name("spool hostile", tests, NULL, NULL);
}
