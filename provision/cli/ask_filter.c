/* SPDX-License-Identifier: MIT */
/* Asks for ports first, then offers the resulting filter for changes. */
#include <string.h>

#include "base/list.h"
#include "cli/ask_filter.h"
#include "cli/describe.h"
#include "model/filter_build.h"
#include "model/filter_text.h"
#include "plan/discover.h"
#include "term/prompt.h"

#define DEFAULT_PORTS "80"

/* Argument of the checks: what they parse into. */
struct filter_edit {
	struct arena *a;
	struct filter_spec *f;
	const char *known; /* ports that load balancers use, or NULL */
};

static bool check_ports(void *arg, const char *text, struct parse_error *err)
{
	struct filter_edit *c = arg;
	struct port_list ports = {0};

	if (!strcmp(text, PORTS_AUTO) && !c->known)
		return parse_refuse(
			err,
			"no load balancer has the sources as targets: name the ports");
	if (!strcmp(text, PORTS_AUTO))
		text = c->known;
	if (!filter_ports_parse(c->a, text, &ports, err))
		return false;
	c->f->ports = ports;
	if (!ports.n)
		c->f->protocol = FILTER_ANY_PROTOCOL;
	else if (c->f->protocol == FILTER_ANY_PROTOCOL)
		c->f->protocol = FILTER_TCP;
	return true;
}

static bool check_peers(void *arg, const char *text, struct parse_error *err)
{
	struct filter_edit *c = arg;
	struct cidr_list peers = {0};

	if (strcmp(text, "any") != 0 &&
	    !cidr_list_parse(c->a, text, &peers, err))
		return false;
	c->f->peers = peers;
	return true;
}

static enum prompt_answer ask_ports(struct setup *s, struct filter_edit *c,
				    bool fresh)
{
	struct candidates sources = setup_candidates(s);
	const char *unused;

	c->known = discover_ports(c->a, s->inventory, &sources);
	return prompt_text(
		&s->prompt,
		"Server ports, such as 80,8000-8100; auto (those that load balancers use) or all",
		!fresh	   ? filter_ports_text(c->a, &c->f->ports)
		: c->known ? c->known
			   : DEFAULT_PORTS,
		check_ports, c, &unused);
}

static enum prompt_answer ask_side(struct setup *s, struct filter_spec *f)
{
	struct choices c = {0};
	size_t chosen = f->side - 1;
	enum prompt_answer answer;

	choice_add(s->mem, &c, "Servers",
		   "they listen on the ports and receive requests");
	choice_add(s->mem, &c, "Clients",
		   "they connect to the ports and send requests");
	choice_add(s->mem, &c, "Both", "twice as many rules");
	answer = prompt_one(&s->prompt, "The sources are", &c, &chosen);
	if (answer == ANSWER_GIVEN)
		f->side = (enum filter_side)(chosen + 1);
	return answer;
}

static enum prompt_answer ask_protocol(struct setup *s, struct filter_spec *f)
{
	static const int protocols[] = {FILTER_TCP, FILTER_UDP,
					FILTER_ANY_PROTOCOL};
	struct choices c = {0};
	size_t chosen = 0;
	enum prompt_answer answer;

	choice_add(s->mem, &c, "TCP", "HTTP/1.1 and HTTP/2");
	choice_add(s->mem, &c, "UDP", NULL);
	choice_add(s->mem, &c, "Any", "on all ports");
	answer = prompt_one(&s->prompt, "Protocol", &c, &chosen);
	if (answer != ANSWER_GIVEN)
		return answer;
	f->protocol = protocols[chosen];
	if (f->protocol == FILTER_ANY_PROTOCOL)
		f->ports = (struct port_list){0};
	return answer;
}

static enum prompt_answer ask_ip_versions(struct setup *s,
					  struct filter_spec *f)
{
	struct choices c = {0};
	size_t chosen = f->families - 1;
	enum prompt_answer answer;

	choice_add(s->mem, &c, "IPv4", NULL);
	choice_add(s->mem, &c, "IPv6", NULL);
	choice_add(s->mem, &c, "IPv4 and IPv6", "twice as many rules");
	answer = prompt_one(&s->prompt, "IP versions", &c, &chosen);
	if (answer == ANSWER_GIVEN)
		f->families = (unsigned int)chosen + 1;
	return answer;
}

