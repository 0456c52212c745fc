/* SPDX-License-Identifier: MIT */
/*
 * A list that the user scrolls and filters in place. The question, up to 15
 * rows and a footer are redrawn after each key.
 */
#include <ctype.h>
#include <string.h>

#include "base/list.h"
#include "term/prompt_list.h"

#define FILTER_MAX   128
#define ROWS_MIN     3
#define ROWS_MAX     15
#define DIGITS_UP_TO 9 /* in lists this short a digit moves the cursor */

struct list_prompt {
	struct keys keys;
	struct prompt *p;
	struct term *t;
	const char *question;
	struct choices *c;
	bool many;
	size_t min;
	size_t *shown; /* indices of the choices that match the filter */
	size_t n_shown, cursor, top;
	char filter[FILTER_MAX + 8];
	unsigned int drawn; /* lines on the screen below the question */
	unsigned int label_width;
	const char *hint; /* shown in the footer until the next key; or NULL */
};

/* Whether text contains the n bytes of word, ignoring the case of ASCII. */
static bool contains(const char *text, const char *word, size_t n)
{
	for (; *text; text++) {
		size_t i = 0;

		while (i < n && text[i] &&
		       tolower((unsigned char)text[i]) ==
			       tolower((unsigned char)word[i]))
			i++;
		if (i == n)
			return true;
	}
	return !n;
}

/* Whether label or detail contains each word of the filter. */
static bool matches(const struct choice *c, const char *filter)
{
	while (*filter) {
		size_t n = strcspn(filter, " ");

		if (!contains(c->label, filter, n) &&
		    !(c->detail && contains(c->detail, filter, n)))
			return false;
		filter += n;
		filter += strspn(filter, " ");
	}
	return true;
}

static void apply_filter(struct list_prompt *l)
{
	l->n_shown = 0;
	for (size_t i = 0; i < l->c->n; i++)
		if (matches(&l->c->items[i], l->filter))
			l->shown[l->n_shown++] = i;
	l->cursor = l->top = 0;
}

static unsigned int rows_of(const struct list_prompt *l, unsigned int lines)
{
	unsigned int rows = lines > ROWS_MIN + 4 ? lines - 4 : ROWS_MIN;

	if (rows > ROWS_MAX)
		rows = ROWS_MAX;
	return l->n_shown < rows ? (unsigned int)l->n_shown : rows;
}

static void draw_row(struct list_prompt *l, size_t i, unsigned int columns)
{
	const struct choice *c = &l->c->items[l->shown[i]];
	bool here = i == l->cursor;
	enum style style = c->refusal ? DIM : here ? CYAN : PLAIN;
	unsigned int at = 0;
	char mark[16];

	if (l->many)
		snprintf(mark, sizeof(mark), "%s [%c] ", here ? ">" : " ",
			 c->refusal  ? '-'
			 : c->chosen ? 'x'
				     : ' ');
	else if (l->c->n <= DIGITS_UP_TO)
		snprintf(mark, sizeof(mark), "%s %zu ", here ? ">" : " ",
			 l->shown[i] + 1);
	else
		snprintf(mark, sizeof(mark), "%s ", here ? ">" : " ");
	fputs("\n", l->t->out);
	at += term_cut(l->t, here ? CYAN : PLAIN, columns, mark);
	at += term_cut(l->t, style, columns - at - 1, c->label);
	if (!c->detail && !c->refusal)
		return;
	do {
		fputc(' ', l->t->out);
		at++;
	} while (at < l->label_width + term_width(mark) + 2 && at < columns);
	/* The refusal takes precedence: shorten the detail to make room. */
	if (c->refusal && c->detail) {
		unsigned int w = term_width(c->refusal) + 2;

		if (w > columns / 2)
			w = columns / 2;
		at += term_cut(l->t, DIM,
			       columns > at + w ? columns - at - w : 0,
			       c->detail);
		at += term_cut(l->t, DIM, columns - at, ": ");
	} else if (c->detail) {
		term_cut(l->t, PLAIN, columns - at, c->detail);
	}
	if (c->refusal)
		term_cut(l->t, YELLOW, columns - at, c->refusal);
}

