/* SPDX-License-Identifier: MIT */
/* IP address blocks in CIDR notation (RFC 4632, RFC 4291). */
#ifndef MODEL_CIDR_H
#define MODEL_CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/parse.h"
#include "model/arena.h"

/* The bits of addr after the first len are 0. */
struct cidr {
	uint8_t addr[16]; /* network order; IPv4 in the first 4 bytes */
	uint8_t len;	  /* bits */
	bool ipv6;
};

struct cidr_list LIST_OF(struct cidr);

#define CIDR_TEXT_MAX 50

/* "10.0.0.0/8", "2001:db8::/32"; a bare address is a block of one. Rejects
 * host bits beyond the prefix: either the address or the length must be a
 * mistake. */
bool cidr_parse(const char *text, struct cidr *out, struct parse_error *err);

/* Parses a comma-separated list and appends its blocks to out. */
bool cidr_list_parse(struct arena *a, const char *text, struct cidr_list *out,
		     struct parse_error *err);

/* The block of all IPv4 or all IPv6 addresses. */
struct cidr cidr_any(bool ipv6);

/* Writes at most CIDR_TEXT_MAX bytes and returns to. */
const char *cidr_text(const struct cidr *c, char *to);

bool cidr_same(const struct cidr *a, const struct cidr *b);

/* Whether outer contains every address of inner. */
bool cidr_contains(const struct cidr *outer, const struct cidr *inner);

/* Whether the two blocks have an address in common. */
bool cidr_overlaps(const struct cidr *a, const struct cidr *b);

/* Sorts the list, IPv4 first, and reduces it to the fewest blocks that cover
 * the same addresses. */
void cidr_list_merge(struct cidr_list *l);

#endif
