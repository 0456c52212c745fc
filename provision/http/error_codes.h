/* SPDX-License-Identifier: MIT */
/* AWS error codes: their classification and hints for users. */
#ifndef HTTP_ERROR_CODES_H
#define HTTP_ERROR_CODES_H

#include <stdbool.h>

/* What callers base decisions on. Each kind has an errno, which calls return. */
enum aws_error_kind {
	AWS_OK,
	AWS_ERR_LOCAL,	     /* -ENOMEM, -EINVAL: nothing was sent */
	AWS_ERR_CREDENTIALS, /* -EACCES: none found, invalid or expired */
	AWS_ERR_DENIED,	     /* -EPERM: a permission is missing */
	AWS_ERR_NOT_FOUND,   /* -ENOENT: the resource does not exist */
	AWS_ERR_IN_USE,	     /* -EBUSY: another resource still uses it */
	AWS_ERR_EXISTS,	     /* -EEXIST: it exists already */
	AWS_ERR_LIMIT,	     /* -EDQUOT: a quota is exhausted */
	AWS_ERR_THROTTLED,   /* -EAGAIN: too many calls, even after retries */
	AWS_ERR_REFUSED,     /* -EINVAL: any other client error (4xx) */
	AWS_ERR_SERVER,	     /* -EIO: 5xx, even after retries */
	AWS_ERR_NETWORK,     /* -EIO: no connection, TLS, timeout */
	AWS_ERR_RESPONSE,    /* -EPROTO: the response is not valid */
	AWS_ERR_TIMEOUT,     /* -ETIMEDOUT: a condition did not come true */
	AWS_ERR_STOPPED,     /* -EINTR: the caller asked to stop */
};

struct aws_error_code {
	const char *code;
	enum aws_error_kind kind;
	const char *hint; /* NULL: the message of AWS is sufficient */
};

/* NULL: not in the table. */
const struct aws_error_code *aws_error_code(const char *code);

/* Precedes the part of a denial that only sts:DecodeAuthorizationMessage can
 * decode. */
#define AWS_ENCODED_MARK "Encoded authorization failure message:"

/* May the same call succeed if it is repeated? */
bool aws_error_is_transient(const char *code);
/* Was the request rejected because the local clock is wrong? */
bool aws_error_is_clock(const char *code, const char *message);
/* Were the credentials rejected because they have expired? */
bool aws_error_is_expired(const char *code);

/* The negative errno of a kind; 0 for AWS_OK. */
int aws_error_errno(enum aws_error_kind kind);

/* Classifies an error response: by its code, then by its HTTP status. */
enum aws_error_kind aws_error_classify(const char *code, int status);

/* What a code means and what to do, in a sentence or two; NULL if the message
 * of AWS is sufficient. */
const char *aws_error_hint(const char *code);

#endif
