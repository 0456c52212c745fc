/* SPDX-License-Identifier: MIT */
/*
 * The addresses that the sink has connected to. A mirror may show the sink's own
 * requests, which are recognized by them: a Host field proves nothing, as any
 * client can send any.
 */
#ifndef DELIVERY_PEERS_H
#define DELIVERY_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/json_walk.h"

#define DELIVERY_PEERS_MAX 32u

/* The latest DELIVERY_PEERS_MAX addresses; zero-initialized. Used by one thread at
 * a time. */
struct delivery_peers {
	struct {
		uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d */
		uint16_t port;
	} peer[DELIVERY_PEERS_MAX];
	unsigned int n, next;
};

/* Anything but IPv4 and IPv6 is ignored. */
void delivery_peers_add(struct delivery_peers *peers,
			const struct sockaddr *addr);

/* text: an address, not terminated. */
bool delivery_peers_has(const struct delivery_peers *peers, const uint8_t *text,
			size_t n, uint16_t port);

/* Where a request was sent, as a line has it. */
struct delivery_target {
	struct json_text host;	  /* with the port, if it names one */
	struct json_text address; /* of the server */
	struct json_text port;
};

/* Does the request go where our own do, whose Host field is authority? The Host
 * field alone would let clients hide their requests; the address alone may be
 * that of a proxy. */
bool delivery_peers_own(const struct delivery_peers *peers,
			const char *authority, const struct delivery_target *t);

#endif
