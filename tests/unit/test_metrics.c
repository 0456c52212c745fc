/* SPDX-License-Identifier: MIT */
/* The Prometheus text format, and that it has every counter with a HELP text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/metrics.h"
#include "run/prom.h"

static void assert_text(struct buf *b, const char *want)
{
	buf_add(b, "", 1);
	assert_false(b->failed);
	assert_string_equal((char *)b->p, want);
	buf_free(b);
}

static void test_format(void **state)
{
	const struct prom_label labels[] = {
		{"a", "x"},
		{"b", "back\\slash \"quote\" new\nline"},
	};
	struct buf b = {0};
	struct prom p = {.to = &b};

	(void)state;
	prom_family(&p, "n_total", PROM_COUNTER, "A \\ \"quote\"\nand more.");
	prom_u64(&p, UINT64_MAX, NULL, 0);
	prom_u64(&p, 0, labels, 2);
	prom_family(&p, "g", PROM_GAUGE, "G.");
	prom_double(&p, 0.25, labels, 1);
	prom_double(&p, 1700000000.125, NULL, 0);
	prom_double(&p, INFINITY, NULL, 0);
	prom_double(&p, -INFINITY, NULL, 0);
	prom_double(&p, (double)NAN, NULL, 0);
	assert_text(
		&b,
		"# HELP n_total A \\\\ \"quote\"\\nand more.\n"
		"# TYPE n_total counter\n"
		"n_total 18446744073709551615\n"
		"n_total{a=\"x\",b=\"back\\\\slash \\\"quote\\\" new\\nline\"} 0\n"
		"# HELP g G.\n"
		"# TYPE g gauge\n"
		"g{a=\"x\"} 0.25\n"
		"g 1700000000.125\n"
		"g +Inf\n"
		"g -Inf\n"
		"g NaN\n");
}

static void test_histogram(void **state)
{
	const double bounds[] = {0.005, 0.1, 1};
	const uint64_t counts[] = {2, 0, 3, 1};
	const struct prom_histogram h = {bounds, counts, 3, 7.5};
	const struct prom_label label = {"sink", "metlo"};
	struct buf b = {0};
	struct prom p = {.to = &b};

	(void)state;
	prom_family(&p, "d_seconds", PROM_HISTOGRAM, "D.");
	prom_histogram(&p, &h, &label, 1);
	assert_text(&b, "# HELP d_seconds D.\n"
			"# TYPE d_seconds histogram\n"
			"d_seconds_bucket{sink=\"metlo\",le=\"0.005\"} 2\n"
			"d_seconds_bucket{sink=\"metlo\",le=\"0.1\"} 2\n"
			"d_seconds_bucket{sink=\"metlo\",le=\"1\"} 5\n"
			"d_seconds_bucket{sink=\"metlo\",le=\"+Inf\"} 6\n"
			"d_seconds_sum{sink=\"metlo\"} 7.5\n"
			"d_seconds_count{sink=\"metlo\"} 6\n");
}

/* Every counter, each with a distinct value. */
struct metrics_fixture {
	struct metlo_stats packets;
	struct stream_stats stream;
	struct http_stats http;
	struct http2_stats http2;
	struct selection_stats selection;
	struct output_stats output;
	struct summary_sink sinks[3];
	struct worker_state workers[2];
	struct metrics_sink more[3];
	struct counters_vni vnis[METRICS_VNIS + 50];
	struct summary s;
	struct metrics m;
	struct metrics_vnis chosen;
};

static void fill(void *p, size_t size, uint64_t first)
{
	uint64_t *v = p;

	for (size_t i = 0; i < size / sizeof(*v); i++)
		v[i] = first + i;
}

static void set_vnis(struct metrics_fixture *x, uint32_t first, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		x->vnis[i].vni = first + (uint32_t)i;
		x->vnis[i].stats.packets = 10;
		x->vnis[i].stats.bytes = 1000;
	}
	x->s.n_vnis = n;
}

