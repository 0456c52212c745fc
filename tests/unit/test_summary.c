/* SPDX-License-Identifier: MIT */
/* Counters as text and JSON, the log of losses, and port lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/summary.h"
#include "run/loss_log.h"
#include "config/ports.h"

#define SECOND 1000000000ull

/* Counters with distinct values, including large ones. */
struct summary_fixture {
	struct metlo_stats packets;
	struct stream_stats stream;
	struct http_stats http;
	struct http2_stats http2;
	struct selection_stats selection;
	struct output_stats output;
	struct summary_sink sinks[2];
	struct counters_vni vnis[3];
	struct summary s;
};

static void fill(void *p, size_t size, uint64_t first)
{
	uint64_t *v = p;

	for (size_t i = 0; i < size / sizeof(*v); i++)
		v[i] = first + i;
}

static void fixture_init(struct summary_fixture *m)
{
	memset(m, 0, sizeof(*m));
	fill(&m->packets, sizeof(m->packets), 1000);
	fill(&m->stream, sizeof(m->stream), 2000);
	fill(&m->http, sizeof(m->http), 3000);
	fill(&m->http2, sizeof(m->http2), 3500);
	fill(&m->selection, sizeof(m->selection), 4000);
	fill(&m->output, sizeof(m->output), 1ull << 52);
	m->vnis[0] = (struct counters_vni){.vni = 7, .stats = {10, 1000}};
	m->vnis[1] = (struct counters_vni){.vni = 16777215, .stats = {30, 5}};
	m->vnis[2] = (struct counters_vni){.vni = 3, .stats = {10, 900}};
	m->sinks[0].name = "ndjson:-";
	m->sinks[1].name = "ndjson:a\"b";
	for (int i = 0; i < 2; i++)
		fill(&m->sinks[i].stats, sizeof(m->sinks[i].stats),
		     5000 + 1000 * (uint64_t)i);
	m->s = (struct summary){.packets = &m->packets,
				.stream = &m->stream,
				.http = &m->http,
				.http2 = &m->http2,
				.selection = &m->selection,
				.output = &m->output,
				.sinks = m->sinks,
				.n_sinks = 2,
				.vnis = m->vnis,
				.n_vnis = 3};
}

static char *written(void (*write)(FILE *f, const struct summary *s),
		     const struct summary *s)
{
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	write(f, s);
	fclose(f);
	return text;
}

static void write_object(FILE *f, const struct summary *s)
{
	putc('{', f);
	summary_json_members(f, s);
	putc('}', f);
}

static void assert_number(const cJSON *o, const char *name, uint64_t want)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	if (!cJSON_IsNumber(v))
		fail_msg("no number %s", name);
	if ((uint64_t)v->valuedouble != want)
		fail_msg("%s is %f, not %llu", name, v->valuedouble,
			 (unsigned long long)want);
}

static void test_json(void **state)
{
	struct summary_fixture m;
	const cJSON *o, *vni;
	cJSON *json;
	char *text;

	(void)state;
	fixture_init(&m);
	summary_sort_vnis(m.vnis, 3);
	text = written(write_object, &m.s);
	json = cJSON_Parse(text);
	assert_non_null(json);
#define IS(name, ...) assert_number(o, #name, from->name);
	{
		const struct metlo_stats *from = &m.packets;

		o = json;
		IS(packets)
		IS(bytes)
		METLO_OUTCOMES(IS)
		IS(delivered_bytes)
		IS(truncated_bytes)
		IS(sampled_out_bytes)
		IS(shunted_bytes)
		IS(ring_full_bytes)
		IS(records)
	}
	{
		const struct stream_stats *from = &m.stream;

		o = cJSON_GetObjectItem(json, "stream");
		STREAM_COUNTERS(IS)
	}
	{
		const struct http_stats *from = &m.http;

		o = cJSON_GetObjectItem(json, "http");
		HTTP_COUNTERS(IS)
	}
	{
		const struct http2_stats *from = &m.http2;

		o = cJSON_GetObjectItem(json, "http2");
		HTTP2_COUNTERS(IS)
	}
	{
		const struct selection_stats *from = &m.selection;

		o = cJSON_GetObjectItem(json, "selection");
		SELECTION_COUNTERS(IS)
	}
	{
		const struct output_stats *from = &m.output;

		o = cJSON_GetObjectItem(json, "output");
		OUTPUT_COUNTERS(IS)
	}
	vni = cJSON_GetObjectItem(o, "sinks");
	assert_int_equal(cJSON_GetArraySize(vni), 2);
	for (int i = 0; i < 2; i++) {
		const struct output_stats *from = &m.sinks[i].stats;

		o = cJSON_GetArrayItem(vni, i);
		assert_string_equal(cJSON_GetObjectItem(o, "name")->valuestring,
				    m.sinks[i].name);
		OUTPUT_COUNTERS(IS)
	}
#undef IS
	vni = cJSON_GetObjectItem(json, "vni");
	assert_int_equal(cJSON_GetArraySize(vni), 3);
	assert_number(cJSON_GetArrayItem(vni, 0), "vni", 16777215);
	assert_number(cJSON_GetArrayItem(vni, 1), "vni", 3);
	assert_number(cJSON_GetArrayItem(vni, 2), "vni", 7);
	assert_number(cJSON_GetArrayItem(vni, 2), "bytes", 1000);
	cJSON_Delete(json);
	free(text);
}

