/* SPDX-License-Identifier: MIT */
/* Prints plans; runs of similar steps are shortened to the first few. */
#include <string.h>

#include "base/list.h"
#include "cli/describe.h"
#include "cli/report_plan.h"
#include "model/filter_text.h"
#include "term/table.h"

#define SOURCES_SHORT 20
#define STEPS_SHORT   4 /* consecutive steps of one type */

void diagnostics_print(struct arena *a, struct term *out,
		       const struct diagnostics *l, enum diag_level least)
{
	FOREACH(diagnostic, l) {
		const char *text =
			diag_shown(a, l, (size_t)(diagnostic - l->items));

		if (diagnostic->level < least || !text)
			continue;
		term_wrap(out,
			  diagnostic->level == DIAG_FAIL   ? RED
			  : diagnostic->level == DIAG_WARN ? YELLOW
							   : PLAIN,
			  diagnostic->level == DIAG_FAIL   ? "  error: "
			  : diagnostic->level == DIAG_WARN ? "  warning: "
							   : "  note: ",
			  text);
	}
}

static void print_sources(struct context *ctx, struct term *out,
			  const struct plan *p, bool whole)
{
	static const char *const heads[] = {"INTERFACE", "NAME",   "ADDRESS",
					    "ZONE",	 "SOURCE", NULL};
	struct table t = {.heads = heads};
	size_t n = p->sources.n, shown = n;

	if (!whole && n > SOURCES_SHORT)
		shown = SOURCES_SHORT;
	term_style(out, BOLD, "Sources");
	term_print(out, "  %zu interface%s\n", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < shown; i++) {
		const struct candidate *c = &p->sources.items[i];
		const char *name =
			inventory_interface_name(p->inventory, c->eni);
		const char *cells[] = {
			c->eni->id,
			str_empty(name) && c->instance ? c->instance->id : name,
			c->eni->private_ip, c->eni->zone,
			str_same(c->source->text, c->eni->id)
				? ""
				: c->source->text};

		table_row(&ctx->mem, &t, PLAIN, cells);
	}
	table_print(out, &t, 2);
	if (shown < n)
		term_print(out, "  and %zu more\n", n - shown);
}

static const char *target_line(struct context *ctx, const struct plan *p)
{
	const struct target_spec *t = &p->spec.target;
	const struct elbv2_load_balancer *lb = inventory_load_balancer(
		p->inventory, p->load_balancer.id, NULL);
	const struct ec2_interface *e;
	const char *name;

	switch (t->type) {
	case TARGET_ENI:
		e = inventory_interface(p->inventory, t->id);
		name = e ? inventory_interface_name(p->inventory, e) : "";
		return arena_printf(&ctx->mem, "network interface %s%s%s%s",
				    t->id, *name ? " (" : "", name,
				    *name ? ")" : "");
	case TARGET_PLACED:
		return arena_printf(
			&ctx->mem, "interfaces of the collectors %s",
			str_list_text(&ctx->mem, &t->collectors, 6));
	case TARGET_MIRROR:
		return arena_printf(&ctx->mem, "mirror target %s", t->id);
	case TARGET_GWLBE:
		return arena_printf(&ctx->mem,
				    "Gateway Load Balancer endpoint %s", t->id);
	case TARGET_NLB:
		break;
	}
	name = lb ? arena_printf(&ctx->mem, " %s", lb->name) : "";
	return arena_printf(
		&ctx->mem, "%s network load balancer%s%s%s",
		!str_empty(t->id)	    ? "the"
		: p->load_balancer.step < 0 ? "its"
					    : "a new",
		name,
		t->collectors.n == 1 ? ", collector "
		: t->collectors.n    ? ", collectors "
				     : "",
		t->collectors.n ? str_list_text(&ctx->mem, &t->collectors, 6)
				: "");
}

static void print_tags(struct term *out, const struct plan *p)
{
	FOREACH(tag, &p->spec.tags) {
		term_style(out, BOLD, "%s",
			   tag == p->spec.tags.items ? "Tags   " : "       ");
		term_print(out, "  %s=%s\n", tag->key, tag->value);
	}
}

