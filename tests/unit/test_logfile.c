/* SPDX-License-Identifier: MIT */
/* Files of lines: rotated, renamed by others, cut by crashes; no line is lost,
 * doubled or torn. */
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
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "report/logfile.h"
#include "report/output.h"
#include "report/rotated.h"
#include "report/tail.h"

struct fixture {
	char dir[40], path[64], destination[80];
	struct logfile_rules rules;
	struct log log;
	char *said;
	size_t n_said;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->dir, "/tmp/test_logfile_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/out", f->dir);
	snprintf(f->destination, sizeof(f->destination), "ndjson:%s", f->path);
	f->log = (struct log){open_memstream(&f->said, &f->n_said), "test",
			      LOG_LEVEL_DEBUG};
	assert_non_null(f->log.out);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	DIR *d = opendir(f->dir);

	for (struct dirent *e; (e = readdir(d));)
		unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	rmdir(f->dir);
	fclose(f->log.out);
	free(f->said);
	free(f);
	return 0;
}

static const char *said(struct fixture *f)
{
	fflush(f->log.out);
	return f->said ? f->said : "";
}

/* --- what is in the folder ------------------------------------------------- */

/* Files of the test but f->path itself, oldest first. */
static int list(struct fixture *f, struct dirent ***entries)
{
	int n = scandir(f->dir, entries, NULL, alphasort), kept = 0;

	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		if (strncmp((*entries)[i]->d_name, "out.", 4))
			free((*entries)[i]);
		else
			(*entries)[kept++] = (*entries)[i];
	}
	return kept;
}

static void free_list(struct dirent **entries, int n)
{
	while (n)
		free(entries[--n]);
	free(entries);
}

static char *contents(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *text;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	text = malloc((size_t)st.st_size + 1);
	assert_non_null(text);
	*n = fread(text, 1, (size_t)st.st_size, f);
	text[*n] = '\0';
	fclose(f);
	return text;
}

static void assert_contents(const char *path, const char *want)
{
	size_t n;
	char *text = contents(path, &n);

	assert_string_equal(text, want);
	free(text);
}

/* The rotated files and then the file itself, in one piece. */
static char *everything(struct fixture *f, int *files, size_t *largest)
{
	struct dirent **entries;
	int n = list(f, &entries);
	char *all = NULL, path[400];
	size_t at = 0, size;

	*files = n + 1;
	*largest = 0;
	for (int i = 0; i <= n; i++) {
		char *text;

		if (i < n)
			snprintf(path, sizeof(path), "%s/%s", f->dir,
				 entries[i]->d_name);
		text = contents(i < n ? path : f->path, &size);
		all = realloc(all, at + size + 1);
		assert_non_null(all);
		memcpy(all + at, text, size + 1);
		at += size;
		*largest = size > *largest ? size : *largest;
		free(text);
	}
	free_list(entries, n);
	return all;
}

/* --- writing --------------------------------------------------------------- */

static struct logfile *opened(struct fixture *f)
{
	bool regular;
	struct logfile *file =
		logfile_open(f->path, &f->rules, true, &regular, &f->log);

	if (!file)
		fail_msg("not opened: %s", said(f));
	return file;
}

static void put(struct logfile *file, const char *lines)
{
	struct iovec iov = {(void *)(uintptr_t)lines, strlen(lines)};

	assert_int_equal(logfile_write(file, &iov, 1), strlen(lines));
}

static void write_file(const char *path, const void *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	close(fd);
}

/* --- torn ends ------------------------------------------------------------- */

#define LINE                                                                  \
	"{\"request\":{\"url\":{\"path\":\"/a{\\\"}b\"},\"body\":\"}\\\\\"}," \
	"\"response\":null}\n"

/* Cut at every byte, a file is as long afterwards as its whole lines. */
static void test_every_cut(void **state)
{
	static const char two[] = LINE LINE;
	const size_t n = strlen(LINE);
	struct fixture *f = *state;

	for (size_t cut = 0; cut <= 2 * n; cut++) {
		size_t lines = (cut + 1) / n; /* the newline may be missing */
		struct logfile *file;
		char *text;
		size_t size;

		write_file(f->path, two, cut);
		file = opened(f);
		put(file, "{\"request\":1}\n");
		assert_true(logfile_close(file));
		text = contents(f->path, &size);
		assert_int_equal(size, lines * n + 14);
		assert_memory_equal(text, two, lines * n);
		assert_string_equal(text + lines * n, "{\"request\":1}\n");
		free(text);
	}
	assert_non_null(strstr(said(f), "1 bytes are cut off"));
}

