/* SPDX-License-Identifier: MIT */
/* eni:auto: many sources on the interfaces of many collectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/deployment.h"
#include "model/limits.h"
#include "plan/plan_setup.h"
#include "plan_world.h"

#define ZONES	   3u
#define SOURCES	   500u
#define COLLECTORS 51u /* 17 in each zone take 170 sources */

static const char *const zones[ZONES] = {"a", "b", "c"};

static void add_source(struct world *w, unsigned int i)
{
	char id[32], ip[32], subnet[32];
	struct ec2_interface *e;

	snprintf(id, sizeof(id), "eni-5%04u", i);
	snprintf(ip, sizeof(ip), "10.1.%u.%u", i / 250, i % 250 + 1);
	snprintf(subnet, sizeof(subnet), "subnet-%s", zones[i % ZONES]);
	e = world_interface(w, id, NULL, subnet, ip);
	world_tag(w, &e->tags, "app", "x");
}

static void add_collector(struct world *w, unsigned int i, const char *type)
{
	char id[32], eni[32], ip[32], subnet[32];
	struct ec2_instance *c = ARENA_ADD(&w->mem, &w->inv.instances);
	struct ec2_interface *e;

	snprintf(id, sizeof(id), "i-c%u", i);
	snprintf(eni, sizeof(eni), "eni-c%u", i);
	snprintf(ip, sizeof(ip), "10.2.0.%u", i + 1);
	snprintf(subnet, sizeof(subnet), "subnet-%s", zones[i % ZONES]);
	c->id = (char *)arena_dup(&w->mem, id);
	c->type = (char *)arena_dup(&w->mem, type);
	c->state = (char *)arena_dup(&w->mem, "running");
	c->vpc_id = (char *)arena_dup(&w->mem, "vpc-1");
	e = world_interface(w, eni, id, subnet, ip);
	c->zone = e->zone;
	c->private_ip = e->private_ip;
	world_tag(w, &c->tags, "role", "collector");
}

static struct spec big_account(struct world *w, unsigned int collectors,
			       const char *type)
{
	struct ec2_subnet *s;
	struct spec spec;

	world_init(w);
	s = ARENA_ADD(&w->mem, &w->inv.subnets);
	*s = w->inv.subnets.items[0];
	s->id = (char *)arena_dup(&w->mem, "subnet-c");
	s->zone = (char *)arena_dup(&w->mem, "eu-west-1c");
	for (unsigned int i = 0; i < SOURCES; i++)
		add_source(w, i);
	for (unsigned int i = 0; i < collectors; i++)
		add_collector(w, i, type);
	spec = world_spec(w, "eni:auto", "80",
			  (const char *const[]){"tag:app=x", NULL});
	spec.target.collectors = (struct str_list){0};
	str_list_add(&w->mem, &spec.target.collectors, "tag:role=collector");
	return spec;
}

/* Applies the plan, which must succeed, and returns how many steps of a type it
 * had. */
static size_t apply(struct world *w, const struct spec *spec, bool sync,
		    enum step_type type)
{
	struct apply_options o = world_options(w);
	struct apply_result result;
	struct plan p;
	size_t n = 0;

	assert_int_equal(
		plan_setup(&p, &w->inv, spec, sync ? PLAN_SYNC : PLAN_REQUEST),
		0);
	FOREACH(d, &p.diagnostics)
		if (d->level == DIAG_FAIL)
			fail_msg("%s", d->text);
	FOREACH(s, &p.steps)
		n += s->type == type;
	if (p.steps.n) {
		assert_int_equal(plan_apply(&p, &o, &result), 0);
		assert_int_equal(result.outcome, APPLY_DONE);
	}
	plan_free(&p);
	return n;
}

/* Checks limits and zones. */
static void check(const struct world *w, size_t sessions, size_t limit)
{
	assert_int_equal(w->inv.sessions.n, sessions);
	FOREACH(t, &w->inv.targets) {
		const struct ec2_interface *to =
			inventory_interface(&w->inv, t->interface_id);
		size_t n = 0;

		FOREACH(s, &w->inv.sessions) {
			if (strcmp(s->target_id, t->id) != 0)
				continue;
			n++;
			assert_string_equal(
				inventory_interface(&w->inv, s->interface_id)
					->zone,
				to->zone);
		}
		assert_in_range(n, 1, limit);
	}
}

static const char *target_of(const struct world *w, const char *eni)
{
	FOREACH(s, &w->inv.sessions)
		if (!strcmp(s->interface_id, eni))
			return s->target_id;
	return "";
}

static struct ec2_instance *collector(struct world *w, const char *id)
{
	return (struct ec2_instance *)inventory_instance(&w->inv, id);
}

