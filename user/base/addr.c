/* SPDX-License-Identifier: MIT */
/*
 * IP addresses as text. An IPv4 address takes four table lookups and no
 * division: the table holds the decimal digits of every octet.
 */
#include <string.h>

#include "base/addr.h"

/* An octet in decimal, without leading zeros. */
struct octet {
	char text[3];
	uint8_t len;
};

#define DIGIT(n, of) ('0' + (n) / (of) % 10)
#define OCTET(n)                                                        \
	{                                                               \
		{(n) >= 100  ? DIGIT(n, 100)                            \
		 : (n) >= 10 ? DIGIT(n, 10)                             \
			     : DIGIT(n, 1),                             \
		 (n) >= 100 ? DIGIT(n, 10) : DIGIT(n, 1), DIGIT(n, 1)}, \
			(n) >= 100  ? 3                                 \
			: (n) >= 10 ? 2                                 \
				    : 1                                 \
	}
#define OCTETS4(n) OCTET(n), OCTET((n) + 1), OCTET((n) + 2), OCTET((n) + 3)
#define OCTETS16(n) \
	OCTETS4(n), OCTETS4((n) + 4), OCTETS4((n) + 8), OCTETS4((n) + 12)
#define OCTETS64(n) \
	OCTETS16(n), OCTETS16((n) + 16), OCTETS16((n) + 32), OCTETS16((n) + 48)

static const struct octet octets[256] = {OCTETS64(0), OCTETS64(64),
					 OCTETS64(128), OCTETS64(192)};

/* Overwrites up to 3 bytes past the end of the text. */
static uint8_t *put_ipv4(uint8_t *w, const uint8_t *a)
{
	for (int i = 0; i < 4; i++) {
		const struct octet *o = &octets[a[i]];

		memcpy(w, o, sizeof(*o));
		w[o->len] = '.';
		w += o->len + 1;
	}
	return w - 1;
}

static uint8_t *put_group16(uint8_t *w, unsigned int v)
{
	static const char digits[16] = "0123456789abcdef";
	int shift = 12;

	while (shift && !(v >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*w++ = (uint8_t)digits[v >> shift & 15];
	return w;
}

/* Finds the longest run of two or more zero groups, the first one of several
 * equally long runs. *start is -1 if there is none. */
static void longest_zeros(const unsigned int *g, int *start, int *len)
{
	int i, run = 0;

	*start = -1;
	*len = 1;
	for (i = 0; i < 8; i++) {
		run = g[i] ? 0 : run + 1;
		if (run > *len) {
			*len = run;
			*start = i - run + 1;
		}
	}
}

uint8_t *addr_put(uint8_t *w, const uint8_t addr[16], bool ipv6)
{
	unsigned int g[8];
	int i, zeros, n;

	if (!ipv6)
		return put_ipv4(w, addr + 12);
	for (i = 0; i < 8; i++)
		g[i] = (unsigned int)addr[2 * i] << 8 | addr[2 * i + 1];
	longest_zeros(g, &zeros, &n);
	for (i = 0; i < 8; i++) {
		if (i == zeros) {
			*w++ = ':';
			i += n - 1;
			if (i == 7)
				*w++ = ':';
			continue;
		}
		if (i)
			*w++ = ':';
		/* IPv4-mapped and IPv4-compatible: RFC 5952 section 5. */
		if (i == 6 && zeros == 0 &&
		    (n == 6 || (n == 5 && g[5] == 0xffff)))
			return put_ipv4(w, addr + 12);
		w = put_group16(w, g[i]);
	}
	return w;
}
