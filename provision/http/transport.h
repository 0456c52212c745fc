/* SPDX-License-Identifier: MIT */
/* HTTP exchanges over persistent connections, for one thread at a time. */
#ifndef HTTP_TRANSPORT_H
#define HTTP_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/error.h"
#include "http/sign.h"
#include "base/buf.h"

struct transport;

/* stopped, if not NULL, is polled during transfers; true aborts those that need
 * not finish. */
int transport_new(struct transport **out, bool (*stopped)(void *ctx),
		  void *ctx);
void transport_free(struct transport *t);
/* A file of CA certificates instead of the system's; NULL: CURL_CA_BUNDLE or the
 * system's. The string must outlive the transport. */
void transport_set_ca_bundle(struct transport *t, const char *path);

struct http_request {
	const char *method;
	const char *url;
	const struct sign_header *headers; /* Host overrides the URL's */
	size_t n_headers;
	const void *body; /* NULL: none */
	size_t body_len;
	size_t max_response;	 /* bytes */
	unsigned int connect_ms; /* limit for establishing the connection */
	unsigned int timeout_ms; /* limit for the whole exchange */
	bool no_proxy;		 /* for link-local and loopback addresses */
	/* A change: stopped does not abort it. The server might carry it out
	 * after what is meant to undo it. */
	bool finish;
};

struct http_response {
	int status;
	bool resent;	 /* libcurl sent the request twice */
	bool abandoned;	 /* given up while the server may still work on it */
	struct buf body; /* followed by a NUL, which len does not count */
	int64_t date;	 /* Unix time by the Date header; 0: none */
	unsigned int retry_after_s; /* by the Retry-After header; 0: none */
	char request_id[80];
	char url[512]; /* of the request, for messages */
};

/*
 * One exchange. 0 if there is a response, whatever its status. Otherwise err is
 * set (AWS_ERR_NETWORK, AWS_ERR_STOPPED, or AWS_ERR_RESPONSE if it is too
 * large), and *sent reports whether the server may have received the request.
 * Redirects are not followed. The caller frees the response in any case.
 */
int transport_send(struct transport *t, const struct http_request *r,
		   struct http_response *response, bool *sent,
		   struct aws_error *err);
/* Whether the body is a web page, which no service of AWS sends. */
bool http_response_is_html(const struct http_response *a);
/* Overwrites the body, which may contain secrets. */
void http_response_free(struct http_response *a);

#endif
