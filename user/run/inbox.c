/* SPDX-License-Identifier: MIT */
/* Records are rare here, so a lock and a copy are cheap; what matters is that a
 * worker without any pays one relaxed load for it. */
#include <string.h>

#include "run/inbox.h"

#define INBOX_MAX (1u << 20) /* bytes */

void inbox_init(struct inbox *b)
{
	memset(b, 0, sizeof(*b));
	pthread_mutex_init(&b->lock, NULL);
}

void inbox_free(struct inbox *b)
{
	buf_free(&b->filling);
	buf_free(&b->draining);
	pthread_mutex_destroy(&b->lock);
}

bool inbox_put(struct inbox *b, const struct metlo_rec *rec,
	       const unsigned char *payload)
{
	size_t before, size = sizeof(*rec) + rec->len;
	bool ok = false;

	pthread_mutex_lock(&b->lock);
	before = b->filling.len;
	if (before + size <= INBOX_MAX) {
		buf_add(&b->filling, rec, sizeof(*rec));
		buf_add(&b->filling, payload, rec->len);
		ok = !b->filling.failed;
		if (!ok)
			b->filling.len = before;
		b->filling.failed = false;
	}
	atomic_store_explicit(&b->waiting, b->filling.len,
			      memory_order_relaxed);
	pthread_mutex_unlock(&b->lock);
	return ok;
}

void inbox_take(struct inbox *b, inbox_fn fn, void *ctx)
{
	struct buf full;
	size_t at = 0;

	pthread_mutex_lock(&b->lock);
	full = b->filling;
	b->filling = b->draining;
	b->draining = full;
	atomic_store_explicit(&b->waiting, 0, memory_order_relaxed);
	pthread_mutex_unlock(&b->lock);
	while (at < full.len) {
		struct metlo_rec rec;

		memcpy(&rec, full.p + at, sizeof(rec));
		at += sizeof(rec);
		fn(ctx, &rec, full.p + at);
		at += rec.len;
	}
	buf_clear(&b->draining);
}
