/* SPDX-License-Identifier: MIT */
/* A field line of HTTP/2, as far as a passive decoder knows it. */
#ifndef HTTP2_HPACK_FIELD_H
#define HTTP2_HPACK_FIELD_H

#include <stdbool.h>
#include <stdint.h>

/* Name and value are bytes without a NUL at their end, and valid until the
 * function they are given to returns. If one is not known, it is empty: it
 * refers to an entry of the dynamic table from before a loss or a join. */
struct hpack_field {
	const char *name, *value;
	uint32_t name_len, value_len;
	bool name_known, value_known;
	bool never_indexed; /* RFC 7541 7.1.3: perhaps a secret */
	bool value_valid;   /* see hpack_value_valid(); of a known value */
	uint8_t id;	    /* enum hpack_name; of a known name */
};

#endif
