/* SPDX-License-Identifier: MIT */
/* Setups, changes and removals in memory, also when any single step fails. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "plan_world.h"
#include "base/list.h"
#include "plan/plan_setup.h"
#include "plan/plan_remove.h"
#include "model/deployment.h"

#define SOURCES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *diagnostics_text(struct plan *p)
{
	const char *t = "";

	FOREACH(diagnostic, &p->diagnostics)
		t = arena_printf(&p->mem, "%s%d %s\n", t,
				 (int)diagnostic->level, diagnostic->text);
	return t;
}

static bool has_diagnostic(struct plan *p, enum diag_level level,
			   const char *text)
{
	FOREACH(diagnostic, &p->diagnostics)
		if (diagnostic->level == level &&
		    strstr(diagnostic->text, text))
			return true;
	return false;
}

/* Plans and applies; the result must have this outcome. */
static void setup(struct world *w, const struct spec *spec, enum plan_mode mode,
		  enum apply_outcome outcome)
{
	struct apply_options o = world_options(w);
	struct apply_result result;
	struct plan p;

	assert_int_equal(plan_setup(&p, &w->inv, spec, mode), 0);
	if (diag_failed(&p.diagnostics))
		print_error("%s", diagnostics_text(&p));
	FOREACH(step, &p.steps)
		assert_true(!step->undo_text || step_ops(step->type)->undo);
	assert_false(diag_failed(&p.diagnostics));
	plan_apply(&p, &o, &result);
	if (result.outcome == APPLY_DONE && outcome == APPLY_DONE)
		assert_int_equal(result.done, p.steps.n);
	if (result.outcome != outcome && result.failed)
		print_error("%s: %s\n", result.failed->text,
			    result.error.message);
	assert_int_equal(result.outcome, outcome);
	plan_free(&p);
}

static size_t steps_of(struct world *w, const struct spec *spec)
{
	struct plan p;
	size_t n;

	assert_int_equal(plan_setup(&p, &w->inv, spec, PLAN_REQUEST), 0);
	assert_false(diag_failed(&p.diagnostics));
	n = p.steps.n;
	plan_free(&p);
	return n;
}

static void remove_all(struct world *w)
{
	struct apply_options o = world_options(w);
	struct removal r = {0};
	struct apply_result result;
	struct plan p;

	str_list_add(&w->mem, &r.deployments, "shop");
	assert_int_equal(plan_remove(&p, &w->inv, &r), 0);
	plan_apply(&p, &o, &result);
	if (result.failed)
		print_error("%s: %s\n", result.failed->text,
			    result.error.message);
	assert_int_equal(result.outcome, APPLY_DONE);
	plan_free(&p);
}

static const char *const targets[] = {"nlb:new", "eni-9"};

/* Set up, set up again without a change, removed without a trace. */
static void test_there_and_back(void **state)
{
	(void)state;
	for (size_t t = 0; t < 2; t++) {
		struct world w;
		struct spec spec;
		const char *before;

		world_init(&w);
		spec = world_spec(&w, targets[t], "80,8000-8100",
				  SOURCES("i-1", "i-2", "ecs:shop/web"));
		before = world_text(&w);
		setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
		assert_int_equal(w.inv.sessions.n, 5);
		assert_int_equal(w.inv.filters.n, 1);
		assert_int_equal(w.inv.filters.items[0].ingress.n, 2);
		assert_int_equal(w.inv.targets.n, 1);
		assert_int_equal(w.inv.load_balancers.n, t == 0);
		assert_string_not_equal(world_text(&w), before);
		assert_int_equal(steps_of(&w, &spec), 0);
		remove_all(&w);
		assert_string_equal(world_text(&w), before);
		world_free(&w);
	}
}

