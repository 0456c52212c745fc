/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "base/exit.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "verify/verify.h"
#include "model/inventory_load.h"
#include "verify/verify_load.h"

struct reports {
	struct verify_report *items;
	size_t n;
};

static cJSON *json_report(const struct verify_report *r)
{
	static const char *const states[] = {"ok", "warn", "fail"};
	cJSON *o = cJSON_CreateObject(), *l;

	json_text(o, "name", r->deployment);
	json_text(o, "state",
		  states[r->failed   ? VERIFY_FAIL
			 : r->warned ? VERIFY_WARN
				     : VERIFY_OK]);
	l = cJSON_AddArrayToObject(o, "checks");
	for (size_t i = 0; i < r->n; i++) {
		const struct verify_row *row = &r->items[i];
		cJSON *c = cJSON_CreateObject();

		json_text(c, "check", row->check);
		json_text(c, "state", states[row->state]);
		json_text(c, "subject", row->subject);
		json_text(c, "detail", row->detail);
		json_text(c, "fix", row->fix);
		cJSON_AddItemToArray(l, c);
	}
	return o;
}

static int print_json(struct mirror *m, const struct reports *l)
{
	cJSON *o = cJSON_CreateObject(), *all;

	json_text(o, "region", m->inventory.region);
	json_text(o, "account", m->inventory.account);
	all = cJSON_AddArrayToObject(o, "deployments");
	for (size_t i = 0; i < l->n; i++)
		cJSON_AddItemToArray(all, json_report(&l->items[i]));
	return report_json(m, o);
}

/* A fix is not wrapped, so that it can be copied as it is. */
static void print_row(struct mirror *m, const struct verify_row *r)
{
	static const enum style styles[] = {GREEN, YELLOW, RED};
	const char *head = arena_printf(&m->mem, "  %-4s  %-14s  ",
					verify_state_text(r->state), r->check);

	term_wrap(&m->out, styles[r->state], head,
		  arena_printf(&m->mem, "%s: %s", r->subject, r->detail));
	if (*r->fix)
		term_print(&m->out, "%*sfix: %s\n", 24, "", r->fix);
}

static void print_report(struct mirror *m, const struct verify_report *r)
{
	struct term *out = &m->out;
	size_t ok = r->n - r->warned - r->failed;

	term_style(out, BOLD, "%s", r->deployment);
	term_print(out, "  %s\n", m->inventory.region);
	for (size_t i = 0; i < r->n; i++)
		print_row(m, &r->items[i]);
	term_print(out, "  %zu OK, %zu WARN, %zu FAIL: ", ok, r->warned,
		   r->failed);
	if (r->failed)
		term_style(out, RED, "traffic is missing\n");
	else if (r->warned)
		term_style(out, YELLOW, "see the warnings\n");
	else
		term_style(out, GREEN, "all is well\n");
}

/* The deployments that are asked for; *code says when one is not there. */
static struct str_list chosen(struct mirror *m, int *code)
{
	const struct string_list *names = &m->settings.names;
	struct str_list found = inventory_deployments(&m->mem, &m->inventory),
			l = {0};

	if (!names->n && !found.n) {
		log_error(&m->log,
			  "there is no deployment of metlo-mirror in %s",
			  m->inventory.region);
		*code = EXIT_NO_DEPLOYMENT;
	}
	if (!names->n)
		return found;
	for (unsigned int i = 0; i < names->n; i++) {
		if (str_list_has(&found, names->item[i])) {
			str_list_add(&m->mem, &l, names->item[i]);
			continue;
		}
		log_error(&m->log, "there is no deployment \"%s\" in %s",
			  names->item[i], m->inventory.region);
		*code = EXIT_NO_DEPLOYMENT;
	}
	return l;
}

static int verify_all(struct mirror *m, const struct str_list *names,
		      struct verify_extra *more, struct reports *l)
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < names->n; i++) {
		struct verify_report r;
		struct parse_error err = {"out of memory"};
		struct verify_report *to;

		if (verify_deployment(&r, &m->inventory, more, names->items[i],
				      &err)) {
			log_error(&m->log, "%s: %s", names->items[i], err.text);
			code = EXIT_FAILED;
			continue;
		}
		to = ARENA_ADD(&m->mem, l);
		if (to)
			*to = r;
		else
			verify_report_free(&r);
	}
	return code;
}

static int print_all(struct mirror *m, const struct reports *l)
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].failed)
			code = EXIT_CHECKS_FAILED;
	if (m->settings.json)
		return print_json(m, l) ? EXIT_FAILED : code;
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			term_print(&m->out, "\n");
		print_report(m, &l->items[i]);
	}
	return code;
}

int cmd_verify(struct mirror *m)
{
	struct inventory_scope wanted = {.network = true,
					 .health = true,
					 .paths = true,
					 .own_sources = true};
	struct verify_extra more = {0};
	struct aws_error err = {0};
	struct reports l = {0};
	struct str_list names;
	int code = mirror_open(m, false), missing = EXIT_DONE, shown;

	if (code == EXIT_DONE)
		code = mirror_load(m, &wanted);
	if (code != EXIT_DONE)
		return code;
	names = chosen(m, &missing);
	if (!names.n)
		return missing;
	mirror_status(m, "reading attributes and metrics ...");
	if (verify_load(&more, m->client, &m->inventory, &names,
			!m->settings.no_metrics, (int64_t)time(NULL), &err))
		return mirror_fail(m, &err, "cannot read what there is");
	mirror_status(m, "%s", "");
	code = verify_all(m, &names, &more, &l);
	shown = print_all(m, &l);
	for (size_t i = 0; i < l.n; i++)
		verify_report_free(&l.items[i]);
	verify_extra_free(&more);
	if (missing != EXIT_DONE)
		return missing;
	return code != EXIT_DONE ? code : shown;
}
