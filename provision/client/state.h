/* SPDX-License-Identifier: MIT */
/* What is inside struct aws_client, for client.c and call.c. */
#ifndef CLIENT_STATE_H
#define CLIENT_STATE_H

#include "client/options.h"
#include "auth/chain.h"

struct aws_client {
	struct aws_options opt; /* texts in it are the caller's */
	const struct log *log;	/* never NULL */
	struct transport *http;
	struct profiles profiles;
	struct credentials cred; /* empty until the first call */
	char *profile, *region, *endpoint_url;
	const char *region_source;
	bool profile_given;
	int64_t clock_offset; /* seconds that AWS is ahead of us */
	struct aws_counters counters;
};

/* Sees to credentials that are good for a while; renew: other ones than those
 * that were refused. */
int client_credentials(struct aws_client *c, bool renew, struct aws_error *err);
/* AWS_ERR_STOPPED if the caller asks to stop. */
int client_stopped(const struct aws_client *c, struct aws_error *err);

/* Milliseconds to sleep; AWS_ERR_STOPPED if asked to stop meanwhile. */
int client_sleep(struct aws_client *c, unsigned int ms, struct aws_error *err);

#endif
