/* SPDX-License-Identifier: MIT */
/* Formats a port bitmap for people and for status. */
#ifndef CONFIG_PORTS_H
#define CONFIG_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes the bitmap of struct settings as "80,8000-8100", "any" or "none". A
 * list that does not fit size ends in ",...". */
void ports_text(char *out, size_t size, const uint64_t ports[1024], bool any);

#endif
