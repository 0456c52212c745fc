/* SPDX-License-Identifier: MIT */
/* Reads what the daemon has written into its lock file. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture/lock.h"
#include "cli/daemon_state.h"

bool daemon_state_read(struct shared_state *s, const struct attached *a)
{
	int fd, err;

	if (a->daemon <= 0)
		return false;
	fd = lock_open(a->iface);
	if (fd < 0)
		return false;
	err = shared_state_read(fd, s);
	close(fd);
	return !err;
}

void daemon_state_summary(const struct shared_state *d, struct summary *s)
{
	if (!d)
		return;
	s->fragments = &d->counters.fragments;
	s->stream = &d->counters.stream;
	s->http = &d->counters.http;
	s->http2 = &d->counters.http2;
	s->tls = &d->counters.tls;
	s->selection = &d->counters.selection;
	s->output = &d->counters.output;
}

unsigned int daemon_state_advice(const struct attached *a,
				 const struct shared_state *d,
				 struct advice advice[N_ADVICES])
{
	const struct advice_input in = {
		.iface = a->iface,
		.vxlan_port = a->config.vxlan_port,
		.packets = &a->stats,
	};

	if (!d)
		return a->stats.delivered ? 0 : advice_find(advice, &in);
	memcpy(advice, d->advice, sizeof(d->advice));
	return d->n_advice;
}

void daemon_state_time(char *to, size_t size, uint64_t s)
{
	const time_t t = (time_t)s;
	struct tm tm;

	if (!s || !localtime_r(&t, &tm) ||
	    !strftime(to, size, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(to, size, "-");
}
