/* SPDX-License-Identifier: MIT */
/*
 * The parser of PROXY headers. However many bytes are at hand, the verdict must
 * be the same; a header is what a second, simpler reader takes for one.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The address in text form, IPv4 as ::ffff:a.b.c.d. */
static void address(const char *text, int family, uint8_t out[16])
{
	struct in_addr v4;

	memset(out, 0, 16);
	if (family == AF_INET6) {
		if (inet_pton(AF_INET6, text, out) != 1)
			abort();
		return;
	}
	if (inet_pton(AF_INET, text, &v4) != 1)
		abort();
	out[10] = out[11] = 0xff;
	memcpy(out + 12, &v4, 4);
}

/* Reads a complete line again, with sscanf(). */
static void check_line(const uint8_t *p, const struct proxy_header *h)
{
	char line[PROXY_PARSE_MAX + 1], family[8], source[64], destination[64];
	unsigned int port[2];
	uint8_t addr[16];
	int v4;

	memcpy(line, p, h->len);
	line[h->len] = 0;
	if (h->len > PROXY_PARSE_MAX || line[h->len - 2] != '\r' ||
	    memchr(line, '\n', h->len) != line + h->len - 1)
		abort();
	if (!h->source) {
		if (strncmp(line, "PROXY UNKNOWN", 13))
			abort();
		return;
	}
	if (sscanf(line, "PROXY %7s %63s %63s %u %u\r\n", family, source,
		   destination, &port[0], &port[1]) != 5)
		abort();
	v4 = !strcmp(family, "TCP4");
	address(source, v4 ? AF_INET : AF_INET6, addr);
	if (memcmp(addr, h->addr, 16) || port[0] != h->port ||
	    port[1] > 65535 ||
	    h->ipv6 != !IN6_IS_ADDR_V4MAPPED((struct in6_addr *)h->addr))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header whole, part;
	enum head_prefix r = proxy_parse(data, size, &whole), q;
	bool decided = false;

	if (r == PREFIX_YES && data[0] == 'P')
		check_line(data, &whole);
	if (r == PREFIX_YES && data[0] != 'P' &&
	    whole.len != 16u + (uint32_t)(data[14] << 8 | data[15]))
		abort();
	if (size > 2 * PROXY_PARSE_MAX)
		size = 2 * PROXY_PARSE_MAX;
	for (size_t n = 0; n <= size; n++) {
		/* a block of exactly this size, to catch overreads */
		uint8_t *copy = malloc(n ? n : 1);

		if (!copy)
			return 0;
		memcpy(copy, data, n);
		q = proxy_parse(copy, n, &part);
		free(copy);
		if (q == PREFIX_MAYBE) {
			if (decided || n >= PROXY_PARSE_MAX)
				abort();
			continue;
		}
		decided = true;
		if (q != r ||
		    (q == PREFIX_YES &&
		     (part.len != whole.len || part.source != whole.source ||
		      part.port != whole.port ||
		      memcmp(part.addr, whole.addr, 16))))
			abort();
	}
	return 0;
}
