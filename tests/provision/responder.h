/* SPDX-License-Identifier: MIT */
/* An HTTP server of the test itself, which says what it was told to say and
 * remembers what it was asked. */
#ifndef TEST_RESPONDER_H
#define TEST_RESPONDER_H

#include <stddef.h>

struct responder;

/* On a free port of 127.0.0.1. */
struct responder *responder_start(void);
void responder_stop(struct responder *r);
const char *responder_url(const struct responder *r);

/* The next response, in the order of the calls. headers: NULL or lines that each
 * end with \r\n. The texts are copied. */
void responder_reply(struct responder *r, int status, const char *headers,
		     const char *body);
/* The next request is read and the connection closed instead of an response. */
void responder_disconnect(struct responder *r);

/* What came: the i-th request, NULL if there was none. They stay valid. */
const char *responder_head(struct responder *r, size_t i);
const char *responder_body(struct responder *r, size_t i);
size_t responder_count(struct responder *r);
/* The value of a header of the i-th request in to; "" if it is missing. */
const char *responder_header(struct responder *r, size_t i, const char *name,
			     char *to, size_t n);

/* Nothing that the caller's shell says about AWS or proxies reaches a test. */
void clear_aws_environment(void);

#endif
