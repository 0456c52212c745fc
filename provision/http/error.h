/* SPDX-License-Identifier: MIT */
/* What went wrong in a call to AWS, and what to do about it. */
#ifndef HTTP_ERROR_H
#define HTTP_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "http/error_codes.h"

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

/* Sets kind, code and message (printf) and returns the negative errno. err
 * may be NULL. */
int aws_error_set(struct aws_error *err, enum aws_error_kind kind,
		  const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* All of it for people, one paragraph: what was called, what AWS said, what
 * that means, which permission is missing, what to do. Writes at most n bytes
 * with the NUL; returns to. */
char *aws_error_text(const struct aws_error *err, char *to, size_t n);

/* The permission ("ec2:CreateTags") that a refusal is about, taken from the
 * message or else from service and action. false: it is not about one. */
bool aws_error_permission(const struct aws_error *err, char *to, size_t n);

/* Copies why to err (which may be NULL) if error is not 0. Returns error. */
int aws_error_copy(struct aws_error *err, const struct aws_error *why,
		   int error);
/* "out of memory": returns -ENOMEM. */
int aws_error_no_memory(struct aws_error *err);
/* A parameter that is missing or invalid; nothing has been sent: -EINVAL. */
int aws_error_bad_parameter(struct aws_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
