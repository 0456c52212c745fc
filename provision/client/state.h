/* SPDX-License-Identifier: MIT */
/* The definition of struct aws_client, for this folder only. */
#ifndef CLIENT_STATE_H
#define CLIENT_STATE_H

#include "client/options.h"
#include "auth/chain.h"
#include "http/endpoint.h"

struct aws_client {
	struct aws_options opt; /* strings belong to the caller */
	const struct log *log;	/* never NULL */
	struct transport *http;
	struct profiles profiles;
	struct credentials cred;	       /* empty until the first call */
	char *profile, *region, *endpoint_url; /* that of --endpoint-url */
	struct endpoint_options variant;
	const char *region_source;
	bool profile_given;
	int64_t clock_offset; /* seconds that AWS's clock is ahead */
	struct aws_counters counters;
};

/* Searches for credentials unless the present ones remain valid for a while.
 * renew: search anyway, since AWS rejected them. */
int client_credentials(struct aws_client *c, bool renew, struct aws_error *err);
/* The region of the instance that this runs on; false: it is not known. */
bool client_instance_region(struct aws_client *c, char *region, size_t n);
/* The configured endpoint of a service ("ec2"); NULL: AWS's own. */
const char *client_endpoint(const struct aws_client *c, const char *service);
/* -EINTR (AWS_ERR_STOPPED) if opt.stopped returns true. */
int client_stopped(const struct aws_client *c, struct aws_error *err);

/* Sleeps for ms milliseconds; -EINTR as above. */
int client_sleep(struct aws_client *c, unsigned int ms, struct aws_error *err);

#endif
