/* SPDX-License-Identifier: MIT */
/* Runs the provider chain with a home folder and a server of its own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/chain.h"
#include "cred_kit.h"
#include "responder.h"

void path_of(struct fixture *f, const char *name, char *to, size_t n)
{
	snprintf(to, n, "%s/%s", f->dir, name);
}

void write_file(struct fixture *f, const char *name, const char *text)
{
	char path[256];
	FILE *out;

	path_of(f, name, path, sizeof(path));
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

int cred_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[256];

	clear_aws_environment();
	strcpy(f->dir, "/tmp/metlo-cred.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	setenv("HOME", f->dir, 1);
	setenv("PATH", "/usr/bin:/bin", 1);
	path_of(f, ".aws", path, sizeof(path));
	assert_int_equal(mkdir(path, 0700), 0);
	f->r = responder_start();
	/* No request leaves the host, and no instance metadata is found. */
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	setenv("AWS_ENDPOINT_URL_STS", responder_url(f->r), 1);
	setenv("AWS_ENDPOINT_URL_SSO", responder_url(f->r), 1);
	assert_int_equal(transport_new(&f->http, NULL, NULL), 0);
	*state = f;
	return 0;
}

int cred_teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	credentials_wipe(&f->c);
	profiles_free(&f->profiles);
	transport_free(f->http);
	buf_free(&f->s.tried);
	responder_stop(f->r);
	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* Runs the chain. profile NULL: as if --profile was not given. */
static int find(struct fixture *f, const char *profile)
{
	buf_free(&f->s.tried);
	credentials_wipe(&f->c);
	profiles_free(&f->profiles);
	assert_int_equal(profiles_load(&f->profiles), 0);
	f->err = (struct aws_error){0};
	f->s = (struct cred_search){.http = f->http,
				    .profiles = &f->profiles,
				    .profile = profile ? profile : "default",
				    .profile_given = profile != NULL,
				    .region = "eu-central-1",
				    .mfa = f->s.mfa};
	return chain_find(&f->s, &f->c, &f->err);
}

void expect(struct fixture *f, const char *profile, const char *key,
	    const char *secret, const char *token, const char *source)
{
	if (find(f, profile))
		fail_msg("%s", f->err.message);
	assert_string_equal(f->c.access_key, key);
	assert_string_equal(f->c.secret, secret);
	if (token)
		assert_string_equal(f->c.token, token);
	else
		assert_null(f->c.token);
	if (!strstr(f->c.source, source))
		fail_msg("source is %s", f->c.source);
}

void expect_failure(struct fixture *f, const char *profile, ...)
{
	va_list args;
	const char *part;

	assert_int_equal(find(f, profile), -EACCES);
	assert_int_equal(f->err.kind, AWS_ERR_CREDENTIALS);
	assert_null(f->c.access_key);
	va_start(args, profile);
	while ((part = va_arg(args, const char *)))
		if (!strstr(f->err.message, part))
			fail_msg("no \"%s\" in: %s", part, f->err.message);
	va_end(args);
}