static void draw_footer(struct list_prompt *l, unsigned int rows,
			unsigned int columns)
{
	char text[256];
	int n = 0;

	if (l->n_shown > rows || *l->filter)
		n = snprintf(text, sizeof(text), "%zu-%zu of %zu. ",
			     l->n_shown ? l->top + 1 : 0, l->top + rows,
			     l->n_shown);
	if (!l->n_shown)
		snprintf(text, sizeof(text),
			 "No match; Backspace or Esc widens the search");
	else if (l->hint)
		snprintf(text + n, sizeof(text) - n, "%s", l->hint);
	else if (l->many)
		snprintf(
			text + n, sizeof(text) - n,
			"%zu selected. Space selects, Ctrl-A all, typing filters, Enter continues, Esc back",
			choices_chosen(l->c));
	else
		snprintf(
			text + n, sizeof(text) - n,
			"Arrows%s move, typing filters, Enter selects, Esc back",
			l->c->n <= DIGITS_UP_TO ? " and digits" : "");
	fputs("\n", l->t->out);
	term_cut(l->t, l->hint ? YELLOW : DIM, columns, text);
}

static void clear(struct list_prompt *l)
{
	if (l->drawn)
		fprintf(l->t->out, "\033[%uA", l->drawn);
	fputs("\r\033[J", l->t->out);
	l->drawn = 0;
}

static void draw(struct list_prompt *l)
{
	unsigned int columns, lines, rows, used;

	term_size(l->t, &columns, &lines);
	columns--;
	clear(l);
	rows = rows_of(l, lines);
	if (l->cursor < l->top)
		l->top = l->cursor;
	if (rows && l->cursor >= l->top + rows)
		l->top = l->cursor - rows + 1;
	used = term_cut(l->t, BOLD, columns, l->question);
	if (*l->filter && used + 2 < columns) {
		used += term_cut(l->t, PLAIN, columns - used, " ");
		term_cut(l->t, CYAN, columns - used, l->filter);
	}
	for (size_t i = l->top; i < l->top + rows; i++)
		draw_row(l, i, columns);
	draw_footer(l, rows, columns);
	l->drawn = rows + 1;
	fflush(l->t->out);
}

/* Replaces the list by one line with the question and its answer. */
static void draw_answer(struct list_prompt *l, enum prompt_answer answer)
{
	unsigned int columns, lines, used;
	const char *text = "";
	size_t n = 0;

	term_size(l->t, &columns, &lines);
	columns--;
	clear(l);
	used = term_cut(l->t, BOLD, columns, l->question);
	used += term_cut(l->t, PLAIN, columns - used, " ");
	if (answer != ANSWER_GIVEN) {
		text = answer == ANSWER_BACK ? "(back)" : "";
	} else if (!l->many) {
		text = l->c->items[l->shown[l->cursor]].label;
	} else {
		FOREACH(choice, l->c)
			if (choice->chosen)
				text = arena_printf(l->p->mem, "%s%s%s", text,
						    n++ ? ", " : "",
						    choice->label);
		if (!n)
			text = "none";
		else if (n > 6)
			text = arena_printf(l->p->mem, "%zu of %zu", n,
					    l->c->n);
	}
	term_cut(l->t, CYAN, columns - used, text);
	fputs("\n", l->t->out);
	fflush(l->t->out);
}

static void toggle(struct list_prompt *l)
{
	struct choice *c;

	if (l->cursor >= l->n_shown)
		return;
	c = &l->c->items[l->shown[l->cursor]];
	if (c->refusal)
		l->hint = c->refusal;
	else
		c->chosen = !c->chosen;
}

/* Selects all shown choices, or none of them if all are selected already. */
static void toggle_all(struct list_prompt *l)
{
	bool all = true;

	for (size_t i = 0; i < l->n_shown; i++)
		all &= l->c->items[l->shown[i]].chosen ||
		       l->c->items[l->shown[i]].refusal;
	for (size_t i = 0; i < l->n_shown; i++)
		l->c->items[l->shown[i]].chosen =
			!all && !l->c->items[l->shown[i]].refusal;
}

