/* SPDX-License-Identifier: MIT */
/*
 * Patterns in which '*' stands for any characters, none as well, and '?' for
 * one; a backslash takes the special meaning from what follows. All other
 * bytes stand for themselves.
 */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GLOB_MAX 1024u /* bytes of a pattern */

struct glob; /* compiled; immutable, may be shared by threads */

/* NULL with errno on failure: EINVAL if the pattern is longer than GLOB_MAX. */
struct glob *glob_new(const char *pattern, size_t n);
void glob_free(struct glob *g);

/*
 * Does the pattern fit all of the text? Nothing is tried twice: the time is
 * that of searching for the pieces between stars one after the other, at most
 * n times the longest piece that has a '?' in it.
 */
bool glob_match(const struct glob *g, const uint8_t *p, size_t n);

#endif