static struct metrics_fixture *fixture_new(void)
{
	struct metrics_fixture *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	fill(&x->packets, sizeof(x->packets), 1000);
	fill(&x->stream, sizeof(x->stream), 2000);
	fill(&x->http, sizeof(x->http), 3000);
	fill(&x->selection, sizeof(x->selection), 3500);
	fill(&x->output, sizeof(x->output), 4000);
	for (unsigned int i = 0; i < 3; i++)
		fill(&x->sinks[i].stats, sizeof(x->sinks[i].stats),
		     5000 + 100 * i);
	x->sinks[0].name = "ndjson:-";
	x->sinks[1].name = "ndjson:/var/log/\"odd\\\nname";
	x->sinks[2].name = "ndjson:-";
	x->s = (struct summary){.packets = &x->packets,
				.stream = &x->stream,
				.http = &x->http,
				.selection = &x->selection,
				.output = &x->output,
				.sinks = x->sinks,
				.n_sinks = 3,
				.vnis = x->vnis};
	x->m = (struct metrics){.iface = "ens6",
				.mode = "native",
				.summary = &x->s,
				.workers = x->workers,
				.n_workers = 2,
				.sinks = x->more};
	x->more[0].up = true;
	x->more[1].oldest_ns = 1500000000;
	delays_add(&x->more[2].delays, 1000000, 3);
	delays_add(&x->more[2].delays, 1000001, 2);
	delays_add(&x->more[2].delays, 1000000000000, 1);
	set_vnis(x, 1, 2);
	return x;
}

/* Every sample has the label of the interface: removes it, so that the others are
 * easier to compare. */
static char *without_interface(char *text)
{
	static const char label[] = "interface=\"ens6\"";
	char *from = text, *to = text;

	while (*from) {
		const bool comment = *from == '#';
		char *end = strchr(from, '\n'), *at = strstr(from, label);

		assert_non_null(end);
		if (!comment && (!at || at > end))
			fail_msg("no interface: %.*s", (int)(end - from), from);
		while (!comment && from < at)
			*to++ = *from++;
		if (!comment) {
			from += strlen(label);
			if (*from == '}') {
				to--;
				from++;
			} else {
				assert_int_equal(*from++, ',');
			}
		}
		while (from <= end)
			*to++ = *from++;
	}
	*to = '\0';
	return text;
}

static char *metrics_text(struct metrics_fixture *x)
{
	struct buf b = {0};

	metrics_write(&b, &x->m, &x->chosen);
	buf_add(&b, "", 1);
	assert_false(b.failed);
	return without_interface((char *)b.p);
}

static bool has_line(const char *text, const char *line)
{
	const char *at = text;
	size_t n = strlen(line);

	while ((at = strstr(at, line))) {
		if ((at == text || at[-1] == '\n') && at[n] == '\n')
			return true;
		at++;
	}
	return false;
}

static void assert_counter(void *ctx, const struct counter_group *group,
			   const struct counter *c, uint64_t value)
{
	char line[200];

	const char *us = strstr(c->name, "_us");

	/* Metrics have seconds, whatever the unit in JSON. */
	if (us && !us[3])
		snprintf(line, sizeof(line), "metlo_xdp_%s_%.*s_seconds %g",
			 group->json, (int)(us - c->name), c->name,
			 (double)value / 1e6);
	else
		snprintf(line, sizeof(line), "metlo_xdp_%s%s%s%s %" PRIu64,
			 group->json, *group->json ? "_" : "", c->name,
			 c->type == PROM_COUNTER ? "_total" : "", value);
	if (!has_line(ctx, line))
		fail_msg("no line %s", line);
	/* A HELP text is a sentence. */
	if (strlen(c->help) < 5 || c->help[strlen(c->help) - 1] != '.')
		fail_msg("%s: \"%s\" is not a sentence", c->name, c->help);
}

static void test_every_counter(void **state)
{
	struct metrics_fixture *x = fixture_new();
	char *text = metrics_text(x);

	(void)state;
	summary_each(&x->s, assert_counter, text);
	free(text);
	free(x);
}

static void test_sinks(void **state)
{
	struct metrics_fixture *x = fixture_new();
	char *text = metrics_text(x);

	(void)state;
	assert_true(has_line(
		text,
		"metlo_xdp_sink_submitted_total{sink=\"ndjson:-\"} 5000"));
	assert_true(has_line(
		text,
		"metlo_xdp_sink_submitted_total{sink=\"ndjson:/var/log/\\\"odd\\\\\\nname\"} 5100"));
	assert_true(has_line(text, "metlo_xdp_sink_up{sink=\"ndjson:-\"} 1"));
	assert_true(
		has_line(text, "metlo_xdp_sink_up{sink=\"ndjson:- #2\"} 0"));
	assert_true(has_line(
		text,
		"metlo_xdp_sink_oldest_seconds{sink=\"ndjson:/var/log/\\\"odd\\\\\\nname\"} 1.5"));
	assert_true(has_line(
		text,
		"metlo_xdp_sink_delay_seconds_bucket{sink=\"ndjson:- #2\",le=\"0.001\"} 3"));
	assert_true(has_line(
		text,
		"metlo_xdp_sink_delay_seconds_bucket{sink=\"ndjson:- #2\",le=\"600\"} 5"));
	assert_true(has_line(
		text,
		"metlo_xdp_sink_delay_seconds_count{sink=\"ndjson:- #2\"} 6"));
	assert_true(has_line(
		text,
		"metlo_xdp_sink_delay_seconds_sum{sink=\"ndjson:- #2\"} 1000.005000002"));
	/* A repeated destination is a series of its own. */
	assert_true(has_line(
		text,
		"metlo_xdp_sink_submitted_total{sink=\"ndjson:- #2\"} 5200"));
	free(text);
	free(x);
}

