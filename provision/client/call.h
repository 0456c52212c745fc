/* SPDX-License-Identifier: MIT */
/* How services/ calls AWS: requests with retries, dry runs, pagination. */
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

/* A service with the query protocol: a form in the request, XML in the
 * response. */
struct call_service {
	const char *name; /* endpoint prefix and signing name */
	const char *version;
};
extern const struct call_service call_ec2, call_elbv2, call_sts, call_cw;

/* Starts a request with Action and Version; q is overwritten. */
void call_begin(struct aws_query *q, const struct call_service *service,
		const char *action);

/* A successful response. root is the content of the <ActionResult> wrapper, or
 * the document element if there is no wrapper (EC2). */
struct call_response {
	struct xml xml;
	const struct xml_node *root;
};
/* Sends q, with retries, and frees it. response may be NULL. An interrupt lets
 * the attempt at a change finish, and only then ends the call. */
int call_send(struct aws_client *c, const struct call_service *service,
	      const char *action, struct aws_query *q,
	      struct call_response *response, struct aws_error *err);
void call_response_free(struct call_response *a);

/* The same for a change in EC2, optionally as a dry run: then 0 means that AWS
 * would permit the change, and response is not set. */
int call_change(struct aws_client *c, const char *action, struct aws_query *q,
		bool dry_run, struct call_response *response,
		struct aws_error *err);

/* A paginated list. */
struct call_list {
	const struct call_service *service;
	const char *action;
	const char *set;	     /* the element that contains the items */
	const struct shape *shape;   /* of an item */
	unsigned int page;	     /* items per page; 0: AWS decides */
	const char *page_parameter;  /* "MaxResults", "PageSize" */
	const char *token_parameter; /* "NextToken", "Marker" */
	const char *token_element;   /* "nextToken"; NULL: not paginated */
	/* Appends the parameters of the request; NULL: none. */
	void (*add)(struct aws_query *q, const void *ctx);
	const void *ctx;
};
/* Appends the items of all pages to out, which is emptied after an error. */
int call_list(struct aws_client *c, const struct call_list *l,
	      struct shape_list *out, struct aws_error *err);

/* A service with the JSON protocol. */
struct call_json_service {
	const char *name;   /* endpoint prefix and signing name */
	const char *target; /* what precedes the action in X-Amz-Target */
	/* Limits of each call; 0: those of the client. */
	unsigned int attempts, timeout_s;
};
extern const struct call_json_service call_ecs, call_quotas;

/* A call to such a service. Sends body and deletes it; NULL: out of memory. The
 * caller frees the response by cJSON_Delete(). */
int call_json(struct aws_client *c, const struct call_json_service *service,
	      const char *action, struct cJSON *body, struct cJSON **response,
	      struct aws_error *err);

/* Sets *token to a copy of the nextToken or NextToken of a response; NULL: there
 * are no more pages. 0 or -ENOMEM. */
int call_json_next(const struct cJSON *response, char **token);

/* Sets the error for a successful response that could not be read, where error is
 * -EPROTO or -ENOMEM. */
int call_bad_response(struct aws_error *err, const char *service,
		      const char *action, int error);
#endif
