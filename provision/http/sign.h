/* SPDX-License-Identifier: MIT */
/* AWS Signature Version 4, in the Authorization header. */
#ifndef HTTP_SIGN_H
#define HTTP_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct sign_header {
	const char *name;
	const char *value;
};

/* What is signed; nothing is owned. Every header given is signed, so host and
 * x-amz-date (sign_date) and, with temporary credentials, x-amz-security-token
 * belong among them. The same name may occur again. */
struct sign_request {
	const char *method;
	const char *path;  /* not encoded */
	const char *query; /* as in the URL, "" if none */
	bool keep_path;	   /* "." and ".." and "//" mean themselves */
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
	int64_t when;	     /* Unix time, as in x-amz-date */
};

#define SIGN_DATE_LEN 17 /* 20150830T123600Z and its NUL */
void sign_date(int64_t when, char to[SIGN_DATE_LEN]);

/* Appends the value of the Authorization header. 0 or -ENOMEM, -EINVAL. */
int sign_authorization(struct buf *to, const struct sign_request *r,
		       const struct sign_scope *scope);

#endif
