/* SPDX-License-Identifier: MIT */
/* One signed POST to a service: a single attempt. */
#ifndef HTTP_POST_H
#define HTTP_POST_H

#include <stdbool.h>
#include <stdint.h>

#include "http/transport.h"

struct credentials;

struct aws_request {
	const char *service; /* host name and signing name */
	const char *region;
	const char *endpoint_url; /* NULL: AWS's own */
	const char *target;	  /* X-Amz-Target of JSON services, or NULL */
	const void *body;
	size_t body_len;
	int64_t clock_offset; /* seconds that the server is ahead of us */
	unsigned int timeout_ms;
};

/* As transport_send. Without credentials it is not signed. */
int aws_request_send(struct transport *t, const struct aws_request *p,
		     const struct credentials *cred,
		     struct http_response *response, bool *sent,
		     struct aws_error *err);

/* Fills err (service and action are left alone) from an answer that is no
 * success, XML or JSON. Returns the errno. */
int aws_response_error(const struct http_response *response,
		       struct aws_error *err);

#endif
