/* SPDX-License-Identifier: MIT */
/*
 * Conversations and what must come of them, one row for each rule of
 * RFC 9112 and each thing that is seen in place of it. The same rows serve
 * the property that the result does not depend on how bytes are cut.
 */
#ifndef TESTS_HTTP_TABLE_H
#define TESTS_HTTP_TABLE_H

#include "http_kit.h"

#define STEPS_MAX 10

struct row {
	const char *name;
	struct kit_step steps[STEPS_MAX];
	const char *expect; /* the lines */
};

#define C(text)                                                          \
	{                                                                \
		.dir = STREAM_C2S, .data = text, .len = sizeof(text) - 1 \
	}
#define S(text)                                                          \
	{                                                                \
		.dir = STREAM_S2C, .data = text, .len = sizeof(text) - 1 \
	}

/* http_rows_plain.c: as it should be */
extern const struct row http_rows_plain[];
extern const size_t http_n_rows_plain;
/* http_rows_odd.c: as it should not be, but is */
extern const struct row http_rows_odd[];
extern const size_t http_n_rows_odd;

#endif
