/* SPDX-License-Identifier: MIT */
/* The rules of /healthz: what makes the daemon unhealthy, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "run/health.h"

#define START (1000 * NSEC_PER_SEC)

/* A healthy daemon with two workers and two sinks. */
struct daemon_state {
	struct health *h;
	struct worker_state workers[2];
	struct health_sink sinks[2];
	struct health_sample sample;
};

static void daemon_init(struct daemon_state *w)
{
	*w = (struct daemon_state){
		.h = health_new("ens6"),
		.workers = {{.heartbeat_ns = START, .ring_size = 1000},
			    {.heartbeat_ns = START, .ring_size = 1000}},
		.sinks = {{.name = "ndjson:-"}, {.name = "metlo"}},
		.sample = {.now_ns = START,
			   .attached = true,
			   .interface_up = true,
			   .n_workers = 2,
			   .n_sinks = 2},
	};
	assert_non_null(w->h);
	w->sample.workers = w->workers;
	w->sample.sinks = w->sinks;
}

/* Evaluates the sample. Returns the reasons as bits, after comparing them with
 * the JSON. */
static uint32_t evaluate(struct daemon_state *w)
{
	uint32_t reasons, named = 0;
	struct buf json = {0};
	const cJSON *r;
	cJSON *o;
	bool healthy;

	health_update(w->h, &w->sample);
	reasons = health_reasons(w->h, w->sample.now_ns);
	healthy = health_write_json(w->h, w->sample.now_ns, &json);
	buf_add(&json, "", 1);
	o = cJSON_Parse((char *)json.p);
	assert_non_null(o);
	assert_string_equal(
		cJSON_GetStringValue(cJSON_GetObjectItem(o, "status")),
		healthy ? "healthy" : "unhealthy");
	cJSON_ArrayForEach(r, cJSON_GetObjectItem(o, "reasons"))
	{
		const char *name =
			cJSON_GetStringValue(cJSON_GetObjectItem(r, "reason"));

		for (unsigned int i = 0; i < HEALTH_REASONS_N; i++)
			if (!strcmp(health_names[i], name))
				named |= 1u << i;
		assert_true(strlen(cJSON_GetStringValue(
				    cJSON_GetObjectItem(r, "detail"))) > 0);
	}
	assert_int_equal(named, reasons);
	assert_int_equal(healthy, reasons == 0);
	cJSON_Delete(o);
	buf_free(&json);
	return reasons;
}

/* Advances the clock and both heartbeats. */
static void later(struct daemon_state *w, uint64_t seconds)
{
	w->sample.now_ns += seconds * NSEC_PER_SEC;
	w->workers[0].heartbeat_ns = w->workers[1].heartbeat_ns =
		w->sample.now_ns;
}

#define BIT(name) (1u << HEALTH_##name)

static void test_starting_and_stopping(void **state)
{
	struct daemon_state w;

	(void)state;
	daemon_init(&w);
	assert_int_equal(health_reasons(w.h, START), BIT(starting));
	/* Startup may take any time. */
	assert_int_equal(health_reasons(w.h, START + 100 * NSEC_PER_SEC),
			 BIT(starting));
	assert_int_equal(evaluate(&w), 0);
	health_stopping(w.h);
	assert_int_equal(health_reasons(w.h, START), BIT(stopping));
	assert_int_equal(health_reasons(w.h, START + 100 * NSEC_PER_SEC),
			 BIT(stopping));
	health_free(w.h);
}

static void test_interface(void **state)
{
	struct daemon_state w;

	(void)state;
	daemon_init(&w);
	w.sample.interface_up = false;
	assert_int_equal(evaluate(&w), BIT(interface_down));
	/* "detached" takes precedence. */
	w.sample.attached = false;
	assert_int_equal(evaluate(&w), BIT(detached));
	w.sample.attached = w.sample.interface_up = true;
	assert_int_equal(evaluate(&w), 0);
	health_free(w.h);
}

