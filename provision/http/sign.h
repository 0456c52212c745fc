/* SPDX-License-Identifier: MIT */
/*
 * AWS Signature Version 4 in the Authorization header, for what this program
 * sends: requests without a query string, to a normalized path (no ".", ".." or
 * empty segments), with unique header names and header values without leading,
 * trailing or repeated blanks.
 */
#ifndef HTTP_SIGN_H
#define HTTP_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SIGN_MAX_HEADERS 16

struct sign_header {
	const char *name;
	const char *value;
};

/* The request; nothing is copied. Every header given is signed. They must
 * include Host and X-Amz-Date (sign_date()) and, with temporary credentials,
 * X-Amz-Security-Token. */
struct sign_request {
	const char *method;
	const char *path; /* as in the URL */
	const struct sign_header *headers;
	size_t n_headers;
	const void *body;
	size_t body_len;
};

struct sign_scope {
	const char *access_key;
	const char *secret;
	const char *region;
	const char *service; /* signing name */
	int64_t when;	     /* Unix time, the same as in X-Amz-Date */
};

#define SIGN_DATE_LEN 17 /* 20150830T123600Z and the NUL */
void sign_date(int64_t when, char to[SIGN_DATE_LEN]);

/* Appends the value of the Authorization header. 0, -ENOMEM, or -EINVAL if
 * there are no headers or too many. */
int sign_authorization(struct buf *to, const struct sign_request *r,
		       const struct sign_scope *scope);

#endif
