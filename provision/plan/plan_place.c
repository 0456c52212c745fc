/* SPDX-License-Identifier: MIT */
/*
 * AWS limits the sources of an interface, so that many sources need several
 * collectors without a load balancer in front. A source stays where it is as long
 * as its collector exists, since moving one interrupts its connections; a new one
 * goes to the least loaded interface of its zone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "model/deployment.h"
#include "model/instance.h"
#include "model/limits.h"
#include "plan/plan_groups.h"
#include "plan/plan_place.h"
#include "plan/plan_tags.h"

/* From this multiple of xlarge on a type counts among the largest sizes; the
 * guide lists them, no API does. */
#define BIG_SIZE  24
#define NAMES_MAX 4

/* An interface of a collector. */
struct receiving {
	const struct ec2_interface *eni;
	const struct mirror_target *target; /* NULL: none yet */
	size_t limit;			    /* of our sources */
	size_t used;
	struct ref ref; /* of the target */
};
struct receivers LIST_OF(struct receiving);

size_t plan_other_sources(const struct plan *p, const char *eni)
{
	const struct inventory *inv = p->inventory;
	size_t n = 0;

	FOREACH(s, &inv->sessions) {
		const struct mirror_target *t =
			inventory_target(inv, s->target_id);

		n += t && str_same(t->interface_id, eni) &&
		     !deployment_owns(&s->tags, p->spec.name);
	}
	return n;
}

void plan_report_shared(struct plan *p, const struct mirror_target *t)
{
	const char *deployment = tags_deployment(&t->tags);

	if (deployment_owns(&t->tags, p->spec.name))
		return;
	plan_report(
		p, DIAG_INFO,
		"the mirror target %s is used, which %s%s; AWS allows no other to the same place, and remove leaves it",
		t->id,
		deployment ? "belongs to the deployment "
			   : "metlo-mirror did not create",
		deployment ? deployment : "");
}

/* --- the interfaces --- */

static const struct ec2_interface *primary(const struct inventory *inv,
					   const char *instance)
{
	FOREACH(eni, &inv->interfaces)
		if (str_same(eni->instance_id, instance) && !eni->device_index)
			return eni;
	return NULL;
}

/* AWS allows one target per interface; it may belong to others. */
static const struct mirror_target *target_of(const struct plan *p,
					     const char *eni)
{
	const struct mirror_target *foreign = NULL;

	FOREACH(t, &p->inventory->targets) {
		if (!str_same(t->interface_id, eni))
			continue;
		if (deployment_owns(&t->tags, p->spec.name))
			return t;
		foreign = t;
	}
	return foreign;
}

/* Why packets cannot be sent there, NULL if they can. */
static const char *refusal(const struct plan *p, const struct ec2_instance *i,
			   const struct ec2_interface *eni)
{
	const struct ec2_subnet *subnet =
		eni ? inventory_subnet(p->inventory, eni->subnet_id) : NULL;

	if (!str_same(i->state, "running"))
		return "is not running";
	if (!eni)
		return "has no network interface";
	if (subnet && subnet->ipv6_only)
		return "is in a subnet that has only IPv6";
	FOREACH(s, &p->inventory->sessions)
		if (str_same(s->interface_id, eni->id))
			return "is itself mirrored, and a source cannot be a target";
	return NULL;
}

static void add_slot(struct plan *p, struct receivers *l,
		     const struct ec2_instance *i)
{
	const struct ec2_interface *eni = primary(p->inventory, i->id);
	const char *why = refusal(p, i, eni);
	size_t limit = instance_size(i->type) >= BIG_SIZE
			       ? LIMIT_SOURCES_PER_BIG_TARGET
			       : LIMIT_SOURCES_PER_ENI_TARGET;
	struct receiving *to;
	size_t others;

	if (why) {
		plan_report(p, DIAG_WARN, "the collector %s %s and is not used",
			    i->id, why);
		return;
	}
	to = ARENA_ADD(&p->mem, l);
	if (!to)
		return;
	others = plan_other_sources(p, eni->id);
	*to = (struct receiving){.eni = eni,
				 .target = target_of(p, eni->id),
				 .limit = others < limit ? limit - others : 0,
				 .ref = ref_id(NULL)};
}

static int by_interface(const void *x, const void *y)
{
	const struct receiving *a = x, *b = y;

	return strcmp(a->eni->id, b->eni->id);
}

static struct receivers find_slots(struct plan *p)
{
	struct receivers l = {0};

	FOREACH(id, &p->collectors) {
		const struct ec2_instance *i =
			inventory_instance(p->inventory, *id);

		if (i)
			add_slot(p, &l, i);
		else
			plan_report(p, DIAG_FAIL,
				    "no instance %s to use as a collector",
				    *id);
	}
	if (l.n > 1)
		qsort(l.items, l.n, sizeof(*l.items), by_interface);
	return l;
}

