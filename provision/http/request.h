/* SPDX-License-Identifier: MIT */
/* One signed POST request to an AWS service: a single attempt. */
#ifndef HTTP_POST_H
#define HTTP_POST_H

#include <stdbool.h>
#include <stdint.h>

#include "http/endpoint.h"
#include "http/transport.h"

struct credentials;

struct aws_request {
	const char *service; /* endpoint prefix and signing name */
	const char *region;
	const char *endpoint_url;	 /* NULL: the endpoint of the region */
	struct endpoint_options variant; /* of that endpoint */
	const char *target; /* X-Amz-Target, selects JSON; NULL: a form */
	const void *body;
	size_t body_len;
	int64_t clock_offset; /* seconds that AWS's clock is ahead */
	unsigned int timeout_ms;
	bool finish; /* a change: an interrupt does not abort it */
};

/* As transport_send(). cred NULL: not signed. */
int aws_request_send(struct transport *t, const struct aws_request *p,
		     const struct credentials *cred,
		     struct http_response *response, bool *sent,
		     struct aws_error *err);

/* Fills in err, except service and action, from an error response. Returns the
 * errno of the kind. */
int aws_response_error(const struct http_response *response,
		       struct aws_error *err);
/* The same for a web page in place of the response of a service. */
int aws_response_html(const struct http_response *response,
		      struct aws_error *err);

#endif
