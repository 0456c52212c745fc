/* SPDX-License-Identifier: MIT */
/* Words of commands that users are told to run. */
#ifndef MODEL_SHELL_H
#define MODEL_SHELL_H

#include "model/arena.h"

/* The text as one word of a POSIX shell: quoted if it has to be. */
const char *shell_word(struct arena *a, const char *text);

/* Appends " --option value" to a command unless the value is NULL or empty. */
const char *shell_option(struct arena *a, const char *command,
			 const char *option, const char *value);

#endif
