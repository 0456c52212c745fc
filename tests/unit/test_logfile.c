/* SPDX-License-Identifier: MIT */
/* Log files, rotated by us or renamed by others: no line is lost, duplicated or
 * torn. */
#include "logfile_kit.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output/rotated.h"

/* --- one writer ------------------------------------------------------------ */

static void test_two_writers(void **state)
{
	struct output_kit *f = *state;
	struct logfile *file = logfile_kit_open(f);
	bool regular = false;

	assert_null(logfile_open(f->path, &f->rules, true, &regular, &f->log));
	assert_true(regular);
	assert_non_null(
		strstr(output_kit_said(f), "use a different file for each"));
	assert_int_equal(logfile_close(file), 0);
	assert_int_equal(logfile_close(logfile_kit_open(f)), 0);
	assert_null(
		logfile_open("/dev/null", &f->rules, true, &regular, &f->log));
	assert_false(regular);
}

/* --- rotation -------------------------------------------------------------- */

/* No file exceeds the limit, each is as full as it can be, all lines are there. */
static void test_size(void **state)
{
	struct output_kit *f = *state;
	struct logfile *file;
	char want[4000] = "", line[64], *all;
	size_t largest;
	int files;

	f->rules.rotate_size = 100;
	file = logfile_kit_open(f);
	for (int i = 0; i < 50; i++) {
		snprintf(line, sizeof(line), "line %d\nand line %d\n", i, i);
		logfile_kit_put(file, line);
		strcat(want, line);
	}
	assert_int_equal(logfile_close(file), 0);
	all = logfile_kit_everything(f, &files, &largest);
	assert_string_equal(all, want);
	assert_true(largest <= 100 && largest > 80);
	assert_int_equal(files, 10);
	free(all);
}

/* Several vectors, split between any two lines; a line that exceeds the limit. */
static void test_size_vectors(void **state)
{
	static char a[] = "1\n22\n333\n", b[] = "4444\n55555\n",
		    c[] = "666666666666666666666666666\n7\n";
	struct iovec iov[] = {{a, 9}, {b, 11}, {c, 30}};
	struct output_kit *f = *state;
	struct logfile *file;
	size_t largest;
	int files;
	char *all;

	f->rules.rotate_size = 10;
	file = logfile_kit_open(f);
	assert_int_equal(logfile_write(file, iov, 3), 50);
	assert_int_equal(logfile_close(file), 0);
	all = logfile_kit_everything(f, &files, &largest);
	assert_string_equal(
		all,
		"1\n22\n333\n4444\n55555\n666666666666666666666666666\n7\n");
	/* 1 22 333, 4444, 55555, 666..., 7 */
	assert_int_equal(files, 5);
	assert_int_equal(largest, 28);
	free(all);
}

static void test_interval(void **state)
{
	const struct timespec old[2] = {{.tv_sec = 1700000000},
					{.tv_sec = 1700000000}};
	struct output_kit *f = *state;
	struct dirent **entries;
	struct logfile *file;

	/* Long enough not to end during this test. */
	f->rules.rotate_interval = 300 * 86400;
	logfile_kit_write_file(f->path, "{\"request\":0}\n", 14);
	assert_int_equal(utimensat(AT_FDCWD, f->path, old, 0), 0);
	file = logfile_kit_open(f);
	logfile_kit_put(file, "{\"request\":1}\n");
	logfile_kit_put(file, "{\"request\":2}\n");
	logfile_tick(file);
	assert_int_equal(logfile_close(file), 0);
	assert_int_equal(logfile_kit_list(f, &entries), 1);
	logfile_kit_free_list(entries, 1);
	logfile_kit_expect(f->path, "{\"request\":1}\n{\"request\":2}\n");

	/* Also when no line arrives, but never an empty file. */
	assert_int_equal(utimensat(AT_FDCWD, f->path, old, 0), 0);
	file = logfile_kit_open(f);
	logfile_tick(file);
	logfile_kit_expect(f->path, "");
	logfile_tick(file);
	assert_int_equal(logfile_close(file), 0);
	assert_int_equal(utimensat(AT_FDCWD, f->path, old, 0), 0);
	file = logfile_kit_open(f);
	logfile_tick(file);
	assert_int_equal(logfile_close(file), 0);
	assert_int_equal(logfile_kit_list(f, &entries), 2);
	logfile_kit_free_list(entries, 2);
}