/* The tags yield the spec. */
static void test_spec_from_tags(void **state)
{
	struct world w;
	struct spec spec, found;
	struct parse_error err;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "nlb:new", "80", SOURCES("i-1", "tag:A=b c"));
	setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
	assert_int_equal(deployment_spec(&w.mem, &w.inv, "other", &found, &err),
			 -ENOENT);
	assert_int_equal(deployment_spec(&w.mem, &w.inv, "shop", &found, &err),
			 0);
	assert_int_equal(found.sources.n, 2);
	assert_string_equal(found.sources.items[1].value, "b c");
	assert_int_equal(found.vni, w.inv.sessions.items[0].vni);
	assert_int_equal(steps_of(&w, &found), 0);
	world_free(&w);
}

/* Every step fails once, with and without having taken effect: nothing is left,
 * and the next run succeeds. */
static void test_each_step_fails(void **state)
{
	unsigned int tried = 0;

	(void)state;
	for (unsigned int variant = 0; variant < 4; variant++) {
		for (unsigned int at = 1;; at++) {
			struct world w;
			struct spec spec;
			const char *before;
			size_t n;

			world_init(&w);
			spec = world_spec(&w, targets[variant & 1], "80",
					  SOURCES("i-1", "ecs:shop/web"));
			n = steps_of(&w, &spec);
			if (at > n) {
				world_free(&w);
				break;
			}
			before = world_text(&w);
			w.fail_perform = at;
			w.done_anyway = variant & 2;
			aws_error_set(&w.error, AWS_ERR_NETWORK, "",
				      "connection cut");
			w.error.unknown_outcome = w.done_anyway;
			setup(&w, &spec, PLAN_REQUEST, APPLY_ROLLED_BACK);
			assert_string_equal(world_text(&w), before);
			w.fail_perform = 0;
			setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
			assert_int_equal(w.inv.sessions.n, 4);
			world_free(&w);
			tried++;
		}
	}
	assert_true(tried > 40);
}

/* An interrupt between any two steps rolls back too. */
static void test_interrupted(void **state)
{
	unsigned int rolled_back = 0;

	(void)state;
	for (unsigned int at = 1; at < 40; at++) {
		struct world w;
		struct spec spec;
		struct apply_options o;
		struct apply_result result;
		struct plan p;
		const char *before;

		world_init(&w);
		spec = world_spec(&w, "nlb:new", "80", SOURCES("i-1"));
		before = world_text(&w);
		w.stop_at = at;
		o = world_options(&w);
		assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST),
				 0);
		plan_apply(&p, &o, &result);
		assert_int_equal(result.interrupted,
				 result.outcome != APPLY_DONE);
		if (result.outcome != APPLY_DONE)
			assert_string_equal(world_text(&w), before);
		rolled_back += result.outcome == APPLY_ROLLED_BACK;
		plan_free(&p);
		world_free(&w);
	}
	assert_true(rolled_back > 10);
}

/* A change that fails at any step before the deletions leaves the deployment as
 * it was. */
static void test_each_change_fails(void **state)
{
	unsigned int tried = 0;

	(void)state;
	for (unsigned int at = 1;; at++) {
		struct world w;
		struct spec spec, other;
		const char *before;
		size_t n;

		world_init(&w);
		spec = world_spec(&w, "eni-9", "80", SOURCES("i-1", "eni-2"));
		setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
		other = world_spec(&w, "nlb:new", "80,443",
				   SOURCES("i-1", "ecs:shop/web"));
		before = world_text(&w);
		n = steps_of(&w, &other);
		if (at > n) {
			world_free(&w);
			break;
		}
		w.performed = 0;
		w.fail_perform = at;
		aws_error_set(&w.error, AWS_ERR_SERVER, "InternalError", "x");
		/* The last steps only delete: sessions, filter, target. */
		if (at > n - 3) {
			setup(&w, &other, PLAN_REQUEST, APPLY_UNFINISHED);
		} else {
			setup(&w, &other, PLAN_REQUEST, APPLY_ROLLED_BACK);
			assert_string_equal(world_text(&w), before);
		}
		w.fail_perform = 0;
		setup(&w, &other, PLAN_REQUEST, APPLY_DONE);
		assert_int_equal(w.inv.sessions.n, 4);
		assert_int_equal(w.inv.filters.n, 1);
		assert_int_equal(w.inv.targets.n, 1);
		assert_int_equal(steps_of(&w, &other), 0);
		world_free(&w);
		tried++;
	}
	assert_true(tried > 15);
}

