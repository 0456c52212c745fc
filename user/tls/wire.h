/* SPDX-License-Identifier: MIT */
/*
 * Reads the vectors of TLS messages (RFC 8446 section 3.4). A read beyond the end
 * yields nothing and sets failed, so that one check at the end suffices.
 */
#ifndef TLS_WIRE_H
#define TLS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes, not a C string: any octet may occur. */
struct tls_span {
	const uint8_t *p;
	uint32_t len;
};

struct wire {
	const uint8_t *p, *end;
	bool failed;
};

static inline struct wire wire_of(const uint8_t *p, size_t n)
{
	return (struct wire){.p = p, .end = n ? p + n : p};
}

static inline struct wire wire_span(const struct tls_span *s)
{
	return wire_of(s->p, s->len);
}

static inline size_t wire_left(const struct wire *w)
{
	return (size_t)(w->end - w->p);
}

static inline struct tls_span wire_bytes(struct wire *w, size_t n)
{
	struct tls_span s = {w->p, (uint32_t)n};

	if (wire_left(w) < n) {
		w->failed = true;
		w->p = w->end;
		return (struct tls_span){0};
	}
	if (n) /* or p may be NULL */
		w->p += n;
	return s;
}

static inline uint32_t wire_uint(struct wire *w, unsigned int bytes)
{
	struct tls_span s = wire_bytes(w, bytes);
	uint32_t v = 0;

	for (uint32_t i = 0; i < s.len; i++)
		v = v << 8 | s.p[i];
	return v;
}

/* A vector whose length is a number of so many bytes. */
static inline struct tls_span wire_vector(struct wire *w, unsigned int bytes)
{
	uint32_t n = wire_uint(w, bytes);

	return wire_bytes(w, n);
}

/* Number i of a vector of 16-bit numbers. */
static inline uint16_t wire_u16(const struct tls_span *s, uint32_t i)
{
	return (uint16_t)(s->p[2 * (size_t)i] << 8 | s->p[2 * (size_t)i + 1]);
}

#endif
