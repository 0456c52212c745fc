/* SPDX-License-Identifier: MIT */
/* Rotated files that are compressed: every line is there once, whatever happens in
 * between, and those who may read the file may read them. */
#include "logfile_kit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#define STAMP "20261126T111508.123Z"

/* The content of a file, decompressed if it is *.zst. The caller frees it. */
static char *contents(const char *path, size_t *n)
{
	size_t size = strlen(path), room;
	char *text = logfile_kit_contents(path, n), *out;

	if (size < 4 || strcmp(path + size - 4, ".zst") != 0)
		return text;
	room = *n * 4096 + 4096;
	out = malloc(room);
	assert_non_null(out);
	/* The size is not in the frame; "*n" bytes hold several frames never. */
	*n = ZSTD_decompress(out, room - 1, text, *n);
	assert_false(ZSTD_isError(*n));
	out[*n] = '\0';
	free(text);
	return out;
}

/* Counts files and compressed ones, and expects lines 0 to the last in order, once.
 * Returns how many lines there are. */
static unsigned int expect_lines(struct output_kit *f, int *files, int *packed)
{
	struct dirent **entries;
	unsigned int next = 0;
	int n = logfile_kit_list(f, &entries);

	*files = n + 1;
	*packed = 0;
	for (int i = 0; i <= n; i++) {
		char path[400], *text, *p, *end;
		size_t size;

		if (i < n)
			snprintf(path, sizeof(path), "%s/%s", f->dir,
				 entries[i]->d_name);
		else
			strcpy(path, f->path);
		*packed += strstr(path, ".zst") != NULL;
		text = contents(path, &size);
		for (p = text; *p; p = end + 1, next++) {
			if (strtoul(p, &end, 10) != next || *end != '\n')
				fail_msg("%s: not %u: %.20s", path, next, p);
		}
		free(text);
	}
	logfile_kit_free_list(entries, n);
	return next;
}

static void write_lines(struct logfile *file, unsigned int from,
			unsigned int to)
{
	char line[32];

	for (; from < to; from++) {
		snprintf(line, sizeof(line), "%u\n", from);
		logfile_kit_put(file, line);
	}
}

/* With sync false, closing waits for the compression. */
static struct logfile *open_file(struct output_kit *f, bool sync)
{
	bool regular;
	struct logfile *file =
		logfile_open(f->path, &f->rules, sync, &regular, &f->log);

	assert_non_null(file);
	return file;
}

static void rules(struct output_kit *f)
{
	f->rules.rotate_size = 1000;
	f->rules.compress = true;
}

static void test_rotated(void **state)
{
	struct output_kit *f = *state;
	struct logfile *file;
	int files, packed;

	rules(f);
	file = open_file(f, false);
	write_lines(file, 0, 2000);
	assert_int_equal(logfile_close(file), 0);
	assert_int_equal(expect_lines(f, &files, &packed), 2000);
	assert_true(files > 5);
	assert_int_equal(packed, files - 1);
}

static void test_access(void **state)
{
	struct output_kit *f = *state;
	const gid_t group = getuid() ? getgid() : 4711;
	struct dirent **entries;
	struct logfile *file;
	int n;

	rules(f);
	f->rules.access = (struct file_access){0640, true, group};
	/* Also that of a file which exists. */
	logfile_kit_write_file(f->path, "0\n", 2);
	file = open_file(f, false);
	write_lines(file, 1, 1000);
	assert_int_equal(logfile_close(file), 0);
	n = logfile_kit_list(f, &entries);
	assert_true(n > 1);
	for (int i = 0; i <= n; i++) {
		char path[400];
		struct stat st;

		if (i < n)
			snprintf(path, sizeof(path), "%s/%s", f->dir,
				 entries[i]->d_name);
		else
			strcpy(path, f->path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0640);
		assert_int_equal(st.st_gid, group);
	}
	logfile_kit_free_list(entries, n);
}

/* Only the newest are kept, however they are stored. */
static void test_keep(void **state)
{
	struct output_kit *f = *state;
	struct dirent **entries;
	struct logfile *file;
	int n;

	rules(f);
	f->rules.rotate_keep = 3;
	file = open_file(f, false);
	write_lines(file, 0, 3000);
	assert_int_equal(logfile_close(file), 0);
	n = logfile_kit_list(f, &entries);
	/* One that was being compressed when it was removed may be left. */
	assert_true(n >= 3 && n <= 4);
	logfile_kit_free_list(entries, n);
}

static void put(struct output_kit *f, const char *suffix, const char *text)
{
	char path[200];

	snprintf(path, sizeof(path), "%s." STAMP "%s", f->path, suffix);
	logfile_kit_write_file(path, text, strlen(text));
}

static bool there(struct output_kit *f, const char *suffix)
{
	char path[200];

	snprintf(path, sizeof(path), "%s." STAMP "%s", f->path, suffix);
	return !access(path, F_OK);
}

/* What a crash may leave. */
static void test_left_over(void **state)
{
	struct output_kit *f = *state;
	int files, packed;

	rules(f);
	/* Half a copy; and a copy that was not yet complete for certain. */
	put(f, "", "0\n1\n");
	put(f, ".zst.tmp", "half");
	put(f, ".zst", "which is replaced");
	put(f, ".gz", "of someone else");
	assert_int_equal(logfile_close(open_file(f, false)), 0);
	assert_false(there(f, "") || there(f, ".zst.tmp"));
	assert_true(there(f, ".zst") && there(f, ".gz"));
	{
		char path[200];

		snprintf(path, sizeof(path), "%s." STAMP ".gz", f->path);
		unlink(path);
	}
	assert_int_equal(expect_lines(f, &files, &packed), 2);
	assert_int_equal(packed, 1);
}

/* A file that something still writes to is left alone. */
static void test_in_use(void **state)
{
	struct output_kit *f = *state;
	char path[200];
	int fd;

	rules(f);
	put(f, "", "0\n");
	snprintf(path, sizeof(path), "%s." STAMP, f->path);
	fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(logfile_close(open_file(f, false)), 0);
	assert_true(there(f, "") && !there(f, ".zst"));
	close(fd);
	assert_int_equal(logfile_close(open_file(f, false)), 0);
	assert_true(!there(f, "") && there(f, ".zst"));
}

/* Killed at any time, again and again. */
static void test_killed(void **state)
{
	struct output_kit *f = *state;
	unsigned int lines = 0;
	int files, packed;

	rules(f);
	for (int i = 0; i < 12; i++) {
		const struct timespec nap = {.tv_nsec = (i * 7 + 3) * 1000000};
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			write_lines(open_file(f, true), lines, 1u << 30);
			_exit(1);
		}
		nanosleep(&nap, NULL);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		/* Repairs the last line, and compresses the rest. */
		assert_int_equal(logfile_close(open_file(f, false)), 0);
		lines = expect_lines(f, &files, &packed);
		assert_int_equal(packed, files - 1);
	}
}

#define CASE(name)                                              \
	cmocka_unit_test_setup_teardown(name, output_kit_setup, \
					output_kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_rotated),   CASE(test_access), CASE(test_keep),
		CASE(test_left_over), CASE(test_in_use), CASE(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