static void type_text(struct list_prompt *l, const char *text)
{
	size_t n = strlen(l->filter);

	if (l->many && !strcmp(text, " ")) {
		toggle(l);
		return;
	}
	if (!l->many && !n && l->c->n <= DIGITS_UP_TO && text[0] >= '1' &&
	    text[0] <= '9' && (size_t)(text[0] - '1') < l->n_shown) {
		l->cursor = (size_t)(text[0] - '1');
		return;
	}
	if (n + strlen(text) > FILTER_MAX)
		return;
	strcpy(l->filter + n, text);
	apply_filter(l);
}

static void delete_last(struct list_prompt *l)
{
	size_t n = strlen(l->filter);

	while (n && ((unsigned char)l->filter[--n] & 0xc0) == 0x80)
		continue;
	l->filter[n] = 0;
	apply_filter(l);
}

static void move(struct list_prompt *l, long by)
{
	long to = (long)l->cursor + by, last = (long)l->n_shown - 1;

	/* Single steps wrap around, pages stop at the ends. */
	if (to < 0)
		to = by == -1 ? last : 0;
	if (to > last)
		to = by == 1 ? 0 : last;
	l->cursor = to < 0 ? 0 : (size_t)to;
}

/* Whether Enter ends the question. */
static bool enter(struct list_prompt *l)
{
	const struct choice *c;

	if (l->many) {
		if (choices_chosen(l->c) >= l->min)
			return true;
		/* With nothing selected, Enter selects the choice under the
		 * cursor. */
		toggle(l);
		if (!l->hint)
			l->hint = choices_chosen(l->c)
					  ? "Press Enter again to continue"
					  : "Select at least one with Space";
		return false;
	}
	if (l->cursor >= l->n_shown)
		return false;
	c = &l->c->items[l->shown[l->cursor]];
	l->hint = c->refusal;
	return !c->refusal;
}

/* Returns false if the key ended the prompt, with the outcome in *answer. */
static bool handle_key(struct list_prompt *l, enum key k,
		       enum prompt_answer *answer)
{
	l->hint = NULL;
	switch (k) {
	case KEY_ENTER:
		*answer = ANSWER_GIVEN;
		return !enter(l);
	case KEY_INTERRUPT:
		*answer = ANSWER_STOPPED;
		return false;
	case KEY_EOF:
		*answer = ANSWER_END;
		return false;
	case KEY_ESCAPE:
		*answer = ANSWER_BACK;
		if (!*l->filter)
			return false;
		l->filter[0] = 0;
		apply_filter(l);
		break;
	case KEY_UP:
		move(l, -1);
		break;
	case KEY_DOWN:
		move(l, 1);
		break;
	case KEY_PAGE_UP:
		move(l, -10);
		break;
	case KEY_PAGE_DOWN:
		move(l, 10);
		break;
	case KEY_HOME:
		l->cursor = 0;
		break;
	case KEY_END:
		l->cursor = l->n_shown ? l->n_shown - 1 : 0;
		break;
	case KEY_ALL:
		if (l->many)
			toggle_all(l);
		break;
	case KEY_BACKSPACE:
		delete_last(l);
		break;
	case KEY_CLEAR:
		l->filter[0] = 0;
		apply_filter(l);
		break;
	case KEY_TEXT:
		type_text(l, l->keys.text);
		break;
	default:
		break;
	}
	return true;
}

enum prompt_answer prompt_list(struct prompt *p, const char *question,
			       struct choices *c, bool many, size_t min,
			       size_t *cursor)
{
	struct list_prompt l = {.p = p,
				.t = p->term,
				.question = question,
				.c = c,
				.many = many,
				.min = min};
	enum prompt_answer answer = ANSWER_END;

	l.shown = arena_alloc(p->mem, (c->n + 1) * sizeof(*l.shown));
	if (!l.shown || keys_open(&l.keys, p))
		return ANSWER_END;
	FOREACH(choice, c) {
		unsigned int w = term_width(choice->label);

		if (w > l.label_width && w <= 40)
			l.label_width = w;
	}
	apply_filter(&l);
	if (cursor && *cursor < c->n)
		l.cursor = *cursor;
	do {
		draw(&l);
	} while (handle_key(&l, keys_next(&l.keys), &answer));
	draw_answer(&l, answer);
	keys_close(&l.keys);
	if (cursor && answer == ANSWER_GIVEN)
		*cursor = l.shown[l.cursor];
	return answer;
}