static void test_log(void **state)
{
	struct log log = {.program = "x", .level = LOG_LEVEL_INFO};
	struct metlo_stats packets = {
		.packets = 10, .delivered = 5, .sampled_out = 3};
	struct http_stats http = {.transactions = 4, .paired = 2};
	struct selection_stats selection = {.selected = 4};
	struct summary s = {.http = &http, .selection = &selection};
	char *text;
	size_t size;

	(void)state;
	log.out = open_memstream(&text, &size);
	assert_non_null(log.out);
	summary_log(&log, &s);
	s.packets = &packets;
	selection.endpoint_limited = 1;
	selection.excluded = 18446744073709551615u;
	summary_log(&log, &s);
	/* An earlier run has counted packets, too. */
	s.resumed = true;
	summary_log(&log, &s);
	fclose(log.out);
	assert_string_equal(
		text,
		"x: 0 packets, 0 with TCP data for these ports, 4 transactions (2 complete)\n"
		"x: 10 packets, 5 with TCP data for these ports, 4 transactions (2 complete)\n"
		"x: excluded by options: sampled_out 3 packets, excluded 18446744073709551615, endpoint_limited 1\n"
		"x: since it was attached: 10 packets, 5 with TCP data for these ports; in this run, 4 transactions (2 complete)\n"
		"x: excluded by options: sampled_out 3 packets since it was attached, excluded 18446744073709551615, endpoint_limited 1\n");
	free(text);
}

/* Absent stages are omitted, and the rest is still JSON. */
static void test_parts(void **state)
{
	struct summary_fixture m;

	(void)state;
	for (int parts = 0; parts < 16; parts++) {
		struct summary s;
		cJSON *json;
		char *text;

		fixture_init(&m);
		s = m.s;
		s.packets = parts & 1 ? s.packets : NULL;
		s.stream = parts & 2 ? s.stream : NULL;
		s.http = parts & 4 ? s.http : NULL;
		s.output = parts & 8 ? s.output : NULL;
		text = written(write_object, &s);
		json = cJSON_Parse(text);
		assert_non_null(json);
		assert_int_equal(!!cJSON_GetObjectItem(json, "packets"),
				 parts & 1);
		assert_int_equal(!!cJSON_GetObjectItem(json, "stream"),
				 !!(parts & 2));
		assert_int_equal(!!cJSON_GetObjectItem(json, "http"),
				 !!(parts & 4));
		assert_int_equal(!!cJSON_GetObjectItem(json, "output"),
				 !!(parts & 8));
		cJSON_Delete(json);
		free(text);
	}
}

static void test_text(void **state)
{
	struct summary_fixture m;
	char *text;

	(void)state;
	fixture_init(&m);
	memset(&m.stream, 0, sizeof(m.stream));
	m.stream.gaps = 5;
	text = written(summary_text, &m.s);
	assert_non_null(strstr(text, "  ring_full  "));
	assert_non_null(strstr(text, "  gaps  "));
	assert_null(strstr(text, "  flows_evicted  ")); /* zero */
	assert_non_null(strstr(text, "  16777215  "));
	free(text);
}

