/* SPDX-License-Identifier: MIT */
/* The format of a body, which decides how secrets in it are found. */
#ifndef TRACE_BODY_FORM_H
#define TRACE_BODY_FORM_H

#include "http/transaction.h"
#include "trace/mask.h"

enum body_form {
	BODY_PLAIN, /* nothing to mask */
	BODY_FORM,
	BODY_MULTIPART,
	BODY_JSON,
	BODY_TEXT,    /* anything else, which may contain all of these */
	BODY_RECODED, /* UTF-16, UTF-32, aws-chunked, or an encoding of MIME */
};

/* Decides by Content-Type and the first bytes: many clients send JSON labelled as
 * a form, and forms without a label. */
enum body_form body_form(const struct http_message *m);

/* Passes a body, or the first part of one, to put with its secrets masked. */
void body_write(enum body_form form, const struct mask_names *names,
		const uint8_t *p, size_t n, mask_put put, void *ctx);

#endif
