/* SPDX-License-Identifier: MIT */
/* Checks the ports of --health and --metrics by binding or querying them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/time.h>

#include "base/listen.h"
#include "cli/doctor_ports.h"

#define ANSWER_SECONDS 2
#define ANSWER_BYTES   4096

/* A server that listens on every address is reached through loopback. */
static void to_loopback(struct listen_address *at)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)&at->addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&at->addr;

	if (at->addr.ss_family == AF_INET &&
	    in4->sin_addr.s_addr == htonl(INADDR_ANY))
		in4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (at->addr.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
		in6->sin6_addr = in6addr_loopback;
}

static ssize_t exchange(int fd, const struct listen_address *at,
			const char *request, char *answer, size_t size)
{
	const struct timeval wait = {.tv_sec = ANSWER_SECONDS};
	size_t n = 0;
	ssize_t r;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) ||
	    connect(fd, (const struct sockaddr *)&at->addr, at->len) ||
	    send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		return -1;
	while (n < size - 1 && (r = recv(fd, answer + n, size - 1 - n, 0)) > 0)
		n += (size_t)r;
	answer[n] = '\0';
	return (ssize_t)n;
}

/* Requests path and stores the start of the response, NUL-terminated. Returns
 * false if there is none. */
static bool http_get(const struct listen_address *at, const char *path,
		     char answer[ANSWER_BYTES])
{
	struct listen_address to = *at;
	char request[128];
	ssize_t n;
	int fd;

	to_loopback(&to);
	fd = socket(to.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	snprintf(
		request, sizeof(request),
		"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		path);
	n = exchange(fd, &to, request, answer, ANSWER_BYTES);
	close(fd);
	return n > 0;
}

/* The port is in use, which is fine if a metlo-xdp daemon uses it. */
static void report_in_use(struct doctor *d, const struct doctor_port *p,
			  const struct listen_address *at)
{
	char answer[ANSWER_BYTES], *body;

	if (!http_get(at, p->path, answer)) {
		doctor_report(
			d, DOCTOR_FAIL, p->what,
			"%s: the port is in use but does not answer: find the program with ss -Hltnp; it may be a hung metlo-xdp",
			p->text);
		return;
	}
	if (!strstr(answer, p->signature)) {
		doctor_report(
			d, DOCTOR_FAIL, p->what,
			"%s: the port is in use by another program: find it with ss -Hltnp, or choose another port with %s ADDR:PORT, or off",
			p->text, p->option);
		return;
	}
	body = strstr(answer, "\r\n\r\n");
	if (!body || (strncmp(answer, "HTTP/1.1 503", 12) != 0 &&
		      !strstr(body, "\"status\":\"degraded\""))) {
		doctor_report(d, DOCTOR_OK, p->what,
			      "%s is served by a running metlo-xdp", p->text);
		return;
	}
	body[4 + strcspn(body + 4, "\n")] = '\0';
	doctor_report(d, DOCTOR_WARN, p->what,
		      "%s is served by a running metlo-xdp: %s", p->text,
		      body + 4);
}

void doctor_port(struct doctor *d, const struct doctor_port *p)
{
	struct listen_address at;
	struct parse_error err;
	int fd;

	if (!listen_parse(p->text, &at, &err)) {
		doctor_report(d, DOCTOR_FAIL, p->what, "%s", err.text);
		return;
	}
	if (!at.len) {
		doctor_report(d, DOCTOR_OK, p->what, "off");
		return;
	}
	fd = listen_open(&at);
	if (fd >= 0) {
		close(fd);
		doctor_report(d, DOCTOR_OK, p->what, "%s is free", p->text);
	} else if (fd == -EADDRINUSE) {
		report_in_use(d, p, &at);
	} else {
		doctor_report(
			d, DOCTOR_FAIL, p->what,
			"%s: cannot listen there: %s: choose another with %s ADDR:PORT, or off",
			p->text, strerror(-fd), p->option);
	}
}
