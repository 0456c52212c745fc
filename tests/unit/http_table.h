/* SPDX-License-Identifier: MIT */
/*
 * Conversations and what must come of them, one row for each rule of
 * RFC 9112 and each thing that is seen in place of it. The same rows serve
 * the property that the result does not depend on how bytes are cut.
 */
#ifndef TESTS_HTTP_TABLE_H
#define TESTS_HTTP_TABLE_H

#include "http_kit.h"

#define STEPS_MAX 8

struct row {
	const char *name;
	struct kit_step steps[STEPS_MAX];
	const char *expect; /* the lines */
};

#define C(text)                                                          \
	{                                                                \
		.dir = STREAM_C2S, .data = text, .len = sizeof(text) - 1 \
	}
#define S(text)                                                          \
	{                                                                \
		.dir = STREAM_S2C, .data = text, .len = sizeof(text) - 1 \
	}
#define GET   C("GET / HTTP/1.1\r\n\r\n")
#define R_GET "GET / host= path=/ query= 1.1 body=0/0: => "
#define OK    S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
#define R_OK  "200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok"

extern const struct row http_rows[];
extern const size_t http_n_rows;

#endif
