/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_PORTS_H
#define CONFIG_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bitmap of struct settings as "80,8000-8100", or "any", or "none"; ends
 * in ",..." when size is too small. */
void ports_text(char *out, size_t size, const uint64_t ports[1024], bool any);

#endif
