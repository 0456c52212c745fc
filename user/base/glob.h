/* SPDX-License-Identifier: MIT */
/*
 * Glob patterns: '*' matches any number of bytes including none, '?' exactly
 * one; a backslash makes the next character literal. Every other byte matches
 * itself.
 */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GLOB_MAX 1024u /* maximum length of a pattern */

struct glob; /* compiled; immutable, so threads may share it */

/* NULL with errno on failure: EINVAL if the pattern is longer than GLOB_MAX. */
struct glob *glob_new(const char *pattern, size_t n);
void glob_free(struct glob *g);

/*
 * Whether the pattern matches the whole text. Linear: at most GLOB_MAX / 64
 * steps per byte of text, and one for a pattern without '?'.
 */
bool glob_match(const struct glob *g, const uint8_t *p, size_t n);

#endif
