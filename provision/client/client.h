/* SPDX-License-Identifier: MIT */
/*
 * A client of AWS: region, credentials, one re-used connection, retries. Used
 * by one thread at a time. The calls are in ec2.h, elbv2.h, ecs.h, sts.h and
 * cloudwatch.h; each returns 0 or a negative errno and then fills err (which
 * may be NULL).
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "http/types.h"
#include "client/options.h"

/* Finds the region (it may be missing until aws_client_set_region). The
 * credentials are looked for when the first call needs them. */
int aws_client_new(struct aws_client **out, const struct aws_options *o,
		   struct aws_error *err);
void aws_client_free(struct aws_client *c);

/* NULL when no region is known. */
const char *aws_client_region(const struct aws_client *c);
/* Where the region came from, for people: "--region", "AWS_REGION", ... */
const char *aws_client_region_source(const struct aws_client *c);
int aws_client_set_region(struct aws_client *c, const char *region,
			  struct aws_error *err);
/* "aws", "aws-cn" or "aws-us-gov", by the region. */
const char *aws_client_partition(const struct aws_client *c);

/* Finds the credentials now. source, if not NULL, gets a text for people
 * ("profile prod in ~/.aws/config: role arn:..."), valid while c lives. */
int aws_client_credentials(struct aws_client *c, const char **source,
			   struct aws_error *err);

/* A token for one create call, the same in each retry. Must be kept by a
 * caller that wants to repeat a call of unknown outcome. */
#define AWS_TOKEN_LEN 37 /* a UUID and its NUL */
int aws_client_token(char token[AWS_TOKEN_LEN], struct aws_error *err);

/*
 * Waiting for what AWS does in its own time. poll returns 1 when it is so, 0
 * to ask again later, a negative errno (with err) to give up. Intervals grow
 * from poll_ms to 15 s; after seconds the wait ends with AWS_ERR_TIMEOUT and
 * "what" in the message. round, if not NULL, is told of each round, for a
 * progress display.
 */
struct aws_wait {
	int (*poll)(struct aws_client *c, void *ctx, struct aws_error *err);
	void *ctx;
	unsigned int seconds;
	const char *what; /* "load balancer x is active" */
	void (*round)(void *ctx, unsigned int n, double waited_s);
};
int aws_wait(struct aws_client *c, const struct aws_wait *w,
	     struct aws_error *err);

struct aws_counters aws_client_counters(const struct aws_client *c);

#endif