/* Names have one form, ascend, and never replace a file; only such names are
 * removed. */
static void test_names(void **state)
{
	struct output_kit *f = *state;
	char to[NAME_MAX + 1], before[NAME_MAX + 1] = "";
	static const char *const others[] = {
		"out.20261126T111508.123Z.gz", "out.1",
		"out.20261126T11150x.123Z", "out2.20261126T111508.123Z",
		"out.20261126T111508.123z"};
	int dir = open(f->dir, O_PATH | O_DIRECTORY);
	uint64_t last = 0;
	char path[400];

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, others[i]);
		logfile_kit_write_file(path, "x", 1);
	}
	snprintf(path, sizeof(path), "%s/out.20231114T221320.002Z", f->dir);
	logfile_kit_write_file(path, "x", 1);
	for (int i = 0; i < 5; i++) {
		logfile_kit_write_file(f->path, "x", 1);
		/* The clock stands still, then goes back. */
		assert_int_equal(rotated_rename(dir, "out",
						1700000000000 - 100 * (i > 2),
						&last, to),
				 0);
		assert_true(strcmp(to, before) > 0);
		strcpy(before, to);
	}
	assert_string_equal(to, "out.20231114T221320.005Z");
	assert_int_equal(rotated_prune(dir, "out", 2), 4);
	assert_int_equal(faccessat(dir, "out.20231114T221320.005Z", F_OK, 0),
			 0);
	assert_int_equal(faccessat(dir, "out.20231114T221320.004Z", F_OK, 0),
			 0);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_int_equal(faccessat(dir, others[i], F_OK, 0), 0);
	assert_int_equal(rotated_prune(dir, "out", 2), 0);
	close(dir);
}

static void test_keep(void **state)
{
	struct output_kit *f = *state;
	struct dirent **entries;
	struct logfile *file;

	f->rules.rotate_size = 10;
	f->rules.rotate_keep = 3;
	file = logfile_kit_open(f);
	for (int i = 0; i < 20; i++)
		logfile_kit_put(file, "1234567\n");
	assert_int_equal(logfile_close(file), 0);
	assert_int_equal(logfile_kit_list(f, &entries), 3);
	logfile_kit_free_list(entries, 3);
}

