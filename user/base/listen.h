/* SPDX-License-Identifier: MIT */
/* Listen addresses, "ADDRESS:PORT" in options, and listening sockets. */
#ifndef BASE_LISTEN_H
#define BASE_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/parse.h"

struct listen_address {
	struct sockaddr_storage addr;
	socklen_t len; /* of addr; 0: off, do not listen */
};

/* Parses "0.0.0.0:4789", "[::1]:4789", ":4789" (every IPv4 address) or "off".
 * Addresses are numeric: a host name may have several, and resolving it takes
 * time. Answers whether text is valid; if not, sets err and leaves *out
 * unchanged. */
bool listen_parse(const char *text, struct listen_address *out,
		  struct parse_error *err);

/* Opens a non-blocking listening TCP socket and returns its file descriptor, or
 * a negative errno such as -EADDRINUSE, -EACCES (a port below 1024) or
 * -EADDRNOTAVAIL. A socket on [::] accepts IPv4 connections, too. */
int listen_open(const struct listen_address *at);

#endif