static unsigned int count_lines(const char *text, const char *start)
{
	unsigned int n = 0;

	for (const char *at = text; (at = strstr(at, start)); at++)
		n += at == text || at[-1] == '\n';
	return n;
}

static void test_vnis(void **state)
{
	struct metrics_fixture *x = fixture_new();
	char *text;

	(void)state;
	/* 300 VNIs: 256 series, and the rest as "other". */
	set_vnis(x, 1, 300);
	text = metrics_text(x);
	assert_int_equal(count_lines(text, "metlo_xdp_vni_packets_total{"),
			 257);
	assert_true(
		has_line(text, "metlo_xdp_vni_packets_total{vni=\"1\"} 10"));
	assert_true(has_line(text,
			     "metlo_xdp_vni_packets_total{vni=\"other\"} 440"));
	assert_true(has_line(text,
			     "metlo_xdp_vni_bytes_total{vni=\"other\"} 44000"));
	assert_true(has_line(text, "metlo_xdp_vnis 300"));
	free(text);

	/* When the ranking changes, the VNIs keep their series. */
	for (unsigned int i = 0; i < 150; i++) {
		struct counters_vni swap = x->vnis[i];

		x->vnis[i] = x->vnis[299 - i];
		x->vnis[299 - i] = swap;
	}
	text = metrics_text(x);
	assert_true(
		has_line(text, "metlo_xdp_vni_packets_total{vni=\"1\"} 10"));
	assert_false(
		has_line(text, "metlo_xdp_vni_packets_total{vni=\"300\"} 10"));
	free(text);

	/* The kernel evicted all but one: others take their places, and "other"
	 * does not decrease. */
	set_vnis(x, 256, 45);
	text = metrics_text(x);
	assert_true(
		has_line(text, "metlo_xdp_vni_packets_total{vni=\"300\"} 10"));
	assert_false(
		has_line(text, "metlo_xdp_vni_packets_total{vni=\"1\"} 10"));
	assert_true(has_line(text,
			     "metlo_xdp_vni_packets_total{vni=\"other\"} 440"));
	free(text);
	free(x);
}

static void test_workers_and_health(void **state)
{
	struct metrics_fixture *x = fixture_new();
	char *text;

	(void)state;
	x->m.now_ns = 10500000000;
	x->m.unhealthy = 1u << 3;
	x->workers[1] = (struct worker_state){.heartbeat_ns = 10000000000,
					      .lag_ns = 2000000,
					      .waiting = 4096,
					      .ring_size = 16 << 20,
					      .cpu_ns = 1250000000};
	text = metrics_text(x);
	assert_true(has_line(
		text, "metlo_xdp_ring_size_bytes{worker=\"1\"} 16777216"));
	assert_true(has_line(
		text, "metlo_xdp_ring_waiting_bytes{worker=\"1\"} 4096"));
	assert_true(has_line(
		text, "metlo_xdp_worker_lag_seconds{worker=\"1\"} 0.002"));
	assert_true(has_line(
		text,
		"metlo_xdp_worker_heartbeat_age_seconds{worker=\"1\"} 0.5"));
	assert_true(has_line(
		text, "metlo_xdp_worker_cpu_seconds_total{worker=\"1\"} 1.25"));
	assert_true(has_line(text, "metlo_xdp_healthy 0"));
	assert_true(has_line(
		text, "metlo_xdp_unhealthy{reason=\"interface_down\"} 1"));
	assert_true(
		has_line(text, "metlo_xdp_unhealthy{reason=\"starting\"} 0"));
	free(text);
	free(x);
}

/* The start time is the same in every sample. */
static void test_process(void **state)
{
	struct metrics_process p = {0}, before;

	(void)state;
	metrics_process_read(&p);
	before = p;
	metrics_process_read(&p);
	assert_true(p.start_time > 1.6e9);
	assert_memory_equal(&p.start_time, &before.start_time,
			    sizeof(p.start_time));
	assert_true(p.threads == 1);
	assert_true(p.resident_bytes > 100000);
	assert_true(p.cpu_seconds >= before.cpu_seconds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_every_counter),
		cmocka_unit_test(test_sinks),
		cmocka_unit_test(test_vnis),
		cmocka_unit_test(test_workers_and_health),
		cmocka_unit_test(test_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