/* The mode set by an administrator is kept. */
static void test_mode(void **state)
{
	struct output_kit *f = *state;
	struct logfile *file;
	struct stat st;

	f->rules.rotate_size = 10;
	file = logfile_kit_open(f);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(chmod(f->path, 0640), 0);
	logfile_kit_put(file, "1234567\n1234567\n");
	assert_int_equal(logfile_close(file), 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(st.st_size, 8);
}

/* --- renamed by others ----------------------------------------------------- */

static void moved_to(struct output_kit *f, const char *suffix, char path[80])
{
	snprintf(path, 80, "%s%s", f->path, suffix);
	assert_int_equal(rename(f->path, path), 0);
}

static void test_reopen(void **state)
{
	struct output_kit *f = *state;
	struct logfile *file = logfile_kit_open(f);
	char old[80];

	logfile_kit_put(file, "1\n");
	moved_to(f, ".1", old);
	logfile_kit_put(file, "2\n");
	logfile_request_reopen(file);
	logfile_kit_put(file, "3\n");
	logfile_kit_expect(old, "1\n2\n");
	logfile_kit_expect(f->path, "3\n");
	/* Reopened without having been renamed. */
	logfile_request_reopen(file);
	logfile_kit_put(file, "4\n");
	logfile_kit_expect(f->path, "3\n4\n");
	/* The file was removed. */
	unlink(f->path);
	logfile_request_reopen(file);
	logfile_tick(file);
	logfile_kit_expect(f->path, "");
	logfile_kit_put(file, "5\n");
	logfile_kit_expect(f->path, "5\n");
	assert_int_equal(logfile_close(file), 0);
}

/* It cannot be reopened: lines continue into the old one. */
static void test_reopen_fails(void **state)
{
	struct output_kit *f = *state;
	struct logfile *file = logfile_kit_open(f);
	char old[80];

	logfile_kit_put(file, "1\n");
	moved_to(f, ".1", old);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	logfile_request_reopen(file);
	logfile_kit_put(file, "2\n");
	logfile_kit_expect(old, "1\n2\n");
	assert_non_null(
		strstr(output_kit_said(f), "lines continue into the old"));
	unlink(f->path);
	logfile_request_reopen(file);
	logfile_kit_put(file, "3\n");
	logfile_kit_expect(f->path, "3\n");
	assert_int_equal(logfile_close(file), 0);
}

/* Renamed without a request to reopen, then full. */
static void test_renamed_and_full(void **state)
{
	struct output_kit *f = *state;
	struct dirent **entries;
	struct logfile *file;
	char old[80];

	f->rules.rotate_size = 10;
	file = logfile_kit_open(f);
	logfile_kit_put(file, "1234567\n");
	moved_to(f, ".1", old);
	logfile_kit_put(file, "abcdefg\n");
	logfile_kit_expect(old, "1234567\n");
	logfile_kit_expect(f->path, "abcdefg\n");
	assert_int_equal(logfile_kit_list(f, &entries), 1);
	logfile_kit_free_list(entries, 1);
	assert_int_equal(logfile_close(file), 0);
}

/* Truncated by logrotate's copytruncate. */
static void test_truncated_by_others(void **state)
{
	struct output_kit *f = *state;
	struct logfile *file;

	f->rules.rotate_size = 20;
	file = logfile_kit_open(f);
	logfile_kit_put(file, "12345678901234567\n");
	assert_int_equal(truncate(f->path, 0), 0);
	logfile_kit_put(file, "12345678901234567\n");
	logfile_kit_expect(f->path, "12345678901234567\n");
	assert_int_equal(logfile_close(file), 0);
}

/* The user that will rotate the file needs access; root always has it. */
static void test_folder_of_others(void **state)
{
	struct output_kit *f = *state;
	struct logfile *file;
	struct stat st;
	bool regular;

	if (geteuid()) {
		skip();
		return;
	}
	f->rules.owner.change = true;
	f->rules.owner.uid = f->rules.owner.gid = 65534;
	assert_int_equal(logfile_close(logfile_kit_open(f)), 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	f->rules.rotate_size = 1000;
	assert_null(logfile_open(f->path, &f->rules, true, &regular, &f->log));
	assert_non_null(strstr(
		output_kit_said(f),
		"user 65534 will not be able to rotate it: Permission denied"));
	assert_int_equal(chown(f->dir, 65534, 65534), 0);
	file = logfile_kit_open(f);
	assert_int_equal(logfile_close(file), 0);
	/* Our own user is unchanged. */
	assert_int_equal(chown(f->dir, 0, 0), 0);
}

/* The directory was removed in the meantime: logged once, and lines continue into
 * the same file. */
static void test_cannot_rotate(void **state)
{
	struct output_kit *f = *state;
	struct logfile *file;

	f->rules.rotate_size = 10;
	file = logfile_kit_open(f);
	logfile_kit_put(file, "1234567\n");
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(rmdir(f->dir), 0);
	logfile_kit_put(file, "1234567\n");
	logfile_kit_put(file, "1234567\n1234567\n");
	assert_non_null(strstr(output_kit_said(f), "cannot be rotated"));
	assert_null(strstr(strstr(output_kit_said(f), "cannot be rotated") + 1,
			   "cannot be rotated"));
	assert_int_equal(logfile_close(file), 0);
	assert_int_equal(mkdir(f->dir, 0700), 0);
}

int main(void)
{
#define TEST(name)                                              \
	cmocka_unit_test_setup_teardown(name, output_kit_setup, \
					output_kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_two_writers),
		TEST(test_size),
		TEST(test_size_vectors),
		TEST(test_interval),
		TEST(test_names),
		TEST(test_keep),
		TEST(test_mode),
		TEST(test_reopen),
		TEST(test_reopen_fails),
		TEST(test_renamed_and_full),
		TEST(test_truncated_by_others),
		TEST(test_folder_of_others),
		TEST(test_cannot_rotate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
