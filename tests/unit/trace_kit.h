/* SPDX-License-Identifier: MIT */
/* Test helper: a transaction to modify, and its line. */
#ifndef TESTS_TRACE_KIT_H
#define TESTS_TRACE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/trace.h"

#define SPAN(text)                                        \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define FIELD(name, value)              \
	{                               \
		SPAN(name), SPAN(value) \
	}
#define BODY(text)                                                        \
	{                                                                 \
		.data = (const uint8_t *)(text), .len = sizeof(text) - 1, \
		.total = sizeof(text) - 1, .wire = sizeof(text) - 1       \
	}

/* A GET with one parameter, and the response {"ok":true}. */
extern const struct http_message trace_get, trace_ok;
extern const struct http_transaction trace_example;

/* The line as a C string; the caller frees it. o may be NULL. */
char *line_of(const struct http_transaction *t, const struct trace_options *o);
/* The line of a request with this body; its only field is Content-Type, unless
 * that is empty. */
char *line_of_body(const struct trace_options *o, const struct http_span *type,
		   const uint8_t *p, size_t n);
void expect_part(const struct http_transaction *t,
		 const struct trace_options *o, const char *part);
void expect_absent(const struct http_transaction *t,
		   const struct trace_options *o, const char *part);

/* Expects part in the line of a request for this target, and no "SECRET". */
struct target_case {
	struct http_span target, path, query;
	const char *part;
};
void expect_targets(const struct target_case *cases, size_t n,
		    const struct trace_options *o);

#endif
