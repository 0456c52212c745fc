/* SPDX-License-Identifier: MIT */
/* Which bodies a line contains: --bodies and --body-type. */
#ifndef TRACE_BODY_CHOICE_H
#define TRACE_BODY_CHOICE_H

#include "base/parse.h"
#include "http/transaction.h"

enum body_mode {
	BODIES_ALL,
	BODIES_TEXT, /* only those that are UTF-8 */
	BODIES_NONE,
};

/* What is printed of gRPC messages whose type is not known. */
enum grpc_decode {
	GRPC_BASE64,
	GRPC_WIRE, /* field numbers */
};

struct body_choice; /* compiled; immutable, shared by threads */

/* Is it a pattern for media types, such as text/ followed by a star? Otherwise err
 * says why not. */
bool body_choice_check(const char *pattern, struct parse_error *err);

/* The patterns must be valid; they are copied. Without any, all types are
 * accepted. NULL with errno on failure. */
struct body_choice *body_choice_new(enum body_mode mode,
				    const char *const *types, unsigned int n);
void body_choice_free(struct body_choice *c);

/* May the body of m be reported? If only as text, *text is set. */
bool body_choice_accepts(const struct body_choice *c,
			 const struct http_message *m, bool *text);

#endif
