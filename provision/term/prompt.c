/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "term/prompt_keys.h"

#define SHOWN_AT_ONCE 60 /* choices of a numbered list */

struct choice *choice_add(struct arena *a, struct choices *c, const char *label,
			  const char *detail)
{
	static _Thread_local struct choice nowhere; /* out of memory */
	struct choice *to = ARENA_ADD(a, c);

	if (!to)
		to = &nowhere;
	to->label = arena_dup(a, label);
	to->detail = detail ? arena_dup(a, detail) : NULL;
	return to;
}

static void number_them(struct prompt *p, const char *question,
			const struct choices *c, bool many, const char *filter)
{
	size_t shown = 0;

	term_style(p->term, BOLD, "%s\n", question);
	for (size_t i = 0; i < c->n; i++) {
		const struct choice *x = &c->items[i];

		if (*filter && !strcasestr(x->label, filter) &&
		    !(x->detail && strcasestr(x->detail, filter)))
			continue;
		if (shown++ >= SHOWN_AT_ONCE)
			continue;
		term_print(p->term, "%4zu) %s%s%s%s%s%s\n", i + 1,
			   many && x->chosen ? "[x] " : "", x->label,
			   x->detail ? "  " : "", x->detail ? x->detail : "",
			   x->refusal ? ": cannot be chosen: " : "",
			   x->refusal ? x->refusal : "");
	}
	if (shown > SHOWN_AT_ONCE)
		term_print(p->term, "      and %zu more; /text to search\n",
			   shown - SHOWN_AT_ONCE);
	else if (*filter && !shown)
		term_print(p->term, "      none with \"%s\"; / shows all\n",
			   filter);
}

/* Whether the line was about the list itself: "/text", "back". */
static bool about_list(const char *line, const char **filter, bool *back)
{
	*back = !strcmp(line, "back");
	if (line[0] == '/')
		*filter = line + 1;
	return *back || line[0] == '/';
}

static enum answer number_one(struct prompt *p, const char *question,
			      const struct choices *c, size_t *chosen)
{
	const char *line, *filter = "";
	struct parse_error err;
	enum answer answer;
	uint64_t n;
	bool back;

	number_them(p, question, c, false, filter);
	for (;;) {
		term_print(p->term,
			   "Number 1-%zu, /text to search, or back [%zu]: ",
			   c->n, *chosen + 1);
		answer = keys_line(p, &line);
		if (answer != ANSWER_GIVEN)
			return answer;
		if (about_list(line, &filter, &back)) {
			if (back)
				return ANSWER_BACK;
			number_them(p, question, c, false, filter);
			continue;
		}
		n = *chosen + 1;
		if (*line && !parse_number(line, 1, c->n, &n, &err)) {
			term_print(p->term, "%s\n", err.text);
			continue;
		}
		if (c->items[n - 1].refusal) {
			term_print(p->term, "%s: %s\n", c->items[n - 1].label,
				   c->items[n - 1].refusal);
			continue;
		}
		*chosen = (size_t)n - 1;
		return ANSWER_GIVEN;
	}
}

/* "1,3-5", "all", "none": sets chosen. */
static bool choose(struct prompt *p, struct choices *c, const char *line,
		   struct parse_error *err)
{
	uint64_t *bits = arena_alloc(p->mem, (c->n / 64 + 1) * 8);
	bool all = !strcmp(line, "all"), none = !strcmp(line, "none");

	if (!bits)
		return parse_refuse(err, "out of memory");
	if (!all && !none &&
	    !parse_ranges(line, "number", 1, (uint32_t)c->n, bits, err))
		return false;
	for (size_t i = 0; i < c->n; i++) {
		bool wanted = all || bit_test(bits, (uint32_t)i + 1);

		if (wanted && !all && c->items[i].refusal)
			return parse_refuse(err, "%.80s: %.150s",
					    c->items[i].label,
					    c->items[i].refusal);
	}
	for (size_t i = 0; i < c->n; i++)
		c->items[i].chosen = !c->items[i].refusal &&
				     (all || bit_test(bits, (uint32_t)i + 1));
	return true;
}

static enum answer number_many(struct prompt *p, const char *question,
			       struct choices *c, size_t least)
{
	const char *line, *filter = "";
	struct parse_error err;
	enum answer answer;
	size_t n;
	bool back;

	number_them(p, question, c, true, filter);
	for (;;) {
		n = 0;
		for (size_t i = 0; i < c->n; i++)
			n += c->items[i].chosen;
		term_print(
			p->term,
			"Numbers as in 1,3-5, all%s, /text to search, or back [%zu chosen]: ",
			least ? "" : ", none", n);
		answer = keys_line(p, &line);
		if (answer != ANSWER_GIVEN)
			return answer;
		if (about_list(line, &filter, &back)) {
			if (back)
				return ANSWER_BACK;
			number_them(p, question, c, true, filter);
			continue;
		}
		if (!*line && n >= least)
			return ANSWER_GIVEN;
		if (!*line || (least && !strcmp(line, "none")))
			term_print(p->term, "choose at least %zu\n", least);
		else if (choose(p, c, line, &err))
			return ANSWER_GIVEN;
		else
			term_print(p->term, "%s\n", err.text);
	}
}

enum answer ask_one(struct prompt *p, const char *question,
		    const struct choices *c, size_t *chosen)
{
	struct choices copy = *c;

	if (!c->n)
		return ANSWER_END;
	if (*chosen >= c->n)
		*chosen = 0;
	return p->term->moves ? list_ask(p, question, &copy, false, 1, chosen)
			      : number_one(p, question, c, chosen);
}

enum answer ask_many(struct prompt *p, const char *question, struct choices *c,
		     size_t least)
{
	return p->term->moves ? list_ask(p, question, c, true, least, NULL)
			      : number_many(p, question, c, least);
}

enum answer
ask_text(struct prompt *p, const char *question, const char *initial,
	 bool (*check)(void *ctx, const char *text, struct parse_error *err),
	 void *ctx, const char **out)
{
	struct parse_error err;
	enum answer answer;
	const char *line;

	if (p->term->moves)
		return line_ask(p, question, initial, check, ctx, out);
	for (;;) {
		term_style(p->term, BOLD, "%s", question);
		if (initial && *initial)
			term_print(p->term, " [%s]: ", initial);
		else
			term_print(p->term, ": ");
		answer = keys_line(p, &line);
		if (answer != ANSWER_GIVEN)
			return answer;
		if (!strcmp(line, "back"))
			return ANSWER_BACK;
		if (!*line)
			line = initial ? initial : "";
		if (!check || check(ctx, line, &err)) {
			*out = line;
			return ANSWER_GIVEN;
		}
		term_print(p->term, "%s\n", err.text);
	}
}

static bool yes_or_no(void *ctx, const char *text, struct parse_error *err)
{
	bool *yes = ctx;

	if (!strcasecmp(text, "y") || !strcasecmp(text, "yes") ||
	    !strcasecmp(text, "n") || !strcasecmp(text, "no")) {
		*yes = text[0] == 'y' || text[0] == 'Y';
		return true;
	}
	return parse_refuse(err, "answer yes or no");
}

enum answer ask_yes(struct prompt *p, const char *question, bool initial,
		    bool *yes)
{
	const char *unused;

	return ask_text(p, question, initial ? "yes" : "no", yes_or_no, yes,
			&unused);
}
