/* SPDX-License-Identifier: MIT */
/*
 * All that needs files (time zone, locale) is read at the start, with privileges. The locale
 * applies to one thread only: the parsers of the others depend on that of C.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "output/terminal.h"

/* A narrower line shows nothing of use. */
#define COLUMNS_MIN 20

struct terminal {
	int fd;
	bool is_terminal;
	locale_t locale; /* 0: that of C */
	struct short_style style;
};

/* https://no-color.org, and terminals that cannot show any. */
static bool wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
}

struct terminal *terminal_new(int fd)
{
	struct terminal *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	tzset();
	t->fd = fd;
	t->is_terminal = isatty(fd);
	t->locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	t->style.utf8 = t->locale &&
			!strcmp(nl_langinfo_l(CODESET, t->locale), "UTF-8");
	t->style.colour = t->is_terminal && wants_colour();
	return t;
}

void terminal_free(struct terminal *t)
{
	if (!t)
		return;
	if (t->locale)
		freelocale(t->locale);
	free(t);
}

void terminal_enter(struct terminal *t)
{
	if (t->locale)
		uselocale(t->locale);
}

const struct short_style *terminal_style(struct terminal *t)
{
	struct winsize size;

	t->style.columns = 0;
	if (t->is_terminal && !ioctl(t->fd, TIOCGWINSZ, &size) && size.ws_col)
		t->style.columns =
			size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col;
	return &t->style;
}
