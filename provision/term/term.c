/* SPDX-License-Identifier: MIT */
/* Styled, wrapped and truncated output with untrusted text made safe. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include <sys/ioctl.h>

#include "base/control.h"
#include "term/term.h"

#define FILE_COLUMNS 100

static const char *const codes[] = {
	[PLAIN] = "",	      [BOLD] = "\033[1m",    [DIM] = "\033[2m",
	[GREEN] = "\033[32m", [YELLOW] = "\033[33m", [RED] = "\033[31m",
	[CYAN] = "\033[36m",
};

void term_init(struct term *t, FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *name = getenv("TERM");

	*t = (struct term){.out = out, .tty = isatty(fileno(out)) == 1};
	t->moves = t->tty && name && *name && strcmp(name, "dumb") != 0;
	t->colour = t->moves && !(no_color && *no_color);
}

void term_size(const struct term *t, unsigned int *columns, unsigned int *lines)
{
	struct winsize w = {0};

	if (t->tty)
		ioctl(fileno(t->out), TIOCGWINSZ, &w);
	*columns = t->columns ? t->columns
		   : w.ws_col ? w.ws_col
		   : t->tty   ? 80
			      : FILE_COLUMNS;
	*lines = w.ws_row ? w.ws_row : 24;
}

/* Returns the length in bytes of the next character, 0 at the end, and its width
 * in *columns: -1 if it must not be printed. */
static size_t next_char(const char *s, mbstate_t *state, int *columns)
{
	wchar_t c;
	size_t n = mbrtowc(&c, s, MB_CUR_MAX, state);

	if (!n)
		return 0;
	if (n == (size_t)-1 || n == (size_t)-2) {
		memset(state, 0, sizeof(*state));
		*columns = -1;
		return 1;
	}
	*columns = wcwidth(c);
	/* Bidirectional controls can make one name look like another. */
	if (control_length((const uint8_t *)s, (const uint8_t *)s + n))
		*columns = -1;
	return n;
}

unsigned int term_width(const char *text)
{
	mbstate_t state = {0};
	unsigned int width = 0;
	int columns;
	size_t n;

	for (; (n = next_char(text, &state, &columns)); text += n)
		width += columns < 0 ? 1 : (unsigned int)columns;
	return width;
}

/* Writes n bytes of text, with "?" for control characters; newlines pass if
 * allowed. */
static void put(struct term *t, const char *text, size_t n, bool newlines)
{
	const char *end = text + n;
	mbstate_t state = {0};
	int columns;

	while (text < end) {
		size_t len = next_char(text, &state, &columns);

		if (!len)
			break;
		if (columns < 0 && !(newlines && *text == '\n'))
			fputc('?', t->out);
		else
			fwrite(text, 1, len, t->out);
		text += len;
	}
}

/* Leading and trailing newlines of fmt are printed outside of the style. Inside,
 * newlines are trusted only if fmt itself has some there: one in an argument
 * could fake a line of output. */
static void vprint(struct term *t, enum style style, const char *fmt,
		   va_list args)
{
	bool colour = t->colour && style != PLAIN;
	size_t len = strlen(fmt), first = strspn(fmt, "\n"), last = 0, n;
	char *text;

	while (last < len - first && fmt[len - 1 - last] == '\n')
		last++;
	if (vasprintf(&text, fmt, args) < 0)
		return;
	n = strlen(text);
	put(t, text, first, true);
	if (colour)
		fputs(codes[style], t->out);
	put(t, text + first, n - first - last,
	    memchr(fmt + first, '\n', len - first - last) != NULL);
	if (colour)
		fputs("\033[0m", t->out);
	put(t, text + n - last, last, true);
	free(text);
	if (t->tty)
		fflush(t->out);
}

void term_print(struct term *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprint(t, PLAIN, fmt, args);
	va_end(args);
}

void term_style(struct term *t, enum style style, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprint(t, style, fmt, args);
	va_end(args);
}

unsigned int term_cut(struct term *t, enum style style, unsigned int columns,
		      const char *text)
{
	bool colour = t->colour && style != PLAIN, cut;
	unsigned int width = term_width(text), used = 0;
	const char *p = text;
	mbstate_t state = {0};
	int wide;
	size_t n;

	cut = width > columns;
	if (cut && columns < 4)
		return 0;
	if (colour)
		fputs(codes[style], t->out);
	for (; (n = next_char(p, &state, &wide)); p += n) {
		unsigned int w = wide < 0 ? 1 : (unsigned int)wide;

		if (cut && used + w > columns - 3)
			break;
		put(t, p, n, false);
		used += w;
	}
	if (cut) {
		fputs("...", t->out);
		used += 3;
	}
	if (colour)
		fputs("\033[0m", t->out);
	return used;
}

void term_wrap(struct term *t, enum style style, const char *head,
	       const char *text)
{
	term_wrap_open(t, style, head, text, 0);
	term_print(t, "\n");
}

void term_wrap_open(struct term *t, enum style style, const char *head,
		    const char *text, unsigned int room)
{
	unsigned int columns, lines, indent = term_width(head), at = indent;
	unsigned int at_end = 0;
	enum style words = head[strspn(head, " ")] ? PLAIN : style;
	bool first = true;

	term_size(t, &columns, &lines);
	if (columns < indent + 20)
		columns = indent + 20;
	term_style(t, style, "%s", head);
	text += strspn(text, " ");
	while (*text) {
		size_t n = strcspn(text, " \n");
		char *word = strndup(text, n);
		unsigned int w = word ? term_width(word) : 0;

		if (!text[n + strspn(text + n, " \n")])
			at_end = room;
		if (!first && at + 1 + w + at_end >= columns) {
			term_print(t, "\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		if (word && n)
			term_style(t, words, "%s%s", first ? "" : " ", word);
		at += w + !first;
		first = first && !n;
		free(word);
		text += n;
		/* A line break stays, with the blanks that follow it. */
		n = strspn(text, " ");
		if (text[n] == '\n' && text[n + strspn(text + n, " \n")]) {
			text += n + 1;
			at = indent + (unsigned int)strspn(text, " ");
			term_print(t, "\n%*s", (int)at, "");
			first = true;
		}
		text += strspn(text, " \n");
	}
}
