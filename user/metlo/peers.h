/* SPDX-License-Identifier: MIT */
/*
 * The addresses that the sink has connected to. A mirror may show the sink's own
 * requests, which are recognized by them: a Host field proves nothing, as any
 * client can send any.
 */
#ifndef METLO_PEERS_H
#define METLO_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define INGEST_PEERS_MAX 32u

/* The latest INGEST_PEERS_MAX addresses; zero-initialized. Used by one thread at
 * a time. */
struct ingest_peers {
	struct {
		uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d */
		uint16_t port;
	} peer[INGEST_PEERS_MAX];
	unsigned int n, next;
};

/* Anything but IPv4 and IPv6 is ignored. */
void ingest_peers_add(struct ingest_peers *peers, const struct sockaddr *addr);

/* text: an address, not terminated. */
bool ingest_peers_has(const struct ingest_peers *peers, const uint8_t *text,
		      size_t n, uint16_t port);

#endif
