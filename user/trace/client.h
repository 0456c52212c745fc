/* SPDX-License-Identifier: MIT */
/*
 * Who sent a request, if it came through proxies that the user trusts to say so:
 * Forwarded (RFC 7239) and X-Forwarded-For.
 */
#ifndef TRACE_CLIENT_H
#define TRACE_CLIENT_H

#include "base/network.h"
#include "http/transaction.h"

/* Which field the trusted proxies write. */
enum client_field {
	CLIENT_AUTO, /* either */
	CLIENT_X_FORWARDED_FOR,
	CLIENT_FORWARDED,
};

/* Where the address of a client is from. */
enum client_from {
	CLIENT_FROM_PEER, /* the TCP connection */
	CLIENT_FROM_PROXY_PROTOCOL,
	CLIENT_FROM_FORWARDED,
	CLIENT_FROM_X_FORWARDED_FOR,
};

struct client {
	uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d unless ipv6 */
	bool ipv6;
	uint16_t port; /* 0: unknown */
	enum client_from from;
	bool ambiguous; /* the fields name different clients; none is believed */
};

struct client_rules; /* compiled; immutable, shared by threads */

/* hidden: bits of enum client_from whose field is masked, so that its addresses
 * are not used. trusted: valid networks, see network_parse(). NULL with errno on
 * failure. */
struct client_rules *client_rules_new(enum client_field field,
				      unsigned int hidden,
				      const char *const *trusted,
				      unsigned int n);
void client_rules_free(struct client_rules *r);

/*
 * Finds the client of t. Starts at the TCP peer, or the source of a confirmed PROXY
 * header, and goes from hop to hop through the fields, from the right and as long
 * as the hop is trusted: so all that is read was written by a trusted proxy. An
 * entry that is no address ends this, as does a head of which fields may be
 * missing.
 */
void client_find(const struct client_rules *r, const struct http_transaction *t,
		 struct client *out);

#endif
