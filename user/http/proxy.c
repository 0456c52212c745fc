/* SPDX-License-Identifier: MIT */
/*
 * The PROXY protocol puts one header before the first byte of a connection, in
 * any segmentation. A header of version 1 must be complete and valid, because a
 * request may have the method PROXY; the signature of version 2 cannot begin
 * anything else, so its length counts whatever its other octets say.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "http/proxy.h"
#include "http/scan.h"

#define V2_FIXED 16u

static const uint8_t v2_signature[12] = {'\r', '\n', '\r', '\n', 0,   '\r',
					 '\n', 'Q',  'U',  'I',	 'T', '\n'};

/* The words of a line. */
struct words {
	const uint8_t *p, *end;
};

/* Copies the next word, which ends at a single SP or at the end of the line. */
static bool next_word(struct words *w, char *out, size_t size)
{
	const uint8_t *sp = memchr(w->p, ' ', (size_t)(w->end - w->p));
	size_t n = (size_t)((sp ? sp : w->end) - w->p);

	if (!n || n >= size || memchr(w->p, 0, n))
		return false;
	memcpy(out, w->p, n);
	out[n] = 0;
	w->p += n + (sp != NULL);
	return true;
}

static bool next_port(struct words *w, uint16_t *port)
{
	uint32_t value = 0;
	char text[6];

	if (!next_word(w, text, sizeof(text)))
		return false;
	for (const char *c = text; *c; c++) {
		if (!scan_is_digit((uint8_t)*c))
			return false;
		value = value * 10 + (uint32_t)(*c - '0');
	}
	*port = (uint16_t)value;
	return value <= UINT16_MAX;
}

static void set_v4(uint8_t addr[16], const void *v4)
{
	memset(addr, 0, 10);
	addr[10] = addr[11] = 0xff;
	memcpy(addr + 12, v4, 4);
}

static void set_v6(struct proxy_header *h, const void *v6)
{
	struct in6_addr a;

	memcpy(&a, v6, sizeof(a));
	memcpy(h->addr, &a, sizeof(a));
	h->ipv6 = !IN6_IS_ADDR_V4MAPPED(&a);
}

static bool next_address(struct words *w, bool v6, void *out)
{
	char text[INET6_ADDRSTRLEN];

	return next_word(w, text, sizeof(text)) &&
	       inet_pton(v6 ? AF_INET6 : AF_INET, text, out) == 1;
}

/* What follows "PROXY " in a line of version 1, its CRLF excluded. */
static bool parse_line(const uint8_t *p, const uint8_t *end,
		       struct proxy_header *h)
{
	struct words w = {p, end};
	uint8_t source[16], destination[16];
	uint16_t destination_port;
	char family[8];
	bool v6;

	if (!next_word(&w, family, sizeof(family)))
		return false;
	if (!strcmp(family, "UNKNOWN")) {
		/* The rest is ignored, but a request has a version there. */
		return end - p < 9 || memcmp(end - 9, " HTTP/", 6);
	}
	v6 = !strcmp(family, "TCP6");
	if (!v6 && strcmp(family, "TCP4"))
		return false;
	if (!next_address(&w, v6, source) ||
	    !next_address(&w, v6, destination) || !next_port(&w, &h->port) ||
	    !next_port(&w, &destination_port) || w.p != end || end[-1] == ' ')
		return false;
	if (v6)
		set_v6(h, source);
	else
		set_v4(h->addr, source);
	h->source = true;
	return true;
}

static enum head_prefix parse_v1(const uint8_t *p, size_t n,
				 struct proxy_header *h)
{
	static const char *const starts[] = {"PROXY TCP4 ", "PROXY TCP6 ",
					     "PROXY UNKNOWN"};
	size_t max = n < PROXY_PARSE_MAX ? n : PROXY_PARSE_MAX;
	const uint8_t *lf = memchr(p, '\n', max);
	bool fits = false;

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		size_t m = strlen(starts[i]);

		fits |= !memcmp(p, starts[i], n < m ? n : m);
	}
	if (!fits || (!lf && n >= PROXY_PARSE_MAX))
		return PREFIX_NO;
	if (!lf)
		return PREFIX_MAYBE;
	if (lf - p < 7 || lf[-1] != '\r' || !parse_line(p + 6, lf - 1, h))
		return PREFIX_NO;
	h->len = (uint32_t)(lf + 1 - p);
	return PREFIX_YES;
}

uint32_t proxy_v2_len(const uint8_t *p, size_t n)
{
	if (n < V2_FIXED || memcmp(p, v2_signature, sizeof(v2_signature)) ||
	    p[12] >> 4 != 2)
		return 0;
	return V2_FIXED + ((uint32_t)p[14] << 8 | p[15]);
}

static enum head_prefix parse_v2(const uint8_t *p, size_t n,
				 struct proxy_header *h)
{
	static const uint8_t command_proxy = 0x21, tcp4 = 0x11, tcp6 = 0x21;
	uint32_t addresses;

	if (memcmp(p, v2_signature,
		   n < sizeof(v2_signature) ? n : sizeof(v2_signature)) ||
	    (n > 12 && p[12] >> 4 != 2))
		return PREFIX_NO;
	if (n < V2_FIXED)
		return PREFIX_MAYBE;
	h->len = proxy_v2_len(p, n);
	if (p[12] != command_proxy || (p[13] != tcp4 && p[13] != tcp6))
		return PREFIX_YES; /* LOCAL, UNSPEC, UNIX, datagrams */
	addresses = p[13] == tcp4 ? 12 : 36;
	if (h->len < V2_FIXED + addresses)
		return PREFIX_YES;
	if (n < V2_FIXED + addresses)
		return PREFIX_MAYBE;
	p += V2_FIXED;
	if (addresses == 12)
		set_v4(h->addr, p);
	else
		set_v6(h, p);
	p += addresses - 4;
	h->port = (uint16_t)(p[0] << 8 | p[1]);
	h->source = true;
	return PREFIX_YES;
}

enum head_prefix proxy_parse(const uint8_t *p, size_t n, struct proxy_header *h)
{
	*h = (struct proxy_header){0};
	if (!n)
		return PREFIX_MAYBE;
	return p[0] == '\r' ? parse_v2(p, n, h) : parse_v1(p, n, h);
}
