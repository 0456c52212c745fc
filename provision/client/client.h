/* SPDX-License-Identifier: MIT */
/*
 * A client of AWS: region, credentials, persistent connections, retries. For
 * one thread at a time. The calls are declared in services/; each returns 0, or
 * a negative errno and fills in err, which may be NULL.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "http/types.h"
#include "client/options.h"

/* Determines the region, which may be missing until aws_client_set_region(). The
 * first call searches for credentials. The strings of o must outlive the
 * client. */
int aws_client_new(struct aws_client **out, const struct aws_options *o,
		   struct aws_error *err);
void aws_client_free(struct aws_client *c);

/* NULL: no region is set. */
const char *aws_client_region(const struct aws_client *c);
/* Where the region was set, for messages: "--region", "AWS_REGION", ... */
const char *aws_client_region_source(const struct aws_client *c);
int aws_client_set_region(struct aws_client *c, const char *region,
			  struct aws_error *err);
/* The partition of the region: "aws", "aws-cn", "aws-us-gov", ... */
const char *aws_client_partition(const struct aws_client *c);

/* Generates a client token, which makes a create call idempotent. A caller that
 * repeats a call of unknown outcome must pass the same token. */
#define AWS_TOKEN_LEN 37 /* a UUID and the NUL */
int aws_client_token(char token[AWS_TOKEN_LEN], struct aws_error *err);

/* Checks a condition: 1 if it holds, 0 if not yet, or a negative errno, with err
 * set, to give up. */
typedef int aws_poll_fn(struct aws_client *c, void *ctx, struct aws_error *err);
/* Polls a condition that AWS brings about in its own time, at intervals that
 * grow from poll_ms to 15 s. After seconds: -ETIMEDOUT (AWS_ERR_TIMEOUT), with
 * the condition ("load balancer x is active", printf) in the message. */
int aws_wait(struct aws_client *c, aws_poll_fn *poll, void *ctx,
	     unsigned int seconds, struct aws_error *err, const char *condition,
	     ...) __attribute__((format(printf, 6, 7)));

struct aws_counters aws_client_counters(const struct aws_client *c);

#endif
