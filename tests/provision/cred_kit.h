/* SPDX-License-Identifier: MIT */
/* What the tests of the credential providers share. */
#ifndef TEST_CRED_KIT_H
#define TEST_CRED_KIT_H

#include "auth/search.h"

struct fixture {
	char dir[64];
	struct responder *r;
	struct transport *http;
	struct profiles profiles;
	struct cred_search s;
	struct credentials c;
	struct aws_error err;
	bool loaded;
};

/* cmocka fixtures: an empty home folder, no AWS settings in the environment. */
int cred_setup(void **state);
int cred_teardown(void **state);

/* The path of a file in the home folder; writes one. */
void path_of(struct fixture *f, const char *name, char *to, size_t n);
void write_file(struct fixture *f, const char *name, const char *text);

/* Runs the chain and expects these credentials; source is part of theirs. profile
 * NULL: as if --profile was not given. */
void expect(struct fixture *f, const char *profile, const char *key,
	    const char *secret, const char *token, const char *source);
/* The chain fails and its message contains each of these strings. End with
 * NULL. */
void expect_failure(struct fixture *f, const char *profile, ...);

#endif
