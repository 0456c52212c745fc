/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plan/build.h"

void plan_free(struct plan *p)
{
	arena_free(&p->mem);
	*p = (struct plan){0};
}

const char *plan_id(const struct plan *p, struct ref r)
{
	return r.step < 0 ? r.id : p->steps.items[r.step].made;
}

struct step *plan_step(struct plan *p, enum step_kind kind, struct ref *made,
		       const char *fmt, ...)
{
	struct step *s = ARENA_ADD(&p->mem, &p->steps);
	va_list args;

	if (!s) { /* the caller fills it in all the same */
		static _Thread_local struct step nowhere;

		return &nowhere;
	}
	s->kind = kind;
	s->on = s->other = ref_id(NULL);
	va_start(args, fmt);
	s->text = arena_vprintf(&p->mem, fmt, args);
	va_end(args);
	if (made)
		*made = (struct ref){NULL, (int)p->steps.n - 1};
	return s;
}

bool own_has(const struct aws_tags *tags, const char *deployment)
{
	const char *d = tags_deployment(tags);

	return d && !strcmp(d, deployment);
}

void own_find(const struct facts *f, const char *deployment, struct own *out)
{
	*out = (struct own){0};
	for (size_t i = 0; i < f->filters.n && !out->filter; i++)
		if (own_has(&f->filters.items[i].tags, deployment) &&
		    aws_tag_value(&f->filters.items[i].tags, TAG_SPEC))
			out->filter = &f->filters.items[i];
	for (size_t i = 0; i < f->targets.n && !out->target; i++)
		if (own_has(&f->targets.items[i].tags, deployment))
			out->target = &f->targets.items[i];
	for (size_t i = 0; i < f->load_balancers.n && !out->lb; i++)
		if (own_has(facts_elb_tags(f, f->load_balancers.items[i].arn),
			    deployment))
			out->lb = &f->load_balancers.items[i];
	for (size_t i = 0; i < f->target_groups.n && !out->tg; i++)
		if (own_has(facts_elb_tags(f, f->target_groups.items[i].arn),
			    deployment))
			out->tg = &f->target_groups.items[i];
	for (size_t i = 0; i < f->groups.n && !out->group; i++)
		if (own_has(&f->groups.items[i].tags, deployment))
			out->group = &f->groups.items[i];
}

int plan_find_spec(struct arena *a, const struct facts *f,
		   const char *deployment, struct spec *out,
		   struct parse_error *err)
{
	struct own own;
	const char *text;

	own_find(f, deployment, &own);
	if (!own.filter) {
		parse_refuse(err, "there is no deployment \"%.60s\" in %.20s",
			     deployment, f->region ? f->region : "");
		return -ENOENT;
	}
	text = tags_spec(a, &own.filter->tags);
	out->name = arena_dup(a, deployment);
	if (!spec_decode(a, text ? text : "", out, err))
		return -EINVAL;
	return a->failed ? -ENOMEM : 0;
}
