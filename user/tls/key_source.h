/* SPDX-License-Identifier: MIT */
/* Where key log lines come from: a file that grows, a FIFO, or a Unix socket to
 * which programs connect. Read without waiting. */
#ifndef TLS_KEY_SOURCE_H
#define TLS_KEY_SOURCE_H

#include "base/log.h"
#include "base/owned_file.h"
#include "tls/keys.h"

struct key_source;

/* The process holds secrets from now on: no core dumps. */
void key_source_protect(void);

/*
 * place: a path, or unix:PATH. whole: what a file or FIFO holds is read up to its
 * end before this returns; else a file that replaces it, as rotation does, is read
 * too. log outlives the source. owner: who will own the socket. NULL: logged.
 */
struct key_source *key_source_open(const char *place, const struct owner *owner,
				   struct key_table *t, bool whole,
				   const struct log *log);
/* Reads what has come. */
void key_source_poll(struct key_source *s);
void key_source_close(struct key_source *s);

#endif