/* A line that is longer than what is read at a time. */
static void test_long_cut(void **state)
{
	const size_t n = 300000;
	struct fixture *f = *state;
	char *text = malloc(n + 100);

	assert_non_null(text);
	strcpy(text, LINE);
	memset(text + strlen(LINE), 'x', n);
	memcpy(text + strlen(LINE), "{\"request\":\"", 12);
	write_file(f->path, text, n);
	assert_true(logfile_close(opened(f)));
	assert_contents(f->path, LINE);
	/* And the same one whole, without its newline. */
	memcpy(text + n - 2, "\"}", 2);
	write_file(f->path, text, n);
	assert_true(logfile_close(opened(f)));
	text[n] = '\n';
	text[n + 1] = '\0';
	assert_contents(f->path, text);
	free(text);
}

/* What a power loss leaves where data did not reach the disk. */
static void test_zeros(void **state)
{
	struct fixture *f = *state;
	char text[4096] = LINE LINE "{\"request\":{";

	write_file(f->path, text, sizeof(text));
	assert_true(logfile_close(opened(f)));
	assert_contents(f->path, LINE LINE);
	/* Zeros in the middle: what comes before them counts. */
	memcpy(text + 1000, LINE, strlen(LINE));
	write_file(f->path, text, 1000 + strlen(LINE));
	assert_true(logfile_close(opened(f)));
	assert_contents(f->path, LINE LINE);
}

/* Nothing is cut off a file that is not ours. */
static void test_foreign(void **state)
{
	struct fixture *f = *state;

	write_file(f->path, "root:x:0\nend", 12);
	assert_true(logfile_close(opened(f)));
	assert_contents(f->path, "root:x:0\nend\n");
	write_file(f->path, "a\0b\0c", 5);
	assert_true(logfile_close(opened(f)));
	{
		size_t n;
		char *text = contents(f->path, &n);

		assert_int_equal(n, 6);
		assert_memory_equal(text, "a\0b\0c\n", 6);
		free(text);
	}
}

/* --- one writer ------------------------------------------------------------ */

static void test_two_writers(void **state)
{
	struct fixture *f = *state;
	struct logfile *file = opened(f);
	bool regular = false;

	assert_null(logfile_open(f->path, &f->rules, true, &regular, &f->log));
	assert_true(regular);
	assert_non_null(strstr(said(f), "give each a file of its own"));
	assert_true(logfile_close(file));
	assert_true(logfile_close(opened(f)));
	assert_null(
		logfile_open("/dev/null", &f->rules, true, &regular, &f->log));
	assert_false(regular);
}

/* --- rotation -------------------------------------------------------------- */

/* No file is larger than it may be, each is full, and all lines are there. */
static void test_size(void **state)
{
	struct fixture *f = *state;
	struct logfile *file;
	char want[4000] = "", line[64], *all;
	size_t largest;
	int files;

	f->rules.rotate_size = 100;
	file = opened(f);
	for (int i = 0; i < 50; i++) {
		snprintf(line, sizeof(line), "line %d\nand line %d\n", i, i);
		put(file, line);
		strcat(want, line);
	}
	assert_true(logfile_close(file));
	all = everything(f, &files, &largest);
	assert_string_equal(all, want);
	assert_true(largest <= 100 && largest > 80);
	assert_int_equal(files, 10);
	free(all);
}