static enum prompt_answer ask_peers(struct setup *s, struct filter_edit *c)
{
	const char *text = "", *unused;
	char cidr[CIDR_TEXT_MAX];

	for (size_t i = 0; i < c->f->peers.n; i++)
		text = arena_printf(c->a, "%s%s%s", text, i ? "," : "",
				    cidr_text(&c->f->peers.items[i], cidr));
	return prompt_text(
		&s->prompt,
		"Only traffic with these addresses, such as 10.0.0.0/8,192.168.1.7, or any",
		*text ? text : "any", check_peers, c, &unused);
}

static enum prompt_answer change_filter(struct setup *s, struct filter_edit *c,
					size_t what)
{
	switch (what) {
	case 1:
		return ask_ports(s, c, false);
	case 2:
		return ask_side(s, c->f);
	case 3:
		return ask_peers(s, c);
	case 4:
		return ask_protocol(s, c->f);
	default:
		return ask_ip_versions(s, c->f);
	}
}

/* Offers alternatives to a filter that needs too many rules or matches nothing.
 * Sets *fits if f can be used. */
static enum prompt_answer repair_filter(struct setup *s, struct filter_spec *f,
					bool *fits)
{
	struct filter_rules rules = {0};
	struct filter_advice advice;
	struct choices c = {0};
	enum prompt_answer answer;
	size_t chosen = 0;
	int rc = filter_build(s->mem, f, &rules, &advice);

	*fits = !rc;
	if (!rc)
		return ANSWER_GIVEN;
	if (!advice.choices.n) {
		term_wrap(&s->ctx->err, YELLOW, "! ", advice.text);
		return ANSWER_GIVEN;
	}
	FOREACH(choice, &advice.choices)
		choice_add(s->mem, &c, choice->text,
			   arena_printf(s->mem, "%zu rules", choice->rules));
	choice_add(s->mem, &c, "Other ports", NULL);
	answer = prompt_one(
		&s->prompt,
		arena_printf(
			s->mem,
			"That needs %zu rules, but AWS allows %d per filter. Mirror instead",
			advice.needed, FILTER_RULES_MAX),
		&c, &chosen);
	if (answer != ANSWER_GIVEN)
		return answer;
	if (chosen == advice.choices.n)
		return ask_ports(s, &(struct filter_edit){.a = s->mem, .f = f},
				 false);
	/* Only filters that fit are suggested. */
	*f = advice.choices.items[chosen].spec;
	*fits = true;
	return answer;
}

enum prompt_answer ask_filter(struct setup *s)
{
	struct filter_spec f = s->spec.filter;
	struct filter_edit edit = {.a = s->mem, .f = &f};
	bool fits = false;
	enum prompt_answer answer;

	if (!s->has_families)
		f.families = setup_families(s);
	answer = s->exists ? ANSWER_GIVEN : ask_ports(s, &edit, !f.ports.n);
	while (answer == ANSWER_GIVEN) {
		struct choices c = {0};
		struct choice *yes;
		size_t chosen = 0;

		answer = repair_filter(s, &f, &fits);
		if (answer == ANSWER_BACK)
			answer = ask_ports(s, &edit, false);
		if (answer != ANSWER_GIVEN)
			break;
		yes = choice_add(s->mem, &c, "Yes",
				 describe_filter(s->mem, &f));
		yes->refusal = fits ? NULL : "must be changed first";
		choice_add(s->mem, &c, "Other ports", NULL);
		choice_add(s->mem, &c, "Another role",
			   "the sources are servers, clients or both");
		choice_add(s->mem, &c, "Only some addresses", NULL);
		choice_add(s->mem, &c, "Another protocol", NULL);
		choice_add(s->mem, &c, "IP versions", NULL);
		answer = prompt_one(&s->prompt, "Mirror this?", &c, &chosen);
		if (answer != ANSWER_GIVEN)
			break;
		if (!chosen) {
			s->spec.filter = f;
			s->has_families = true;
			return ANSWER_GIVEN;
		}
		answer = change_filter(s, &edit, chosen);
		/* Going back from a change returns to this menu. */
		if (answer == ANSWER_BACK)
			answer = ANSWER_GIVEN;
	}
	return answer;
}
