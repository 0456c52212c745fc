/* SPDX-License-Identifier: MIT */
/* Log messages: one write per line, without control characters. */
#include "base/log.h"

#define LINE_MAX_BYTES 8192

/* Replaces control characters, including C1 in UTF-8, by '?'. Messages quote
 * text from untrusted sources, which could otherwise control the terminal. */
static void mask_controls(char *line)
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
	mask_controls(line);
	/* One write per line keeps the lines of threads apart. */
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