/* --- the choice --- */

static const struct mirror_session *own_session(const struct plan *p,
						const char *eni)
{
	FOREACH(s, &p->inventory->sessions)
		if (str_same(s->interface_id, eni) &&
		    deployment_owns(&s->tags, p->spec.name))
			return s;
	return NULL;
}

/* The slot that the source uses now, if there is room. */
static struct receiving *current_slot(const struct plan *p, struct receivers *l,
				      const char *eni)
{
	const struct mirror_session *m = own_session(p, eni);

	if (!m)
		return NULL;
	FOREACH(s, l)
		if (s->target && str_same(s->target->id, m->target_id))
			return s->used < s->limit ? s : NULL;
	return NULL;
}

/* The least loaded slot, by share of its limit; zone NULL: of any zone. */
static struct receiving *free_slot(struct receivers *l, const char *zone)
{
	struct receiving *best = NULL;

	FOREACH(s, l)
		if (s->used < s->limit &&
		    (!zone || str_same(s->eni->zone, zone)) &&
		    (!best || s->used * best->limit < best->used * s->limit))
			best = s;
	return best;
}

/* Which slot each source gets, by index; NULL: none. */
struct choice_list {
	struct receiving **slots;
	size_t left_out;
	struct str_list abroad; /* zones without room */
};

static void choose(struct plan *p, struct receivers *l, struct choice_list *c)
{
	c->slots = arena_alloc(&p->mem,
			       (p->sources.n + 1) * sizeof(struct receiving *));
	if (!c->slots)
		return;
	FOREACH(src, &p->sources) {
		struct receiving *s = current_slot(p, l, src->eni->id);

		c->slots[LIST_INDEX(src, &p->sources)] = s;
		if (s)
			s->used++;
	}
	FOREACH(src, &p->sources) {
		size_t i = LIST_INDEX(src, &p->sources);
		struct receiving *s = c->slots[i];

		if (s)
			continue;
		s = free_slot(l, src->eni->zone);
		if (!s) {
			s = free_slot(l, NULL);
			if (s && src->eni->zone)
				str_list_add(&p->mem, &c->abroad,
					     src->eni->zone);
		}
		c->slots[i] = s;
		if (s)
			s->used++;
		else
			c->left_out++;
	}
}

/* --- the result --- */

static void create_target(struct plan *p, struct receiving *slot)
{
	struct step *s = plan_step(p, STEP_CREATE_TARGET, &slot->ref,
				   "create a mirror target for %s of %s",
				   slot->eni->id, slot->eni->instance_id);

	s->undo_text = "delete the mirror target";
	s->mirror_type = TARGET_ENI;
	s->on = ref_id(slot->eni->id);
	s->description = name_resource(&p->mem, p->spec.name);
	s->tags = plan_new_tags(p, s->description);
}

static void report(struct plan *p, const struct receivers *l,
		   const struct choice_list *c)
{
	size_t room = 0;

	FOREACH(s, l)
		room += s->limit;
	if (c->left_out)
		plan_report(
			p, p->sync ? DIAG_WARN : DIAG_FAIL,
			"the collectors can receive %zu sources, %zu too few: AWS allows %d per network interface, %d of the largest instance sizes; add collectors, or use a network load balancer (--target nlb:new), which has no such limit",
			room, c->left_out, LIMIT_SOURCES_PER_ENI_TARGET,
			LIMIT_SOURCES_PER_BIG_TARGET);
	if (c->abroad.n)
		plan_report(
			p, DIAG_WARN,
			"no collector in %s has room: some of its sources send to another zone, which AWS bills by traffic; add a collector there",
			str_list_text(&p->mem, &c->abroad, NAMES_MAX));
}

void plan_place(struct plan *p)
{
	struct receivers l = find_slots(p);
	struct choice_list c = {0};

	p->target = ref_id(NULL);
	if (!l.n) {
		plan_report(
			p, DIAG_FAIL,
			"--target eni:auto needs running collectors: name them with --collector");
		return;
	}
	choose(p, &l, &c);
	if (!c.slots)
		return;
	report(p, &l, &c);
	FOREACH(s, &l) {
		if (!s->used)
			continue;
		if (s->target)
			s->ref = ref_id(s->target->id);
		else
			create_target(p, s);
		if (s->target) {
			str_list_add(&p->mem, &p->kept_targets, s->target->id);
			plan_report_shared(p, s->target);
		}
		plan_groups(p, s->eni, ref_id(NULL), false);
	}
	FOREACH(src, &p->sources) {
		const struct receiving *s =
			c.slots[LIST_INDEX(src, &p->sources)];
		struct ref *to = ARENA_ADD(&p->mem, &p->placed);

		if (to)
			*to = s ? s->ref : ref_id(NULL);
	}
}
