/* SPDX-License-Identifier: MIT */
/* Builds a healthy deployment and the AWS data around it, and compares rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verify_kit.h"
#include "base/list.h"
#include "model/deployment.h"
#include "model/spec_text.h"
#include "model/tags.h"
#include "plan/plan_setup.h"
#include "verify/verify_queries.h"

/* --- setting up --- */

int scene_teardown(void **state)
{
	struct scene *s = *state;

	if (s) {
		arena_free(&s->extra.mem);
		world_free(&s->w);
		free(s);
	}
	*state = NULL;
	return 0;
}

struct scene *scene_new(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	scene_teardown(state);
	*state = s;
	world_init(&s->w);
	return s;
}

/* Permissive ACLs and a main route table. */
static void network(struct scene *s)
{
	static const char *const subnets[] = {"subnet-a", "subnet-b"};
	struct ec2_route_association *as;
	struct ec2_route_table *t;

	for (int i = 0; i < 2; i++) {
		struct ec2_acl *a =
			scene_acl(s, i ? "acl-b" : "acl-a", subnets[i]);

		for (int egress = 0; egress < 2; egress++)
			scene_acl_entry(s, a, 100, egress, true, "0.0.0.0/0");
		for (int egress = 0; egress < 2; egress++)
			scene_acl_entry(s, a, 32767, egress, false,
					"0.0.0.0/0");
	}
	t = ARENA_ADD(&s->w.mem, &s->w.inv.route_tables);
	t->id = TEXT("rtb-1");
	t->vpc_id = TEXT("vpc-1");
	as = ARENA_ADD(&s->w.mem, &t->associations);
	as->main = true;
	scene_route(s, "10.0.0.0/16", "local", "active");
}

void scene_deploy(struct scene *s, const struct spec *spec)
{
	struct apply_options o = world_options(&s->w);
	struct apply_result result;
	struct plan p;

	assert_int_equal(plan_setup(&p, &s->w.inv, spec, PLAN_REQUEST), 0);
	assert_int_equal(plan_apply(&p, &o, &result), 0);
	plan_free(&p);
	network(s);
}

/* What AWS reports about a load balancer after its creation. */
static void balancer(struct scene *s)
{
	const char *tg = s->w.inv.target_groups.items[0].arn;

	scene_attribute(s, LB->arn, "load_balancing.cross_zone.enabled",
			"true");
	scene_attribute(s, tg, "stickiness.enabled", "true");
	scene_attribute(s, tg, "stickiness.type", "source_ip");
	FOREACH(z, &LB->zones) {
		z->name = inventory_subnet(&s->w.inv, z->subnet_id)->zone;
	}
}

struct scene *scene_set_up(void **state, const char *target,
			   const char *const *sources)
{
	struct scene *s = scene_new(state);
	struct spec spec = world_spec(&s->w, target, "80", sources);

	scene_deploy(s, &spec);
	if (s->w.inv.load_balancers.n)
		balancer(s);
	scene_metrics(s);
	return s;
}

/* --- changing it --- */

struct ec2_instance *scene_instance(struct scene *s, const char *id)
{
	struct ec2_instance *i =
		(struct ec2_instance *)inventory_instance(&s->w.inv, id);

	assert_non_null(i);
	return i;
}

struct ec2_interface *scene_interface(struct scene *s, const char *id)
{
	struct ec2_interface *e =
		(struct ec2_interface *)inventory_interface(&s->w.inv, id);

	assert_non_null(e);
	return e;
}

struct ec2_group *scene_group(struct scene *s, const char *id)
{
	struct ec2_group *g =
		(struct ec2_group *)inventory_group(&s->w.inv, id);

	assert_non_null(g);
	return g;
}

/* Else sync would deregister it. */
static void add_to_settings(struct scene *s, const char *collector)
{
	struct aws_tags *tags = &s->w.inv.filters.items[0].tags;
	struct spec spec = {0};
	struct parse_error err;

	assert_int_equal(deployment_spec(&s->w.mem, &s->w.inv,
					 tags_deployment(tags), &spec, &err),
			 0);
	str_list_add(&s->w.mem, &spec.target.collectors, collector);
	FOREACH(tag, tags)
		if (!strcmp(tag->key, TAG_SPEC))
			tag->value = (char *)spec_encode(&s->w.mem, &spec);
}

struct elbv2_target *scene_second_collector(struct scene *s)
{
	struct ec2_interface *e =
		world_interface(&s->w, "eni-8", "i-8", "subnet-b", "10.0.2.8");
	struct elbv2_target *t =
		ARENA_ADD(&s->w.mem, &s->w.inv.registered.items[0].targets);
	struct ec2_instance *i = ARENA_ADD(&s->w.mem, &s->w.inv.instances);

	i->id = TEXT("i-8");
	i->type = TEXT("m5.large");
	i->state = TEXT("running");
	e->groups = scene_interface(s, "eni-9")->groups;
	t->id = TEXT("i-8");
	t->port = 4789;
	t->state = TEXT("healthy");
	add_to_settings(s, "i-8");
	return t;
}

