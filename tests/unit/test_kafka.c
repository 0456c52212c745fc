/* SPDX-License-Identifier: MIT */
/* The Kafka sink against librdkafka's mock cluster: three brokers on loopback. */
#include "kafka_kit.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define LINES	    3000u
#define CONNECTIONS 7u

static const char *const none[] = {NULL};
/* Brokers that are back are noticed at once. */
static const char *const fast[] = {
	"--kafka-option", "reconnect.backoff.max.ms=100", "--kafka-option",
	"retry.backoff.ms=50", NULL};

static void check_law(const struct output_stats *s)
{
	assert_int_equal(s->submitted,
			 s->written + s->uncertain + s->dropped_queue +
				 s->dropped_error + s->dropped_refused);
	assert_int_equal(s->bytes_queued, 0);
}

static void submit_all(struct kafka_kit *k)
{
	for (unsigned int i = 0; i < LINES; i++)
		kafka_kit_submit(k, i % CONNECTIONS, i, 10);
}

static unsigned int number_of(const struct kafka_kit_message *m)
{
	const char *id = strstr(m->value, "\"id\":\"");

	assert_non_null(id);
	return (unsigned int)strtoul(id + 6, NULL, 10);
}

/* Each line is there, those of a connection in order and in one partition.
 * Returns how many are there again. */
static size_t check_messages(const struct kafka_kit_message *m, size_t n)
{
	static unsigned int seen[LINES];
	int32_t partition[CONNECTIONS];
	unsigned int last[CONNECTIONS];
	size_t again = 0;

	memset(seen, 0, sizeof(seen));
	memset(partition, -1, sizeof(partition));
	for (size_t i = 0; i < n; i++) {
		const unsigned int id = number_of(&m[i]);
		const unsigned int c = id % CONNECTIONS;
		char key[16];

		assert_true(id < LINES);
		snprintf(key, sizeof(key), "c%u", c);
		assert_string_equal(m[i].key, key);
		if (seen[id]++) {
			again++;
			continue;
		}
		if (partition[c] >= 0) {
			assert_int_equal(m[i].partition, partition[c]);
			assert_true(id > last[c]);
		}
		partition[c] = m[i].partition;
		last[c] = id;
	}
	for (unsigned int i = 0; i < LINES; i++)
		assert_true(seen[i]);
	return again;
}

static void test_delivers(void **state)
{
	static struct kafka_kit_message m[2 * LINES];
	struct kafka_kit *k = *state;
	struct output_stats s;

	assert_true(kafka_kit_open(k, NULL, true, none));
	submit_all(k);
	assert_int_equal(kafka_kit_close(k, &s), 0);
	check_law(&s);
	assert_int_equal(s.written, LINES);
	assert_true(s.bytes_written > LINES * 100);
	assert_int_equal(kafka_kit_consume(k, m, LINES, 2 * LINES), LINES);
	assert_int_equal(check_messages(m, LINES), 0);
	assert_string_equal(m[0].header, "");
}

static void test_headers(void **state)
{
	const char *const argv[] = {"--kafka-headers", "--kafka-key",
				    "endpoint", NULL};
	struct kafka_kit *k = *state;
	struct kafka_kit_message m[2];
	struct output_stats s;

	assert_true(kafka_kit_open(k, NULL, true, argv));
	kafka_kit_submit(k, 5, 1, 0);
	assert_int_equal(kafka_kit_close(k, &s), 0);
	assert_int_equal(s.written, 1);
	kafka_kit_consume(k, m, 1, 2);
	assert_string_equal(m[0].header, "me");
	assert_string_equal(m[0].key, "10.0.0.1:5");
}

/* A message that is too large does not hold up the others. */
static void test_too_large(void **state)
{
	static struct kafka_kit_message m[4];
	struct kafka_kit *k = *state;
	struct output_stats s;

	assert_true(kafka_kit_open(k, NULL, true, none));
	kafka_kit_submit(k, 1, 1, 10);
	kafka_kit_submit(k, 1, 2, 2000000);
	kafka_kit_submit(k, 1, 3, 10);
	assert_int_equal(kafka_kit_close(k, &s), -EIO);
	check_law(&s);
	assert_int_equal(s.written, 2);
	assert_int_equal(s.dropped_refused, 1);
	assert_int_equal(kafka_kit_consume(k, m, 2, 4), 2);
	assert_non_null(strstr(kafka_kit_said(k), "too large"));
}

#define PRODUCE 0 /* the key of the request */

/* A broker that lost what an idempotent producer knows ends the producer: another
 * one sends again what was not confirmed. */
static void test_fatal(void **state)
{
	static struct kafka_kit_message m[4 * LINES];
	const rd_kafka_resp_err_t err[] = {
		RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER};
	struct kafka_kit *k = *state;
	struct output_stats s;
	size_t n, again;

	assert_true(kafka_kit_open(k, NULL, true, none));
	k->mock_push_request_errors_array(k->cluster, PRODUCE, 1, err);
	/* It is fatal for the oldest request that is not answered: send one alone. */
	kafka_kit_submit(k, 0, 0, 10);
	kafka_kit_until(strstr(kafka_kit_said(k), "fatal error"));
	for (unsigned int i = 1; i < LINES; i++)
		kafka_kit_submit(k, i % CONNECTIONS, i, 10);
	assert_int_equal(kafka_kit_close(k, &s), 0);
	check_law(&s);
	assert_int_equal(s.written + s.uncertain, LINES);
	n = kafka_kit_consume(k, m, LINES, 4 * LINES);
	again = check_messages(m, n);
	assert_true(again <= s.uncertain);
}

static const char *error_of(struct kafka_kit *k)
{
	bool transient;

	return output_sink_last_error(k->output, 0, &transient);
}

