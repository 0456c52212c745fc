/* SPDX-License-Identifier: MIT */
/* Log files truncated by crashes, rotated under load, with a killed writer: no
 * line is lost, duplicated or torn. */
#include "logfile_kit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- torn ends ------------------------------------------------------------- */

#define LINE                                                                  \
	"{\"request\":{\"url\":{\"path\":\"/a{\\\"}b\"},\"body\":\"}\\\\\"}," \
	"\"response\":null}\n"

/* A file truncated at any byte is repaired to its whole lines. */
static void test_every_cut(void **state)
{
	static const char two[] = LINE LINE;
	const size_t n = strlen(LINE);
	struct output_kit *f = *state;

	for (size_t cut = 0; cut <= 2 * n; cut++) {
		size_t lines =
			(cut + 1) / n; /* only the newline may be missing */
		struct logfile *file;
		char *text;
		size_t size;

		logfile_kit_write_file(f->path, two, cut);
		file = logfile_kit_open(f);
		logfile_kit_put(file, "{\"request\":1}\n");
		assert_int_equal(logfile_close(file), 0);
		text = logfile_kit_contents(f->path, &size);
		assert_int_equal(size, lines * n + 14);
		assert_memory_equal(text, two, lines * n);
		assert_string_equal(text + lines * n, "{\"request\":1}\n");
		free(text);
	}
	assert_non_null(
		strstr(output_kit_said(f), "truncated the file by 1 bytes"));
}

/* A line longer than a block. */
static void test_long_cut(void **state)
{
	const size_t n = 300000;
	struct output_kit *f = *state;
	char *text = malloc(n + 100);

	assert_non_null(text);
	strcpy(text, LINE);
	memset(text + strlen(LINE), 'x', n);
	memcpy(text + strlen(LINE), "{\"request\":\"", 12);
	logfile_kit_write_file(f->path, text, n);
	assert_int_equal(logfile_close(logfile_kit_open(f)), 0);
	logfile_kit_expect(f->path, LINE);
	/* The same line, complete but for its newline. */
	memcpy(text + n - 2, "\"}", 2);
	logfile_kit_write_file(f->path, text, n);
	assert_int_equal(logfile_close(logfile_kit_open(f)), 0);
	text[n] = '\n';
	text[n + 1] = '\0';
	logfile_kit_expect(f->path, text);
	free(text);
}

/* Zeros, as left by a power loss. */
static void test_zeros(void **state)
{
	struct output_kit *f = *state;
	char text[4096] = LINE LINE "{\"request\":{";

	logfile_kit_write_file(f->path, text, sizeof(text));
	assert_int_equal(logfile_close(logfile_kit_open(f)), 0);
	logfile_kit_expect(f->path, LINE LINE);
	/* Zeros in the middle: everything after them is dropped. */
	memcpy(text + 1000, LINE, strlen(LINE));
	logfile_kit_write_file(f->path, text, 1000 + strlen(LINE));
	assert_int_equal(logfile_close(logfile_kit_open(f)), 0);
	logfile_kit_expect(f->path, LINE LINE);
}

/* A file that is not ours is not truncated. */
static void test_foreign(void **state)
{
	struct output_kit *f = *state;

	logfile_kit_write_file(f->path, "root:x:0\nend", 12);
	assert_int_equal(logfile_close(logfile_kit_open(f)), 0);
	logfile_kit_expect(f->path, "root:x:0\nend\n");
	logfile_kit_write_file(f->path, "a\0b\0c", 5);
	assert_int_equal(logfile_close(logfile_kit_open(f)), 0);
	{
		size_t n;
		char *text = logfile_kit_contents(f->path, &n);

		assert_int_equal(n, 6);
		assert_memory_equal(text, "a\0b\0c\n", 6);
		free(text);
	}
}

/* --- under load ------------------------------------------------------------ */

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

/* Reads all lines of all files. The numbers of each worker must start at first and
 * occur once. n: how many each worker has. */
static void check_lines(struct output_kit *f, unsigned int workers,
			unsigned int first, unsigned int n[2])
{
	static bool seen[2][NUMBERS];
	unsigned int w, number, next[2] = {0, 0};
	char *all, *p, *line;
	size_t largest;
	int files, end;

	all = p = logfile_kit_everything(f, &files, &largest);
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
	/* Nothing follows the last line. */
	assert_true(!p);
	for (w = 0; w < workers; w++)
		assert_int_equal(n[w], next[w]);
	free(all);
}

/* Two workers write at full speed while the file is rotated constantly and also
 * renamed and reopened from outside. */
static void test_rotation_under_load(void **state)
{
	const struct timespec wait = {.tv_nsec = 2000000};
	struct output_kit *f = *state;
	struct output_stats s;
	struct producer p[2];
	pthread_t thread[2];
	unsigned int n[2];
	char to[100];

	f->rules.rotate_size = 20000;
	p[0] = p[1] = (struct producer){
		.o = output_kit_open(f, 2, 1 << 20, true), .batches = 1500};
	assert_non_null(p[0].o);
	for (unsigned int i = 0; i < 2; i++) {
		p[i].worker = i;
		assert_int_equal(
			pthread_create(&thread[i], NULL, produce, &p[i]), 0);
	}
	for (unsigned int i = 0; i < 40; i++) {
		nanosleep(&wait, NULL);
		snprintf(to, sizeof(to), "%s.%u", f->path, i);
		/* The file may be missing between two renames. */
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

/* Runs a process that writes lines numbered from first, and kills it after that
 * many us. */
static void write_and_die(struct output_kit *f, unsigned int first, long us)
{
	const struct timespec poll = {.tv_nsec = 100000};
	const struct timespec wait = {.tv_nsec = us * 1000};
	const off_t before = size_of(f->path);
	pid_t child;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct producer p = {.o = output_kit_open(f, 1, 1 << 20, true),
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

static void remove_all(struct output_kit *f)
{
	struct dirent **entries;
	int n = logfile_kit_list(f, &entries);
	char path[400];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir,
			 entries[i]->d_name);
		unlink(path);
	}
	logfile_kit_free_list(entries, n);
	unlink(f->path);
}

/* The process is killed again and again. Each time the files have whole lines
 * without gaps, and the next process continues. */
static void test_kill(void **state)
{
	struct output_kit *f = *state;
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
		assert_int_equal(logfile_close(logfile_kit_open(f)), 0);
		check_lines(f, 1, first, n);
		assert_true(n[0] > before);
	}
}

int main(void)
{
#define TEST(name)                                              \
	cmocka_unit_test_setup_teardown(name, output_kit_setup, \
					output_kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_every_cut),
		TEST(test_long_cut),
		TEST(test_zeros),
		TEST(test_foreign),
		TEST(test_rotation_under_load),
		TEST(test_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