static void print_filter(struct context *ctx, struct term *out,
			 const struct plan *p)
{
	term_style(out, BOLD, "Filter ");
	term_print(out, "  %s\n", describe_filter(&ctx->mem, &p->spec.filter));
	FOREACH(rule, &p->rules)
		term_print(out, "         %s\n",
			   filter_rule_text(&ctx->mem, rule));
}

/* The number of consecutive steps from i on that have the same type. */
static size_t same_type(const struct plan *p, size_t i)
{
	size_t n = 1;

	while (i + n < p->steps.n &&
	       p->steps.items[i + n].type == p->steps.items[i].type)
		n++;
	return n;
}

static void print_steps(struct term *out, const struct plan *p, bool whole)
{
	int width = p->steps.n > 99 ? 5 : 4;
	char head[32];

	term_style(out, BOLD, "Steps\n");
	for (size_t i = 0; i < p->steps.n; i++) {
		size_t n = whole ? 1 : same_type(p, i);

		snprintf(head, sizeof(head), "%*zu  ", width, i + 1);
		term_wrap(out, PLAIN, head, p->steps.items[i].text);
		if (n <= STEPS_SHORT)
			continue;
		for (size_t k = 1; k + 1 < STEPS_SHORT; k++) {
			snprintf(head, sizeof(head), "%*zu  ", width,
				 i + k + 1);
			term_wrap(out, PLAIN, head, p->steps.items[i + k].text);
		}
		term_print(out, "%*s  and %zu more like these\n", width, "",
			   n - STEPS_SHORT + 1);
		i += n - 1;
	}
}

/* Half a cent is rounded up, however the sum was formed: the same price must not
 * be printed as two. */
static void format_cost(char *buf, size_t size, double monthly)
{
	snprintf(buf, size, "  $%9.2f  ", monthly + 1e-6);
}

static void print_cost(struct arena *a, struct term *out, const struct cost *c)
{
	char head[32];

	term_style(out, BOLD, "Cost");
	term_print(out, "  per month, %s\n", c->note);
	FOREACH(l, c) {
		if (l->monthly > 0)
			format_cost(head, sizeof(head), l->monthly);
		else
			snprintf(head, sizeof(head), "  %10s  ", "+");
		term_wrap(out, PLAIN, head, l->text);
	}
	format_cost(head, sizeof(head), c->monthly);
	term_wrap(out, BOLD, head, "total, without traffic charges");
	term_print(out, "  The same sources with --target\n");
	FOREACH(form, &c->forms) {
		format_cost(head, sizeof(head), form->monthly);
		term_wrap(out, PLAIN, head,
			  *form->traffic
				  ? arena_printf(a, "%s, plus %s", form->target,
						 form->traffic)
				  : form->target);
	}
}

void plan_print(struct context *ctx, struct term *out, const struct plan *p,
		bool whole)
{
	const struct inventory *inv = p->inventory;

	term_style(out, BOLD, "Deployment %s", p->spec.name);
	term_print(out, "  in %s, account %s\n\n", inv->region, inv->account);
	print_sources(ctx, out, p, whole);
	term_print(out, "\n");
	term_style(out, BOLD, "Target ");
	term_print(out, "  %s\n", target_line(ctx, p));
	print_filter(ctx, out, p);
	term_style(out, BOLD, "VNI    ");
	term_print(out, "  %u\n", p->spec.vni);
	if (p->spec.packet_length) {
		term_style(out, BOLD, "Length ");
		term_print(out, "  packets are truncated to %u bytes\n",
			   p->spec.packet_length);
	}
	print_tags(out, p);
	term_print(out, "\n");
	if (p->diagnostics.n) {
		term_style(out, BOLD, "Notes\n");
		diagnostics_print(&ctx->mem, out, &p->diagnostics, DIAG_INFO);
		term_print(out, "\n");
	}
	if (diag_failed(&p->diagnostics)) {
		term_print(out, "This deployment cannot be set up.\n");
		return;
	}
	if (p->steps.n)
		print_steps(out, p, whole);
	else
		term_print(out,
			   "Everything is up to date: nothing to change.\n");
	term_print(out, "\n");
	print_cost(&ctx->mem, out, &p->cost);
}

