/* SPDX-License-Identifier: MIT */
/* Recognises start lines, and TLS, by their first bytes. */
#ifndef HTTP_PREFIX_H
#define HTTP_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum head_prefix {
	PREFIX_NO,
	PREFIX_MAYBE, /* too few bytes to decide */
	PREFIX_YES,
};

/* Do these bytes begin a request line with a registered method? */
enum head_prefix head_request_prefix(const uint8_t *p, size_t n);
/* Do these bytes begin a status line of HTTP/1? */
enum head_prefix head_status_prefix(const uint8_t *p, size_t n);
/* These bytes are a request line that ends within " HTTP/1.d" CR LF, so that the
 * target is whole: what is missing. NULL: they are not. */
const char *head_version_rest(const uint8_t *b, size_t n);
/* A whole status line, and the beginning of a field line or the empty line. */
bool head_status_sure(const uint8_t *p, size_t n);
/* Do these bytes begin a TLS record (RFC 8446 section 5.1)? */
enum head_prefix tls_record_prefix(const uint8_t *p, size_t n);

/* A method of the IANA registry, or one that caches use? */
bool head_method_known(const uint8_t *p, size_t n);

/* Might a lenient reader still accept this as a request line? */
bool head_request_plausible(const uint8_t *p, size_t n);

/* Do these bytes, as far as they go, spell "HTTP/"? */
bool head_http_prefix(const uint8_t *p, size_t n);

#endif
