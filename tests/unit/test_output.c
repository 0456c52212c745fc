/* SPDX-License-Identifier: MIT */
/* The output: order, batches, drops, blocking, broken readers, full disks. In
 * all cases, submitted = written + dropped. */
#include "../common/scale.h"
#include "output_kit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct producer {
	struct output *o;
	unsigned int worker;
};

#define BATCHES 500
#define LINES	40

static void *produce(void *arg)
{
	struct producer *p = arg;
	struct buf b = {0};
	unsigned int i;

	for (i = 0; i < BATCHES; i++) {
		output_kit_add_lines(&b, p->worker, i * LINES, LINES);
		output_submit(p->o, p->worker, 0, &b, LINES);
		if (b.len || b.failed)
			abort();
	}
	buf_free(&b);
	return NULL;
}

static void test_workers_in_order(void **state)
{
	struct output_kit *f = *state;
	struct output *o = output_kit_open(f, 4, 64 << 10, true);
	struct producer p[4];
	struct output_stats s;
	pthread_t thread[4];
	struct stat st;
	unsigned int i;

	assert_non_null(o);
	for (i = 0; i < 4; i++) {
		p[i] = (struct producer){o, i};
		assert_int_equal(
			pthread_create(&thread[i], NULL, produce, &p[i]), 0);
	}
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(output_close(o, &s), 0);
	assert_int_equal(s.written, 4 * BATCHES * LINES);
	assert_int_equal(s.submitted, s.written);
	output_kit_check_balance(&s);
	assert_int_equal(output_kit_count_lines(f->path, 4), s.written);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(s.bytes_written, st.st_size);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_appends(void **state)
{
	struct output_kit *f = *state;
	struct buf b = {0};
	struct output *o;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		o = output_kit_open(f, 1, 1 << 20, false);
		assert_non_null(o);
		/* An empty batch has no effect. */
		output_submit(o, 0, 0, &b, 0);
		output_kit_add_lines(&b, 0, i, 1);
		output_submit(o, 0, 0, &b, 1);
		assert_int_equal(output_close(o, NULL), 0);
	}
	assert_int_equal(output_kit_count_lines(f->path, 1), 2);
	buf_free(&b);
}

/* A FIFO without a reader: the queue fills up, further lines are dropped at once,
 * and closing is bounded in time. */
static void test_slow_reader_drops(void **state)
{
	struct output_kit *f = *state;
	struct timespec t0, t1;
	struct output_stats s;
	struct buf b = {0};
	struct output *o;
	unsigned int i;
	int fd;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	fd = open(f->path, O_RDWR | O_NONBLOCK);
	assert_true(fd >= 0);
	o = output_kit_open(f, 1, 256 << 10, false);
	assert_non_null(o);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (i = 0; i < 2000; i++) {
		output_kit_add_lines(&b, 0, i * 100, 100);
		output_submit(o, 0, 0, &b, 100);
	}
	output_stats(o, &s);
	assert_true(s.dropped_queue > 0);
	assert_true(s.bytes_queued > 0 && s.bytes_queued <= 256 << 10);
	assert_int_equal(output_close(o, &s), -EIO);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	assert_true(t1.tv_sec - t0.tv_sec <= 3);
	assert_int_equal(s.submitted, 200000);
	assert_true(s.dropped_error > 0);
	assert_int_equal(s.submitted,
			 s.written + s.dropped_queue + s.dropped_error);
	assert_non_null(strstr(output_kit_said(f), "its reader does not read"));
	buf_free(&b);
	close(fd);
}

/* At low rates, batches are small: many of them must fit as well as a few large
 * ones. */
static void test_small_batches_wait(void **state)
{
	struct output_kit *f = *state;
	struct output_stats s;
	struct buf b = {0};
	struct output *o;
	unsigned int i;
	int fd;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	fd = open(f->path, O_RDWR | O_NONBLOCK);
	assert_true(fd >= 0);
	o = output_kit_open(f, 1, 16 << 20, false);
	assert_non_null(o);
	for (i = 0; i < 100000; i++) {
		output_kit_add_lines(&b, 0, i, 1);
		output_submit(o, 0, 0, &b, 1);
	}
	output_stats(o, &s);
	assert_int_equal(s.submitted, 100000);
	assert_int_equal(s.dropped_queue, 0);
	/* Closing does not wait for a reader that does not read. */
	close(fd);
	output_close(o, &s);
	output_kit_check_balance(&s);
	buf_free(&b);
}

