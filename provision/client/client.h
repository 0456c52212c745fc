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

/* A token for one create call, the same in each retry. Must be kept by a
 * caller that wants to repeat a call of unknown outcome. */
#define AWS_TOKEN_LEN 37 /* a UUID and its NUL */
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
