/* SPDX-License-Identifier: MIT */
/* A ring of the latest addresses: DNS may move the collector at any time. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "delivery/peers.h"

static void map_ipv4(uint8_t to[16], const struct in_addr *addr)
{
	memset(to, 0, 10);
	memset(to + 10, 0xff, 2);
	memcpy(to + 12, addr, 4);
}

static bool find(const struct delivery_peers *peers, const uint8_t addr[16],
		 uint16_t port)
{
	for (unsigned int i = 0; i < peers->n; i++)
		if (peers->peer[i].port == port &&
		    !memcmp(peers->peer[i].addr, addr, 16))
			return true;
	return false;
}

void delivery_peers_add(struct delivery_peers *peers,
			const struct sockaddr *addr)
{
	uint8_t mapped[16];
	uint16_t port;

	if (addr->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)addr;

		map_ipv4(mapped, &in->sin_addr);
		port = ntohs(in->sin_port);
	} else if (addr->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)addr;

		memcpy(mapped, &in6->sin6_addr, 16);
		port = ntohs(in6->sin6_port);
	} else {
		return;
	}
	if (find(peers, mapped, port))
		return;
	memcpy(peers->peer[peers->next].addr, mapped, 16);
	peers->peer[peers->next].port = port;
	peers->next = (peers->next + 1) % DELIVERY_PEERS_MAX;
	if (peers->n < DELIVERY_PEERS_MAX)
		peers->n++;
}

bool delivery_peers_has(const struct delivery_peers *peers, const uint8_t *text,
			size_t n, uint16_t port)
{
	char address[INET6_ADDRSTRLEN];
	struct in_addr ipv4;
	uint8_t mapped[16];

	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (inet_pton(AF_INET, address, &ipv4) == 1)
		map_ipv4(mapped, &ipv4);
	else if (inet_pton(AF_INET6, address, mapped) != 1)
		return false;
	return find(peers, mapped, port);
}

bool delivery_peers_own(const struct delivery_peers *peers,
			const char *authority, const struct delivery_target *t)
{
	uint64_t port = 0;

	if (t->host.n != strlen(authority) ||
	    strncasecmp((const char *)t->host.p, authority, t->host.n) != 0)
		return false;
	for (size_t i = 0; i < t->port.n && i < 5; i++)
		port = port * 10 + (uint64_t)(t->port.p[i] - '0');
	return delivery_peers_has(peers, t->address.p, t->address.n,
				  (uint16_t)port);
}