/* Several vectors, cut between any two lines; a line that is too long. */
static void test_size_vectors(void **state)
{
	static char a[] = "1\n22\n333\n", b[] = "4444\n55555\n",
		    c[] = "666666666666666666666666666\n7\n";
	struct iovec iov[] = {{a, 9}, {b, 11}, {c, 30}};
	struct fixture *f = *state;
	struct logfile *file;
	size_t largest;
	int files;
	char *all;

	f->rules.rotate_size = 10;
	file = opened(f);
	assert_int_equal(logfile_write(file, iov, 3), 50);
	assert_true(logfile_close(file));
	all = everything(f, &files, &largest);
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
	struct fixture *f = *state;
	struct dirent **entries;
	struct logfile *file;

	/* So long that its end is not in the middle of this test. */
	f->rules.rotate_interval = 300 * 86400;
	write_file(f->path, "{\"request\":0}\n", 14);
	assert_int_equal(utimensat(AT_FDCWD, f->path, old, 0), 0);
	file = opened(f);
	put(file, "{\"request\":1}\n");
	put(file, "{\"request\":2}\n");
	logfile_tend(file);
	assert_true(logfile_close(file));
	assert_int_equal(list(f, &entries), 1);
	free_list(entries, 1);
	assert_contents(f->path, "{\"request\":1}\n{\"request\":2}\n");

	/* In a quiet time as well, but not when nothing is in it. */
	assert_int_equal(utimensat(AT_FDCWD, f->path, old, 0), 0);
	file = opened(f);
	logfile_tend(file);
	assert_contents(f->path, "");
	logfile_tend(file);
	assert_true(logfile_close(file));
	assert_int_equal(utimensat(AT_FDCWD, f->path, old, 0), 0);
	file = opened(f);
	logfile_tend(file);
	assert_true(logfile_close(file));
	assert_int_equal(list(f, &entries), 2);
	free_list(entries, 2);
}

/* Names: of one form, in order, never of a file that is there; and nothing but
 * those is removed. */
static void test_names(void **state)
{
	struct fixture *f = *state;
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
		write_file(path, "x", 1);
	}
	snprintf(path, sizeof(path), "%s/out.20231114T221320.002Z", f->dir);
	write_file(path, "x", 1);
	for (int i = 0; i < 5; i++) {
		write_file(f->path, "x", 1);
		/* The clock stands still, and goes back. */
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
	struct fixture *f = *state;
	struct dirent **entries;
	struct logfile *file;

	f->rules.rotate_size = 10;
	f->rules.rotate_keep = 3;
	file = opened(f);
	for (int i = 0; i < 20; i++)
		put(file, "1234567\n");
	assert_true(logfile_close(file));
	assert_int_equal(list(f, &entries), 3);
	free_list(entries, 3);
}

/* The mode that somebody gave the file stays. */
static void test_mode(void **state)
{
	struct fixture *f = *state;
	struct logfile *file;
	struct stat st;

	f->rules.rotate_size = 10;
	file = opened(f);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(chmod(f->path, 0640), 0);
	put(file, "1234567\n1234567\n");
	assert_true(logfile_close(file));
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(st.st_size, 8);
}

/* --- others rename it ------------------------------------------------------ */

static void moved_to(struct fixture *f, const char *suffix, char path[80])
{
	snprintf(path, 80, "%s%s", f->path, suffix);
	assert_int_equal(rename(f->path, path), 0);
}

static void test_reopen(void **state)
{
	struct fixture *f = *state;
	struct logfile *file = opened(f);
	char old[80];

	put(file, "1\n");
	moved_to(f, ".1", old);
	put(file, "2\n");
	logfile_ask_reopen(file);
	put(file, "3\n");
	assert_contents(old, "1\n2\n");
	assert_contents(f->path, "3\n");
	/* Asked though nobody renamed it. */
	logfile_ask_reopen(file);
	put(file, "4\n");
	assert_contents(f->path, "3\n4\n");
	/* It was removed. */
	unlink(f->path);
	logfile_ask_reopen(file);
	logfile_tend(file);
	assert_contents(f->path, "");
	put(file, "5\n");
	assert_contents(f->path, "5\n");
	assert_true(logfile_close(file));
}

/* It cannot be opened again: lines go on into the old one. */
static void test_reopen_fails(void **state)
{
	struct fixture *f = *state;
	struct logfile *file = opened(f);
	char old[80];

	put(file, "1\n");
	moved_to(f, ".1", old);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	logfile_ask_reopen(file);
	put(file, "2\n");
	assert_contents(old, "1\n2\n");
	assert_non_null(strstr(said(f), "lines go on into the old"));
	unlink(f->path);
	logfile_ask_reopen(file);
	put(file, "3\n");
	assert_contents(f->path, "3\n");
	assert_true(logfile_close(file));
}

