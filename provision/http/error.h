/* SPDX-License-Identifier: MIT */
/* The error of a call to AWS, and its text for users. */
#ifndef HTTP_ERROR_H
#define HTTP_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "http/error_codes.h"

/* Can be copied, owns no memory. Zero-initialised is "no error". */
struct aws_error {
	enum aws_error_kind kind;
	int status; /* HTTP status; 0 without a response */
	/* A request was sent but its response was lost, so the change may have
	 * been made: check before making it again. */
	bool unknown_outcome;
	/* With unknown_outcome: the request was given up while AWS may still
	 * have been working on it, so the change may be made later. */
	bool abandoned;
	char service[24];   /* "ec2" */
	char action[64];    /* "CreateTrafficMirrorSession" */
	char code[96];	    /* AWS error code; "" without a response */
	char message[4096]; /* by AWS or by this program */
	char request_id[80];
};

/* Sets kind, code and message (printf); the other members stay. Returns the
 * errno of the kind. err and code may be NULL. */
int aws_error_set(struct aws_error *err, enum aws_error_kind kind,
		  const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Formats the error as one paragraph: the action, AWS's message, what it means,
 * the missing permission, the next step. Writes at most n bytes including the
 * NUL. Returns to. */
char *aws_error_text(const struct aws_error *err, char *to, size_t n);

/* The permission ("ec2:CreateTags") that AWS_ERR_DENIED is about: from the
 * message if it names one, otherwise from service and action. false: the error
 * is not about a permission. */
bool aws_error_permission(const struct aws_error *err, char *to, size_t n);

/* Copies why to err (which may be NULL) if error is not 0. Returns error. */
int aws_error_copy(struct aws_error *err, const struct aws_error *why,
		   int error);
/* "out of memory": returns -ENOMEM. */
int aws_error_no_memory(struct aws_error *err);
/* A parameter is missing or invalid, so nothing was sent: returns -EINVAL. */
int aws_error_bad_parameter(struct aws_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
