/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "base/exit.h"
#include "cli/sync.h"

#define BACK_OFF_MAX	 900 /* seconds between attempts that fail */
#define BACK_OFF_DOUBLED 8   /* times, at most */

/* Between half of it and all, so that many of us do not come back at once. */
static double jitter(double seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return seconds * (0.5 + (double)(now.tv_nsec % 1000000) / 2e6);
}

/* Sleeps; true when a signal has come. */
static bool wait_for_signal(struct sync *s, double seconds)
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
	/* An interval that is longer than the limit is what was asked for. */
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

	log_info(&ctx->log,
		 "watching every %g seconds; SIGTERM or SIGINT ends it",
		 ctx->settings.interval);
	for (;;) {
		int code = sync_round(s);
		double wait;

		if (code == EXIT_INTERRUPTED)
			break;
		/* A deployment may yet be made, or made again. */
		if (code == EXIT_DONE || code == EXIT_NO_DEPLOYMENT)
			failures = 0;
		else
			failures++;
		wait = next_wait(s, failures);
		if (failures)
			log_warn(&ctx->log, "trying again in %.0f seconds",
				 wait);
		if (wait_for_signal(s, wait))
			break;
	}
	log_info(&ctx->log, "ended by a signal; nothing is half done");
	return EXIT_DONE;
}
