/* SPDX-License-Identifier: MIT */
/* Log messages on stderr. main() owns the program's only struct log. */
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

/* Each call logs one line and appends the newline. Errors read "what failed:
 * why: what to do". Thread-safe. */
void log_error(const struct log *l, const char *fmt, ...) LOG_PRINTF(2, 3);
void log_warn(const struct log *l, const char *fmt, ...) LOG_PRINTF(2, 3);
void log_info(const struct log *l, const char *fmt, ...) LOG_PRINTF(2, 3);
void log_debug(const struct log *l, const char *fmt, ...) LOG_PRINTF(2, 3);

#endif
