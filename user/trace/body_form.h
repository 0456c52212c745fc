/* SPDX-License-Identifier: MIT */
/* Where in a body names with values are to be looked for. */
#ifndef TRACE_BODY_FORM_H
#define TRACE_BODY_FORM_H

#include "http/transaction.h"
#include "trace/mask.h"

enum body_form {
	BODY_PLAIN, /* there are none */
	BODY_FORM,
	BODY_MULTIPART,
	BODY_JSON,
	BODY_MAYBE_JSON, /* or text with JSON in it */
};

/* By Content-Type and by the start of the body: many clients send JSON as a
 * form, and forms as nothing in particular. */
enum body_form body_form(const struct http_message *m);

/* The text, which may be less than the body, with the secrets in it masked. */
void body_write(enum body_form form, const struct mask_names *names,
		const uint8_t *p, size_t n, mask_put put, void *ctx);

#endif
