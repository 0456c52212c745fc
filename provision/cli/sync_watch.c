/* SPDX-License-Identifier: MIT */
/* The loop of sync --watch. */
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "base/exit.h"
#include "cli/sync_watch.h"

#define BACK_OFF_MAX	 900 /* seconds between failing rounds */
#define BACK_OFF_DOUBLED 8   /* doublings at most */

/* Half to all of it, so that several instances do not retry in step. */
static double jitter(double seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return seconds * (0.5 + (double)(now.tv_nsec % 1000000) / 2e6);
}

/* Sleeps; returns early, with true, on a signal. */
static bool sleep_or_signal(struct sync *s, double seconds)
{
	struct pollfd p = {.fd = s->ctx->interrupt.fd, .events = POLLIN};
	struct timespec end, now;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += (time_t)seconds;
	end.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
	for (;;) {
		double left;

		if (interrupt_pending(&s->ctx->interrupt))
			return true;
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = (double)(end.tv_sec - now.tv_sec) +
		       (double)(end.tv_nsec - now.tv_nsec) / 1e9;
		if (left <= 0)
			return false;
		poll(&p, 1, left > 3600 ? 3600000 : (int)(left * 1000) + 1);
	}
}

static double next_wait(const struct sync *s, unsigned int failures)
{
	double wait = s->ctx->settings.interval;

	for (unsigned int i = 1; i < failures && i < BACK_OFF_DOUBLED; i++)
		wait *= 2;
	/* The back-off is never shorter than the configured interval. */
	if (failures && wait > BACK_OFF_MAX)
		wait = s->ctx->settings.interval > BACK_OFF_MAX
			       ? s->ctx->settings.interval
			       : BACK_OFF_MAX;
	return failures > 1 ? jitter(wait) : wait;
}

int sync_watch(struct sync *s)
{
	struct context *ctx = s->ctx;
	unsigned int failures = 0;

	log_info(&ctx->log, "watching every %g seconds until SIGTERM or SIGINT",
		 ctx->settings.interval);
	for (;;) {
		int code = sync_round(s);
		double wait;

		if (code == EXIT_INTERRUPTED)
			break;
		/* The deployment may be created later. */
		if (code == EXIT_DONE || code == EXIT_NO_DEPLOYMENT)
			failures = 0;
		else
			failures++;
		wait = next_wait(s, failures);
		if (failures)
			log_warn(&ctx->log, "retrying in %.0f seconds", wait);
		if (sleep_or_signal(s, wait))
			break;
	}
	log_info(&ctx->log, "stopped by a signal; no change is incomplete");
	return EXIT_DONE;
}
