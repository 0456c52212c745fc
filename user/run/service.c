/* SPDX-License-Identifier: MIT */
/* Notifications to the service manager and the rules of its watchdog. */
#include <string.h>

#include "base/clock.h"
#include "run/service.h"

#define USEC_PER_SEC  1000000u
#define NSEC_PER_USEC 1000u

void service_open(struct service *s, const struct log *log)
{
	*s = (struct service){.log = log};
	notify_open(&s->notify, log);
}

void service_close(struct service *s)
{
	notify_close(&s->notify);
}

void service_ready(struct service *s, uint64_t now_ns)
{
	s->pinged_ns = now_ns;
	notify_send(&s->notify, "READY=1");
}

void service_reloading(const struct service *s, uint64_t now_ns)
{
	/* Type=notify-reload requires the time, to match the notification with
	 * the reload that it belongs to. */
	notify_send(&s->notify, "RELOADING=1\nMONOTONIC_USEC=%llu",
		    (unsigned long long)(now_ns / NSEC_PER_USEC));
}

void service_stopping(const struct service *s, unsigned int seconds)
{
	notify_send(&s->notify, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%llu",
		    (unsigned long long)seconds * USEC_PER_SEC);
}

void service_feed_watchdog(struct service *s, uint64_t now_ns,
			   uint64_t heartbeat_ns)
{
	uint64_t limit = s->notify.watchdog_ns;

	if (!limit || now_ns - s->pinged_ns < limit / 2)
		return;
	if (heartbeat_ns > s->pinged_ns) {
		s->pinged_ns = now_ns;
		s->stalled = false;
		notify_send(&s->notify, "WATCHDOG=1");
		return;
	}
	if (s->stalled)
		return;
	s->stalled = true;
	log_error(
		s->log,
		"a worker has not moved for %llu ms: the watchdog will terminate this process after %llu ms",
		(unsigned long long)((now_ns - heartbeat_ns) / NSEC_PER_MSEC),
		(unsigned long long)(limit / NSEC_PER_MSEC));
}

bool service_status_due(const struct service *s, uint64_t now_ns)
{
	return s->notify.fd >= 0 && now_ns - s->status_ns >= SERVICE_STATUS_NS;
}

void service_status(struct service *s, uint64_t now_ns, const char *fmt, ...)
{
	char text[sizeof(s->status)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->status_ns = now_ns;
	if (!strcmp(text, s->status))
		return;
	memcpy(s->status, text, sizeof(text));
	notify_send(&s->notify, "STATUS=%s", text);
}
