/* SPDX-License-Identifier: MIT */
/* Reads the case files; see http_cases.h for their format. */
#include "http_cases.h"

#include <stdio.h>
#include <stdlib.h>

#define COLUMN 62 /* width of a column of http_case_compare() */

struct reader {
	const char *file;
	unsigned int line;
	struct http_cases *cases;
	struct http_case *c;
	struct buf data;   /* of the packet being read */
	struct buf expect; /* all transactions of the case so far */
	enum stream_dir dir;
	bool open;   /* data belongs to a packet that is not complete */
	bool closed; /* "fin" was read */
};

__attribute__((noreturn)) static void bad(const struct reader *r,
					  const char *why)
{
	fprintf(stderr, "%s:%u: %s\n", r->file, r->line, why);
	exit(1);
}

static char *copy_of(struct reader *r, const struct buf *b)
{
	char *s = malloc(b->len + 1);

	if (!s)
		bad(r, "out of memory");
	if (b->len)
		memcpy(s, b->p, b->len);
	s[b->len] = 0;
	return s;
}

/* Completes the packet that is being read. */
static void end_packet(struct reader *r)
{
	struct http_case_step *s;

	if (!r->open)
		return;
	r->open = false;
	if (r->c->n == STEPS_MAX)
		bad(r, "too many packets in one case (STEPS_MAX)");
	s = &r->c->steps[r->c->n++];
	s->send.dir = r->dir;
	s->send.data = copy_of(r, &r->data);
	s->send.len = r->data.len;
	r->c->bytes += r->data.len;
	buf_clear(&r->data);
}

/* Everything expected so far must be there after the last packet. */
static void end_expect(struct reader *r)
{
	struct http_case_step *s;

	if (!r->c || !r->c->n || r->closed)
		return;
	s = &r->c->steps[r->c->n - 1];
	free(s->expect);
	s->expect = copy_of(r, &r->expect);
}

static void end_case(struct reader *r)
{
	if (!r->c)
		return;
	end_packet(r);
	end_expect(r);
	if (!r->c->n)
		bad(r, "a case without packets");
	if (r->expect.len)
		buf_add_str(&r->expect, "\n");
	r->c->expect = copy_of(r, &r->expect);
	for (size_t i = 0; i < r->c->n; i++) {
		size_t len = strlen(r->c->steps[i].expect);

		r->c->steps[i].expect = realloc(r->c->steps[i].expect, len + 2);
		if (len)
			strcpy(r->c->steps[i].expect + len, "\n");
	}
	buf_clear(&r->expect);
	r->c = NULL;
}

static void begin_case(struct reader *r, const char *name)
{
	struct http_cases *all = r->cases;

	end_case(r);
	all->cases = realloc(all->cases, (all->n + 1) * sizeof(*all->cases));
	if (!all->cases)
		bad(r, "out of memory");
	r->c = &all->cases[all->n++];
	*r->c = (struct http_case){.name = strdup(name)};
	r->closed = false;
}

/* Undoes the escapes of a line and appends its CRLF. */
static void add_line(struct reader *r, const char *p)
{
	for (; *p; p++) {
		unsigned int x;
		int n = 0;
		char c = *p;

		if (c == '\\') {
			switch (*++p) {
			case 0:
				return; /* no line end */
			case 'r':
				c = '\r';
				break;
			case 'n':
				c = '\n';
				break;
			case 't':
				c = '\t';
				break;
			case '\\':
				break;
			case 'x':
				if (sscanf(p + 1, "%2x%n", &x, &n) != 1 ||
				    n != 2)
					bad(r, "\\x needs two hex digits");
				c = (char)x;
				p += 2;
				break;
			default:
				bad(r, "unknown escape");
			}
		}
		buf_add(&r->data, &c, 1);
	}
	buf_add_str(&r->data, "\r\n");
}

static void packet_line(struct reader *r, enum stream_dir dir, const char *p)
{
	if (r->closed)
		bad(r, "a packet after \"fin\"");
	if (r->open && r->dir != dir)
		end_packet(r);
	if (!r->open)
		end_expect(r);
	r->open = true;
	r->dir = dir;
	add_line(r, *p == ' ' ? p + 1 : p);
}

static void expect_line(struct reader *r, const char *p)
{
	size_t blanks = strspn(p, " ");

	end_packet(r);
	if (blanks > 1 && r->expect.len)
		buf_add_str(&r->expect, " ");
	else if (r->expect.len)
		buf_add_str(&r->expect, "\n");
	buf_add_str(&r->expect, p + blanks);
}

static void read_line(struct reader *r, const char *p)
{
	if (!*p || *p == '#')
		return;
	if (!strncmp(p, "=== ", 4))
		begin_case(r, p + 4);
	else if (!r->c)
		bad(r, "expected \"=== name\"");
	else if (*p == '>')
		packet_line(r, STREAM_C2S, p + 1);
	else if (*p == '<')
		packet_line(r, STREAM_S2C, p + 1);
	else if (*p == '|')
		expect_line(r, p + 1);
	else if (!strcmp(p, "..."))
		end_packet(r);
	else if (!strcmp(p, "fin")) {
		end_packet(r);
		end_expect(r);
		r->closed = true;
	} else
		bad(r, "expected >, <, |, ..., fin, # or ===");
}

void http_cases_read(struct http_cases *cases, const char *file)
{
	struct reader r = {.file = file, .cases = cases};
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	FILE *f = fopen(file, "r");

	if (!f) {
		fprintf(stderr,
			"%s: cannot be read; run the test from the top of the tree\n",
			file);
		exit(1);
	}
	while ((n = getline(&line, &cap, f)) >= 0) {
		r.line++;
		if (n && line[n - 1] == '\n')
			line[n - 1] = 0;
		read_line(&r, line);
	}
	end_case(&r);
	free(line);
	fclose(f);
	buf_free(&r.data);
	buf_free(&r.expect);
}

void http_cases_free(struct http_cases *cases)
{
	for (size_t i = 0; i < cases->n; i++) {
		struct http_case *c = &cases->cases[i];

		for (size_t j = 0; j < c->n; j++) {
			free((char *)(uintptr_t)c->steps[j].send.data);
			free(c->steps[j].expect);
		}
		free(c->name);
		free(c->expect);
	}
	free(cases->cases);
	*cases = (struct http_cases){0};
}

/* Cuts off the next part of a transaction, at most a column wide. */
static size_t next_part(const char *p)
{
	size_t n = 1;

	while (p[n] && p[n] != '\n' && n < COLUMN &&
	       strncmp(p + n, " [", 2) != 0 && strncmp(p + n, " +[", 3) != 0 &&
	       strncmp(p + n, " body=", 6) != 0 &&
	       strncmp(p + n, " => ", 4) != 0 && strncmp(p + n, " !", 2) != 0)
		n++;
	return n;
}

void http_case_compare(const char *expect, const char *actual, const char *name,
		       const char *how)
{
	const char *a = expect, *b = actual;

	if (!strcmp(expect, actual))
		return;
	print_error("%s, %s:\n  %-*s %s\n", name, how, COLUMN, "expected",
		    "actual");
	while (*a || *b) {
		size_t n = *a ? next_part(a) : 0, m = *b ? next_part(b) : 0;
		bool same = n == m && !memcmp(a, b, n);

		print_error("%c %-*.*s %.*s\n", same ? ' ' : '!', COLUMN,
			    (int)n, a, (int)m, b);
		a += n;
		b += m;
		a += *a == '\n';
		b += *b == '\n';
	}
	fail_msg("%s: other transactions than expected", name);
}
