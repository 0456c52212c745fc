/* SPDX-License-Identifier: MIT */
/* The secrets of --tls-keys and of capture files. */
#ifndef CLI_TLS_KEYS_H
#define CLI_TLS_KEYS_H

#include "base/log.h"
#include "config/settings.h"
#include "tls/key_source.h"
#include "tls/keylog.h"

struct tls_keys {
	struct key_table *table; /* NULL: nothing is decrypted */
	struct key_source *source;
	bool embedded; /* a capture file may hold secrets */
};

/* whole: reads what --tls-keys names up to its end. Returns an exit
 * code. */
int tls_keys_open(struct tls_keys *k, const struct settings *s, bool embedded,
		  bool whole, const struct log *log);
/* The same, of a daemon that becomes owner: reads what is there, and more with each
 * poll. */
int tls_keys_follow(struct tls_keys *k, const struct settings *s,
		    const struct owner *owner, const struct log *log);
/* A key log in a capture file. ctx is struct tls_keys. */
void tls_keys_embedded(void *ctx, const void *text, size_t n);
void tls_keys_poll(const struct tls_keys *k);
void tls_keys_close(struct tls_keys *k);

#endif
