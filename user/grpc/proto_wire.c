/* SPDX-License-Identifier: MIT */
/* The wire format of Protocol Buffers; every length is checked. */
#include <endian.h>
#include <string.h>

#include "grpc/proto_wire.h"

int proto_span_compare(const struct proto_span *a, const struct proto_span *b)
{
	const size_t n = a->n < b->n ? a->n : b->n;
	const int c = n ? memcmp(a->p, b->p, n) : 0;

	return c ? c : (a->n > b->n) - (a->n < b->n);
}

bool proto_varint(struct proto_span *s, uint64_t *v)
{
	uint64_t out = 0;

	for (unsigned int i = 0; i < 10 && i < s->n; i++) {
		const uint8_t b = s->p[i];

		out |= (uint64_t)(b & 127) << 7 * i;
		if (b & 128)
			continue;
		/* The tenth byte holds a single bit. */
		if (i == 9 && b > 1)
			return false;
		s->p += i + 1;
		s->n -= i + 1;
		*v = out;
		return true;
	}
	return false;
}

bool proto_fixed(struct proto_span *s, unsigned int width, uint64_t *v)
{
	uint64_t out = 0;

	if (s->n < width)
		return false;
	memcpy(&out, s->p, width);
	*v = le64toh(out);
	s->p += width;
	s->n -= width;
	return true;
}

/* Number and type of a record. */
static bool tag(struct proto_span *s, struct proto_record *r)
{
	uint64_t v;

	if (!proto_varint(s, &v) || v > UINT32_MAX || v >> 3 == 0)
		return false;
	r->number = (uint32_t)(v >> 3);
	r->wire = v & 7;
	return true;
}

static bool scalar(struct proto_span *s, struct proto_record *r)
{
	switch (r->wire) {
	case PROTO_VARINT:
		return proto_varint(s, &r->value);
	case PROTO_I64:
		return proto_fixed(s, 8, &r->value);
	case PROTO_I32:
		return proto_fixed(s, 4, &r->value);
	case PROTO_LEN:
		if (!proto_varint(s, &r->value) || r->value > s->n)
			return false;
		r->data = (struct proto_span){s->p, (size_t)r->value};
		s->p += r->data.n;
		s->n -= r->data.n;
		return true;
	default:
		return false;
	}
}

/* The records up to the end of a group, which may contain groups. */
static bool group(struct proto_span *s, struct proto_record *r)
{
	uint32_t open[PROTO_DEPTH_MAX] = {r->number};
	unsigned int depth = 1;
	const uint8_t *start = s->p, *end;
	struct proto_record in = {0};

	for (;;) {
		end = s->p;
		if (!tag(s, &in))
			return false;
		if (in.wire == PROTO_GROUP) {
			if (depth == PROTO_DEPTH_MAX)
				return false;
			open[depth++] = in.number;
		} else if (in.wire == PROTO_GROUP_END) {
			if (open[--depth] != in.number)
				return false;
			if (!depth)
				break;
		} else if (!scalar(s, &in)) {
			return false;
		}
	}
	r->data = (struct proto_span){start, (size_t)(end - start)};
	return true;
}

int proto_next(struct proto_span *s, struct proto_record *r)
{
	if (!s->n)
		return 0;
	if (!tag(s, r))
		return -1;
	r->value = 0;
	r->data = (struct proto_span){NULL, 0};
	if (r->wire == PROTO_GROUP)
		return group(s, r) ? 1 : -1;
	return scalar(s, r) ? 1 : -1;
}
