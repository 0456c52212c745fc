/* SPDX-License-Identifier: MIT */
/* What a name or value is, found out once for each string that a block spells out:
 * the tables keep it, so that an indexed field costs no look at its bytes. */
#ifndef HTTP2_HPACK_NAME_H
#define HTTP2_HPACK_NAME_H

#include <stdbool.h>
#include <stdint.h>

/* The names that matter here; those that begin with ':' come first. */
enum hpack_name {
	HPACK_NO_PSEUDO, /* begins with ':', but is none of the following */
	HPACK_METHOD,
	HPACK_SCHEME,
	HPACK_AUTHORITY,
	HPACK_PATH,
	HPACK_PROTOCOL,
	HPACK_STATUS,
	HPACK_PSEUDO_MAX = HPACK_STATUS,
	HPACK_HOST,
	HPACK_COOKIE,
	HPACK_CONTENT_LENGTH,
	HPACK_CONTENT_ENCODING,
	HPACK_OTHER,	 /* a token without capital letters */
	HPACK_CAPITALS,	 /* a token with some */
	HPACK_NOT_TOKEN, /* or empty, or not known */
};

enum hpack_name hpack_name(const char *name, uint32_t len);

/* RFC 9113 section 8.2.1: no NUL, CR and LF. */
bool hpack_value_valid(const char *value, uint32_t len);

#endif
