/* SPDX-License-Identifier: MIT */
/* Blocks of IP addresses (CIDR, RFC 4632 and RFC 4291). */
#ifndef MODEL_CIDR_H
#define MODEL_CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/parse.h"
#include "model/arena.h"

/* Bits of addr beyond len are 0. */
struct cidr {
	uint8_t addr[16]; /* network order; IPv4 in the first 4 bytes */
	uint8_t len;	  /* bits */
	bool ipv6;
};

struct cidr_list {
	struct cidr *items;
	size_t n;
};

#define CIDR_TEXT_MAX 50

/* "10.0.0.0/8", "2001:db8::/32"; an address alone is a block of one. Refuses
 * bits that are set beyond the prefix, since one of the two is a mistake. */
bool cidr_parse(const char *text, struct cidr *out, struct parse_error *err);

/* "10.0.0.0/8,192.168.1.0/24": adds them to out. */
bool cidr_list_parse(struct arena *a, const char *text, struct cidr_list *out,
		     struct parse_error *err);

/* Every address of one family. */
struct cidr cidr_any(bool ipv6);

/* Writes CIDR_TEXT_MAX bytes at most and returns to. */
const char *cidr_text(const struct cidr *c, char *to);

bool cidr_same(const struct cidr *a, const struct cidr *b);

/* Whether every address of inner is in outer. */
bool cidr_contains(const struct cidr *outer, const struct cidr *inner);

/* Whether some address is in both. */
bool cidr_overlaps(const struct cidr *a, const struct cidr *b);

/* The same set of addresses in as few blocks as possible, sorted: IPv4 first. */
void cidr_list_merge(struct cidr_list *l);

#endif