void removal_print(struct arena *a, struct term *out, const struct plan *p)
{
	diagnostics_print(a, out, &p->diagnostics, DIAG_INFO);
	if (p->steps.n)
		print_steps(out, p, false);
}

static cJSON *json_sources(const struct plan *p)
{
	cJSON *l = cJSON_CreateArray();

	FOREACH(c, &p->sources) {
		cJSON *o = json_append(l);

		json_text(o, "interface", c->eni->id);
		json_text(o, "instance", c->instance ? c->instance->id : NULL);
		json_text(o, "name",
			  inventory_interface_name(p->inventory, c->eni));
		json_text(o, "address", c->eni->private_ip);
		json_text(o, "asked", c->source->text);
		json_text(o, "type", source_type_text(c->source->type));
	}
	return l;
}

static cJSON *json_steps(const struct plan *p)
{
	static const char *const states[] = {"planned", "done", "failed",
					     "undone", "skipped"};
	cJSON *l = cJSON_CreateArray();

	FOREACH(s, &p->steps) {
		cJSON *o = json_append(l);

		json_text(o, "text", s->text);
		json_text(o, "undo", s->undo_text);
		json_text(o, "state", states[s->state]);
		json_text(o, "id", s->created ? s->created : s->on.id);
	}
	return l;
}

static cJSON *json_diagnostics(const struct diagnostics *diagnostics)
{
	static const char *const levels[] = {"info", "warning", "error"};
	cJSON *l = cJSON_CreateArray();

	FOREACH(diagnostic, diagnostics) {
		cJSON *o = json_append(l);

		json_text(o, "level", levels[diagnostic->level]);
		json_text(o, "text", diagnostic->text);
	}
	return l;
}

static cJSON *json_cost(const struct cost *c)
{
	cJSON *o = cJSON_CreateObject(), *l;

	json_text(o, "currency", "USD");
	json_number(o, "monthly", c->monthly);
	json_text(o, "note", c->note);
	l = cJSON_AddArrayToObject(o, "targets");
	FOREACH(form, &c->forms) {
		cJSON *f = json_append(l);

		json_text(f, "target", form->target);
		json_number(f, "monthly", form->monthly);
		json_text(f, "traffic", form->traffic);
	}
	l = cJSON_AddArrayToObject(o, "lines");
	FOREACH(entry, c) {
		cJSON *line = json_append(l);

		json_text(line, "text", entry->text);
		json_number(line, "monthly", entry->monthly);
	}
	return o;
}

static cJSON *json_filter(struct context *ctx, const struct plan *p)
{
	cJSON *o = cJSON_CreateObject(), *l;

	json_text(o, "text", describe_filter(&ctx->mem, &p->spec.filter));
	json_text(o, "ports",
		  filter_ports_text(&ctx->mem, &p->spec.filter.ports));
	l = cJSON_AddArrayToObject(o, "rules");
	FOREACH(rule, &p->rules) {
		cJSON *r = json_append(l);

		json_text(r, "direction", rule->egress ? "egress" : "ingress");
		json_number(r, "number", rule->number);
		json_text(r, "text", filter_rule_text(&ctx->mem, rule));
	}
	return o;
}

cJSON *plan_json(struct context *ctx, const struct plan *p)
{
	bool removal = str_empty(p->spec.name);
	cJSON *o = json_result(p->inventory), *l;
	if (!removal) {
		json_text(o, "deployment", p->spec.name);
		cJSON_AddItemToObject(o, "sources", json_sources(p));
		json_text(o, "target", target_line(ctx, p));
		cJSON_AddItemToObject(o, "filter", json_filter(ctx, p));
		json_number(o, "vni", p->spec.vni);
		json_tags(o, &p->spec.tags);
	}
	l = cJSON_AddObjectToObject(o, "sessions");
	json_number(l, "added", (double)p->added);
	json_number(l, "changed", (double)p->changed);
	json_number(l, "removed", (double)p->removed);
	json_number(l, "kept", (double)p->kept);
	cJSON_AddItemToObject(o, "steps", json_steps(p));
	cJSON_AddItemToObject(o, "notes", json_diagnostics(&p->diagnostics));
	if (!removal)
		cJSON_AddItemToObject(o, "cost", json_cost(&p->cost));
	return o;
}
