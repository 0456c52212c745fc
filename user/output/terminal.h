/* SPDX-License-Identifier: MIT */
/* What is known of the terminal, or other destination, that short lines are written to. */
#ifndef OUTPUT_TERMINAL_H
#define OUTPUT_TERMINAL_H

#include "output/short_cells.h"

struct terminal;

/* Reads the environment, locale and time zone. NULL: out of memory. */
struct terminal *terminal_new(int fd);
void terminal_free(struct terminal *t);

/* In the thread that writes the lines: makes wcwidth() that of the terminal. */
void terminal_enter(struct terminal *t);

/* The style at present, as the terminal may change its size. */
const struct short_style *terminal_style(struct terminal *t);

#endif
