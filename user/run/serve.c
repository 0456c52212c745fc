/* SPDX-License-Identifier: MIT */
/*
 * The HTTP server of /healthz and /metrics, on top of libmicrohttpd. A list of
 * connections, oldest first, lets a new one evict the oldest, so that idle
 * clients cannot lock a load balancer out.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "run/serve.h"

#define CONNECTIONS 64
/* Above this, each new connection evicts the oldest. Kept below the limit of
 * the library, which stops accepting at that. */
#define EVICT_ABOVE (CONNECTIONS - 8)
/* The idle timeout does not catch a client that trickles bytes, so connections
 * also have a maximum age, enforced when another one opens. */
#define IDLE_SECONDS 5u
#define MAX_AGE_NS   (10 * NSEC_PER_SEC)
/* Limit on the request line and header fields. */
#define REQUEST_BYTES (8u << 10)

struct connection {
	struct connection *older, *newer;
	int fd; /* owned by the library */
	uint64_t since_ns;
};

/* The members after ctx belong to the server's thread. */
struct serve {
	struct MHD_Daemon *daemon;
	const char *thread_name;
	serve_fn *fn;
	void *ctx;
	bool named;
	unsigned int n;
	struct connection *oldest, *newest;
};

int serve_listen(const struct listen_address *at, const char *option,
		 const char *text, const struct log *log)
{
	int fd = listen_open(at);
	const char *fix;

	if (fd >= 0)
		return fd;
	if (fd == -EADDRINUSE)
		fix = "another program listens there: find it with ss -Hltnp and stop it, or choose another port, or off";
	else if (fd == -EACCES)
		fix = "ports below 1024 need CAP_NET_BIND_SERVICE: choose a higher one";
	else if (fd == -EADDRNOTAVAIL)
		fix = "this machine does not have the address: choose one shown by ip address, or 0.0.0.0 for all of them";
	else
		fix = "choose another address, or off";
	log_error(log, "%s %s: cannot listen: %s: %s", option, text,
		  strerror(-fd), fix);
	return fd;
}

/* --- connections ----------------------------------------------------------- */

/* The library closes the socket when it sees end of file. */
static void shut_down(const struct connection *c)
{
	shutdown(c->fd, SHUT_RDWR);
}

static void evict(struct serve *s)
{
	const struct connection *c = s->oldest;
	uint64_t now = clock_mono_ns();

	if (c && s->n > EVICT_ABOVE) {
		shut_down(c);
		c = c->newer;
	}
	for (; c && now - c->since_ns > MAX_AGE_NS; c = c->newer)
		shut_down(c);
}

static void opened(struct serve *s, struct MHD_Connection *connection,
		   void **context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *c = info ? calloc(1, sizeof(*c)) : NULL;

	*context = c;
	if (!c) {
		if (info)
			shutdown(info->connect_fd, SHUT_RDWR);
		return;
	}
	c->fd = info->connect_fd;
	c->since_ns = clock_mono_ns();
	c->older = s->newest;
	*(c->older ? &c->older->newer : &s->oldest) = c;
	s->newest = c;
	s->n++;
	evict(s);
}

static void closed(struct serve *s, struct connection *c)
{
	if (!c)
		return;
	*(c->older ? &c->older->newer : &s->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &s->newest) = c->older;
	s->n--;
	free(c);
}

static void on_connection(void *cls, struct MHD_Connection *connection,
			  void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct serve *s = cls;

	if (!s->named)
		s->named = !pthread_setname_np(pthread_self(), s->thread_name);
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		opened(s, connection, context);
	else
		closed(s, *context);
}

/* --- requests -------------------------------------------------------------- */

static enum MHD_Result send_answer(struct MHD_Connection *connection,
				   struct serve_response *a, const char *allow)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		a->body.len, a->body.p, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_NO;

	if (!r)
		return MHD_NO;
	/* Clients poll at intervals longer than the idle timeout, so keep-alive
	 * would gain nothing. */
	if (MHD_add_response_header(r, "Content-Type", a->type) == MHD_YES &&
	    MHD_add_response_header(r, "Cache-Control", "no-store") ==
		    MHD_YES &&
	    MHD_add_response_header(r, "Connection", "close") == MHD_YES &&
	    (!allow || MHD_add_response_header(r, "Allow", allow) == MHD_YES))
		result = MHD_queue_response(connection, a->status, r);
	MHD_destroy_response(r);
	return result;
}

static bool is_read(const char *method)
{
	return !strcmp(method, MHD_HTTP_METHOD_GET) ||
	       !strcmp(method, MHD_HTTP_METHOD_HEAD);
}

/* Called once the header fields are complete; does not wait for a body. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection,
				  const char *url, const char *method,
				  const char *version, const char *upload,
				  size_t *upload_size, void **request)
{
	struct serve *s = cls;
	struct serve_response a = {.status = MHD_HTTP_OK,
				   .type = "text/plain; charset=utf-8"};
	const char *allow = NULL;
	enum MHD_Result result;

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)request;
	if (is_read(method)) {
		s->fn(s->ctx, url, &a);
	} else {
		a.status = MHD_HTTP_METHOD_NOT_ALLOWED;
		allow = "GET, HEAD";
		buf_add_str(&a.body, "method not allowed: use GET or HEAD\n");
	}
	if (a.body.failed) {
		buf_clear(&a.body);
		a.status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
	result = send_answer(connection, &a, allow);
	buf_free(&a.body);
	return result;
}

struct serve *serve_start(int fd, const char *name, serve_fn *fn, void *ctx,
			  const struct log *log)
{
	struct serve *s = calloc(1, sizeof(*s));
	sigset_t all, before;

	if (!s) {
		log_error(log, "%s: %s", name, strerror(errno));
		close(fd);
		return NULL;
	}
	s->thread_name = name;
	s->fn = fn;
	s->ctx = ctx;
	/* Only the main thread handles signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	s->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, s,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
		IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)REQUEST_BYTES, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, s, MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (s->daemon)
		return s;
	log_error(log, "%s: cannot start the server: %s", name,
		  strerror(errno ? errno : ENOMEM));
	close(fd);
	free(s);
	return NULL;
}

void serve_stop(struct serve *s)
{
	if (!s)
		return;
	MHD_stop_daemon(s->daemon);
	free(s);
}
