/* SPDX-License-Identifier: MIT */
/* ~/.aws/config and ~/.aws/credentials, as the AWS tools find them. */
#ifndef AUTH_PROFILES_H
#define AUTH_PROFILES_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ini.h"
#include "base/buf.h"

struct profile_file {
	struct ini ini; /* empty if there was an error */
	char *path;
	int error; /* of reading it, 0 or negative errno */
	unsigned int line;
};

struct profiles {
	struct profile_file config, credentials;
};

/* Reads both; that a file is missing or broken is noted, not an error. 0 or
 * -ENOMEM. */
int profiles_load(struct profiles *p);
void profiles_free(struct profiles *p);

bool profiles_have(const struct profiles *p, const char *name);
/* A setting of a profile: of the configuration file, or else the other one. */
const char *profiles_get(const struct profiles *p, const char *name,
			 const char *setting);
/* Appends the names of all profiles with ", " between them. */
void profiles_names(const struct profiles *p, struct buf *to);

/* The path with ~ for the home folder, malloc'd; NULL without memory. */
char *profiles_expand(const char *path);

#endif
