/* SPDX-License-Identifier: MIT */
/* The codes of AWS that are known by name. */
#ifndef HTTP_ERROR_CODES_H
#define HTTP_ERROR_CODES_H

#include "http/error.h"

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

#endif