void scene_attribute(struct scene *s, const char *arn, const char *key,
		     const char *value)
{
	struct verify_attributes *to = NULL;
	struct elbv2_attribute *v;

	FOREACH(a, &s->extra.attributes)
		if (!strcmp(a->arn, arn))
			to = a;
	if (!to) {
		to = ARENA_ADD(&s->w.mem, &s->extra.attributes);
		to->arn = TEXT(arn);
	}
	FOREACH(item, &to->list)
		if (!strcmp(item->key, key)) {
			item->value = TEXT(value);
			return;
		}
	v = ARENA_ADD(&s->w.mem, &to->list);
	v->key = TEXT(key);
	v->value = TEXT(value);
}

struct ec2_acl *scene_acl(struct scene *s, const char *id, const char *subnet)
{
	struct ec2_acl *a = ARENA_ADD(&s->w.mem, &s->w.inv.acls);
	char **of = ARENA_ADD(&s->w.mem, &a->subnet_ids);

	a->id = TEXT(id);
	*of = TEXT(subnet);
	return a;
}

void scene_acl_entry(struct scene *s, struct ec2_acl *a, int number,
		     bool egress, bool allow, const char *cidr)
{
	struct ec2_acl_entry *e = ARENA_ADD(&s->w.mem, &a->entries);

	e->number = number;
	e->egress = egress;
	e->allow = allow;
	e->protocol = TEXT("-1");
	e->cidr = TEXT(cidr);
	e->from_port = e->to_port = -1;
}

void scene_route(struct scene *s, const char *cidr, const char *gateway,
		 const char *state)
{
	struct ec2_route *r =
		ARENA_ADD(&s->w.mem, &s->w.inv.route_tables.items[0].routes);

	r->cidr = TEXT(cidr);
	r->gateway_id = TEXT(gateway);
	r->state = TEXT(state);
}

void scene_metrics(struct scene *s)
{
	struct verify_extra *extra = &s->extra;

	extra->queries.n = extra->metrics.n = 0;
	verify_queries(extra, &s->w.inv, "shop");
	assert_true(extra->queries.n > 0);
	FOREACH(q, &extra->queries) {
		const char *m = q->metric;
		struct cw_series *series =
			ARENA_ADD(&s->w.mem, &extra->metrics);

		series->values.n = 12;
		if (strstr(m, "Skip") || strstr(m, "Blocked"))
			series->sum = 0;
		else if (!strcmp(m, "NetworkPacketsIn"))
			series->sum = 1e6;
		else
			series->sum = 1000;
	}
}

void scene_metric(struct scene *s, const char *metric, const char *of,
		  double sum)
{
	size_t n = 0;

	for (size_t i = 0; i < s->extra.queries.n; i++) {
		const struct cw_query *q = &s->extra.queries.items[i];

		if (strcmp(q->metric, metric) != 0 ||
		    (of && strcmp(q->value, of) != 0))
			continue;
		s->extra.metrics.items[i].sum = sum;
		n++;
	}
	assert_true(n > 0);
}

/* --- checking --- */

static void print_row(const struct verify_row *row)
{
	print_error("%s %s [%s] %s -> %s\n", verify_state_text(row->state),
		    row->check, row->subject, row->detail, row->fix);
}

static void print_rows(const struct verify_report *r)
{
	FOREACH(item, r)
		print_row(item);
}

void scene_verify(struct scene *s, struct verify_report *r)
{
	struct parse_error err = {""};

	if (verify_deployment(r, &s->w.inv, &s->extra, "shop", &err))
		fail_msg("%s", err.text);
	FOREACH(item, r) {
		/* Every finding has a fix, every OK row has none. */
		assert_int_equal(!*item->fix, item->state == VERIFY_OK);
		assert_true(*item->subject);
		assert_true(*item->detail);
	}
}

void scene_ok(struct scene *s)
{
	struct verify_report r;

	scene_verify(s, &r);
	if (r.failed || r.warned)
		print_rows(&r);
	assert_int_equal(r.failed, 0);
	assert_int_equal(r.warned, 0);
	verify_report_free(&r);
}

static bool is_like(const struct verify_row *row, const struct verify_row *want)
{
	return row->state == want->state && !strcmp(row->check, want->check) &&
	       strstr(row->subject, want->subject) &&
	       strstr(row->detail, want->detail) && strstr(row->fix, want->fix);
}

void scene_only(struct scene *s, enum verify_state state, const char *check,
		const char *subject, const char *detail, const char *fix)
{
	const struct verify_row want = {.state = state,
					.check = check,
					.subject = subject,
					.detail = detail,
					.fix = fix};
	struct verify_report r;
	size_t n = 0;

	scene_verify(s, &r);
	FOREACH(item, &r)
		n += is_like(item, &want);
	if (n != 1 || r.failed + r.warned != 1) {
		print_error("expected ");
		print_row(&want);
		print_rows(&r);
	}
	assert_int_equal(n, 1);
	assert_int_equal(r.failed + r.warned, 1);
	verify_report_free(&r);
}

bool scene_has(struct scene *s, enum verify_state state, const char *check)
{
	struct verify_report r;
	bool found = false;

	scene_verify(s, &r);
	FOREACH(item, &r)
		found |= item->state == state && !strcmp(item->check, check);
	verify_report_free(&r);
	return found;
}

void scene_fault(struct scene *s, char **field, const char *value,
		 enum verify_state state, const char *check,
		 const char *subject, const char *detail, const char *fix)
{
	char *right = *field;

	*field = TEXT(value);
	scene_only(s, state, check, subject, detail, fix);
	*field = right;
	scene_ok(s);
}
