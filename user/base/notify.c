/* SPDX-License-Identifier: MIT */
/* The sd_notify(3) protocol, spoken directly so as not to need libsystemd. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/notify.h"
#include "base/parse.h"

#define MESSAGE_MAX 1024u
#define WAIT_S	    1

/* Accepts "/path" and "@name". The latter is in the abstract namespace, where
 * names start with a zero byte and are not NUL-terminated. Returns the length
 * of the address, 0 if text is neither or too long. */
static socklen_t socket_address(struct sockaddr_un *to, const char *text)
{
	size_t n = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || n < 2 ||
	    n >= sizeof(to->sun_path))
		return 0;
	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(to->sun_path, text, n);
	if (text[0] == '@')
		to->sun_path[0] = '\0';
	else
		n++;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static int connect_to(const struct sockaddr_un *to, socklen_t len)
{
	const struct timeval wait = {.tv_sec = WAIT_S};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) ||
	    connect(fd, (const struct sockaddr *)to, len)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* The watchdog interval; 0 if there is no watchdog or it is meant for another
 * process. */
static uint64_t watchdog_ns(const struct log *log)
{
	const char *text = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	struct parse_error err;
	uint64_t usec, n;

	if (!text)
		return 0;
	if (!parse_number(text, 1, UINT64_MAX / 1000, &usec, &err)) {
		log_warn(log, "WATCHDOG_USEC: %s: sending no keep-alive pings",
			 err.text);
		return 0;
	}
	if (pid && (!parse_number(pid, 1, INT32_MAX, &n, &err) ||
		    (pid_t)n != getpid()))
		return 0;
	return usec * 1000;
}

void notify_open(struct notify *n, const struct log *log)
{
	const char *text = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to;
	socklen_t len;

	*n = (struct notify){.fd = -1};
	if (!text || !*text)
		return;
	len = socket_address(&to, text);
	n->fd = len ? connect_to(&to, len) : -EAFNOSUPPORT;
	if (n->fd < 0) {
		log_warn(
			log,
			"NOTIFY_SOCKET %s: %s: not notifying the service manager",
			text, strerror(-n->fd));
		n->fd = -1;
		return;
	}
	n->watchdog_ns = watchdog_ns(log);
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
	n->watchdog_ns = 0;
}

int notify_send(const struct notify *n, const char *fmt, ...)
{
	char text[MESSAGE_MAX];
	va_list ap;
	int len;

	if (n->fd < 0)
		return -ENOTCONN;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(text))
		return -EMSGSIZE;
	return send(n->fd, text, (size_t)len, MSG_NOSIGNAL) < 0 ? -errno : 0;
}
