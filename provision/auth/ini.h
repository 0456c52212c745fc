/* SPDX-License-Identifier: MIT */
/*
 * ~/.aws/config and ~/.aws/credentials: "[section]", "name = value", comments
 * by # and ;. Indented lines belong to the value above and are ignored (they
 * hold settings of services). Values may be secrets: ini_free overwrites them.
 */
#ifndef AUTH_INI_H
#define AUTH_INI_H

#include <stddef.h>

#define INI_MAX_BYTES (1u << 20)

struct ini_value {
	const char *name;
	const char *value;
	struct ini_value *next;
};
struct ini_section {
	const char *kind; /* "profile", "sso-session", ...; "" if none */
	const char *name; /* "default", "prod" */
	struct ini_value *values; /* the last one first */
	struct ini_section *next;
};
struct ini {
	struct ini_section *sections;
	char *text; /* what all of it points into */
	size_t size;
};

/* Reads n bytes of text. 0, -ENOMEM, -EMSGSIZE; or -EPROTO, and then *line
 * (from 1) is the first that is neither. */
int ini_parse(struct ini *ini, const char *text, size_t n, unsigned int *line);
/* Reads a file: also -ENOENT and other errors of open(). */
int ini_read(struct ini *ini, const char *path, unsigned int *line);
void ini_free(struct ini *ini);

/* "[name]" of a credentials file, or "[profile name]" (and "[default]") of a
 * configuration file with kind "profile". NULL: none. */
const struct ini_section *ini_find(const struct ini *ini, const char *kind,
				   const char *name);
/* NULL: none; section may be NULL. */
const char *ini_get(const struct ini_section *section, const char *name);

#endif
