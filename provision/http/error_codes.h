/* SPDX-License-Identifier: MIT */
/* The codes of AWS that are known by name. */
#ifndef HTTP_ERROR_CODES_H
#define HTTP_ERROR_CODES_H

#include <stdbool.h>

/* What a caller has to decide by. The calls return the errno beside it. */
enum aws_error_kind {
	AWS_OK,
	AWS_ERR_LOCAL,	     /* -ENOMEM, -EINVAL: nothing was sent */
	AWS_ERR_CREDENTIALS, /* -EACCES: none found, wrong or expired */
	AWS_ERR_DENIED,	     /* -EPERM: a permission is missing */
	AWS_ERR_NOT_FOUND,   /* -ENOENT: the thing named does not exist */
	AWS_ERR_IN_USE,	     /* -EBUSY: something else still needs it */
	AWS_ERR_EXISTS,	     /* -EEXIST: there is one already */
	AWS_ERR_LIMIT,	     /* -EDQUOT: a quota is used up */
	AWS_ERR_THROTTLED,   /* -EAGAIN: too many calls, also after retries */
	AWS_ERR_REFUSED,     /* -EINVAL: any other refusal by AWS (4xx) */
	AWS_ERR_SERVER,	     /* -EIO: 5xx, also after retries */
	AWS_ERR_NETWORK,     /* -EIO: no connection, TLS, timeout */
	AWS_ERR_RESPONSE,    /* -EPROTO: the answer makes no sense */
	AWS_ERR_TIMEOUT,     /* -ETIMEDOUT: waited for, did not happen */
	AWS_ERR_STOPPED,     /* -EINTR: the caller asked to stop */
};

struct aws_error_code {
	const char *code;
	enum aws_error_kind kind;
	const char *hint; /* NULL: the message of AWS says it all */
};

/* NULL: not known. */
const struct aws_error_code *aws_error_code(const char *code);

/* Begins the part of a refusal that only sts:DecodeAuthorizationMessage
 * understands. */
#define AWS_ENCODED_MARK "Encoded authorization failure message:"

/* May the same call succeed if it is made again, later? */
bool aws_error_is_throttle(const char *code);
bool aws_error_is_transient(const char *code);
/* Was it refused because of our clock? */
bool aws_error_is_clock(const char *code, const char *message);
/* Were the credentials refused because they are too old? */
bool aws_error_is_expired(const char *code);

/* The errno (negative) that belongs to a kind, 0 for AWS_OK. */
int aws_error_errno(enum aws_error_kind kind);

/* The kind of an error that AWS answered, by code first, then by status. */
enum aws_error_kind aws_error_classify(const char *code, int status);

/* What a code means and what to do, as a sentence or two, or NULL when the
 * message of AWS has to speak for itself. */
const char *aws_error_hint(const char *code);

#endif