static void many(void **state)
{
	struct str_list before = {0};
	struct world w;
	struct spec spec = big_account(&w, COLLECTORS, "m5.large");
	size_t moved = 0, n;

	(void)state;
	assert_int_equal(apply(&w, &spec, false, STEP_CREATE_SESSION), SOURCES);
	check(&w, SOURCES, LIMIT_SOURCES_PER_ENI_TARGET);
	assert_int_equal(w.inv.targets.n, COLLECTORS);
	assert_int_equal(apply(&w, &spec, true, STEP_MODIFY_SESSION), 0);
	/* One more: the others stay where they are. */
	FOREACH(s, &w.inv.sessions)
		str_list_add(&w.mem, &before,
			     arena_printf(&w.mem, "%s %s", s->interface_id,
					  s->target_id));
	add_source(&w, SOURCES);
	assert_int_equal(apply(&w, &spec, true, STEP_CREATE_SESSION), 1);
	check(&w, SOURCES + 1, LIMIT_SOURCES_PER_ENI_TARGET);
	FOREACH(s, &w.inv.sessions)
		moved += !str_list_has(&before, arena_printf(&w.mem, "%s %s",
							     s->interface_id,
							     s->target_id));
	assert_int_equal(moved, 1);
	/* A collector and some sources disappear: the rest of that zone has
	 * just enough room, and only the sources of this collector move. */
	n = 0;
	FOREACH(s, &w.inv.sessions)
		n += !strcmp(s->target_id, w.inv.targets.items[0].id);
	for (unsigned int i = 0; i < 30; i++)
		world_tag(&w,
			  &((struct ec2_interface *)inventory_interface(
				    &w.inv,
				    arena_printf(&w.mem, "eni-5%04u", i + 60)))
				   ->tags,
			  "app", "y");
	apply(&w, &spec, true, STEP_DELETE_SESSION);
	collector(&w, "i-c0")->state = (char *)arena_dup(&w.mem, "terminated");
	assert_in_range(apply(&w, &spec, true, STEP_MODIFY_SESSION), 1, n);
	check(&w, SOURCES + 1 - 30, LIMIT_SOURCES_PER_ENI_TARGET);
	assert_int_equal(apply(&w, &spec, true, STEP_MODIFY_SESSION), 0);
	world_free(&w);
}

static void big(void **state)
{
	struct world w;
	struct spec spec = big_account(&w, 6, "m5.metal");

	(void)state;
	apply(&w, &spec, false, STEP_CREATE_SESSION);
	check(&w, SOURCES, LIMIT_SOURCES_PER_BIG_TARGET);
	/* Sessions of others count. */
	assert_true(*target_of(&w, "eni-50000"));
	world_free(&w);
}

static const char *diagnostic(struct world *w, const struct spec *spec,
			      bool sync, enum diag_level level,
			      const char *text)
{
	const char *found = NULL;
	struct plan p;

	assert_int_equal(
		plan_setup(&p, &w->inv, spec, sync ? PLAN_SYNC : PLAN_REQUEST),
		0);
	FOREACH(d, &p.diagnostics)
		if (d->level == level && strstr(d->text, text))
			found = arena_dup(&w->mem, d->text);
	plan_free(&p);
	return found;
}

static void limits(void **state)
{
	struct world w;
	struct spec spec = big_account(&w, 48, "m5.large");

	(void)state;
	assert_non_null(diagnostic(&w, &spec, false, DIAG_FAIL,
				   "can receive 480 sources, 20 too few"));
	/* sync mirrors what fits. */
	assert_int_equal(apply(&w, &spec, true, STEP_CREATE_SESSION), 480);
	assert_non_null(diagnostic(&w, &spec, true, DIAG_WARN, "20 too few"));
	assert_int_equal(apply(&w, &spec, true, STEP_DELETE_SESSION), 0);
	/* A zone without room: another one, with a warning. */
	for (unsigned int i = 48; i < COLLECTORS; i++)
		add_collector(&w, 3 * i, "m5.large");
	assert_non_null(
		diagnostic(&w, &spec, false, DIAG_WARN, "to another zone"));
	assert_int_equal(apply(&w, &spec, false, STEP_CREATE_SESSION), 20);
	spec.filter.side = FILTER_BOTH;
	assert_non_null(
		diagnostic(&w, &spec, false, DIAG_WARN, "at both ends"));
	world_free(&w);
}

/* Moves are undone if one of them fails. */
static void undone(void **state)
{
	struct world w;
	struct spec spec = big_account(&w, COLLECTORS, "m5.large");
	struct apply_options o;
	struct apply_result result;
	const char *before;
	struct plan p;

	(void)state;
	apply(&w, &spec, false, STEP_CREATE_SESSION);
	collector(&w, "i-c3")->state = (char *)arena_dup(&w.mem, "stopped");
	add_collector(&w, 54, "m5.large");
	before = world_text(&w);
	for (unsigned int i = 1; i <= 3; i++) {
		assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_SYNC), 0);
		o = world_options(&w);
		w.performed = 0;
		w.fail_perform = i;
		w.error.kind = AWS_ERR_SERVER;
		plan_apply(&p, &o, &result);
		assert_int_equal(result.outcome, APPLY_ROLLED_BACK);
		assert_string_equal(world_text(&w), before);
		plan_free(&p);
	}
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many),
		cmocka_unit_test(big),
		cmocka_unit_test(limits),
		cmocka_unit_test(undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
