/* SPDX-License-Identifier: MIT */
/* Parses a listen address and opens a listening TCP socket. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/listen.h"

#define BACKLOG 64

static bool not_an_address(const char *text, struct parse_error *err)
{
	return parse_refuse(
		err,
		"\"%.60s\" is not ADDRESS:PORT: use an IPv4 address such as 127.0.0.1:9789, an IPv6 address such as [::1]:9789, or off",
		text);
}

bool listen_parse(const char *text, struct listen_address *out,
		  struct parse_error *err)
{
	struct listen_address e = {0};
	struct sockaddr_in *in4 = (struct sockaddr_in *)&e.addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&e.addr;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	size_t n = colon ? (size_t)(colon - text) : 0;
	uint64_t port;

	if (!strcmp(text, "off")) {
		*out = e;
		return true;
	}
	if (!colon || n >= sizeof(host))
		return not_an_address(text, err);
	if (!parse_number(colon + 1, 1, 65535, &port, err))
		return not_an_address(text, err);
	memcpy(host, text, n);
	host[n] = '\0';
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		e.len = sizeof(*in6);
		if (inet_pton(AF_INET6, host + 1, &in6->sin6_addr) != 1)
			return not_an_address(text, err);
	} else {
		in4->sin_family = AF_INET;
		in4->sin_port = htons((uint16_t)port);
		e.len = sizeof(*in4);
		if (n && inet_pton(AF_INET, host, &in4->sin_addr) != 1)
			return not_an_address(text, err);
	}
	*out = e;
	return true;
}

static int prepare(int fd, const struct listen_address *at)
{
	const int on = 1, off = 0;

	/* Connections of the previous daemon may still be in TIME-WAIT. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return -errno;
	if (at->addr.ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)))
		return -errno;
	if (bind(fd, (const struct sockaddr *)&at->addr, at->len))
		return -errno;
	/* With SO_REUSEADDR two sockets can bind to a port; the second one to
	 * listen fails. */
	return listen(fd, BACKLOG) ? -errno : 0;
}

int listen_open(const struct listen_address *at)
{
	int fd = socket(at->addr.ss_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = prepare(fd, at);
	if (!err)
		return fd;
	close(fd);
	return err;
}
