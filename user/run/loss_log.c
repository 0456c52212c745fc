/* SPDX-License-Identifier: MIT */
/*
 * Compares the loss counters with what was last logged. A message that the
 * rate limit suppresses is not lost: its growth is part of the next one.
 */
#include <inttypes.h>

#include "run/loss_log.h"

void loss_log_init(struct loss_log *l, const struct summary *s)
{
	struct summary_loss now[SUMMARY_LOSSES_MAX];
	size_t n = summary_losses(s, now);

	for (size_t i = 0; i < n; i++)
		l->seen[i].value = now[i].value;
}

unsigned int loss_log_report(struct loss_log *l, const struct summary *s,
			     uint64_t now_ns, const struct log *log)
{
	struct summary_loss now[SUMMARY_LOSSES_MAX];
	size_t n = summary_losses(s, now);
	unsigned int messages = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t growth = now[i].value - l->seen[i].value;

		if (now[i].value <= l->seen[i].value)
			continue;
		if (l->seen[i].logged &&
		    now_ns - l->seen[i].logged_ns < LOSS_LOG_INTERVAL_NS)
			continue;
		log_warn(log, "%s: %" PRIu64 " more, %" PRIu64 " in total: %s",
			 now[i].counter, growth, now[i].value, now[i].remedy);
		l->seen[i].value = now[i].value;
		l->seen[i].logged_ns = now_ns;
		l->seen[i].logged = true;
		messages++;
	}
	return messages;
}
