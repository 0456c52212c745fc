/* SPDX-License-Identifier: MIT */
/* Entries in the spool's directory that metlo-xdp did not make: none blocks
 * delivery or costs a record. */
#include "spool_kit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SEGMENTS 4
#define RECORDS	 50 /* per segment */
#define ALL	 (SEGMENTS * RECORDS)

/* A spool of four segments, 1 to 4, that was closed. */
static void make_spool(struct spool_kit *f)
{
	for (unsigned int i = 0; i < SEGMENTS; i++) {
		struct spool *s = spool_kit_open(f);

		spool_kit_add(s, i * RECORDS, RECORDS, 10);
		spool_close(s);
	}
	assert_int_equal(spool_kit_files(f, false), SEGMENTS);
}

static const char *path_of(const struct spool_kit *f, const char *name)
{
	static char path[400];

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	return path;
}

/* Opens the spool and expects all records in order; new ones can be stored,
 * read and acknowledged as well, also after a restart. */
static void expect_all(struct spool_kit *f, uint64_t damaged)
{
	struct spool *s = spool_kit_open(f);
	struct spool_range range;

	assert_int_equal(spool_kit_stats(s).recovered, ALL);
	assert_int_equal(spool_kit_stats(s).damaged, damaged);
	spool_kit_add(s, ALL, 2, 10);
	spool_kit_read_all(s, 0, ALL + 1, true);
	spool_close(s);
	s = spool_kit_open(f);
	assert_int_equal(spool_kit_stats(s).recovered, 1);
	spool_kit_add(s, ALL + 2, 1, 10);
	spool_kit_read_all(s, ALL + 1, 2, true);
	assert_int_equal(spool_kit_next(s, &range), -1);
	assert_int_equal(spool_kit_stats(s).dropped_damaged, 0);
	assert_int_equal(spool_kit_stats(s).dropped_limit, 0);
	assert_int_equal(spool_kit_stats(s).in_memory, 0);
	spool_close(s);
}

/* How often the log contains text. */
static unsigned int logged(struct spool_kit *f, const char *text)
{
	unsigned int n = 0;

	fflush(f->log.out);
	for (const char *p = f->said; (p = strstr(p, text)); p++)
		n++;
	return n;
}

/* Numbers at the end of the range: new segments must not continue there. */
static void test_largest_numbers(void **state)
{
	struct spool_kit *f = *state;
	static const char *const names[] = {
		"ffffffffffffffff.spool", "fffffffffffffffe.spool",
		"8000000000000000.spool", "7fffffffffffffff.spool"};

	make_spool(f);
	for (unsigned int i = 0; i < 4; i++)
		spool_kit_spit(path_of(f, names[i]), (const uint8_t *)"xyz", i);
	expect_all(f, 3); /* an empty file is not damaged */
	assert_int_equal(access(path_of(f, "0000000000000000.spool"), F_OK),
			 -1);
}

/* A segment that was renamed to such a number is delivered. */
static void test_renamed_segment(void **state)
{
	struct spool_kit *f = *state;
	char from[400];

	make_spool(f);
	strcpy(from, path_of(f, "0000000000000004.spool"));
	assert_int_equal(rename(from, path_of(f, "ffffffffffffffff.spool")), 0);
	expect_all(f, 1); /* its header */
}

/* Number 0 was never ours: it stays and is counted. */
static void test_number_zero(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s;

	make_spool(f);
	spool_kit_spit(path_of(f, "0000000000000000.spool"),
		       (const uint8_t *)"x", 1);
	s = spool_kit_open(f);
	assert_int_equal(spool_kit_stats(s).damaged, 1);
	spool_kit_read_all(s, 0, ALL, true);
	spool_close(s);
	assert_int_equal(logged(f, "leaving out 1 segments"), 1);
	assert_int_equal(access(path_of(f, "0000000000000000.spool"), F_OK), 0);
}

