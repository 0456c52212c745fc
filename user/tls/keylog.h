/* SPDX-License-Identifier: MIT */
/*
 * Reads NSS key logs: lines "LABEL CLIENT_RANDOM SECRET" in hexadecimal. Text may
 * arrive in any pieces.
 */
#ifndef TLS_KEYLOG_H
#define TLS_KEYLOG_H

#include "tls/keys.h"

/* The longest label, two numbers and the spaces between. */
#define KEYLOG_LINE_MAX 256u

/* One text; zeroed at its beginning. */
struct keylog {
	char line[KEYLOG_LINE_MAX]; /* the line in progress */
	uint32_t n;
	bool too_long; /* the rest of it is ignored */
};

void keylog_feed(struct keylog *k, struct key_table *t, const void *text,
		 size_t n, uint64_t now_ns);
/* The text has ended: its last line may lack an end. Wipes k. */
void keylog_end(struct keylog *k, struct key_table *t, uint64_t now_ns);

#endif
