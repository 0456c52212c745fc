/* SPDX-License-Identifier: MIT */
/* What counts as healthy, when it ends and when it is forgiven. */
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

/* A daemon with two workers and two sinks that does well. */
struct world {
	struct health *h;
	struct worker_state workers[2];
	struct health_sink sinks[2];
	struct health_sample look;
};

static void world_init(struct world *w)
{
	*w = (struct world){
		.h = health_new("ens6"),
		.workers = {{.heartbeat_ns = START, .ring_size = 1000},
			    {.heartbeat_ns = START, .ring_size = 1000}},
		.sinks = {{.name = "ndjson:-"}, {.name = "metlo"}},
		.look = {.now_ns = START,
			 .attached = true,
			 .interface_up = true,
			 .n_workers = 2,
			 .n_sinks = 2},
	};
	assert_non_null(w->h);
	w->look.workers = w->workers;
	w->look.sinks = w->sinks;
}

/* The state after a look, as bits, checked against what is answered. */
static uint32_t look(struct world *w)
{
	uint32_t reasons, named = 0;
	struct buf json = {0};
	const cJSON *r;
	cJSON *o;
	bool well;

	health_update(w->h, &w->look);
	reasons = health_reasons(w->h, w->look.now_ns);
	well = health_write_json(w->h, w->look.now_ns, &json);
	buf_add(&json, "", 1);
	o = cJSON_Parse((char *)json.p);
	assert_non_null(o);
	assert_string_equal(
		cJSON_GetStringValue(cJSON_GetObjectItem(o, "status")),
		well ? "healthy" : "unhealthy");
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
	assert_int_equal(well, reasons == 0);
	cJSON_Delete(o);
	buf_free(&json);
	return reasons;
}

/* Time goes on; both workers move. */
static void later(struct world *w, uint64_t seconds)
{
	w->look.now_ns += seconds * NSEC_PER_SEC;
	w->workers[0].heartbeat_ns = w->workers[1].heartbeat_ns =
		w->look.now_ns;
}

#define BIT(name) (1u << HEALTH_##name)

static void test_starting_and_stopping(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(health_reasons(w.h, START), BIT(starting));
	/* However long it takes. */
	assert_int_equal(health_reasons(w.h, START + 100 * NSEC_PER_SEC),
			 BIT(starting));
	assert_int_equal(look(&w), 0);
	health_stopping(w.h);
	assert_int_equal(health_reasons(w.h, START), BIT(stopping));
	assert_int_equal(health_reasons(w.h, START + 100 * NSEC_PER_SEC),
			 BIT(stopping));
	health_free(w.h);
}

static void test_interface(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.look.interface_up = false;
	assert_int_equal(look(&w), BIT(interface_down));
	/* What is gone is not down. */
	w.look.attached = false;
	assert_int_equal(look(&w), BIT(detached));
	w.look.attached = w.look.interface_up = true;
	assert_int_equal(look(&w), 0);
	health_free(w.h);
}

static void test_stalls(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(look(&w), 0);
	w.look.now_ns += HEALTH_STALL_S * NSEC_PER_SEC;
	w.workers[0].heartbeat_ns = w.look.now_ns;
	assert_int_equal(look(&w), 0);
	w.look.now_ns++;
	assert_int_equal(look(&w), BIT(worker_stalled));
	/* A worker that moved after the clock was read. */
	w.workers[1].heartbeat_ns = w.look.now_ns + NSEC_PER_SEC;
	assert_int_equal(look(&w), 0);
	/* Nobody looks any more. */
	assert_int_equal(
		health_reasons(w.h,
			       w.look.now_ns + HEALTH_STALL_S * NSEC_PER_SEC),
		0);
	assert_int_equal(
		health_reasons(w.h, w.look.now_ns + 1 +
					    HEALTH_STALL_S * NSEC_PER_SEC),
		BIT(main_stalled));
	later(&w, 100);
	assert_int_equal(look(&w), 0);
	health_free(w.h);
}

static void test_losses(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	/* Lost before this daemon: not its fault. */
	w.look.ring_full = 500;
	w.sinks[1].dropped = 7;
	assert_int_equal(look(&w), 0);
	later(&w, 1);
	w.look.ring_full++;
	assert_int_equal(look(&w), BIT(ring_full));
	later(&w, HEALTH_LOSS_S - 1);
	w.sinks[1].dropped++;
	assert_int_equal(look(&w), BIT(ring_full) | BIT(output_dropping));
	later(&w, 1);
	assert_int_equal(look(&w), BIT(output_dropping));
	later(&w, HEALTH_LOSS_S - 1);
	assert_int_equal(look(&w), 0);
	w.sinks[0].broken = "No space left on device";
	assert_int_equal(look(&w), BIT(output_broken));
	w.sinks[0].broken = NULL;
	assert_int_equal(look(&w), 0);
	health_free(w.h);
}

static void test_behind(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.workers[1].waiting = 501;
	assert_int_equal(look(&w), 0);
	later(&w, HEALTH_RING_S);
	assert_int_equal(look(&w), 0);
	later(&w, 1);
	assert_int_equal(look(&w), BIT(ring_behind));
	w.workers[1].waiting = 500;
	assert_int_equal(look(&w), 0);
	/* From the beginning again. */
	w.workers[1].waiting = 1000;
	assert_int_equal(look(&w), 0);
	later(&w, HEALTH_RING_S);
	assert_int_equal(look(&w), 0);
	health_free(w.h);
}

/* Texts of others in the answer: still JSON, and cut rather than too long. */
static void test_odd_names(void **state)
{
	struct world w;
	char name[1000];

	(void)state;
	world_init(&w);
	memset(name, '"', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	w.sinks[0].name = name;
	w.sinks[0].broken = "why \\ \n";
	assert_int_equal(look(&w), BIT(output_broken));
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
		cmocka_unit_test(test_odd_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
