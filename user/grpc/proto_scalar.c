/* SPDX-License-Identifier: MIT */
/* Numbers, enums, strings and bytes in the JSON mapping. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "grpc/proto_scalar.h"

bool proto_put(const struct proto_out *out, const char *text)
{
	buf_add_str(out->b, text);
	return proto_out_fits(out);
}

bool proto_put_string(const struct proto_out *out, const uint8_t *p, size_t n)
{
	uint8_t *w, *end;

	if (n > out->max || !buf_reserve(out->b, JSON_ESCAPE_ROOM(n) + 2))
		return false;
	w = out->b->p + out->b->len;
	*w++ = '"';
	end = n ? json_escape(w, p, n, JSON_REJECT) : w;
	if (!end)
		return false;
	*end++ = '"';
	out->b->len = (size_t)(end - out->b->p);
	return proto_out_fits(out);
}

bool proto_put_base64(const struct proto_out *out, const uint8_t *p, size_t n)
{
	uint8_t *w;

	if (n > out->max || !buf_reserve(out->b, JSON_BASE64_ROOM(n) + 2))
		return false;
	w = out->b->p + out->b->len;
	*w++ = '"';
	if (n)
		w = json_base64(w, p, n);
	*w++ = '"';
	out->b->len = (size_t)(w - out->b->p);
	return proto_out_fits(out);
}

bool proto_put_float(const struct proto_out *out, double v, bool single)
{
	const int last = single ? 9 : 17;
	char text[40];

	if (isnan(v))
		return proto_put(out, "\"NaN\"");
	if (isinf(v))
		return proto_put(out, v < 0 ? "\"-Infinity\"" : "\"Infinity\"");
	for (int digits = single ? 6 : 15; digits <= last; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (single ? strtof(text, NULL) == (float)v
			   : strtod(text, NULL) == v)
			break;
	}
	return proto_put(out, text);
}

static bool put_enum(const struct proto_out *out, const struct proto_enum *e,
		     int32_t number)
{
	const struct proto_enum_value *v;
	char text[16];

	if (e->null)
		return proto_put(out, "null");
	v = proto_enum_find(e, number);
	if (v)
		return proto_put_string(out, v->name.p, v->name.n);
	snprintf(text, sizeof(text), "%d", number);
	return proto_put(out, text);
}

void proto_number_text(char text[PROTO_NUMBER_ROOM],
		       const struct proto_field *f, uint64_t v)
{
	const size_t room = PROTO_NUMBER_ROOM;

	switch ((enum proto_type)f->type) {
	case PROTO_BOOL:
		snprintf(text, room, "%s", v ? "true" : "false");
		break;
	case PROTO_INT64:
	case PROTO_SFIXED64:
		snprintf(text, room, "%lld", (long long)v);
		break;
	case PROTO_SINT64:
		snprintf(text, room, "%lld", (long long)proto_zigzag(v));
		break;
	case PROTO_UINT64:
	case PROTO_FIXED64:
		snprintf(text, room, "%llu", (unsigned long long)v);
		break;
	case PROTO_SINT32:
		snprintf(text, room, "%d", proto_zigzag32(v));
		break;
	case PROTO_UINT32:
	case PROTO_FIXED32:
		snprintf(text, room, "%u", (uint32_t)v);
		break;
	default:
		snprintf(text, room, "%d", (int32_t)v);
		break;
	}
}

bool proto_put_number(const struct proto_out *out, const struct proto_field *f,
		      uint64_t v)
{
	const union {
		uint32_t bits;
		float number;
	} single = {.bits = (uint32_t)v};
	const union {
		uint64_t bits;
		double number;
	} whole = {.bits = v};
	char text[PROTO_NUMBER_ROOM];

	switch ((enum proto_type)f->type) {
	case PROTO_DOUBLE:
		return proto_put_float(out, whole.number, false);
	case PROTO_FLOAT:
		return proto_put_float(out, (double)single.number, true);
	case PROTO_ENUM:
		return put_enum(out, f->enumeration, (int32_t)v);
	case PROTO_INT64:
	case PROTO_UINT64:
	case PROTO_SINT64:
	case PROTO_FIXED64:
	case PROTO_SFIXED64:
		proto_number_text(text, f, v);
		return proto_put(out, "\"") && proto_put(out, text) &&
		       proto_put(out, "\"");
	default:
		proto_number_text(text, f, v);
		return proto_put(out, text);
	}
}
