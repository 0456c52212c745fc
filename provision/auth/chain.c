/* SPDX-License-Identifier: MIT */
/*
 * The credential provider chain. The order is that of the AWS CLI, so that both
 * act as the same identity: environment keys, the selected profile (with web
 * identity from the environment), container, instance metadata.
 */
#include <errno.h>
#include <string.h>

#include "auth/chain.h"
#include "auth/provider_container.h"
#include "auth/provider_environment.h"
#include "auth/provider_instance.h"
#include "auth/provider_profile.h"
#include "base/list.h"

static int selected_profile(struct cred_search *s, struct credentials *out,
			    struct aws_error *err)
{
	return cred_profile(s, s->profile, out, err);
}

typedef int provider_fn(struct cred_search *s, struct credentials *out,
			struct aws_error *err);

static provider_fn *const providers[] = {
	cred_environment,
	selected_profile,
	cred_container,
	cred_instance,
};

static int try_all(struct cred_search *s, struct credentials *out,
		   struct aws_error *err)
{
	int error = -ENOENT;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(providers) && error == -ENOENT; i++)
		error = providers[i](s, out, err);
	return error;
}

int chain_region(struct cred_search *s, char *region, size_t n)
{
	return cred_instance_region(s, region, n);
}

static const char next_step[] =
	"\nSet AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, run \"aws configure\" or \"aws sso login\", or select a profile with --profile.";

int chain_find(struct cred_search *s, struct credentials *out,
	       struct aws_error *err)
{
	struct aws_error why = {0};
	int error;

	*out = (struct credentials){0};
	buf_clear(&s->tried);
	s->depth = 0;
	error = try_all(s, out, &why);
	if (!error)
		return 0;
	credentials_wipe(out);
	buf_add(&s->tried, "", 1);
	if (s->tried.failed || (error == -ENOMEM && !why.kind))
		return aws_error_no_memory(err);
	s->tried.len--;
	if (error == -ENOENT)
		return aws_error_set(err, AWS_ERR_CREDENTIALS, "",
				     "no credentials found. Tried:%s%s",
				     (char *)s->tried.p, next_step);
	if (err)
		*err = why;
	/* A provider failed: list those skipped before it as well. */
	if (err && s->tried.len && why.kind == AWS_ERR_CREDENTIALS &&
	    !why.status)
		aws_error_set(err, why.kind, why.code,
			      "no credentials: %.1500s. Tried before that:%s",
			      why.message, (char *)s->tried.p);
	return error;
}
