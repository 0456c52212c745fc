/* SPDX-License-Identifier: MIT */
/* Headers of the PROXY protocol, versions 1 and 2 (HAProxy's
 * proxy-protocol.txt, 2.1 and 2.2). */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/prefix.h"

/* Bytes that proxy_parse() needs at most: a line of version 1, or the fixed
 * part and the addresses of version 2. */
#define PROXY_PARSE_MAX 107u

struct proxy_header {
	uint32_t len;	  /* of the whole header, TLVs included */
	bool source;	  /* the header names the client */
	uint8_t ipv6;	  /* addr is not an IPv4 address */
	uint16_t port;	  /* of the client */
	uint8_t addr[16]; /* of the client; IPv4 as ::ffff:a.b.c.d */
};

/* Do these first bytes of a connection begin with a PROXY header? PREFIX_YES:
 * *h is complete, though version 2 may go on beyond the n bytes, to h->len. */
enum head_prefix proxy_parse(const uint8_t *p, size_t n,
			     struct proxy_header *h);

/* The length of a version 2 header that n bytes suffice to tell, else 0. */
uint32_t proxy_v2_len(const uint8_t *p, size_t n);

#endif
