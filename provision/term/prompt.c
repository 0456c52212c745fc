/* SPDX-License-Identifier: MIT */
/*
 * Prompts. With cursor control they are left to prompt_list and prompt_line;
 * otherwise (TERM=dumb) lists are printed with numbers and answered by a line.
 */
#include <string.h>
#include <strings.h>

#include "term/prompt.h"
#include "term/prompt_line.h"
#include "term/prompt_list.h"

#define SHOWN_AT_ONCE 60 /* rows of a numbered list */

static void print_numbered(struct prompt *p, const char *question,
			   const struct choices *c, bool many,
			   const char *filter)
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
			   x->refusal ? ": unavailable: " : "",
			   x->refusal ? x->refusal : "");
	}
	if (shown > SHOWN_AT_ONCE)
		term_print(p->term, "      and %zu more; /text to search\n",
			   shown - SHOWN_AT_ONCE);
	else if (*filter && !shown)
		term_print(p->term, "      no match for \"%s\"; / shows all\n",
			   filter);
}

/* Whether the line is a command, "/text" or "back", and no answer. */
static bool parse_command(const char *line, const char **filter, bool *back)
{
	*back = !strcmp(line, "back");
	if (line[0] == '/')
		*filter = line + 1;
	return *back || line[0] == '/';
}

static enum prompt_answer select_one(struct prompt *p, const char *question,
				     const struct choices *c, size_t *chosen)
{
	const char *line, *filter = "";
	struct parse_error err;
	enum prompt_answer answer;
	uint64_t n;
	bool back;

	print_numbered(p, question, c, false, filter);
	for (;;) {
		term_print(p->term,
			   "Number 1-%zu, /text to search, or back [%zu]: ",
			   c->n, *chosen + 1);
		answer = keys_line(p, &line);
		if (answer != ANSWER_GIVEN)
			return answer;
		if (parse_command(line, &filter, &back)) {
			if (back)
				return ANSWER_BACK;
			print_numbered(p, question, c, false, filter);
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

/* Sets chosen from "1,3-5", "all" or "none". */
static bool select_numbers(struct prompt *p, struct choices *c,
			   const char *line, struct parse_error *err)
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

static enum prompt_answer select_many(struct prompt *p, const char *question,
				      struct choices *c, size_t min)
{
	const char *line, *filter = "";
	struct parse_error err;
	enum prompt_answer answer;
	size_t n;
	bool back;

	print_numbered(p, question, c, true, filter);
	for (;;) {
		n = choices_chosen(c);
		term_print(
			p->term,
			"Numbers such as 1,3-5, all%s, /text to search, or back [%zu selected]: ",
			min ? "" : ", none", n);
		answer = keys_line(p, &line);
		if (answer != ANSWER_GIVEN)
			return answer;
		if (parse_command(line, &filter, &back)) {
			if (back)
				return ANSWER_BACK;
			print_numbered(p, question, c, true, filter);
			continue;
		}
		if (!*line && n >= min)
			return ANSWER_GIVEN;
		if (!*line || (min && !strcmp(line, "none")))
			term_print(p->term, "select at least %zu\n", min);
		else if (select_numbers(p, c, line, &err))
			return ANSWER_GIVEN;
		else
			term_print(p->term, "%s\n", err.text);
	}
}

enum prompt_answer prompt_one(struct prompt *p, const char *question,
			      const struct choices *c, size_t *chosen)
{
	struct choices copy = *c;

	if (!c->n)
		return ANSWER_END;
	if (*chosen >= c->n)
		*chosen = 0;
	return p->term->moves
		       ? prompt_list(p, question, &copy, false, 1, chosen)
		       : select_one(p, question, c, chosen);
}

enum prompt_answer prompt_many(struct prompt *p, const char *question,
			       struct choices *c, size_t min)
{
	return p->term->moves ? prompt_list(p, question, c, true, min, NULL)
			      : select_many(p, question, c, min);
}

enum prompt_answer
prompt_text(struct prompt *p, const char *question, const char *initial,
	    bool (*check)(void *arg, const char *text, struct parse_error *err),
	    void *arg, const char **out)
{
	struct parse_error err;
	enum prompt_answer answer;
	const char *line;

	if (p->term->moves)
		return prompt_line(p, question, initial, check, arg, out);
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
		if (!check || check(arg, line, &err)) {
			*out = line;
			return ANSWER_GIVEN;
		}
		term_print(p->term, "%s\n", err.text);
	}
}

static bool parse_yes_no(void *arg, const char *text, struct parse_error *err)
{
	bool *yes = arg;

	if (!strcasecmp(text, "y") || !strcasecmp(text, "yes") ||
	    !strcasecmp(text, "n") || !strcasecmp(text, "no")) {
		*yes = text[0] == 'y' || text[0] == 'Y';
		return true;
	}
	return parse_refuse(err, "answer yes or no");
}

enum prompt_answer prompt_confirm(struct prompt *p, const char *question,
				  bool initial, bool *yes)
{
	const char *unused;

	return prompt_text(p, question, initial ? "yes" : "no", parse_yes_no,
			   yes, &unused);
}
