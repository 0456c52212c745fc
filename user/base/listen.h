/* SPDX-License-Identifier: MIT */
/* Where a server listens: "ADDRESS:PORT" as options have it. */
#ifndef BASE_LISTEN_H
#define BASE_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/parse.h"

struct listen_address {
	struct sockaddr_storage addr;
	socklen_t len; /* of addr; 0: off, nothing listens */
};

/* "0.0.0.0:4789", "[::1]:4789", ":4789" (every IPv4 address), or "off".
 * Numeric addresses only: a name may have several, and resolving one takes
 * time. false with err, and *out as it was. */
bool listen_parse(const char *text, struct listen_address *out,
		  struct parse_error *err);

/* A listening TCP socket; an IPv6 one for every address takes IPv4 as well. A
 * negative errno: -EADDRINUSE, -EACCES (a port below 1024), -EADDRNOTAVAIL. */
int listen_open(const struct listen_address *at);

#endif
