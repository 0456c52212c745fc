/* SPDX-License-Identifier: MIT */
/* One table for all workers. It outlives the pipelines. */
#include "cli/tls_keys.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/exit.h"

static int open_keys(struct tls_keys *k, const struct settings *s,
		     const struct owner *owner, bool embedded, bool whole,
		     const struct log *log)
{
	if (!s->tls_keys && !embedded)
		return EXIT_DONE;
	k->embedded = embedded;
	k->table = key_table_new(0, 0);
	if (!k->table) {
		log_error(log, "--tls-keys: %s", strerror(ENOMEM));
		return EXIT_FAILED;
	}
	if (!s->tls_keys)
		return EXIT_DONE;
	key_source_protect();
	k->source = key_source_open(s->tls_keys, owner, k->table, whole, log);
	key_source_poll(k->source);
	return k->source ? EXIT_DONE : EXIT_FAILED;
}

int tls_keys_open(struct tls_keys *k, const struct settings *s, bool embedded,
		  bool whole, const struct log *log)
{
	static const struct owner self;

	return open_keys(k, s, &self, embedded, whole, log);
}

int tls_keys_follow(struct tls_keys *k, const struct settings *s,
		    const struct owner *owner, const struct log *log)
{
	return open_keys(k, s, owner, false, false, log);
}

void tls_keys_embedded(void *ctx, const void *text, size_t n)
{
	const struct tls_keys *k = ctx;
	struct keylog log = {0};

	key_source_protect();
	keylog_feed(&log, k->table, text, n, clock_mono_ns());
	keylog_end(&log, k->table, clock_mono_ns());
}

void tls_keys_poll(const struct tls_keys *k)
{
	key_source_poll(k->source);
}

void tls_keys_close(struct tls_keys *k)
{
	key_source_close(k->source);
	key_table_free(k->table);
	*k = (struct tls_keys){0};
}
