/* SPDX-License-Identifier: MIT */
/* Log messages: one write per line, with control characters escaped. Messages
 * quote text from untrusted sources, which could otherwise control the
 * terminal. */
#include "base/control.h"
#include "base/log.h"

#define LINE_MAX_BYTES 8192

static void log_line(const struct log *l, enum log_level level,
		     const char *word, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES], safe[LINE_MAX_BYTES];
	int n, m;

	if (!l || level > l->level)
		return;
	n = snprintf(line, sizeof(line), "%s: %s", l->program, word);
	if (n < 0 || (size_t)n >= sizeof(line))
		return;
	m = vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	if (m < 0)
		return;
	/* Messages of several lines exist, such as the verifier's log. */
	control_escape(safe, sizeof(safe), line, true);
	/* One write per line keeps the lines of threads apart. */
	fprintf(l->out, "%s\n", safe);
	fflush(l->out);
}

#define LOG_FUNCTION(name, level, word)                      \
	void name(const struct log *l, const char *fmt, ...) \
	{                                                    \
		va_list ap;                                  \
                                                             \
		va_start(ap, fmt);                           \
		log_line(l, level, word, fmt, ap);           \
		va_end(ap);                                  \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR, "error: ")
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN, "warning: ")
LOG_FUNCTION(log_info, LOG_LEVEL_INFO, "")
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG, "debug: ")
