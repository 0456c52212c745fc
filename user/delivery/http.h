/* SPDX-License-Identifier: MIT */
/* The HTTP client, on libcurl: the server's URL, requests to it, and error
 * messages that say what to do. */
#ifndef DELIVERY_HTTP_H
#define DELIVERY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "delivery/peers.h"
#include "delivery/server.h"

#define DELIVERY_URL_MAX 1024

struct delivery_url {
	char base[DELIVERY_URL_MAX]; /* scheme, host, port, path; no slash */
	char authority
		[DELIVERY_URL_MAX]; /* as in the Host field of requests to it */
};

/* The port of a URL with http that names none, by its host. */
typedef const char *delivery_port_of(const char *host);

/* example: such a URL. false: the reason is in why. */
bool delivery_url_parse(struct delivery_url *url, const char *text,
			delivery_port_of *port, const char *example, char *why,
			size_t size);

struct delivery_http_conf {
	const struct delivery_url *url;
	const struct delivery_server *server;
	/* "Name: value" of each header field that authorises, and that
	 * describes the body; n of them. */
	const char *const *headers;
	unsigned int n_headers;
	const char *encoding; /* one more of batches, or NULL */
	const char *ca_file;  /* NULL: the system's authorities */
	struct delivery_peers
		*peers;		 /* NULL, or addresses connected to are added */
	unsigned int timeout_ms; /* per request */
};

struct delivery_http;

/* n concurrent requests, in slots 0 to n - 1. NULL with errno. */
struct delivery_http *delivery_http_new(const struct delivery_http_conf *conf,
					unsigned int n);
void delivery_http_free(struct delivery_http *h);

/* Starts a request in an idle slot. body must stay valid until the answer.
 * 0 or -ENOMEM. */
int delivery_http_start(struct delivery_http *h, unsigned int slot,
			enum delivery_call call, const void *body, size_t n);

/* Cancels the request in a slot, if any. */
void delivery_http_abort(struct delivery_http *h, unsigned int slot);

/* Makes progress without waiting. true: *a is an answer, whose text is valid
 * until the slot is used again. */
bool delivery_http_next(struct delivery_http *h, struct delivery_answer *a);

/* Waits for the network, until fd is readable, or for timeout_ms. */
void delivery_http_wait(struct delivery_http *h, int fd, int timeout_ms);

#define DELIVERY_LINE_MAX 81

/* The first line of an answer, for messages. */
void delivery_text_line(const char *text, char to[DELIVERY_LINE_MAX]);

/* A single call that blocks until it is answered. */
void delivery_http_call(const struct delivery_http_conf *conf,
			enum delivery_call call, struct delivery_answer *a);

#endif