static void test_gaps(void **state)
{
	struct spool_kit *f = *state;
	char from[400];

	make_spool(f);
	strcpy(from, path_of(f, "0000000000000004.spool"));
	assert_int_equal(rename(from, path_of(f, "0000000abcdef012.spool")), 0);
	expect_all(f, 1);
}

/* Directories, links, FIFOs, sockets and devices with the name of a segment or
 * of acknowledgements, also of the segments to come. */
static void test_other_types(void **state)
{
	struct spool_kit *f = *state;
	uint64_t damaged = 4;
	char target[64];

	make_spool(f);
	snprintf(target, sizeof(target), "%s/target", f->dir);
	spool_kit_spit(target, (const uint8_t *)"x", 1);
	assert_int_equal(mkdir(path_of(f, "0000000000000005.spool"), 0700), 0);
	assert_int_equal(mkfifo(path_of(f, "0000000000000006.spool"), 0600), 0);
	assert_int_equal(symlink(target, path_of(f, "0000000000000007.spool")),
			 0);
	assert_int_equal(
		mknod(path_of(f, "0000000000000008.spool"), S_IFSOCK | 0600, 0),
		0);
	assert_int_equal(mkdir(path_of(f, "0000000000000009.acks"), 0700), 0);
	assert_int_equal(mkfifo(path_of(f, "000000000000000a.acks"), 0600), 0);
	/* /dev/zero; only root may make one. */
	if (!mknod(path_of(f, "0000000000000003.acks"), S_IFCHR | 0600,
		   makedev(1, 5)) &&
	    !mknod(path_of(f, "000000000000000c.spool"), S_IFCHR | 0600,
		   makedev(1, 5)))
		damaged++;
	assert_int_equal(mkdir(path_of(f, "0000000000000001.acks"), 0700), 0);
	assert_int_equal(mkfifo(path_of(f, "0000000000000002.acks"), 0600), 0);
	alarm(10); /* instead of blocking forever */
	expect_all(f, damaged);
	alarm(0);
	assert_int_equal(
		logged(f,
		       "segments, such as 0000000000000005.spool: not a segment"),
		2); /* once per start */
	assert_int_equal(unlink(target), 0);
	rmdir(path_of(f, "0000000000000001.acks"));
	rmdir(path_of(f, "0000000000000009.acks"));
	rmdir(path_of(f, "0000000000000005.spool"));
}

/* Names in other forms are left alone. */
static void test_other_names(void **state)
{
	struct spool_kit *f = *state;
	static const char *const names[] = {"000000000000000A.spool",
					    "5.spool",
					    "0000000000000005.spool~",
					    ".0000000000000005.spool.swp",
					    "0000000000000005",
					    "0000000000000005.spool.tmp",
					    "0x00000000000005.spool",
					    " 000000000000005.spool",
					    "+000000000000005.spool",
					    "10000000000000000.spool",
					    "ffffffffffffffff",
					    "-000000000000001.spool",
					    "\xff\x1b[2J",
					    "lock.old"};
	const unsigned int n = sizeof(names) / sizeof(*names);

	make_spool(f);
	for (unsigned int i = 0; i < n; i++)
		spool_kit_spit(path_of(f, names[i]), (const uint8_t *)"x", 1);
	expect_all(f, 0);
	assert_int_equal(logged(f, "ignoring 14 entries"), 2);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(unlink(path_of(f, names[i])), 0);
}

/* A spool whose segments were all delivered is still known to be one. */
static void test_empty_spool(void **state)
{
	struct spool_kit *f = *state;

	spool_close(spool_kit_open(f));
	spool_kit_spit(path_of(f, "note"), (const uint8_t *)"x", 1);
	spool_close(spool_kit_open(f));
	/* The lock of another program does not make it one. */
	assert_int_equal(chmod(path_of(f, "lock"), 0640), 0);
	assert_null(spool_open(&f->conf));
	assert_int_equal(unlink(path_of(f, "note")), 0);
	/* A new file system. */
	assert_int_equal(mkdir(path_of(f, "lost+found"), 0700), 0);
	spool_close(spool_kit_open(f));
	assert_int_equal(rmdir(path_of(f, "lost+found")), 0);
}

