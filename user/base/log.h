/* SPDX-License-Identifier: MIT */
/* Messages for people, on stderr. One struct log per program, in main. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stdio.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

struct log {
	FILE *out;	     /* not owned */
	const char *program; /* prefix, not owned */
	enum log_level level;
};

#define LOG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* One line each; the newline is added. An error reads
 * "what: why: what to do". Safe to call from several threads. */
void log_error(const struct log *l, const char *fmt, ...) LOG_PRINTF(2, 3);
void log_warn(const struct log *l, const char *fmt, ...) LOG_PRINTF(2, 3);
void log_info(const struct log *l, const char *fmt, ...) LOG_PRINTF(2, 3);
void log_debug(const struct log *l, const char *fmt, ...) LOG_PRINTF(2, 3);

#endif
