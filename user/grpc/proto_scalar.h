/* SPDX-License-Identifier: MIT */
/* Single values as JSON. */
#ifndef GRPC_PROTO_SCALAR_H
#define GRPC_PROTO_SCALAR_H

#include "base/buf.h"
#include "grpc/proto_set.h"

#define PROTO_NUMBER_ROOM 24

/* Where JSON goes; b->len must not exceed max. */
struct proto_out {
	struct buf *b;
	size_t max;
};

static inline bool proto_out_fits(const struct proto_out *out)
{
	return out->b->len <= out->max && !out->b->failed;
}

/* All of these return false if it is too long, or not UTF-8. Text is copied as it
 * is, a string is quoted. */
bool proto_put(const struct proto_out *out, const char *text);
bool proto_put_string(const struct proto_out *out, const uint8_t *p, size_t n);
bool proto_put_base64(const struct proto_out *out, const uint8_t *p, size_t n);
/* The shortest number that is the same; what JSON lacks as a string. */
bool proto_put_float(const struct proto_out *out, double v, bool single);
/* The value of a numeric field; 64 bits are a string, as JSON readers lose
 * digits. */
bool proto_put_number(const struct proto_out *out, const struct proto_field *f,
		      uint64_t v);
/* The same of an integer or bool, as text without quotes. */
void proto_number_text(char text[PROTO_NUMBER_ROOM],
		       const struct proto_field *f, uint64_t v);

#endif
