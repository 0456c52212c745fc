/* SPDX-License-Identifier: MIT */
/* Parses INI files in place: names and values point into one copy of the text,
 * which is wiped when it is freed. */
#include <errno.h>
#include <stdbool.h>
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

static int add_value(struct ini_section *section, const char *parent, char *p)
{
	char *equals = strpbrk(p, "=:"), *value, *comment;
	struct ini_value *v;

	/* What a nested line means depends on its parent. */
	if (parent && !equals)
		return 0;
	if (!equals || !section)
		return -EPROTO;
	*equals = 0;
	value = equals + 1;
	/* A trailing comment must follow a blank: secrets may contain '#'. */
	for (comment = strpbrk(value, "#;"); comment;
	     comment = strpbrk(comment + 1, "#;"))
		if (comment[-1] == ' ' || comment[-1] == '\t') {
			*comment = 0;
			break;
		}
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->parent = parent;
	v->name = trim(p);
	v->value = trim(value);
	v->next = section->values;
	section->values = v;
	return 0;
}

int ini_parse(struct ini *ini, const char *text, size_t n, unsigned int *line)
{
	struct ini_section *section = NULL;
	const char *parent = NULL;
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
		bool indented = *p == ' ' || *p == '\t';

		++*line;
		next = strchr(p, '\n');
		if (next)
			*next++ = 0;
		p = trim(p);
		if (!*p || *p == '#' || *p == ';')
			continue;
		if (*p == '[') {
			error = add_section(ini, p, &section);
			parent = NULL;
		} else if (!indented) {
			error = add_value(section, NULL, p);
			parent = error ? NULL : section->values->name;
		} else if (parent) {
			error = add_value(section, parent, p);
		}
	}
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

void ini_free(struct ini *ini)
{
	struct ini_section *s, *next_section;
	struct ini_value *v, *next;

	for (s = ini->sections; s; s = next_section) {
		next_section = s->next;
		for (v = s->values; v; v = next) {
			next = v->next;
			free(v);
		}
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

const char *ini_get(const struct ini_section *section, const char *name)
{
	return ini_get_nested(section, NULL, name);
}

const char *ini_get_nested(const struct ini_section *section,
			   const char *parent, const char *name)
{
	const struct ini_value *v;

	for (v = section ? section->values : NULL; v; v = v->next)
		if (!strcasecmp(v->name, name) && !v->parent == !parent &&
		    (!parent || !strcasecmp(v->parent, parent)))
			return v->value;
	return NULL;
}