/* If only the spec changes, its tags and those of the sessions are rewritten. */
static void test_only_tags_change(void **state)
{
	struct world w;
	struct spec spec, other;
	struct plan p;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "eni-9", "80", SOURCES("i-1"));
	setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
	other = world_spec(&w, "eni-9", "80", SOURCES("eni-1a", "eni-1b"));
	assert_int_equal(plan_setup(&p, &w.inv, &other, PLAN_REQUEST), 0);
	assert_int_equal(p.steps.n, 3);
	FOREACH(s, &p.steps)
		assert_int_equal(s->type, STEP_TAG);
	assert_int_equal(p.kept, 2);
	plan_free(&p);
	setup(&w, &other, PLAN_REQUEST, APPLY_DONE);
	assert_int_equal(steps_of(&w, &other), 0);
	world_free(&w);
}

static void test_undo_fails(void **state)
{
	struct world w;
	struct spec spec;
	struct apply_options o;
	struct apply_result result;
	struct plan p;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "eni-9", "80", SOURCES("i-1"));
	o = world_options(&w);
	assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST), 0);
	w.fail_perform = (unsigned int)p.steps.n;
	w.fail_undo = 2;
	aws_error_set(&w.error, AWS_ERR_DENIED, "UnauthorizedOperation", "no");
	assert_int_equal(plan_apply(&p, &o, &result), -EPERM);
	assert_int_equal(result.outcome, APPLY_ORPHANS);
	assert_int_equal(result.orphans.n, 1);
	assert_int_equal(result.orphans.items[0].error.kind, AWS_ERR_DENIED);
	assert_non_null(strstr(result.orphans.items[0].text, " is left"));
	/* The other steps were undone nevertheless. */
	assert_true(w.undone > 2);
	plan_free(&p);
	/* The orphan carries our tags: the next run uses or deletes it. */
	w.fail_perform = w.fail_undo = 0;
	setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
	assert_int_equal(w.inv.filters.n, 1);
	world_free(&w);
}

static void test_permissions_first(void **state)
{
	struct world w;
	struct spec spec;
	struct apply_options o;
	struct apply_result result;
	struct plan p;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "nlb:new", "80", SOURCES("i-1"));
	w.denied = "mirror eni-1";
	o = world_options(&w);
	assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST), 0);
	assert_int_equal(plan_apply(&p, &o, &result), -EPERM);
	assert_int_equal(result.outcome, APPLY_REFUSED);
	assert_int_equal(result.refused.n, 2);
	assert_int_equal(w.performed, 0);
	o.checks_only = true;
	w.denied = NULL;
	assert_int_equal(plan_apply(&p, &o, &result), 0);
	assert_int_equal(w.performed, 0);
	plan_free(&p);
	world_free(&w);
}

/* Foreign sessions, filters and targets stay as they are. */
static void test_foreign(void **state)
{
	struct world w;
	struct spec spec;
	struct plan p;
	const struct mirror_session *s;

	(void)state;
	world_init(&w);
	world_session(&w, "tms-f1", "eni-1a", "tmt-f", "tmf-f", 4, 7);
	world_session(&w, "tms-f2", "eni-1a", "tmt-f", "tmf-f", 2, 8);
	spec = world_spec(&w, "eni-9", "80", SOURCES("i-1"));
	spec.vni = 7;
	assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST), 0);
	assert_true(has_diagnostic(&p, DIAG_FAIL, "VNI 7 is used by"));
	plan_free(&p);
	spec.vni = 9;
	setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
	s = &w.inv.sessions.items[2];
	assert_string_equal(s->interface_id, "eni-1a");
	assert_int_equal(s->number, 5);
	assert_int_equal(s->vni, 9);
	remove_all(&w);
	assert_int_equal(w.inv.sessions.n, 2);
	world_session(&w, "tms-f3", "eni-1a", "tmt-f", "tmf-f", 9, 10);
	assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST), 0);
	assert_true(
		has_diagnostic(&p, DIAG_FAIL, "3 mirror sessions of others"));
	plan_free(&p);
	world_free(&w);
}