static void test_sums(void **state)
{
	struct stream_stats a = {0}, b = {0};
	struct http_stats c = {0}, d = {0};

	(void)state;
	fill(&a, sizeof(a), 1);
	fill(&b, sizeof(b), 100);
	counter_table_add(STAGE_STREAM, &a, &b);
	fill(&c, sizeof(c), 1);
	fill(&d, sizeof(d), 100);
	counter_table_add(STAGE_HTTP, &c, &d);
	for (size_t i = 0; i < sizeof(a) / 8; i++)
		assert_int_equal(((uint64_t *)&a)[i], 101 + 2 * i);
	for (size_t i = 0; i < sizeof(c) / 8; i++)
		assert_int_equal(((uint64_t *)&c)[i], 101 + 2 * i);
}

static void test_strings(void **state)
{
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);
	cJSON *json;

	(void)state;
	summary_json_string(f, "a\"b\\c\nd\x7f\x01");
	fclose(f);
	json = cJSON_Parse(text);
	assert_true(cJSON_IsString(json));
	assert_string_equal(json->valuestring, "a\"b\\c\nd\x7f\x01");
	cJSON_Delete(json);
	free(text);
}

/* Every loss counter has a name and a remedy. */
static void test_losses(void **state)
{
	struct summary_loss loss[SUMMARY_LOSSES_MAX];
	struct summary_fixture m;
	size_t n;

	(void)state;
	fixture_init(&m);
	n = summary_losses(&m.s, loss);
	assert_int_equal(n, 13);
	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(loss[i].remedy) > 10);
		assert_true(loss[i].value > 0);
	}
	assert_string_equal(loss[0].counter, "ring_full");
	assert_int_equal(loss[0].value, m.packets.ring_full);
	m.s.stream = NULL;
	m.s.http = NULL;
	m.s.output = NULL;
	assert_true(summary_losses(&m.s, loss) < n);
}

static void test_loss_log(void **state)
{
	struct metlo_stats packets = {.ring_full = 5};
	struct summary s = {.packets = &packets};
	struct loss_log l = {0};
	struct log log;
	size_t size;
	char *text;

	(void)state;
	log = (struct log){open_memstream(&text, &size), "t", LOG_LEVEL_WARN};
	loss_log_init(&l, &s);
	assert_int_equal(loss_log_report(&l, &s, SECOND, &log), 0);
	packets.ring_full = 8;
	assert_int_equal(loss_log_report(&l, &s, 2 * SECOND, &log), 1);
	assert_non_null(strstr(text, "ring_full: 3 more, 8 in total: "));
	assert_non_null(strstr(text, "--ring-size"));
	/* Not repeated within the interval; afterwards with the whole growth. */
	packets.ring_full = 10;
	assert_int_equal(loss_log_report(&l, &s, 5 * SECOND, &log), 0);
	packets.truncated_bytes = 7; /* another counter is not delayed */
	assert_int_equal(loss_log_report(&l, &s, 5 * SECOND, &log), 1);
	packets.ring_full = 20;
	assert_int_equal(loss_log_report(&l, &s, 13 * SECOND, &log), 1);
	assert_non_null(strstr(text, "ring_full: 12 more, 20 in total: "));
	assert_int_equal(loss_log_report(&l, &s, 60 * SECOND, &log), 0);
	fclose(log.out);
	free(text);
}

static void set_port(uint64_t *ports, unsigned int p)
{
	ports[p / 64] |= 1ull << (p % 64);
}

static void test_ports(void **state)
{
	uint64_t ports[1024] = {0};
	char text[64], small[16];

	(void)state;
	ports_text(text, sizeof(text), ports, false);
	assert_string_equal(text, "none");
	ports_text(text, sizeof(text), ports, true);
	assert_string_equal(text, "any");
	set_port(ports, 80);
	ports_text(text, sizeof(text), ports, false);
	assert_string_equal(text, "80");
	for (unsigned int p = 8000; p <= 8100; p++)
		set_port(ports, p);
	set_port(ports, 9000);
	set_port(ports, 65534);
	set_port(ports, 65535);
	ports_text(text, sizeof(text), ports, false);
	assert_string_equal(text, "80,8000-8100,9000,65534-65535");
	ports_text(small, sizeof(small), ports, false);
	assert_string_equal(small, "80,...");
	memset(ports, 0xff, sizeof(ports));
	ports_text(text, sizeof(text), ports, false);
	assert_string_equal(text, "0-65535");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),   cmocka_unit_test(test_log),
		cmocka_unit_test(test_parts),  cmocka_unit_test(test_text),
		cmocka_unit_test(test_sums),   cmocka_unit_test(test_strings),
		cmocka_unit_test(test_losses), cmocka_unit_test(test_loss_log),
		cmocka_unit_test(test_ports),
	};

	return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
