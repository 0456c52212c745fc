/* SPDX-License-Identifier: MIT */
/* What the families of calls (ec2_*.c, elbv2_*.c, ...) are made with. */
#ifndef CLIENT_CALL_H
#define CLIENT_CALL_H

#include "http/types.h"
#include "http/query.h"
#include "client/shape.h"

struct cJSON;

#define EC2_VERSION   "2016-11-15"
#define ELBV2_VERSION "2015-12-01"
#define STS_VERSION   "2011-06-15"
#define CW_VERSION    "2010-08-01"
#define ECS_TARGET    "AmazonEC2ContainerServiceV20141113."

/* A service of the query protocol. */
struct call_service {
	const char *name; /* host and signing name */
	const char *version;
};
extern const struct call_service call_ec2, call_elbv2, call_sts, call_cw;

/* Starts q (which is overwritten) with Action and Version. */
void call_begin(struct aws_query *q, const struct call_service *service,
		const char *action);

/*
 * Makes the call of q, with retries, and frees q. answer may be NULL if it does
 * not matter. Its root is what stands inside the result wrapper, if there is
 * one.
 */
struct call_response {
	struct xml xml;
	const struct xml_node *root;
};
int call_send(struct aws_client *c, const struct call_service *service,
	      const char *action, struct aws_query *q,
	      struct call_response *response, struct aws_error *err);
void call_response_free(struct call_response *a);

/* The same with DryRun: "DryRunOperation" is 0 with an empty response. */
int call_change(struct aws_client *c, const char *action, struct aws_query *q,
		bool dry_run, struct call_response *response,
		struct aws_error *err);

/*
 * All pages of a list. add puts the parameters of the request into q, set
 * names the element of the answer that holds the items.
 */
struct call_list {
	const struct call_service *service;
	const char *action;
	const char *set;	     /* "subnetSet", "LoadBalancers" */
	const struct shape *shape;   /* of an item */
	unsigned int page;	     /* items asked for at once, 0: not said */
	const char *page_parameter;  /* "MaxResults", "PageSize" */
	const char *token_parameter; /* "NextToken", "Marker"; NULL: no pages */
	const char *token_element;   /* "nextToken", "NextMarker" */
	void (*add)(struct aws_query *q, const void *ctx);
	const void *ctx;
};
/* Appends to out, which is emptied on failure. */
int call_list(struct aws_client *c, const struct call_list *l,
	      struct shape_list *out, struct aws_error *err);

/* A call of ECS. body is JSON text of n bytes. The answer is to be deleted by
 * cJSON_Delete. */
int call_ecs(struct aws_client *c, const char *action, const void *body,
	     size_t n, struct cJSON **response, struct aws_error *err);

/* An answer of 200 that is not what the model says; -ENOMEM and -EPROTO. */
int call_bad_response(struct aws_error *err, const char *service,
		      const char *action, int error);
#endif
