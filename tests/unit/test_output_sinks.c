/* SPDX-License-Identifier: MIT */
/* Several sinks: each has its own queue, counters and view, and none delays
 * another. */
#include "output_kit.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/ndjson.h"

static struct output *open_two(struct output_kit *f, const char *second,
			       const unsigned int *views, bool blocking)
{
	const struct output_sink sinks[] = {
		{&ndjson_sink, f->destination, views ? views[0] : 0, NULL},
		{&ndjson_sink, second, views ? views[1] : 0, NULL},
	};
	const struct output_conf conf = {.sinks = sinks,
					 .n_sinks = 2,
					 .workers = 1,
					 .queue_limit = 1 << 20,
					 .blocking = blocking,
					 .log = &f->log};
	struct output *o = output_new(&conf);

	assert_non_null(o);
	assert_int_equal(output_n_sinks(o), 2);
	assert_string_equal(output_sink_name(o, 0), f->destination);
	assert_string_equal(output_sink_name(o, 1), second);
	return o;
}

/* One sink fails, the other works: their counters are separate. */
static void test_two_sinks(void **state)
{
	struct output_kit *f = *state;
	struct output *o = open_two(f, "ndjson:/dev/full", NULL, false);
	struct output_stats s;
	struct buf b = {0};

	output_kit_add_lines(&b, 0, 0, 10);
	output_submit(o, 0, 0, &b, 10);
	assert_int_equal(output_end(o), -EIO);
	output_sink_stats(o, 0, &s);
	assert_int_equal(s.written, 10);
	assert_int_equal(s.dropped_error, 0);
	output_kit_check_balance(&s);
	output_sink_stats(o, 1, &s);
	assert_int_equal(s.written, 0);
	assert_int_equal(s.dropped_error, 10);
	output_kit_check_balance(&s);
	assert_int_equal(output_close(o, &s), -EIO);
	assert_int_equal(s.submitted, 20);
	output_kit_check_balance(&s);
	assert_int_equal(output_kit_count_lines(f->path, 1), 10);
	buf_free(&b);
}

/* A sink without a reader. */
struct unread {
	char path[80], destination[96];
	int fd;
};

static void unread_open(struct unread *u, const struct output_kit *f)
{
	snprintf(u->path, sizeof(u->path), "%s.fifo", f->path);
	snprintf(u->destination, sizeof(u->destination), "ndjson:%s", u->path);
	assert_int_equal(mkfifo(u->path, 0600), 0);
	u->fd = open(u->path, O_RDWR | O_NONBLOCK);
	assert_true(u->fd >= 0);
}

static void unread_close(const struct unread *u)
{
	close(u->fd);
	unlink(u->path);
}

/* One sink has no reader: it loses what its queue cannot hold, while the other
 * gets everything without delay. */
static void test_slow_sink_alone(void **state)
{
	struct output_kit *f = *state;
	struct unread second;
	struct output_stats s;
	struct buf b = {0};
	struct output *o;
	unsigned int i;

	unread_open(&second, f);
	o = open_two(f, second.destination, NULL, false);
	for (i = 0; i < 2000; i++) {
		output_kit_add_lines(&b, 0, i * 100, 100);
		output_submit(o, 0, 0, &b, 100);
		do {
			output_sink_stats(o, 0, &s);
			usleep(s.bytes_queued > 100000 ? 1000 : 0);
		} while (s.bytes_queued > 100000);
	}
	output_sink_stats(o, 1, &s);
	assert_true(s.dropped_queue > 0);
	assert_true(s.bytes_queued > 0 && s.bytes_queued <= 1 << 19);
	assert_int_equal(output_end(o), -EIO);
	output_sink_stats(o, 0, &s);
	assert_int_equal(s.written, 200000);
	output_kit_check_balance(&s);
	output_sink_stats(o, 1, &s);
	assert_int_equal(s.submitted, 200000);
	output_kit_check_balance(&s);
	output_close(o, NULL);
	assert_int_equal(output_kit_count_lines(f->path, 1), 200000);
	buf_free(&b);
	unread_close(&second);
}

/* One of two sinks has no reader and lines arrive one by one, with the other being
 * written in between: many small slices must fit as well as a few large ones. */
static void test_slow_sink_small(void **state)
{
	struct output_kit *f = *state;
	struct unread second;
	struct output_stats s;
	struct buf b = {0};
	struct output *o;
	unsigned int i;

	unread_open(&second, f);
	o = open_two(f, second.destination, NULL, false);
	for (i = 0; i < 20000; i++) {
		output_kit_add_lines(&b, 0, i, 1);
		output_submit(o, 0, 0, &b, 1);
		if (i % 4 == 0)
			sched_yield();
	}
	output_sink_stats(o, 1, &s);
	assert_int_equal(s.dropped_queue, 0);
	/* Closing does not wait for a reader that does not read. */
	unread_close(&second);
	output_close(o, NULL);
	assert_int_equal(output_kit_count_lines(f->path, 1), 20000);
	buf_free(&b);
}

/* A sink gets only the lines of its view. */
static void test_views(void **state)
{
	const unsigned int views[] = {0, 1};
	struct output_kit *f = *state;
	char path[80], second[96];
	struct output_stats s;
	struct buf b = {0};
	struct output *o;
	unsigned int i;

	snprintf(path, sizeof(path), "%s.second", f->path);
	snprintf(second, sizeof(second), "ndjson:%s", path);
	o = open_two(f, second, views, true);
	for (i = 0; i < 100; i++) {
		output_kit_add_lines(&b, 0, i * 10, 10);
		output_submit(o, 0, 0, &b, 10);
		output_kit_add_lines(&b, 0, i * 5, 5);
		output_submit(o, 0, 1, &b, 5);
	}
	assert_int_equal(output_close(o, &s), 0);
	assert_int_equal(s.submitted, 1500);
	output_kit_check_balance(&s);
	assert_int_equal(output_kit_count_lines(f->path, 1), 1000);
	assert_int_equal(output_kit_count_lines(path, 1), 500);
	buf_free(&b);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)                                              \
	cmocka_unit_test_setup_teardown(name, output_kit_setup, \
					output_kit_teardown)
		TEST(test_two_sinks),
		TEST(test_slow_sink_alone),
		TEST(test_slow_sink_small),
		TEST(test_views),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("output sinks", tests, NULL, NULL);
}
