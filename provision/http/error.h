/* SPDX-License-Identifier: MIT */
/* What went wrong in a call to AWS, and what to do about it. */
#ifndef HTTP_ERROR_H
#define HTTP_ERROR_H

#include <stdbool.h>
#include <stddef.h>

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
	AWS_ERR_ANSWER,	     /* -EPROTO: the answer makes no sense */
	AWS_ERR_TIMEOUT,     /* -ETIMEDOUT: waited for, did not happen */
	AWS_ERR_STOPPED,     /* -EINTR: the caller asked to stop */
};

/* Plain memory: may be copied, needs no free. Zero-initialised is "no error".
 * unknown_outcome: a change was sent and no answer came, so it may have been
 * made; look before making it again. */
struct aws_error {
	enum aws_error_kind kind;
	int status; /* HTTP, 0 without an answer */
	bool unknown_outcome;
	char service[24];   /* "ec2" */
	char action[64];    /* "CreateTrafficMirrorSession" */
	char code[96];	    /* AWS's word, "" if it did not answer */
	char message[4096]; /* AWS's sentence, or ours */
	char request_id[80];
};

/* The errno (negative) that belongs to a kind, 0 for AWS_OK. */
int aws_error_errno(enum aws_error_kind kind);

/* Sets kind, code and message (printf) and returns the negative errno. err
 * may be NULL. */
int aws_error_set(struct aws_error *err, enum aws_error_kind kind,
		  const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The kind of an error that AWS answered, by code first, then by status. */
enum aws_error_kind aws_error_classify(const char *code, int status);

/* What a code means and what to do, as a sentence or two, or NULL when the
 * message of AWS has to speak for itself. */
const char *aws_error_hint(const char *code);

/* All of it for people, one paragraph: what was called, what AWS said, what
 * that means, which permission is missing, what to do. Writes at most n bytes
 * with the NUL; returns to. */
char *aws_error_text(const struct aws_error *err, char *to, size_t n);

/* The permission ("ec2:CreateTags") that a refusal is about, taken from the
 * message or else from service and action. false: it is not about one. */
bool aws_error_permission(const struct aws_error *err, char *to, size_t n);

#endif