struct reader {
	int fd;
	uint64_t bytes;
	bool stop_early;
};

static void *read_slowly(void *arg)
{
	struct reader *r = arg;
	char data[3000];
	ssize_t n;

	while ((n = read(r->fd, data, sizeof(data))) > 0) {
		r->bytes += (uint64_t)n;
		if (r->stop_early && r->bytes > 100000)
			break;
		usleep(200);
	}
	close(r->fd);
	return NULL;
}

/* A blocking output waits for a slow reader, which gets everything. */
static void test_blocking(void **state)
{
	struct output_kit *f = *state;
	struct reader r = {0};
	struct output_stats s;
	struct buf b = {0};
	struct output *o;
	pthread_t thread;
	unsigned int i;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	r.fd = open(f->path, O_RDONLY | O_NONBLOCK);
	assert_true(r.fd >= 0);
	o = output_kit_open(f, 1, 10000, true);
	assert_non_null(o);
	fcntl(r.fd, F_SETFL, 0);
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &r), 0);
	for (i = 0; i < 300; i++) {
		output_kit_add_lines(&b, 0, i * 100, 100);
		output_submit(o, 0, 0, &b, 100);
	}
	assert_int_equal(output_close(o, &s), 0);
	pthread_join(thread, NULL);
	assert_int_equal(s.written, 30000);
	assert_int_equal(s.dropped_queue, 0);
	assert_int_equal(r.bytes, s.bytes_written);
	output_kit_check_balance(&s);
	buf_free(&b);
}

/* The reader closes the pipe: logged once, reported to the caller, and a blocking
 * output does not wait. */
static void test_broken_pipe(void **state)
{
	struct output_kit *f = *state;
	struct reader r = {.stop_early = true};
	struct output_stats s;
	struct buf b = {0};
	struct output *o;
	pthread_t thread;
	unsigned int i;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	r.fd = open(f->path, O_RDONLY | O_NONBLOCK);
	assert_true(r.fd >= 0);
	o = output_kit_open(f, 1, 10000, true);
	assert_non_null(o);
	fcntl(r.fd, F_SETFL, 0);
	assert_false(output_broken(o));
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &r), 0);
	for (i = 0; i < 1000; i++) {
		output_kit_add_lines(&b, 0, i * 100, 100);
		output_submit(o, 0, 0, &b, 100);
	}
	pthread_join(thread, NULL);
	assert_true(output_broken(o));
	assert_int_equal(output_close(o, &s), -EIO);
	assert_true(s.written > 0 && s.dropped_error > 0);
	output_kit_check_balance(&s);
	assert_non_null(strstr(output_kit_said(f), "its reader has closed it"));
	assert_null(strstr(strstr(output_kit_said(f), "has closed it") + 1,
			   "has closed it"));
	buf_free(&b);
}

/* The delay of each line is counted once; the age of the oldest is reported. */
static void test_delays(void **state)
{
	struct output_kit *f = *state;
	struct output_stats s;
	struct delays d = {0};
	struct buf b = {0};
	struct output *o;
	uint64_t oldest, total = 0;
	int reader;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	reader = open(f->path, O_RDONLY | O_NONBLOCK);
	assert_true(reader >= 0);
	o = output_kit_open(f, 1, 8 << 20, false);
	assert_non_null(o);
	output_sink_delays(o, 0, &d, &oldest);
	assert_int_equal(oldest, 0);
	/* More than the pipe holds: the rest waits for the reader. */
	output_kit_add_lines(&b, 0, 0, 20000);
	output_submit(o, 0, 0, &b, 20000);
	usleep(2000);
	output_sink_delays(o, 0, &d, &oldest);
	assert_true(oldest >= 2000000);
	do {
		char some[4096];

		while (read(reader, some, sizeof(some)) > 0)
			;
		usleep(100);
		output_stats(o, &s);
	} while (s.bytes_queued);
	output_sink_delays(o, 0, &d, &oldest);
	assert_int_equal(oldest, 0);
	for (unsigned int i = 0; i <= DELAYS_BOUNDS; i++)
		total += d.counts[i];
	assert_int_equal(total, 20000);
	/* No delay is shorter than the wait that was forced. */
	assert_int_equal(d.counts[0], 0);
	assert_true(d.sum_ns >= 20000 * 2000000ull);
	assert_int_equal(output_close(o, &s), 0);
	close(reader);
	buf_free(&b);
}