static void test_stalls(void **state)
{
	struct daemon_state w;

	(void)state;
	daemon_init(&w);
	assert_int_equal(evaluate(&w), 0);
	w.sample.now_ns += HEALTH_STALL_S * NSEC_PER_SEC;
	w.workers[0].heartbeat_ns = w.sample.now_ns;
	assert_int_equal(evaluate(&w), 0);
	w.sample.now_ns++;
	assert_int_equal(evaluate(&w), BIT(worker_stalled));
	/* A heartbeat later than the sample's clock. */
	w.workers[1].heartbeat_ns = w.sample.now_ns + NSEC_PER_SEC;
	assert_int_equal(evaluate(&w), 0);
	/* No further sample. */
	assert_int_equal(
		health_reasons(w.h,
			       w.sample.now_ns + HEALTH_STALL_S * NSEC_PER_SEC),
		0);
	assert_int_equal(
		health_reasons(w.h, w.sample.now_ns + 1 +
					    HEALTH_STALL_S * NSEC_PER_SEC),
		BIT(main_stalled));
	later(&w, 100);
	assert_int_equal(evaluate(&w), 0);
	health_free(w.h);
}

static void test_losses(void **state)
{
	struct daemon_state w;

	(void)state;
	daemon_init(&w);
	/* Losses before the first sample do not count. */
	w.sample.ring_full = 500;
	w.sinks[1].dropped = 7;
	assert_int_equal(evaluate(&w), 0);
	later(&w, 1);
	w.sample.ring_full++;
	assert_int_equal(evaluate(&w), BIT(ring_full));
	later(&w, HEALTH_LOSS_S - 1);
	w.sinks[1].dropped++;
	assert_int_equal(evaluate(&w), BIT(ring_full) | BIT(output_dropping));
	later(&w, 1);
	assert_int_equal(evaluate(&w), BIT(output_dropping));
	later(&w, HEALTH_LOSS_S - 1);
	assert_int_equal(evaluate(&w), 0);
	w.sinks[0].broken = "No space left on device";
	assert_int_equal(evaluate(&w), BIT(output_broken));
	w.sinks[0].broken = NULL;
	assert_int_equal(evaluate(&w), 0);
	health_free(w.h);
}

static void test_behind(void **state)
{
	struct daemon_state w;

	(void)state;
	daemon_init(&w);
	w.workers[1].waiting = 501;
	assert_int_equal(evaluate(&w), 0);
	later(&w, HEALTH_RING_S);
	assert_int_equal(evaluate(&w), 0);
	later(&w, 1);
	assert_int_equal(evaluate(&w), BIT(ring_behind));
	w.workers[1].waiting = 500;
	assert_int_equal(evaluate(&w), 0);
	/* The timer starts over. */
	w.workers[1].waiting = 1000;
	assert_int_equal(evaluate(&w), 0);
	later(&w, HEALTH_RING_S);
	assert_int_equal(evaluate(&w), 0);
	health_free(w.h);
}

/* Advice degrades, which is still an answer of 200, and gives way to real reasons. */
static void test_degraded(void **state)
{
	static const struct advice advice[] = {
		{ADVICE_wrong_port, "\"7\" packets"},
		{ADVICE_encrypted, "TLS"},
	};
	struct daemon_state w;
	struct buf json = {0};

	(void)state;
	daemon_init(&w);
	w.sample.advice = advice;
	w.sample.n_advice = 2;
	health_update(w.h, &w.sample);
	assert_true(health_write_json(w.h, START, &json));
	buf_add(&json, "", 1);
	assert_string_equal(
		(char *)json.p,
		"{\"status\":\"degraded\",\"interface\":\"ens6\",\"reasons\":[{\"reason\":\"wrong_port\",\"detail\":\"\\\"7\\\" packets\"},{\"reason\":\"encrypted\",\"detail\":\"TLS\"}]}\n");
	assert_int_equal(health_reasons(w.h, START), 0);
	w.sample.attached = false;
	assert_int_equal(evaluate(&w), BIT(detached));
	w.sample.attached = true;
	w.sample.n_advice = 0;
	assert_int_equal(evaluate(&w), 0);
	buf_free(&json);
	health_free(w.h);
}

/* Arbitrary text in a detail: the result is still JSON, truncated if needed. */
static void test_odd_names(void **state)
{
	struct daemon_state w;
	char name[1000];

	(void)state;
	daemon_init(&w);
	memset(name, '"', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	w.sinks[0].name = name;
	w.sinks[0].broken = "why \\ \n";
	assert_int_equal(evaluate(&w), BIT(output_broken));
	health_free(w.h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starting_and_stopping),
		cmocka_unit_test(test_interface),
		cmocka_unit_test(test_stalls),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_degraded),
		cmocka_unit_test(test_odd_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