/* Sparse files do not displace others, and are not read to their end. */
static void test_sparse(void **state)
{
	struct spool_kit *f = *state;
	static const char *const names[] = {"0000000000000002.spool",
					    "0000000000000005.spool",
					    "0000000000000006.spool"};
	/* The limit of the kit is 8 MiB. */
	static const off_t sizes[] = {1ll << 40, 32ll << 20, 6ll << 30};

	make_spool(f);
	for (unsigned int i = 0; i < 3; i++) {
		int fd = open(path_of(f, names[i]), O_RDWR | O_CREAT, 0600);

		assert_true(fd >= 0);
		assert_int_equal(ftruncate(fd, sizes[i]), 0);
		close(fd);
	}
	expect_all(f, 3);
}

/* A file without permission is left out, counted and kept. */
static void test_no_permission(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s;
	bool root = !geteuid();

	make_spool(f);
	assert_int_equal(chmod(path_of(f, "0000000000000002.spool"), 0), 0);
	if (root) {
		assert_int_equal(chmod(f->dir, 0755), 0);
		assert_int_equal(chown(f->path, 12345, 12345), 0);
		for (unsigned int i = 1; i <= SEGMENTS; i++) {
			char name[32];

			snprintf(name, sizeof(name), "%016x.spool", i);
			assert_int_equal(chown(path_of(f, name),
					       i == 2 ? 0 : 12345, 12345),
					 0);
		}
		assert_int_equal(chown(path_of(f, "lock"), 12345, 12345), 0);
		assert_int_equal(seteuid(12345), 0);
	}
	s = spool_kit_open(f);
	assert_int_equal(spool_kit_stats(s).recovered, ALL - RECORDS);
	assert_int_equal(spool_kit_stats(s).damaged, 1);
	spool_kit_read_all(s, 0, RECORDS, true);
	spool_kit_read_all(s, 2 * RECORDS, ALL - 2 * RECORDS, true);
	spool_close(s);
	assert_int_equal(logged(f, "0000000000000002.spool: Permission denied"),
			 1);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(path_of(f, "0000000000000002.spool"), 0600), 0);
	s = spool_kit_open(f);
	spool_kit_read_all(s, RECORDS, RECORDS, true);
	spool_close(s);
}

/* Something takes the names of new segments while the spool is open. */
static void test_names_taken(void **state)
{
	struct spool_kit *f = *state;
	struct spool *s = spool_kit_open(f);
	char name[32];

	for (unsigned int i = 1; i <= 20; i++) {
		snprintf(name, sizeof(name), "%016x.%s", i,
			 i % 3 ? "spool" : "acks");
		assert_int_equal(mkdir(path_of(f, name), 0700), 0);
	}
	spool_kit_add(s, 0, 10, 10);
	assert_int_equal(spool_kit_stats(s).on_disk, 10);
	assert_int_equal(spool_kit_stats(s).in_memory, 0);
	spool_kit_read_all(s, 0, 10, true);
	spool_close(s);
	for (unsigned int i = 1; i <= 20; i++) {
		snprintf(name, sizeof(name), "%016x.%s", i,
			 i % 3 ? "spool" : "acks");
		assert_int_equal(rmdir(path_of(f, name)), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)                                             \
	cmocka_unit_test_setup_teardown(name, spool_kit_setup, \
					spool_kit_teardown)
		TEST(test_largest_numbers), TEST(test_renamed_segment),
		TEST(test_number_zero),	    TEST(test_gaps),
		TEST(test_other_types),	    TEST(test_other_names),
		TEST(test_empty_spool),	    TEST(test_sparse),
		TEST(test_no_permission),   TEST(test_names_taken),
	};

	return cmocka_run_group_tests_name("spool foreign", tests, NULL, NULL);
}
