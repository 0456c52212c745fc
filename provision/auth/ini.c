/* SPDX-License-Identifier: MIT */
/* Parses INI files in place: names and values point into one copy of the text,
 * which is wiped when it is freed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "http/secret.h"
#include "auth/ini.h"

static char *trim(char *p)
{
	size_t n;

	p += strspn(p, " \t\r");
	n = strlen(p);
	while (n && strchr(" \t\r", p[n - 1]))
		n--;
	p[n] = 0;
	return p;
}

/* Removes the quotes around a section name that contains blanks. */
static char *unquote(char *p)
{
	size_t n = strlen(p);

	if (n >= 2 && (*p == '"' || *p == '\'') && p[n - 1] == *p) {
		p[n - 1] = 0;
		p++;
	}
	return p;
}

/* "[type name]" or "[name]". A repeated header continues its section. */
static int add_section(struct ini *ini, char *p, struct ini_section **out)
{
	char *end = strchr(p, ']'), *blank;
	const char *type = "";
	struct ini_section *s;

	if (!end)
		return -EPROTO;
	*end = 0;
	p = trim(p + 1);
	blank = strpbrk(p, " \t");
	if (blank) {
		*blank = 0;
		type = p;
		p = unquote(trim(blank + 1));
	}
	for (s = ini->sections; s; s = s->next)
		if (!strcmp(s->type, type) && !strcmp(s->name, p)) {
			*out = s;
			return 0;
		}
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->type = type;
	s->name = p;
	s->next = ini->sections;
	ini->sections = s;
	*out = s;
	return 0;
}

/* Prepends "name = value". There are no comments at the end of a line: the AWS
 * CLI takes them for a part of the value. */
static int add_value(struct ini_value **list, char *p, const char *delimiters)
{
	char *equals = strpbrk(p, delimiters);
	struct ini_value *v;

	if (!equals)
		return -EPROTO;
	*equals = 0;
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->name = trim(p);
	v->value = trim(equals + 1);
	v->next = *list;
	*list = v;
	return 0;
}

/* Appends a line to the value. The line is behind it in the same text. */
static void continue_value(struct ini_value *v, const char *line)
{
	char *end = v->value + strlen(v->value);

	*end++ = '\n';
	memmove(end, line, strlen(line) + 1);
}

/* Splits the values whose first line is empty. */
static int split_nested(struct ini_section *section)
{
	struct ini_value *v;
	int error = 0;
	char *p, *next;

	for (v = section->values; v && !error; v = v->next) {
		if (*v->value != '\n')
			continue;
		for (p = v->value + 1; p && !error; p = next) {
			next = strchr(p, '\n');
			if (next)
				*next++ = 0;
			/* Other lines mean something to other tools. */
			if (strchr(p, '='))
				error = add_value(&v->nested, p, "=");
		}
		*v->value = 0;
	}
	return error;
}

struct ini_parser {
	struct ini *ini;
	struct ini_section *section;
	struct ini_value *last; /* NULL: none in this section yet */
	size_t indent;		/* of the line that began it */
};

/* As Python's configparser does it: a line that is indented more than the last
 * setting continues its value. */
static int parse_line(struct ini_parser *x, char *line)
{
	size_t indent = strspn(line, " \t");
	int error;

	line = trim(line);
	if (!*line || *line == '#' || *line == ';')
		return 0;
	if (x->last && indent > x->indent) {
		continue_value(x->last, line);
		return 0;
	}
	x->indent = indent;
	if (*line == '[') {
		x->last = NULL;
		return add_section(x->ini, line, &x->section);
	}
	if (!x->section)
		return -EPROTO;
	error = add_value(&x->section->values, line, "=:");
	if (!error)
		x->last = x->section->values;
	return error;
}

int ini_parse(struct ini *ini, const char *text, size_t n, unsigned int *line)
{
	struct ini_parser x = {.ini = ini};
	struct ini_section *section;
	char *p, *next;
	int error = 0;

	*ini = (struct ini){0};
	*line = 0;
	if (n > INI_MAX_BYTES)
		return -EMSGSIZE;
	ini->text = malloc(n + 1);
	if (!ini->text)
		return -ENOMEM;
	ini->size = n + 1;
	memcpy(ini->text, text, n);
	ini->text[n] = 0;
	/* Skip the byte order mark that Windows editors write. */
	p = ini->text + (strncmp(ini->text, "\xef\xbb\xbf", 3) ? 0 : 3);
	for (; !error && p; p = next) {
		++*line;
		next = strchr(p, '\n');
		if (next)
			*next++ = 0;
		error = parse_line(&x, p);
	}
	for (section = ini->sections; section && !error;
	     section = section->next)
		error = split_nested(section);
	if (error)
		ini_free(ini);
	return error;
}

int ini_read(struct ini *ini, const char *path, unsigned int *line)
{
	struct buf text = {0};
	int error;

	*ini = (struct ini){0};
	*line = 0;
	error = secret_read_file(path, INI_MAX_BYTES, &text);
	if (!error)
		error = ini_parse(ini, (const char *)text.p, text.len, line);
	secret_free_buf(&text);
	return error;
}

static void free_values(struct ini_value *v)
{
	struct ini_value *next, *n, *next_nested;

	for (; v; v = next) {
		next = v->next;
		for (n = v->nested; n; n = next_nested) {
			next_nested = n->next;
			free(n);
		}
		free(v);
	}
}

void ini_free(struct ini *ini)
{
	struct ini_section *s, *next_section;

	for (s = ini->sections; s; s = next_section) {
		next_section = s->next;
		free_values(s->values);
		free(s);
	}
	if (ini->text)
		OPENSSL_cleanse(ini->text, ini->size);
	free(ini->text);
	*ini = (struct ini){0};
}

const struct ini_section *ini_find(const struct ini *ini, const char *type,
				   const char *name)
{
	const struct ini_section *s;

	for (s = ini->sections; s; s = s->next) {
		if (strcmp(s->name, name))
			continue;
		if (!strcmp(s->type, type))
			return s;
	}
	/* The configuration file may spell it [default] as well. */
	if (*type && !strcmp(name, "default") && !strcmp(type, "profile"))
		return ini_find(ini, "", name);
	return NULL;
}

static const struct ini_value *find_value(const struct ini_value *v,
					  const char *name)
{
	while (v && strcasecmp(v->name, name) != 0)
		v = v->next;
	return v;
}

const char *ini_get(const struct ini_section *section, const char *name)
{
	const struct ini_value *v =
		section ? find_value(section->values, name) : NULL;

	return v ? v->value : NULL;
}

const char *ini_get_nested(const struct ini_section *section, const char *group,
			   const char *name)
{
	const struct ini_value *v =
		section ? find_value(section->values, group) : NULL;

	v = v ? find_value(v->nested, name) : NULL;
	return v ? v->value : NULL;
}