/* The disk is full in the middle of a line (simulated by a file size limit): the
 * file has exactly the lines counted as written, and no partial line. */
static void test_full_disk(void **state)
{
	const struct rlimit limit = {10005, RLIM_INFINITY};
	struct output_kit *f = *state;
	struct rlimit before;
	struct output_stats s;
	struct buf b = {0};
	struct output *o;
	unsigned int i, n = 0;
	char line[64];
	FILE *file;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	o = output_kit_open(f, 1, 1 << 20, true);
	assert_non_null(o);
	setrlimit(RLIMIT_FSIZE, &limit);
	for (i = 0; i < 20; i++) {
		output_kit_add_lines(&b, 0, i * 100, 100);
		output_submit(o, 0, 0, &b, 100);
	}
	do {
		usleep(1000);
		output_stats(o, &s);
	} while (s.bytes_queued);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_true(s.dropped_error > 0 && s.written > 0);
	output_kit_add_lines(&b, 0, 777777, 1);
	output_submit(o, 0, 0, &b, 1);
	assert_int_equal(output_close(o, &s), -EIO);
	output_kit_check_balance(&s);
	assert_int_equal(s.submitted, 2001);
	file = fopen(f->path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		char want[64];

		snprintf(want, sizeof(want), "0 %u\n",
			 n + 1 == s.written ? 777777 : n);
		assert_string_equal(line, want);
		n++;
	}
	fclose(file);
	assert_int_equal(n, s.written);
	assert_non_null(strstr(output_kit_said(f),
			       "cannot be written: File too large"));
	assert_non_null(strstr(output_kit_said(f), "can be written again"));
	buf_free(&b);
}

/* Standard output is a socket, as under some supervisors, which cannot be opened a
 * second time: everything arrives, or the end is bounded in time. */
static void test_socket(void **state)
{
	struct output_kit *f = *state;
	struct reader r = {0};
	struct output_stats s = {0};
	struct timespec t0, t1;
	struct buf b = {0};
	struct output *o;
	pthread_t thread;
	int pair[2], before, pass;
	unsigned int i;

	strcpy(f->destination, "ndjson:-");
	/* The second pass waits for the full second. */
	for (pass = 0; pass < (test_long() ? 2 : 1); pass++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		fflush(stdout);
		before = dup(STDOUT_FILENO);
		dup2(pair[0], STDOUT_FILENO);
		close(pair[0]);
		o = output_kit_open(f, 1, 64 << 20, false);
		r = (struct reader){.fd = pair[1]};
		if (pass == 0)
			pthread_create(&thread, NULL, read_slowly, &r);
		for (i = 0; o && i < 500; i++) {
			output_kit_add_lines(&b, 0, i * 100, 100);
			output_submit(o, 0, 0, &b, 100);
			if (pass == 0)
				usleep(100);
		}
		clock_gettime(CLOCK_MONOTONIC, &t0);
		if (o)
			output_close(o, &s);
		clock_gettime(CLOCK_MONOTONIC, &t1);
		dup2(before, STDOUT_FILENO);
		close(before);
		assert_non_null(o);
		output_kit_check_balance(&s);
		assert_int_equal(s.submitted, 50000);
		assert_true(t1.tv_sec - t0.tv_sec <= 2);
		if (pass == 0) {
			pthread_join(thread, NULL);
			assert_int_equal(s.written, 50000);
			assert_int_equal(r.bytes, s.bytes_written);
		} else {
			assert_true(s.dropped_error > 0);
			close(pair[1]);
		}
	}
	buf_free(&b);
}

static void test_cannot_open(void **state)
{
	struct output_kit *f = *state;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_null(output_kit_open(f, 1, 1 << 20, false));
	strcpy(f->destination, "ndjson:/nonexistent/dir/file");
	assert_null(output_kit_open(f, 1, 1 << 20, false));
	assert_non_null(strstr(
		output_kit_said(f),
		"/nonexistent/dir/file: cannot be opened for writing: No such file"));
	assert_non_null(strstr(output_kit_said(f),
			       "start the reader of this pipe first"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)                                              \
	cmocka_unit_test_setup_teardown(name, output_kit_setup, \
					output_kit_teardown)
		TEST(test_workers_in_order),
		TEST(test_appends),
		TEST(test_slow_reader_drops),
		TEST(test_small_batches_wait),
		TEST(test_blocking),
		TEST(test_broken_pipe),
		TEST(test_delays),
		TEST(test_socket),
		TEST(test_full_disk),
		TEST(test_cannot_open),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
