/* SPDX-License-Identifier: MIT */
/*
 * A line editor. It redraws the whole line after each key; the offered text is
 * replaced as soon as the user types a character.
 */
#include <string.h>

#include "term/prompt_line.h"

#define TEXT_MAX 1024

struct line_editor {
	struct keys keys;
	struct term *t;
	const char *question;
	char text[TEXT_MAX + 8];
	size_t n, cursor; /* bytes */
	struct parse_error error;
	bool fresh; /* still the offered text: typing replaces it */
};

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The start of the previous and of the next character. */
static size_t previous(const struct line_editor *l, size_t at)
{
	while (at && is_continuation(l->text[--at]))
		continue;
	return at;
}

static size_t next(const struct line_editor *l, size_t at)
{
	if (at < l->n)
		at++;
	while (at < l->n && is_continuation(l->text[at]))
		at++;
	return at;
}

static void draw(struct line_editor *l)
{
	unsigned int columns, lines, used;
	char left[sizeof(l->text)];

	term_size(l->t, &columns, &lines);
	fputs("\r\033[J", l->t->out);
	if (*l->error.text) {
		fputs("\n", l->t->out);
		term_cut(l->t, RED, columns - 1, l->error.text);
		fputs("\033[A\r", l->t->out);
	}
	used = term_cut(l->t, BOLD, columns / 2, l->question);
	fputc(' ', l->t->out);
	term_cut(l->t, CYAN, columns - used - 2, l->text);
	snprintf(left, sizeof(left), "%.*s", (int)l->cursor, l->text);
	fprintf(l->t->out, "\r\033[%uC", used + 1 + term_width(left));
	fflush(l->t->out);
}

static void erase(struct line_editor *l, size_t from, size_t to)
{
	memmove(l->text + from, l->text + to, l->n - to + 1);
	l->n -= to - from;
	l->cursor = from;
}

static void insert(struct line_editor *l, const char *s)
{
	size_t n = strlen(s);

	if (l->n + n > TEXT_MAX)
		return;
	memmove(l->text + l->cursor + n, l->text + l->cursor,
		l->n - l->cursor + 1);
	memcpy(l->text + l->cursor, s, n);
	l->n += n;
	l->cursor += n;
}

static void edit(struct line_editor *l, enum key k)
{
	switch (k) {
	case KEY_TEXT:
		if (l->fresh)
			erase(l, 0, l->n);
		insert(l, l->keys.text);
		break;
	case KEY_LEFT:
		l->cursor = previous(l, l->cursor);
		break;
	case KEY_RIGHT:
		l->cursor = next(l, l->cursor);
		break;
	case KEY_HOME:
	case KEY_ALL:
		l->cursor = 0;
		break;
	case KEY_END:
		l->cursor = l->n;
		break;
	case KEY_BACKSPACE:
		erase(l, previous(l, l->cursor), l->cursor);
		break;
	case KEY_DELETE:
		erase(l, l->cursor, next(l, l->cursor));
		break;
	case KEY_CLEAR:
		erase(l, 0, l->cursor);
		break;
	default:
		break;
	}
}

/* A question that leaves too little of the line for the answer is printed above
 * it; cut off, it would hide what may be answered. */
static void place_question(struct line_editor *l)
{
	unsigned int columns, lines;

	term_size(l->t, &columns, &lines);
	if (term_width(l->question) <= columns / 2)
		return;
	term_wrap(l->t, BOLD, "", l->question);
	l->question = ">";
}

enum prompt_answer
prompt_line(struct prompt *p, const char *question, const char *initial,
	    bool (*check)(void *arg, const char *text, struct parse_error *err),
	    void *arg, const char **out)
{
	struct line_editor l = {.t = p->term, .question = question};
	enum prompt_answer answer = ANSWER_GIVEN;
	enum key k;

	if (keys_open(&l.keys, p))
		return ANSWER_END;
	insert(&l, initial ? initial : "");
	l.fresh = true;
	place_question(&l);
	for (;;) {
		draw(&l);
		k = keys_next(&l.keys);
		if (k == KEY_INTERRUPT || k == KEY_ESCAPE ||
		    (k == KEY_EOF && !l.n)) {
			answer = k == KEY_INTERRUPT ? ANSWER_STOPPED
				 : k == KEY_ESCAPE  ? ANSWER_BACK
						    : ANSWER_END;
			break;
		}
		*l.error.text = 0;
		if (k == KEY_ENTER && (!check || check(arg, l.text, &l.error)))
			break;
		edit(&l, k);
		l.fresh &= k == KEY_ENTER || k == KEY_NONE;
	}
	*l.error.text = 0;
	l.cursor = l.n;
	draw(&l);
	fputs("\n", p->term->out);
	fflush(p->term->out);
	keys_close(&l.keys);
	if (answer == ANSWER_GIVEN)
		*out = arena_dup(p->mem, l.text);
	return answer;
}
