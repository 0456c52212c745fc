/* SPDX-License-Identifier: MIT */
/* The cookies of a message, as members of an HTTP archive. */
#ifndef TRACE_HAR_COOKIES_H
#define TRACE_HAR_COOKIES_H

#include "base/buf.h"
#include "base/json_walk.h"

/* Appends the member "cookies" with the comma before it. request, response: of a
 * line. */
void har_request_cookies(struct buf *b, struct json_text request);
void har_response_cookies(struct buf *b, struct json_text response);

#endif
