/* SPDX-License-Identifier: MIT */
/* Parsing of ADDRESS:PORT, listening sockets, and the HTTP server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/listen.h"
#include "run/serve.h"

/* Parses text and formats the result: an address, "off" or "refused". */
static const char *parsed(const char *text)
{
	static char text_out[INET6_ADDRSTRLEN + 16];
	const struct sockaddr_in *in4;
	const struct sockaddr_in6 *in6;
	char host[INET6_ADDRSTRLEN];
	struct listen_address e;
	struct parse_error err = {""};

	memset(&e, 0xaa, sizeof(e));
	if (!listen_parse(text, &e, &err)) {
		assert_true(strlen(err.text) > 0);
		return "refused";
	}
	if (!e.len)
		return "off";
	in4 = (const struct sockaddr_in *)&e.addr;
	in6 = (const struct sockaddr_in6 *)&e.addr;
	if (e.addr.ss_family == AF_INET) {
		assert_int_equal(e.len, sizeof(*in4));
		inet_ntop(AF_INET, &in4->sin_addr, host, sizeof(host));
		snprintf(text_out, sizeof(text_out), "%s:%u", host,
			 ntohs(in4->sin_port));
	} else {
		assert_int_equal(e.len, sizeof(*in6));
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(text_out, sizeof(text_out), "[%s]:%u", host,
			 ntohs(in6->sin6_port));
	}
	return text_out;
}

static void test_parse(void **state)
{
	static const char *const same[] = {
		"0.0.0.0:4789",
		"127.0.0.1:1",
		"255.255.255.255:65535",
		"[::]:4789",
		"[::1]:9789",
		"[2001:db8::7]:80",
		"[::ffff:192.0.2.1]:80",
		"off",
	};
	static const char *const refused[] = {
		"",
		":",
		"4789",
		"0.0.0.0",
		"0.0.0.0:",
		"0.0.0.0:0",
		"1.2.3.4:65536",
		"1.2.3.4:80x",
		"1.2.3:80",
		"1.2.3.4.5:80",
		"::1:80",
		"[::1]",
		"[::1]80",
		"[::1:80",
		"::1]:80",
		"[]:80",
		"[1.2.3.4]:80",
		"localhost:80",
		" 1.2.3.4:80",
		"1.2.3.4:-1",
		"Off",
		"[::1%lo]:80",
		"1.2.3.4: 80",
		"01.2.3.4:80",
		"[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]:1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		assert_string_equal(parsed(same[i]), same[i]);
	assert_string_equal(parsed(":4789"), "0.0.0.0:4789");
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (strcmp(parsed(refused[i]), "refused"))
			fail_msg("\"%s\" is not refused", refused[i]);
}

/* Listens on a port chosen by the kernel. */
static int listen_anywhere(struct listen_address *at)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&at->addr;
	int fd;

	*at = (struct listen_address){.len = sizeof(*in)};
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = listen_open(at);
	assert_true(fd >= 0);
	at->len = sizeof(at->addr);
	assert_int_equal(
		getsockname(fd, (struct sockaddr *)&at->addr, &at->len), 0);
	return fd;
}

static void test_in_use(void **state)
{
	struct listen_address at;
	struct log log = {.program = "test", .level = LOG_LEVEL_INFO};
	size_t n;
	char *reply;
	int fd = listen_anywhere(&at);

	(void)state;
	log.out = open_memstream(&reply, &n);
	assert_int_equal(listen_open(&at), -EADDRINUSE);
	assert_int_equal(serve_listen(&at, "--health", "HERE", &log),
			 -EADDRINUSE);
	fclose(log.out);
	assert_non_null(strstr(reply, "--health HERE: cannot listen: "));
	assert_non_null(strstr(reply, "another port, or off"));
	free(reply);
	close(fd);
	/* Once free, the port can be reused immediately. */
	fd = listen_open(&at);
	assert_true(fd >= 0);
	close(fd);
}

/* --- the server ------------------------------------------------------------- */

struct server_fixture {
	struct listen_address at;
	struct serve *server;
	unsigned int calls;
	sigset_t blocked; /* in the server's thread */
	char thread[16];
};

