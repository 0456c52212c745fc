/* SPDX-License-Identifier: MIT */
/* An HTTP server within the test that sends scripted responses and records the
 * requests. */
#ifndef TEST_RESPONDER_H
#define TEST_RESPONDER_H

#include <stddef.h>

struct responder;

/* Listens on a free port of 127.0.0.1. */
struct responder *responder_start(void);
void responder_stop(struct responder *r);
const char *responder_url(const struct responder *r);

/* Appends a response to the script. headers: NULL, or lines that each end with
 * \r\n. The strings are copied. */
void responder_reply(struct responder *r, int status, const char *headers,
		     const char *body);
/* Appends a step that reads the request and closes the connection. */
void responder_disconnect(struct responder *r);
/* Appends a step that reads the request and never responds. */
void responder_hang(struct responder *r);

/* The i-th request, NULL if there was none. Valid until responder_stop(). */
const char *responder_head(struct responder *r, size_t i);
const char *responder_body(struct responder *r, size_t i);
size_t responder_count(struct responder *r);
/* Copies the value of a header of the i-th request to to; "" if it is missing. */
const char *responder_header(struct responder *r, size_t i, const char *name,
			     char *to, size_t n);

/* Removes all AWS and proxy settings from the environment. */
void clear_aws_environment(void);

#endif
