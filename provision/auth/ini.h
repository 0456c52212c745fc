/* SPDX-License-Identifier: MIT */
/*
 * The syntax of ~/.aws/config and ~/.aws/credentials: "[section]",
 * "name = value", comments starting with '#' or ';'. Indented lines are nested
 * settings of the value above (such as s3 =) and are ignored. Values may be
 * secrets, so ini_free() overwrites them.
 */
#ifndef AUTH_INI_H
#define AUTH_INI_H

#include <stddef.h>

#define INI_MAX_BYTES (1u << 20)

struct ini_value {
	const char *name;
	char *value; /* of several lines: with newlines between them */
	/* Of a value whose first line is empty: the settings on the indented
	 * lines below it, in reverse order. */
	struct ini_value *nested;
	struct ini_value *next;
};
struct ini_section {
	const char *type; /* "profile", "sso-session", ...; "" if none */
	const char *name; /* "default", "prod" */
	struct ini_value *values; /* in reverse order */
	struct ini_section *next;
};
struct ini {
	struct ini_section *sections;
	char *text; /* all names and values point into it */
	size_t size;
};

/* Parses n bytes of text. 0, -ENOMEM, -EMSGSIZE; or -EPROTO, with the number of
 * the first malformed line (from 1) in *line. */
int ini_parse(struct ini *ini, const char *text, size_t n, unsigned int *line);
/* Parses a file; also returns the errors of open() and read(). */
int ini_read(struct ini *ini, const char *path, unsigned int *line);
void ini_free(struct ini *ini);

/* Finds "[type name]", or "[name]" if type is "". "[default]" also matches the
 * type "profile". NULL: not found. */
const struct ini_section *ini_find(const struct ini *ini, const char *type,
				   const char *name);
/* The value of a setting; NULL if it is missing or section is NULL. */
const char *ini_get(const struct ini_section *section, const char *name);
/* The value of a setting on an indented line below group. */
const char *ini_get_nested(const struct ini_section *section, const char *group,
			   const char *name);

#endif