static void respond(void *ctx, const char *path, struct serve_response *a)
{
	struct server_fixture *f = ctx;

	f->calls++;
	pthread_sigmask(SIG_SETMASK, NULL, &f->blocked);
	pthread_getname_np(pthread_self(), f->thread, sizeof(f->thread));
	if (!strcmp(path, "/large"))
		for (int i = 0; i < 200000; i++)
			buf_add_str(&a->body, "0123456789");
	else if (!strcmp(path, "/failed"))
		a->body.failed = true;
	else
		buf_add_str(&a->body, path);
}

static int set_up(void **state)
{
	static const struct log quiet = {.program = "test"};
	struct server_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->server = serve_start(listen_anywhere(&f->at), "server", respond, f,
				&quiet);
	assert_non_null(f->server);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct server_fixture *f = *state;

	serve_stop(f->server);
	free(f);
	return 0;
}

static int connected(const struct server_fixture *f)
{
	const struct timeval wait = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	assert_int_equal(
		connect(fd, (const struct sockaddr *)&f->at.addr, f->at.len),
		0);
	return fd;
}

/* Sends a request and returns everything until the connection closes. */
static char *request_raw(const struct server_fixture *f, const char *request)
{
	int fd = connected(f);
	struct buf b = {0};
	ssize_t n;

	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL),
			 strlen(request));
	do {
		n = recv(fd, buf_reserve(&b, 65536), 65536, 0);
		b.len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	close(fd);
	buf_add(&b, "", 1);
	return (char *)b.p;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static void assert_response(const struct server_fixture *f, const char *request,
			    const char *status, const char *body)
{
	char *reply = request_raw(f, request), *end = strstr(reply, "\r\n\r\n");

	if (strncmp(reply + strlen("HTTP/1.1 "), status, 3))
		fail_msg("%s: response %.40s", request, reply);
	if (body)
		assert_string_equal(end + 4, body);
	free(reply);
}

static void test_responses(void **state)
{
	struct server_fixture *f = *state;
	char *reply;

	assert_response(f, GET("/a"), "200", "/a");
	assert_response(f, GET("/a?b=c"), "200", "/a");
	assert_response(f, "GET /a HTTP/1.0\r\n\r\n", "200", "/a");
	assert_response(f, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n", "200", "");
	assert_response(
		f,
		"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
		"405", NULL);
	assert_response(f, GET("/failed"), "500", "");
	reply = request_raw(f, GET("/large"));
	assert_int_equal(strlen(strstr(reply, "\r\n\r\n") + 4), 2000000);
	free(reply);
	/* The server's thread blocks all signals and has a name. */
	assert_int_equal(sigismember(&f->blocked, SIGTERM), 1);
	assert_int_equal(sigismember(&f->blocked, SIGUSR1), 1);
	assert_string_equal(f->thread, "server");
}

/* Input other than HTTP closes its connection and has no other effect. */
static void test_garbage(void **state)
{
	static const char *const garbage[] = {
		"\r\n\r\n\r\n",
		"GET\r\n\r\n",
		"\x16\x03\x01\x02",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
	};
	struct server_fixture *f = *state;

	for (size_t i = 0; i < sizeof(garbage) / sizeof(*garbage); i++) {
		int fd = connected(f);

		send(fd, garbage[i], strlen(garbage[i]), MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		close(fd);
		assert_response(f, GET("/a"), "200", "/a");
	}
}

/* More idle clients than the limit: the oldest are evicted. */
static void test_eviction(void **state)
{
	struct server_fixture *f = *state;
	int fd[200];
	char c;

	for (unsigned int i = 0; i < 200; i++) {
		fd[i] = connected(f);
		send(fd[i], "G", 1, MSG_NOSIGNAL);
	}
	assert_response(f, GET("/a"), "200", "/a");
	assert_true(recv(fd[0], &c, 1, 0) <= 0);
	for (unsigned int i = 0; i < 200; i++)
		close(fd[i]);
	assert_response(f, GET("/a"), "200", "/a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_in_use),
		cmocka_unit_test_setup_teardown(test_responses, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_garbage, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_eviction, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
