/* SPDX-License-Identifier: MIT */
/* Quotes values in commands that are printed to be pasted into a shell: names
 * and URLs are chosen by others. */
#include <string.h>

#include "model/shell.h"

static const char plain[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-";

const char *shell_word(struct arena *a, const char *text)
{
	const char *quoted = "'";

	if (*text && strspn(text, plain) == strlen(text))
		return text;
	for (;;) {
		size_t n = strcspn(text, "'");

		quoted = arena_printf(a, "%s%.*s", quoted, (int)n, text);
		text += n;
		if (!*text)
			break;
		/* A single quote ends the quoted part and stands outside. */
		quoted = arena_printf(a, "%s'\\''", quoted);
		text++;
	}
	return arena_printf(a, "%s'", quoted);
}

const char *shell_option(struct arena *a, const char *command,
			 const char *option, const char *value)
{
	return str_empty(value) ? command
				: arena_printf(a, "%s --%s %s", command, option,
					       shell_word(a, value));
}