/* Renamed without a word, and then it is full. */
static void test_renamed_and_full(void **state)
{
	struct fixture *f = *state;
	struct dirent **entries;
	struct logfile *file;
	char old[80];

	f->rules.rotate_size = 10;
	file = opened(f);
	put(file, "1234567\n");
	moved_to(f, ".1", old);
	put(file, "abcdefg\n");
	assert_contents(old, "1234567\n");
	assert_contents(f->path, "abcdefg\n");
	assert_int_equal(list(f, &entries), 1);
	free_list(entries, 1);
	assert_true(logfile_close(file));
}

/* Cut to nothing by logrotate's copytruncate. */
static void test_truncated_by_others(void **state)
{
	struct fixture *f = *state;
	struct logfile *file;

	f->rules.rotate_size = 20;
	file = opened(f);
	put(file, "12345678901234567\n");
	assert_int_equal(truncate(f->path, 0), 0);
	put(file, "12345678901234567\n");
	assert_contents(f->path, "12345678901234567\n");
	assert_true(logfile_close(file));
}

/* The user that rotates later must be able to; root always is. */
static void test_folder_of_others(void **state)
{
	struct fixture *f = *state;
	struct logfile *file;
	struct stat st;
	bool regular;

	if (geteuid()) {
		skip();
		return;
	}
	f->rules.give = true;
	f->rules.uid = f->rules.gid = 65534;
	assert_true(logfile_close(opened(f)));
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	f->rules.rotate_size = 1000;
	assert_null(logfile_open(f->path, &f->rules, true, &regular, &f->log));
	assert_non_null(strstr(said(f), "user 65534 will not be able to rotate "
					"it: Permission denied"));
	assert_int_equal(chown(f->dir, 65534, 65534), 0);
	file = opened(f);
	assert_true(logfile_close(file));
	/* And we are who we were. */
	assert_int_equal(chown(f->dir, 0, 0), 0);
}

/* The folder has gone meanwhile: it is said once, and the lines go on into the
 * same file. */
static void test_cannot_rotate(void **state)
{
	struct fixture *f = *state;
	struct logfile *file;

	f->rules.rotate_size = 10;
	file = opened(f);
	put(file, "1234567\n");
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(rmdir(f->dir), 0);
	put(file, "1234567\n");
	put(file, "1234567\n1234567\n");
	assert_non_null(strstr(said(f), "cannot be rotated"));
	assert_null(strstr(strstr(said(f), "cannot be rotated") + 1,
			   "cannot be rotated"));
	assert_true(logfile_close(file));
	assert_int_equal(mkdir(f->dir, 0700), 0);
}

/* --- under load ------------------------------------------------------------ */

static struct output *open_output(struct fixture *f, unsigned int workers)
{
	const char *const destinations[] = {f->destination};
	const struct output_conf conf = {.destinations = destinations,
					 .n_destinations = 1,
					 .workers = workers,
					 .queue_limit = 1 << 20,
					 .blocking = true,
					 .files = f->rules,
					 .log = &f->log};

	return output_new(&conf);
}

struct producer {
	struct output *o;
	unsigned int worker, first, batches;
};

#define LINES 20

static void *produce(void *arg)
{
	struct producer *p = arg;
	struct buf b = {0};
	char line[100];

	for (unsigned int i = 0; i < p->batches * LINES; i++) {
		snprintf(line, sizeof(line),
			 "{\"request\":%u,\"number\":%u,\"more\":\"x%.*s\"}\n",
			 p->worker, p->first + i, (int)(i % 40),
			 "0123456789012345678901234567890123456789");
		buf_add_str(&b, line);
		if (i % LINES == LINES - 1)
			output_submit(p->o, p->worker, 0, &b, LINES);
	}
	buf_free(&b);
	return NULL;
}

#define NUMBERS 1000000

/* Reads all lines that are in any of the files; the numbers of each worker have
 * to begin at first, and each is there once. n: how many there are of each. */
