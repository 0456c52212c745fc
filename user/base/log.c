/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#define LINE_MAX_BYTES 8192

/* What is in a message may come from anywhere: control characters, also those
 * above 0x7f (C1, in UTF-8), would act on the terminal. */
static void defuse(char *line)
{
	for (unsigned char *p = (unsigned char *)line; *p; p++) {
		if ((*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f)
			*p = '?';
		else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			*p = p[1] = '?';
	}
}

static void log_line(const struct log *l, enum log_level level,
		     const char *word, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];
	int n, m;

	if (!l || level > l->level)
		return;
	n = snprintf(line, sizeof(line), "%s: %s", l->program, word);
	if (n < 0 || (size_t)n >= sizeof(line))
		return;
	m = vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	if (m < 0)
		return;
	defuse(line);
	/* One write per line, so that threads do not mix theirs. */
	fprintf(l->out, "%s\n", line);
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