/* Brokers that are away are reported; lines wait, and arrive. */
static void test_outage(void **state)
{
	static struct kafka_kit_message m[4 * LINES];
	struct kafka_kit *k = *state;
	struct output_stats s;
	size_t n;

	assert_true(kafka_kit_open(k, NULL, false, fast));
	kafka_kit_set_all(k, false);
	submit_all(k);
	kafka_kit_until(error_of(k));
	assert_string_equal(error_of(k), "no broker can be reached");
	output_sink_stats(k->output, 0, &s);
	assert_int_equal(s.written, 0);
	assert_true(s.bytes_queued > 0);
	kafka_kit_set_all(k, true);
	kafka_kit_until(!error_of(k));
	assert_int_equal(kafka_kit_close(k, &s), 0);
	check_law(&s);
	assert_int_equal(s.written + s.uncertain, LINES);
	n = kafka_kit_consume(k, m, LINES, 4 * LINES);
	assert_true(check_messages(m, n) <= s.uncertain);
}

/* At the end what cannot be delivered is counted, in bounded time. */
static void test_end_in_outage(void **state)
{
	struct kafka_kit *k = *state;
	struct output_stats s;

	assert_true(kafka_kit_open(k, NULL, false, none));
	k->times.drain = NSEC_PER_SEC / 10;
	kafka_kit_set_all(k, false);
	submit_all(k);
	assert_int_equal(kafka_kit_close(k, &s), -EIO);
	check_law(&s);
	assert_int_equal(s.written, 0);
	assert_int_equal(s.dropped_error + s.uncertain, LINES);
	assert_non_null(strstr(kafka_kit_said(k), "could not be delivered"));
}

/* A full queue drops what is new, and counts it. */
static void test_full(void **state)
{
	struct kafka_kit *k = *state;
	struct output_stats s;

	assert_true(kafka_kit_open(k, NULL, false, fast));
	kafka_kit_set_all(k, false);
	for (unsigned int i = 0; i < 300; i++)
		kafka_kit_submit(k, 1, i, 100000);
	output_sink_stats(k->output, 0, &s);
	assert_true(s.dropped_queue > 0);
	assert_true(s.bytes_queued <= 9 << 20);
	kafka_kit_set_all(k, true);
	kafka_kit_close(k, &s);
	check_law(&s);
	assert_int_equal(s.dropped_error + s.dropped_refused, 0);
	assert_true(s.written + s.uncertain > 50);
}

/* The first contact names what is wrong. */
static void test_unreachable(void **state)
{
	struct kafka_kit *k = *state;

	k->times.probe = NSEC_PER_SEC / 2;
	assert_false(kafka_kit_open(k, "127.0.0.1:1", false, none));
	assert_non_null(strstr(kafka_kit_said(k), "check --kafka-brokers"));
	assert_non_null(strstr(kafka_kit_said(k), "127.0.0.1:1"));
}

static void test_not_authorised(void **state)
{
	struct kafka_kit *k = *state;

	k->mock_topic_set_error(k->cluster, "t",
				RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	assert_false(kafka_kit_open(k, NULL, false, none));
	assert_non_null(strstr(kafka_kit_said(k), "may not write"));
}

static void test_no_topic(void **state)
{
	struct kafka_kit *k = *state;

	k->times.probe = NSEC_PER_SEC / 2;
	k->mock_topic_set_error(k->cluster, "t",
				RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	assert_false(kafka_kit_open(k, NULL, false, none));
	assert_non_null(strstr(kafka_kit_said(k), "topic does not exist"));
}

static void test_options(void **state)
{
	static const struct {
		const char *property, *why;
	} bad[] = {
		{"nosuch=1", "No such configuration property"},
		{"compression.type=fast", "Invalid value"},
		{"acks", "KEY=VALUE"},
		{"=1", "KEY=VALUE"},
		{"transactional.id=x", "relies on it"},
		{"bootstrap.servers=x:1", "relies on it"},
		{"delivery.report.only.error=true", "relies on it"},
	};
	struct kafka_kit *k = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *const argv[] = {"--kafka-option", bad[i].property,
					    NULL};

		assert_false(kafka_kit_open(k, NULL, false, argv));
		if (!strstr(kafka_kit_said(k), bad[i].why))
			fail_msg("%s: %s", bad[i].property, kafka_kit_said(k));
	}
	assert_true(kafka_topic_valid("a.b_c-9"));
	assert_false(kafka_topic_valid(""));
	assert_false(kafka_topic_valid(".."));
	assert_false(kafka_topic_valid("a b"));
	assert_false(kafka_topic_valid("a/b"));
}

#define TEST(name)                                             \
	cmocka_unit_test_setup_teardown(name, kafka_kit_setup, \
					kafka_kit_teardown)

static int run(const struct CMUnitTest *test)
{
	const struct CMUnitTest tests[] = {*test};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* They mostly wait, each on a cluster of its own: all at once. Their plans in TAP
 * add up. */
static int run_all(const struct CMUnitTest *tests, size_t n)
{
	int failed = 0, status;

	fflush(NULL);
	for (size_t i = 0; i < n; i++) {
		const pid_t child = fork();

		if (!child)
			exit(run(&tests[i]));
		failed += child < 0;
	}
	while (wait(&status) > 0)
		failed += status != 0;
	return failed;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_delivers),	   TEST(test_headers),
		TEST(test_too_large),	   TEST(test_fatal),
		TEST(test_outage),	   TEST(test_end_in_outage),
		TEST(test_full),	   TEST(test_unreachable),
		TEST(test_not_authorised), TEST(test_no_topic),
		TEST(test_options),
	};

	return run_all(tests, sizeof(tests) / sizeof(*tests));
}
