/* SPDX-License-Identifier: MIT */
/* Notifications, received at the service manager's end of the socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/notify.h"
#include "run/service.h"

#define T0 (1000 * NSEC_PER_SEC)

/* The service manager's end, and the log of ours. */
struct manager {
	int fd;
	char path[64]; /* as in NOTIFY_SOCKET */
	FILE *out;
	char *logged;
	size_t n_logged;
	struct log log;
};

static void listen_at(struct manager *m, const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t n;

	snprintf(m->path, sizeof(m->path), name, (int)getpid());
	n = strlen(m->path);
	memcpy(a.sun_path, m->path, n);
	if (a.sun_path[0] == '@')
		a.sun_path[0] = '\0';
	else
		unlink(m->path);
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_true(m->fd >= 0);
	assert_int_equal(
		bind(m->fd, (const struct sockaddr *)&a,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)),
		0);
	setenv("NOTIFY_SOCKET", m->path, 1);
}

static void manager_up(struct manager *m, const char *name)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	*m = (struct manager){.fd = -1};
	m->out = open_memstream(&m->logged, &m->n_logged);
	assert_non_null(m->out);
	m->log = (struct log){m->out, "test", LOG_LEVEL_INFO};
	if (name)
		listen_at(m, name);
}

static void manager_down(struct manager *m)
{
	if (m->fd >= 0)
		close(m->fd);
	if (m->path[0] == '/')
		unlink(m->path);
	fclose(m->out);
	free(m->logged);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

/* The next datagram, or "". */
static const char *received(struct manager *m)
{
	static char text[2048];
	ssize_t n = recv(m->fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_path_and_abstract(void **state)
{
	static const char *const names[] = {"/tmp/metlo-notify-%d",
					    "@metlo-notify-%d"};
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct manager m;
		struct notify n;

		manager_up(&m, names[i]);
		notify_open(&n, &m.log);
		assert_true(n.fd >= 0);
		assert_true(fcntl(n.fd, F_GETFD) & FD_CLOEXEC);
		assert_int_equal(
			notify_send(&n, "READY=%d\nSTATUS=%s", 1, "well"), 0);
		assert_string_equal(received(&m), "READY=1\nSTATUS=well");
		notify_close(&n);
		assert_int_equal(notify_send(&n, "READY=1"), -ENOTCONN);
		assert_int_equal(m.n_logged, 0);
		manager_down(&m);
	}
}

static void test_no_manager(void **state)
{
	static const struct {
		const char *socket, *error;
	} cases[] = {
		{NULL, ""},
		{"", ""},
		{"relative", "not supported"},
		{"vsock:2:1234", "not supported"},
		{"/", "not supported"},
		{"@", "not supported"},
		{"/tmp/metlo-notify-nobody", "No such file"},
		{"@metlo-notify-nobody", "refused"},
		{"/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678",
		 "not supported"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct manager m;
		struct notify n;

		manager_up(&m, NULL);
		if (cases[i].socket)
			setenv("NOTIFY_SOCKET", cases[i].socket, 1);
		setenv("WATCHDOG_USEC", "1000000", 1);
		notify_open(&n, &m.log);
		fflush(m.out);
		assert_int_equal(n.fd, -1);
		assert_int_equal(n.watchdog_ns, 0);
		assert_non_null(strstr(m.logged, cases[i].error));
		assert_int_equal(m.n_logged > 0, cases[i].error[0] != 0);
		assert_int_equal(notify_send(&n, "READY=1"), -ENOTCONN);
		manager_down(&m);
	}
}

static void test_watchdog_variables(void **state)
{
	char mine[16], other[16];
	const struct {
		const char *usec, *pid;
		uint64_t ns;
		bool warns;
	} cases[] = {
		{NULL, NULL, 0, false},
		{"30000000", NULL, 30 * NSEC_PER_SEC, false},
		{"30000000", mine, 30 * NSEC_PER_SEC, false},
		{"30000000", other, 0, false},
		{"30000000", "rubbish", 0, false},
		{"0", NULL, 0, true},
		{"-1", NULL, 0, true},
		{"18446744073709551615", NULL, 0, true},
		{"99999999999999999999999", NULL, 0, true},
	};
	(void)state;

	snprintf(mine, sizeof(mine), "%d", (int)getpid());
	snprintf(other, sizeof(other), "%d", (int)getpid() + 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct manager m;
		struct notify n;

		manager_up(&m, "@metlo-notify-%d");
		if (cases[i].usec)
			setenv("WATCHDOG_USEC", cases[i].usec, 1);
		if (cases[i].pid)
			setenv("WATCHDOG_PID", cases[i].pid, 1);
		notify_open(&n, &m.log);
		assert_true(n.fd >= 0);
		assert_int_equal(n.watchdog_ns, cases[i].ns);
		fflush(m.out);
		assert_int_equal(m.n_logged > 0, cases[i].warns);
		notify_close(&n);
		manager_down(&m);
	}
}

/* The socket keeps working after setuid(), even if it could not be opened then. */
static void test_after_dropping(void **state)
{
	struct manager m;
	struct notify n;
	int status;
	pid_t pid;
	(void)state;

	if (geteuid())
		skip();
	manager_up(&m, "/tmp/metlo-notify-%d");
	assert_int_equal(chmod(m.path, 0600), 0);
	notify_open(&n, &m.log);
	pid = fork();
	if (!pid) {
		struct notify again;

		if (setresuid(65534, 65534, 65534))
			_exit(2);
		notify_open(&again, &m.log);
		_exit(again.fd < 0 && !notify_send(&n, "READY=1") ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(received(&m), "READY=1");
	notify_close(&n);
	manager_down(&m);
}

/* A message that is too long is not sent, as truncation could change it. */
static void test_too_long(void **state)
{
	struct manager m;
	struct notify n;
	char text[2000];
	(void)state;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	manager_up(&m, "@metlo-notify-%d");
	notify_open(&n, &m.log);
	assert_int_equal(notify_send(&n, "STATUS=%s", text), -EMSGSIZE);
	assert_string_equal(received(&m), "");
	notify_close(&n);
	manager_down(&m);
}

/* A manager that does not read delays us for at most a second. */
static void test_full(void **state)
{
	struct manager m;
	struct notify n;
	unsigned int sent = 0;
	(void)state;

	manager_up(&m, "@metlo-notify-%d");
	notify_open(&n, &m.log);
	while (sent < 100000 && !notify_send(&n, "STATUS=%u", sent))
		sent++;
	assert_in_range(sent, 1, 99999);
	assert_string_equal(received(&m), "STATUS=0");
	assert_int_equal(notify_send(&n, "READY=1"), 0);
	notify_close(&n);
	manager_down(&m);
}

static void test_states(void **state)
{
	struct manager m;
	struct service s;
	(void)state;

	manager_up(&m, "@metlo-notify-%d");
	service_open(&s, &m.log);
	service_ready(&s, T0);
	assert_string_equal(received(&m), "READY=1");
	service_reloading(&s, 1234567891234);
	assert_string_equal(received(&m),
			    "RELOADING=1\nMONOTONIC_USEC=1234567891");
	service_stopping(&s, 12);
	assert_string_equal(received(&m),
			    "STOPPING=1\nEXTEND_TIMEOUT_USEC=12000000");
	/* No watchdog is set. */
	service_feed_watchdog(&s, T0 + 100 * NSEC_PER_SEC,
			      T0 + 100 * NSEC_PER_SEC);
	assert_string_equal(received(&m), "");
	service_close(&s);
	service_ready(&s, T0);
	assert_string_equal(received(&m), "");
	manager_down(&m);
}

static void test_status(void **state)
{
	struct manager m;
	struct service s;
	(void)state;

	manager_up(&m, "@metlo-notify-%d");
	service_open(&s, &m.log);
	assert_true(service_status_due(&s, T0));
	service_status(&s, T0, "%d packets", 1);
	assert_string_equal(received(&m), "STATUS=1 packets");
	assert_false(service_status_due(&s, T0 + SERVICE_STATUS_NS - 1));
	assert_true(service_status_due(&s, T0 + SERVICE_STATUS_NS));
	service_status(&s, T0 + SERVICE_STATUS_NS, "%d packets", 1);
	assert_string_equal(received(&m), "");
	assert_false(service_status_due(&s, T0 + SERVICE_STATUS_NS + 1));
	service_status(&s, T0 + 2 * SERVICE_STATUS_NS, "%d packets", 2);
	assert_string_equal(received(&m), "STATUS=2 packets");
	service_close(&s);
	assert_false(service_status_due(&s, T0 + 9 * SERVICE_STATUS_NS));
	manager_down(&m);
}

/* Pings at half the watchdog interval, as long as the slowest worker has moved
 * since the previous ping. */
static void test_watchdog(void **state)
{
	const uint64_t half = 10 * NSEC_PER_SEC;
	struct manager m;
	struct service s;
	(void)state;

	manager_up(&m, "@metlo-notify-%d");
	setenv("WATCHDOG_USEC", "20000000", 1);
	service_open(&s, &m.log);
	service_ready(&s, T0);
	assert_string_equal(received(&m), "READY=1");
	service_feed_watchdog(&s, T0 + half - 1, T0 + half - 1);
	assert_string_equal(received(&m), "");
	service_feed_watchdog(&s, T0 + half, T0 + half - NSEC_PER_SEC);
	assert_string_equal(received(&m), "WATCHDOG=1");
	service_feed_watchdog(&s, T0 + half + 1, T0 + half + 1);
	assert_string_equal(received(&m), "");

	/* The worker stalled just before the last ping. */
	for (unsigned int i = 0; i < 10; i++) {
		service_feed_watchdog(&s, T0 + (2 + i) * half, T0 + half - 1);
		assert_string_equal(received(&m), "");
	}
	fflush(m.out);
	assert_non_null(
		strstr(m.logged, "a worker has not moved for 10000 ms"));
	/* Logged once. */
	assert_ptr_equal(strchr(m.logged, '\n') + 1, m.logged + m.n_logged);

	/* It was only very slow: pings resume. */
	service_feed_watchdog(&s, T0 + 12 * half, T0 + 12 * half - 1);
	assert_string_equal(received(&m), "WATCHDOG=1");
	service_close(&s);
	manager_down(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_and_abstract),
		cmocka_unit_test(test_no_manager),
		cmocka_unit_test(test_watchdog_variables),
		cmocka_unit_test(test_after_dropping),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_watchdog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