/* A foreign session that uses our filter and target keeps them. */
static void test_remove_keeps_what_is_used(void **state)
{
	struct world w;
	struct spec spec;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "nlb:new", "80", SOURCES("i-1"));
	setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
	world_session(&w, "tms-f", "eni-2", w.inv.targets.items[0].id,
		      w.inv.filters.items[0].id, 1, 5);
	remove_all(&w);
	assert_int_equal(w.inv.sessions.n, 1);
	assert_int_equal(w.inv.filters.n, 1);
	assert_int_equal(w.inv.targets.n, 1);
	assert_int_equal(w.inv.load_balancers.n, 1);
	w.inv.sessions.n = 0;
	remove_all(&w);
	assert_int_equal(w.inv.filters.n + w.inv.targets.n +
				 w.inv.load_balancers.n +
				 w.inv.target_groups.n + w.inv.listeners.n,
			 0);
	assert_int_equal(w.inv.groups.n, 1);
	assert_int_equal(w.inv.groups.items[0].ingress.n, 0);
	world_free(&w);
}

static void test_remove_sessions(void **state)
{
	struct world w;
	struct spec spec;
	struct removal r = {0};
	struct plan p;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "eni-9", "80", SOURCES("i-1"));
	setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
	world_session(&w, "tms-f", "eni-2", "tmt-f", "tmf-f", 1, 5);
	str_list_add(&w.mem, &r.sessions, w.inv.sessions.items[0].id);
	assert_int_equal(plan_remove(&p, &w.inv, &r), 0);
	assert_int_equal(p.steps.n, 1);
	plan_free(&p);
	/* Removing the last session removes the deployment. */
	str_list_add(&w.mem, &r.sessions, w.inv.sessions.items[1].id);
	assert_int_equal(plan_remove(&p, &w.inv, &r), 0);
	assert_int_equal(p.removed, 2);
	assert_true(p.steps.n >= 4);
	plan_free(&p);
	str_list_add(&w.mem, &r.sessions, "tms-f");
	str_list_add(&w.mem, &r.deployments, "nothing");
	assert_int_equal(plan_remove(&p, &w.inv, &r), 0);
	assert_true(
		has_diagnostic(&p, DIAG_FAIL, "not created by metlo-mirror"));
	assert_true(has_diagnostic(&p, DIAG_FAIL, "no deployment \"nothing\""));
	plan_free(&p);
	world_free(&w);
}

/* New tasks get sessions and those of stopped tasks are deleted; a source that
 * no longer exists at all is no failure. */
static void test_sync(void **state)
{
	struct world w;
	struct spec spec;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "nlb:new", "80",
			  SOURCES("ecs:shop/web", "eni-2"));
	setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
	assert_int_equal(w.inv.sessions.n, 3);
	w.inv.services.items[0]
		.tasks.items[0]
		.attachments.items[0]
		.details.items[0]
		.value = (char *)"eni-t3";
	world_interface(&w, "eni-t3", NULL, "subnet-a", "10.0.1.23");
	setup(&w, &spec, PLAN_SYNC, APPLY_DONE);
	assert_int_equal(w.inv.sessions.n, 3);
	FOREACH(s, &w.inv.sessions)
		assert_string_not_equal(s->interface_id, "eni-t1");
	FOREACH(e, &w.inv.interfaces)
		if (!strcmp(e->id, "eni-2"))
			e->id = (char *)"eni-x";
	setup(&w, &spec, PLAN_SYNC, APPLY_DONE);
	assert_int_equal(w.inv.sessions.n, 2);
	world_free(&w);
}

