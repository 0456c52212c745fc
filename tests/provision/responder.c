/* SPDX-License-Identifier: MIT */
/* Serves a script of responses from one thread, on several connections. */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "responder.h"

#define MAX_CONNECTIONS 16
#define MAX_STEPS	256
#define MAX_REQUEST	(4u << 20)

#define NO_RESPONSE (-1) /* status of a step that hangs */

struct step {
	int status; /* 0: close the connection */
	char *headers, *body;
};

struct recorded_request {
	char *head, *body;
};

struct responder {
	pthread_t thread;
	pthread_mutex_t lock;
	int listener, stop[2];
	char url[64];
	struct step steps[MAX_STEPS];
	size_t n_steps, next;
	struct recorded_request requests[MAX_STEPS];
	size_t n_requests;
};

static void *xmalloc(size_t n)
{
	void *p = malloc(n);

	if (!p)
		abort();
	return p;
}

static char *copy(const char *p, size_t n)
{
	char *to = xmalloc(n + 1);

	memcpy(to, p, n);
	to[n] = 0;
	return to;
}

/* Reads one whole request. false: the client closed the connection. */
static bool read_request(int fd, struct recorded_request *a)
{
	char *buf = xmalloc(MAX_REQUEST), *end = NULL, *length;
	size_t n = 0, body = 0;

	for (;;) {
		ssize_t got = recv(fd, buf + n, MAX_REQUEST - 1 - n, 0);

		if (got <= 0) {
			free(buf);
			return false;
		}
		n += (size_t)got;
		buf[n] = 0;
		end = strstr(buf, "\r\n\r\n");
		if (!end)
			continue;
		length = strcasestr(buf, "\r\nContent-Length:");
		body = length && length < end
			       ? strtoul(length + strlen("\r\nContent-Length:"),
					 NULL, 10)
			       : 0;
		if (n >= (size_t)(end + 4 - buf) + body)
			break;
	}
	a->head = copy(buf, (size_t)(end + 2 - buf));
	a->body = copy(end + 4, body);
	free(buf);
	return true;
}

static void send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		p += sent;
		n -= (size_t)sent;
	}
}

/* false: close the connection. */
static bool respond(struct responder *r, int fd)
{
	static const struct step unexpected = {418, "", "unexpected request"};
	struct recorded_request a;
	struct step s;
	char *text;
	int n;

	if (!read_request(fd, &a))
		return false;
	pthread_mutex_lock(&r->lock);
	if (r->n_requests == MAX_STEPS)
		abort();
	r->requests[r->n_requests++] = a;
	s = r->next < r->n_steps ? r->steps[r->next++] : unexpected;
	pthread_mutex_unlock(&r->lock);
	if (s.status == NO_RESPONSE)
		return true;
	if (!s.status)
		return false;
	n = asprintf(&text,
		     "HTTP/1.1 %d Status\r\nContent-Length: %zu\r\n%s\r\n%s",
		     s.status, strlen(s.body), s.headers, s.body);
	if (n < 0)
		abort();
	send_all(fd, text, (size_t)n);
	free(text);
	return true;
}

static void *serve(void *ctx)
{
	struct responder *r = ctx;
	struct pollfd p[MAX_CONNECTIONS + 2];
	nfds_t n = 2, i;

	p[0] = (struct pollfd){.fd = r->listener, .events = POLLIN};
	p[1] = (struct pollfd){.fd = r->stop[0], .events = POLLIN};
	while (poll(p, n, -1) >= 0 && !p[1].revents) {
		for (i = n - 1; i >= 2; i--) {
			if (!p[i].revents || respond(r, p[i].fd))
				continue;
			close(p[i].fd);
			p[i] = p[--n];
		}
		if (p[0].revents && n < MAX_CONNECTIONS + 2)
			p[n++] = (struct pollfd){
				.fd = accept(r->listener, NULL, NULL),
				.events = POLLIN};
	}
	for (i = 2; i < n; i++)
		close(p[i].fd);
	return NULL;
}

struct responder *responder_start(void)
{
	struct responder *r = calloc(1, sizeof(*r));
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);

	if (!r)
		abort();
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_mutex_init(&r->lock, NULL);
	if (bind(r->listener, (struct sockaddr *)&a, n) ||
	    listen(r->listener, 16) || pipe(r->stop) ||
	    getsockname(r->listener, (struct sockaddr *)&a, &n))
		abort();
	snprintf(r->url, sizeof(r->url), "http://127.0.0.1:%d",
		 ntohs(a.sin_port));
	if (pthread_create(&r->thread, NULL, serve, r))
		abort();
	return r;
}

void responder_stop(struct responder *r)
{
	size_t i;

	if (write(r->stop[1], "", 1) != 1)
		abort();
	pthread_join(r->thread, NULL);
	close(r->listener);
	close(r->stop[0]);
	close(r->stop[1]);
	for (i = 0; i < r->n_steps; i++) {
		free(r->steps[i].headers);
		free(r->steps[i].body);
	}
	for (i = 0; i < r->n_requests; i++) {
		free(r->requests[i].head);
		free(r->requests[i].body);
	}
	pthread_mutex_destroy(&r->lock);
	free(r);
}

const char *responder_url(const struct responder *r)
{
	return r->url;
}

static void add_step(struct responder *r, struct step s)
{
	pthread_mutex_lock(&r->lock);
	if (r->n_steps == MAX_STEPS)
		abort();
	r->steps[r->n_steps++] = s;
	pthread_mutex_unlock(&r->lock);
}

void responder_reply(struct responder *r, int status, const char *headers,
		     const char *body)
{
	add_step(r, (struct step){status,
				  copy(headers ? headers : "",
				       headers ? strlen(headers) : 0),
				  copy(body, strlen(body))});
}

void responder_disconnect(struct responder *r)
{
	add_step(r, (struct step){0});
}

void responder_hang(struct responder *r)
{
	add_step(r, (struct step){.status = NO_RESPONSE});
}

size_t responder_count(struct responder *r)
{
	size_t n;

	pthread_mutex_lock(&r->lock);
	n = r->n_requests;
	pthread_mutex_unlock(&r->lock);
	return n;
}

const char *responder_head(struct responder *r, size_t i)
{
	return i < responder_count(r) ? r->requests[i].head : NULL;
}

const char *responder_body(struct responder *r, size_t i)
{
	return i < responder_count(r) ? r->requests[i].body : NULL;
}

const char *responder_header(struct responder *r, size_t i, const char *name,
			     char *to, size_t n)
{
	const char *head = responder_head(r, i);
	char line[80];
	const char *p;

	to[0] = 0;
	snprintf(line, sizeof(line), "\r\n%s: ", name);
	p = head ? strcasestr(head, line) : NULL;
	if (p)
		snprintf(to, n, "%.*s", (int)strcspn(p + strlen(line), "\r\n"),
			 p + strlen(line));
	return to;
}

void clear_aws_environment(void)
{
	static const char *const others[] = {
		"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
		"ALL_PROXY",  "no_proxy",    "NO_PROXY"};
	char **e, name[256];
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		unsetenv(others[i]);
	/* unsetenv() moves the later entries down. */
	for (e = environ; *e;) {
		if (strncmp(*e, "AWS_", 4)) {
			e++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*e, "="), *e);
		unsetenv(name);
	}
}
