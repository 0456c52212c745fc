/* SPDX-License-Identifier: MIT */
/* The profiles in ~/.aws/config and ~/.aws/credentials, or in the files that
 * AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name. */
#ifndef AUTH_PROFILES_H
#define AUTH_PROFILES_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ini.h"
#include "base/buf.h"

struct profile_file {
	struct ini ini; /* empty after an error */
	char *path;
	int error;	   /* of ini_read(): 0 or a negative errno */
	unsigned int line; /* where a syntax error is */
};

struct profiles {
	struct profile_file config, credentials;
};

/* Loads both files. A missing or malformed file is recorded in its error, since
 * credentials may come from elsewhere. 0 or -ENOMEM. */
int profiles_load(struct profiles *p);
void profiles_free(struct profiles *p);

bool profiles_have(const struct profiles *p, const char *name);
/* A setting of a profile; the credentials file takes precedence. */
const char *profiles_get(const struct profiles *p, const char *name,
			 const char *setting);
/* The endpoint configured for a service ("EC2", "STS"): AWS_ENDPOINT_URL_EC2,
 * AWS_ENDPOINT_URL, then endpoint_url of the service in the section that
 * "services" of the profile names, and of the profile. NULL: AWS's own. */
const char *profiles_endpoint(const struct profiles *p, const char *name,
			      const char *service);
/* The same without those that are meant for all services. */
const char *profiles_service_endpoint(const struct profiles *p,
				      const char *name, const char *service);
/* A setting that an environment variable overrides; NULL if neither is set. */
const char *profiles_or_env(const struct profiles *p, const char *name,
			    const char *variable, const char *setting);
/* Appends the names of all profiles with ", " between them. */
void profiles_names(const struct profiles *p, struct buf *to);

/* The path with a leading ~ replaced by the home directory, to be freed by the
 * caller; NULL if out of memory. */
char *profiles_expand(const char *path);

#endif