static void test_failures(void **state)
{
	static const struct {
		const char *target, *ports, *source, *note;
	} cases[] = {
		{"eni-9", "80", "i-77", "no running instance i-77"},
		{"eni-9", "80", "eni-77", "no network interface eni-77"},
		{"eni-77", "80", "i-1", "no network interface eni-77"},
		{"eni-9", "80", "eni-9", "collector's own interface"},
		{"nlb:none", "80", "i-1", "no network load balancer none"},
		{"vpce-7", "80", "i-1", "no endpoint vpce-7"},
		{"eni-9", "1,3,5,7,9,11", "i-1", "needs 12 rules"},
		{"eni-9", "80", "ecs:shop/db", "no service db"},
		{"eni-9", "80", "alb:front", "no network interface of the app"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct world w;
		struct spec spec;
		struct apply_options o;
		struct apply_result result;
		struct plan p;

		world_init(&w);
		spec = world_spec(&w, cases[i].target, cases[i].ports,
				  SOURCES(cases[i].source));
		assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST),
				 0);
		if (!has_diagnostic(&p, DIAG_FAIL, cases[i].note))
			print_error("%s", diagnostics_text(&p));
		assert_true(has_diagnostic(&p, DIAG_FAIL, cases[i].note));
		o = world_options(&w);
		assert_int_equal(plan_apply(&p, &o, &result), -EINVAL);
		assert_int_equal(w.performed + w.dry_runs, 0);
		plan_free(&p);
		world_free(&w);
	}
}

/* 11 sources are too many for an interface, not for a load balancer. */
static void test_quota_of_a_target(void **state)
{
	struct world w;
	struct spec spec;
	struct plan p;

	(void)state;
	world_init(&w);
	for (unsigned int i = 0; i < 9; i++)
		world_interface(&w, arena_printf(&w.mem, "eni-a%u", i), "i-1",
				"subnet-a",
				arena_printf(&w.mem, "10.0.1.%u", 100 + i));
	spec = world_spec(&w, "eni-9", "80", SOURCES("i-1"));
	assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST), 0);
	assert_true(has_diagnostic(&p, DIAG_FAIL,
				   "11 sources would send to eni-9"));
	plan_free(&p);
	spec = world_spec(&w, "nlb:new", "80", SOURCES("i-1"));
	setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
	assert_int_equal(w.inv.sessions.n, 11);
	world_free(&w);
}

/* A missing or too narrow rule of our own group is added. */
static void test_own_group_admits_sources(void **state)
{
	struct ec2_cidr *more;
	struct world w;
	struct spec spec;
	struct ec2_group *own;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "nlb:new", "80", SOURCES("i-1", "i-2"));
	setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
	own = &w.inv.groups.items[1];
	assert_int_equal(own->ingress.n, 1);
	own->ingress.n = 0;
	setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
	assert_int_equal(own->ingress.n, 1);
	more = ARENA_ADD(&w.mem, &w.inv.vpcs.items[0].cidrs);
	more->cidr = (char *)"10.7.0.0/16";
	world_interface(&w, "eni-7", "i-2", "subnet-b", "10.7.0.7");
	setup(&w, &spec, PLAN_REQUEST, APPLY_DONE);
	assert_int_equal(own->ingress.n, 2);
	assert_int_equal(steps_of(&w, &spec), 0);
	world_free(&w);
}

/* Without consent to open foreign groups, the missing rule is only reported. */
static void test_groups_are_asked_for(void **state)
{
	struct world w;
	struct spec spec;
	struct plan p;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "eni-9", "80", SOURCES("i-1"));
	spec.open_groups = false;
	assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST), 0);
	assert_int_equal(p.rules_missing, 1);
	assert_true(has_diagnostic(&p, DIAG_WARN,
				   "sg-9 of eni-9 does not allow UDP"));
	FOREACH(s, &p.steps)
		assert_int_not_equal(s->type, STEP_AUTHORIZE);
	plan_free(&p);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_spec_from_tags),
		cmocka_unit_test(test_each_step_fails),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_each_change_fails),
		cmocka_unit_test(test_only_tags_change),
		cmocka_unit_test(test_undo_fails),
		cmocka_unit_test(test_permissions_first),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_remove_keeps_what_is_used),
		cmocka_unit_test(test_remove_sessions),
		cmocka_unit_test(test_sync),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_quota_of_a_target),
		cmocka_unit_test(test_own_group_admits_sources),
		cmocka_unit_test(test_groups_are_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
