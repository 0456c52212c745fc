/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "verify/verify_check.h"

void verify_report_free(struct verify_report *r)
{
	arena_free(&r->mem);
	*r = (struct verify_report){0};
}

const char *verify_state_text(enum verify_state s)
{
	return s == VERIFY_OK ? "OK" : s == VERIFY_WARN ? "WARN" : "FAIL";
}

void check_row(struct check *c, enum verify_state state, const char *check,
	       const char *subject, const char *fix, const char *fmt, ...)
{
	struct verify_row *r = ARENA_ADD(c->a, c->report);
	va_list args;

	if (!r)
		return;
	va_start(args, fmt);
	r->detail = arena_vprintf(c->a, fmt, args);
	va_end(args);
	r->state = state;
	r->check = check;
	r->subject = arena_dup(c->a, subject);
	r->fix = arena_dup(c->a, fix);
	c->report->warned += state == VERIFY_WARN;
	c->report->failed += state == VERIFY_FAIL;
}

bool check_has(const struct check *c, const char *check)
{
	for (size_t i = 0; i < c->report->n; i++)
		if (!strcmp(c->report->items[i].check, check))
			return true;
	return false;
}

const char *check_aws(struct check *c, const char *fmt, ...)
{
	const char *words;
	va_list args;

	va_start(args, fmt);
	words = arena_vprintf(c->a, fmt, args);
	va_end(args);
	return str_empty(c->f->region)
		       ? arena_printf(c->a, "aws %s", words)
		       : arena_printf(c->a, "aws --region %s %s", c->f->region,
				      words);
}

const char *check_mirror(struct check *c, const char *command)
{
	return arena_printf(c->a, "metlo-mirror aws %s --name %s%s%s", command,
			    c->name,
			    str_empty(c->f->region) ? "" : " --region ",
			    str_empty(c->f->region) ? "" : c->f->region);
}

const char *check_attribute(const struct check *c, const char *arn,
			    const char *key)
{
	for (size_t i = 0; i < c->more->attributes.n; i++)
		if (str_same(c->more->attributes.items[i].arn, arn))
			return elbv2_attribute(
				&c->more->attributes.items[i].list, key);
	return NULL;
}

/* --- what there is --- */

static void find_sessions(struct check *c)
{
	for (size_t i = 0; i < c->f->sessions.n; i++) {
		const struct mirror_session *s = &c->f->sessions.items[i];
		struct mirror_session *to;

		if (!deployment_owns(&s->tags, c->name))
			continue;
		to = ARENA_ADD(c->a, &c->sessions);
		if (to)
			*to = *s;
	}
}

static void add_receiver(struct check *c, const struct ec2_interface *eni,
			 const struct elbv2_target *target,
			 const struct inventory_target_group *in)
{
	struct receiver *r = ARENA_ADD(c->a, &c->receivers);

	if (!r)
		return;
	r->eni = eni;
	r->instance = inventory_instance(c->f, eni ? eni->instance_id : NULL);
	if (!eni && target)
		r->instance = inventory_instance(c->f, target->id);
	r->target = target;
	r->in = in;
}

/* Packets to a target that is an instance go to its primary interface, to one
 * that is an address to whoever has it. */
static const struct ec2_interface *
interface_of(const struct inventory *f, const struct elbv2_target *t,
	     const struct elbv2_target_group *group)
{
	bool by_address = str_same(group->target_type, "ip");

	for (size_t i = 0; i < f->interfaces.n; i++) {
		const struct ec2_interface *e = &f->interfaces.items[i];

		if (by_address ? str_same(e->private_ip, t->id)
			       : str_same(e->instance_id, t->id) &&
					 e->device_index == 0)
			return e;
	}
	return NULL;
}

static bool sends_to(const struct elbv2_listener *l, const char *group)
{
	for (size_t i = 0; i < l->target_group_arns.n; i++)
		if (str_same(l->target_group_arns.items[i], group))
			return true;
	return false;
}

static void find_receivers(struct check *c)
{
	const struct inventory *f = c->f;

	if (c->eni)
		add_receiver(c, c->eni, NULL, NULL);
	for (size_t i = 0; c->listener && i < f->registered.n; i++) {
		const struct inventory_target_group *g =
			&f->registered.items[i];

		if (!sends_to(c->listener, g->group->arn))
			continue;
		for (size_t k = 0; k < g->targets.n; k++)
			add_receiver(
				c,
				interface_of(f, &g->targets.items[k], g->group),
				&g->targets.items[k], g);
	}
}

static void find_target(struct check *c)
{
	const struct target_spec *t = &c->plan.spec.target;
	const struct mirror_target *m;

	switch (t->type) {
	case TARGET_ENI:
		c->eni = inventory_interface(c->f, t->id);
		break;
	case TARGET_GWLBE:
		c->endpoint = inventory_endpoint(c->f, t->id);
		break;
	case TARGET_MIRROR:
		m = inventory_target(c->f, t->id);
		c->eni = inventory_interface(c->f, m ? m->interface_id : NULL);
		c->endpoint =
			inventory_endpoint(c->f, m ? m->endpoint_id : NULL);
		c->lb = inventory_load_balancer(
			c->f, m ? m->load_balancer_arn : NULL, "network");
		break;
	case TARGET_NLB:
		c->lb = str_empty(t->id) ? c->own.lb
					 : inventory_load_balancer(c->f, t->id,
								   "network");
		break;
	}
	if (c->lb)
		c->listener = inventory_listener(c->f, c->lb->arn);
	find_receivers(c);
}

int verify_deployment(struct verify_report *r, const struct inventory *f,
		      const struct verify_more *more, const char *deployment,
		      struct parse_error *err)
{
	struct check c = {.report = r, .a = &r->mem, .f = f, .more = more};
	struct spec spec = {0};
	int rc;

	*r = (struct verify_report){.deployment = ""};
	rc = deployment_spec(&r->mem, f, deployment, &spec, err);
	if (rc) {
		verify_report_free(r);
		return rc;
	}
	c.name = r->deployment = arena_dup(&r->mem, deployment);
	rc = plan_setup(&c.plan, f, &spec, true);
	deployment_find(f, deployment, &c.own);
	find_sessions(&c);
	find_target(&c);
	check_sources(&c);
	check_sessions(&c);
	check_instances(&c);
	check_packet_length(&c);
	check_target(&c);
	check_health(&c);
	check_groups(&c);
	check_acls(&c);
	check_routes(&c);
	check_metrics(&c);
	plan_free(&c.plan);
	if (!rc && r->mem.failed)
		rc = -ENOMEM;
	if (rc)
		verify_report_free(r);
	return rc;
}
