/* SPDX-License-Identifier: MIT */
/* HTTP by libcurl: one handle, re-used, so that connections stay open. */
#ifndef HTTP_TRANSPORT_H
#define HTTP_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/error.h"
#include "http/sign.h"
#include "base/buf.h"

struct transport;

/* stopped, if not NULL, is asked during transfers. */
int transport_new(struct transport **out, bool (*stopped)(void *ctx),
		  void *ctx);
void transport_free(struct transport *t);

struct http_request {
	const char *method;
	const char *url;
	const struct sign_header *headers; /* Host is sent as given */
	size_t n_headers;
	const void *body; /* NULL: none */
	size_t body_len;
	size_t max_response;	 /* bytes */
	unsigned int connect_ms; /* until there is a connection */
	unsigned int timeout_ms; /* for all of it */
	bool no_proxy;		 /* for addresses of the machine itself */
};

struct http_response {
	int status;
	bool resent;	 /* it went out twice, the first time unanswered */
	struct buf body; /* with a NUL after it that len does not count */
	int64_t date;	 /* Unix time of the server, 0 if not given */
	unsigned int retry_after_s; /* 0 if not given */
	char request_id[80];
};

/*
 * One exchange. 0 when an answer came, whatever its status. Otherwise err is
 * set (AWS_ERR_NETWORK, AWS_ERR_STOPPED, AWS_ERR_RESPONSE when it is too large)
 * and *sent says whether the server may have had the request. The answer is
 * always to be freed; nothing is followed but what the URL says.
 */
int transport_send(struct transport *t, const struct http_request *r,
		   struct http_response *response, bool *sent,
		   struct aws_error *err);
/* Overwrites the body, which may hold secrets. */
void http_response_free(struct http_response *a);

#endif
