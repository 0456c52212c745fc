/* SPDX-License-Identifier: MIT */
/* IP addresses and networks as users, files and peers write them. */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include "base/parse.h"

/* An address, or a network if it has a prefix length. */
struct ip_network {
	uint8_t addr
		[16]; /* IPv4 as ::ffff:a.b.c.d; no bits beyond the prefix */
	bool ipv6;
	uint8_t bits; /* of the 128: 96 more than the prefix length of IPv4 */
};

/* Parses an address without brackets, port or zone; ::ffff:a.b.c.d is IPv4.
 * Nothing is set if this is not one. */
bool network_address(const void *text, size_t n, uint8_t addr[16], bool *ipv6);

/* Parses ADDRESS or ADDRESS/LENGTH of n bytes. */
bool network_parse(const char *text, size_t n, struct ip_network *out,
		   struct parse_error *err);

/* Clears the bits of the address beyond the first n. */
void network_clear(uint8_t addr[16], unsigned int n);

/* No IPv6 network contains an IPv4 address. */
bool network_has(const struct ip_network *net, const uint8_t addr[16],
		 bool ipv6);

#endif