static void check_lines(struct fixture *f, unsigned int workers,
			unsigned int first, unsigned int n[2])
{
	static bool seen[2][NUMBERS];
	unsigned int w, number, next[2] = {0, 0};
	char *all, *p, *line;
	size_t largest;
	int files, end;

	all = p = everything(f, &files, &largest);
	memset(seen, 0, sizeof(seen));
	n[0] = n[1] = 0;
	while ((line = strsep(&p, "\n")) && *line) {
		end = 0;
		if (sscanf(line,
			   "{\"request\":%u,\"number\":%u,\"more\":\"%*[0-9x]\"}%n",
			   &w, &number, &end) != 2 ||
		    !end || line[end] || !p)
			fail_msg("no whole line: %s", line);
		assert_true(w < workers && number >= first);
		number -= first;
		assert_true(number < NUMBERS);
		if (seen[w][number])
			fail_msg("worker %u: %u is there twice", w, number);
		seen[w][number] = true;
		n[w]++;
		if (number >= next[w])
			next[w] = number + 1;
	}
	/* Nothing behind the last line. */
	assert_true(!p);
	for (w = 0; w < workers; w++)
		assert_int_equal(n[w], next[w]);
	free(all);
}

/* Two workers write at full speed, the file is rotated all the time, and
 * somebody else renames it and says so. */
static void test_rotation_under_load(void **state)
{
	const struct timespec wait = {.tv_nsec = 2000000};
	struct fixture *f = *state;
	struct output_stats s;
	struct producer p[2];
	pthread_t thread[2];
	unsigned int n[2];
	char to[100];

	f->rules.rotate_size = 20000;
	p[0] = p[1] =
		(struct producer){.o = open_output(f, 2), .batches = 1500};
	assert_non_null(p[0].o);
	for (unsigned int i = 0; i < 2; i++) {
		p[i].worker = i;
		assert_int_equal(
			pthread_create(&thread[i], NULL, produce, &p[i]), 0);
	}
	for (unsigned int i = 0; i < 40; i++) {
		nanosleep(&wait, NULL);
		snprintf(to, sizeof(to), "%s.%u", f->path, i);
		/* Between two renames of ours there may be no file. */
		if (!rename(f->path, to))
			output_reopen(p[0].o);
	}
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(output_close(p[0].o, &s), 0);
	assert_int_equal(s.written, 2 * 1500 * LINES);
	check_lines(f, 2, 0, n);
	assert_int_equal(n[0], 1500 * LINES);
	assert_int_equal(n[1], 1500 * LINES);
}

/* --- killed at random ------------------------------------------------------- */

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_size;
}

/* A process that writes lines from number first on, killed in the middle of it
 * after so many us. */
static void write_and_die(struct fixture *f, unsigned int first, long us)
{
	const struct timespec poll = {.tv_nsec = 100000};
	const struct timespec wait = {.tv_nsec = us * 1000};
	const off_t before = size_of(f->path);
	pid_t child;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct producer p = {.o = open_output(f, 1),
				     .first = first,
				     .batches = 5000};

		if (p.o)
			produce(&p);
		pause();
	}
	for (int i = 0; i < 100000 && size_of(f->path) == before; i++)
		nanosleep(&poll, NULL);
	nanosleep(&wait, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void remove_all(struct fixture *f)
{
	struct dirent **entries;
	int n = list(f, &entries);
	char path[400];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir,
			 entries[i]->d_name);
		unlink(path);
	}
	free_list(entries, n);
	unlink(f->path);
}

/* The process is killed in the middle of its work, again and again; what is in
 * the files is whole and complete after each, and the next one goes on. */
static void test_kill(void **state)
{
	struct fixture *f = *state;
	unsigned int first = 0, n[2] = {0, 0}, before;

	f->rules.rotate_size = 300000;
	for (unsigned int i = 0; i < 60; i++) {
		if (i % 4 == 0) {
			remove_all(f);
			first += n[0];
			n[0] = 0;
		}
		before = n[0];
		write_and_die(f, first + n[0], (long)(i * 7919 % 60) * 100);
		assert_true(logfile_close(opened(f)));
		check_lines(f, 1, first, n);
		assert_true(n[0] > before);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_every_cut),
		TEST(test_long_cut),
		TEST(test_zeros),
		TEST(test_foreign),
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
		TEST(test_rotation_under_load),
		TEST(test_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
