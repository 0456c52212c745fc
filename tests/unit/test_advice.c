/* SPDX-License-Identifier: MIT */
/* Which counters lead to which advice, and when a daemon gives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "run/advice.h"

#define START (1000 * NSEC_PER_SEC)
#define AFTER (START + ADVICE_AFTER_S * NSEC_PER_SEC)

static struct metlo_stats packets;
static struct http_stats http;
static struct advice advice[N_ADVICES];
static struct traffic_seen seen;

static const struct advice_input input = {.iface = "ens6",
					  .seen = &seen,
					  .vxlan_port = 4789,
					  .packets = &packets,
					  .http = &http};

/* Some mirrored packets, of connections without messages. */
static void reset(void)
{
	packets = (struct metlo_stats){
		.packets = 100, .pass_not_vxlan = 10, .delivered = 90};
	http = (struct http_stats){0};
	seen = (struct traffic_seen){0};
}

/* The names of what is found, with blanks between them. */
static const char *names(const struct advice_input *in)
{
	static char text[256];
	const unsigned int n = advice_find(advice, in);

	*text = '\0';
	for (unsigned int i = 0; i < n; i++) {
		assert_true(strlen(advice[i].text) > 10);
		strcat(text, i ? " " : "");
		strcat(text, advice_names[advice[i].id]);
	}
	return text;
}

static void test_packets(void **state)
{
	(void)state;
	reset();
	assert_string_equal(names(&input), "");
	packets.vni_miss = 5;
	packets.port_miss = 7;
	assert_string_equal(names(&input), "wrong_vni wrong_port");
	assert_non_null(strstr(advice[1].text, "7 packets"));
	/* Everything arrives, but not as mirrored packets: also the three kinds of
	 * outer packets that are passed on. */
	packets = (struct metlo_stats){.packets = 60,
				       .pass_not_vxlan = 50,
				       .bad_outer = 5,
				       .fragment = 5};
	assert_string_equal(names(&input), "not_mirrored");
	assert_non_null(strstr(advice[0].text, "4789"));
	seen.geneve = 40;
	assert_string_equal(names(&input), "geneve");
	assert_non_null(strstr(advice[0].text, "40 packets"));
	seen = (struct traffic_seen){.vxlan = 30, .vxlan_port = 8472};
	assert_string_equal(names(&input), "vxlan_port");
	assert_non_null(strstr(advice[0].text, "--vxlan-port 8472"));
	packets.bad_vxlan = packets.not_tcp = packets.bad_inner = 1;
	packets.packets += 3;
	assert_string_equal(names(&input), "no_tcp");
	assert_non_null(strstr(advice[0].text, "3 mirrored packets"));
	packets.no_payload = 1;
	packets.packets++;
	assert_string_equal(names(&input), "");
	packets = (struct metlo_stats){0};
	assert_string_equal(names(&input), "no_packets");
	assert_non_null(strstr(advice[0].text, "ens6"));
}

static void test_messages(void **state)
{
	(void)state;
	reset();
	http.not_http_tls = 3;
	http.not_http_h2 = 4;
	assert_string_equal(names(&input), "encrypted http2");
	reset();
	http.requests = 2;
	packets.truncated_bytes = 100;
	assert_string_equal(names(&input), "one_direction truncated");
	assert_non_null(strstr(advice[0].text, "2 requests but no response"));
	http.responses = 1;
	packets.truncated_bytes = 0;
	assert_string_equal(names(&input), "");
	http.requests = 0;
	assert_string_equal(names(&input), "one_direction");
	assert_non_null(strstr(advice[0].text, "1 response but no request"));
	/* Without mirrored packets, what HTTP counted is of an earlier time. */
	packets.pass_not_vxlan = packets.packets;
	assert_string_equal(names(&input), "not_mirrored");
}

/* Of a file, and without the counters of HTTP. */
static void test_others(void **state)
{
	struct advice_input in = {.vxlan_port = 4789, .packets = &packets};

	(void)state;
	reset();
	packets.vni_miss = packets.port_miss = 1;
	assert_string_equal(names(&in), "wrong_vni");
	in.iface = "ens6";
	assert_string_equal(names(&in), "wrong_vni wrong_port");
	in.iface = NULL;
	packets = (struct metlo_stats){0};
	assert_string_equal(names(&in), "no_packets");
	assert_string_equal(advice[0].text, "the file contains no packets");
}

/* A daemon waits, compares with its start, and says each thing once. */
static void test_daemon(void **state)
{
	struct advice_watch w = {0};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	const struct log log = {
		.out = f, .program = "test", .level = LOG_LEVEL_INFO};
	unsigned int n;

	(void)state;
	assert_non_null(f);
	reset();
	packets.port_miss = 1000;
	advice_watch_begin(&w, &packets, START);
	assert_int_equal(advice_watch_find(advice, &w, &input, AFTER - 1), 0);
	/* Nothing since the start. */
	assert_int_equal(advice_watch_find(advice, &w, &input, AFTER), 1);
	assert_int_equal(advice[0].id, ADVICE_no_packets);
	packets.packets += 3;
	packets.port_miss += 2;
	packets.delivered += 1;
	for (unsigned int i = 0; i < 3; i++) {
		n = advice_watch_find(advice, &w, &input, AFTER);
		assert_int_equal(n, 1);
		assert_int_equal(advice[0].id, ADVICE_wrong_port);
		assert_non_null(strstr(advice[0].text, "2 packets"));
		advice_watch_log(&w, advice, n, AFTER, &log);
	}
	http.not_http_tls = 1;
	n = advice_watch_find(advice, &w, &input, AFTER + NSEC_PER_SEC);
	advice_watch_log(&w, advice, n, AFTER + NSEC_PER_SEC, &log);
	fclose(f);
	assert_non_null(strstr(text, "no transaction after 10 s: 2 packets"));
	assert_non_null(strstr(text, "no transaction after 11 s: 1 conn"));
	n = 0;
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n++;
	assert_int_equal(n, 2);
	http.paired = 1;
	assert_int_equal(advice_watch_find(advice, &w, &input, AFTER), 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_daemon),
	};

	return cmocka_run_group_tests_name("advice", tests, NULL, NULL);
}
