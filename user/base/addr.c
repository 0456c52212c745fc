/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/addr.h"

static uint8_t *put_ipv4(uint8_t *w, const uint8_t *a)
{
	int i;

	for (i = 0; i < 4; i++) {
		if (i)
			*w++ = '.';
		if (a[i] >= 100)
			*w++ = (uint8_t)('0' + a[i] / 100);
		if (a[i] >= 10)
			*w++ = (uint8_t)('0' + a[i] / 10 % 10);
		*w++ = (uint8_t)('0' + a[i] % 10);
	}
	return w;
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

/* The longest run of two or more zero groups, the first of equals. */
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
		/* IPv4-mapped and -compatible: RFC 5952 section 5. */
		if (i == 6 && zeros == 0 &&
		    (n == 6 || (n == 5 && g[5] == 0xffff)))
			return put_ipv4(w, addr + 12);
		w = put_group16(w, g[i]);
	}
	return w;
}
