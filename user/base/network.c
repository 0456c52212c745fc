/* SPDX-License-Identifier: MIT */
/* IPv4 is part of IPv6 here (::ffff:0:0/96), so one comparison serves both. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/network.h"

static const uint8_t mapped[12] = {[10] = 0xff, 0xff};

bool network_address(const void *text, size_t n, uint8_t addr[16], bool *ipv6)
{
	char copy[ADDR_TEXT_MAX];
	uint8_t out[16];

	if (!n || n >= sizeof(copy) || memchr(text, 0, n))
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	memcpy(out, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, copy, out + 12) != 1 &&
	    inet_pton(AF_INET6, copy, out) != 1)
		return false;
	memcpy(addr, out, 16);
	*ipv6 = memcmp(out, mapped, sizeof(mapped)) != 0;
	return true;
}

void network_clear(uint8_t addr[16], unsigned int n)
{
	for (unsigned int i = n / 8; i < 16; i++)
		addr[i] &= i == n / 8 ? (uint8_t)(0xff00u >> n % 8) : 0;
}

/* The prefix length of n bytes, 0 to max; -1: it is not one. */
static int prefix_length(const char *p, size_t n, int max)
{
	int v = 0;

	if (!n || n > 3 || (n > 1 && *p == '0'))
		return -1;
	for (; n; p++, n--) {
		if (*p < '0' || *p > '9')
			return -1;
		v = v * 10 + *p - '0';
	}
	return v <= max ? v : -1;
}

static bool refuse_bits(const char *text, int n, const struct ip_network *net,
			int length, struct parse_error *err)
{
	char right[ADDR_TEXT_MAX + 1];

	*addr_put((uint8_t *)right, net->addr, net->ipv6) = '\0';
	return parse_refuse(
		err,
		"\"%.*s\" has bits beyond its prefix; for the network use %s/%d",
		n, text, right, length);
}

bool network_parse(const char *text, size_t n, struct ip_network *out,
		   struct parse_error *err)
{
	const char *slash = memchr(text, '/', n);
	const size_t len = slash ? (size_t)(slash - text) : n;
	const int shown = n > 60 ? 60 : (int)n;
	struct ip_network net = {.bits = 128};
	uint8_t whole[16];
	int length;

	if (!network_address(text, len, net.addr, &net.ipv6))
		return parse_refuse(
			err,
			"\"%.*s\" is neither an address nor a network such as 10.0.0.0/8 or 2001:db8::/32",
			shown, text);
	if (slash) {
		/* ::ffff:10.0.0.0/104 as written, but it is IPv4. */
		const bool is_long = memchr(text, ':', len);
		const int max = is_long ? 128 : 32;

		length = prefix_length(slash + 1, n - len - 1, max);
		if (length < 0 || (is_long && !net.ipv6 && length < 96))
			return parse_refuse(
				err,
				"\"%.*s\": the prefix length must be from %d to %d",
				shown, text, is_long && !net.ipv6 ? 96 : 0,
				max);
		net.bits = (uint8_t)(length + 128 - max);
		memcpy(whole, net.addr, 16);
		network_clear(net.addr, net.bits);
		if (memcmp(whole, net.addr, 16) != 0)
			return refuse_bits(text, shown, &net,
					   net.ipv6 ? length : net.bits - 96,
					   err);
	}
	*out = net;
	return true;
}

bool network_has(const struct ip_network *net, const uint8_t addr[16],
		 bool ipv6)
{
	const unsigned int whole = net->bits / 8, rest = net->bits % 8;

	return net->ipv6 == ipv6 && !memcmp(net->addr, addr, whole) &&
	       (!rest ||
		!((net->addr[whole] ^ addr[whole]) & 0xff00u >> rest & 0xff));
}
