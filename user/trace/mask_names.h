/* SPDX-License-Identifier: MIT */
/* A set of names whose values are secret, compared without regard to ASCII
 * case. Immutable, shared by threads. */
#ifndef TRACE_MASK_NAMES_H
#define TRACE_MASK_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MASK_NAME_MAX 255

struct mask_names;

/* The union of two lists, which are copied. NULL with errno: ENOMEM, or EINVAL
 * for a name that is empty or longer than MASK_NAME_MAX. */
struct mask_names *mask_names_new(const char *const *a, unsigned int na,
				  const char *const *b, unsigned int nb);
void mask_names_free(struct mask_names *m);
bool mask_names_empty(const struct mask_names *m);
/* The length of the shortest name, which its encoded forms have at least. */
size_t mask_names_min(const struct mask_names *m);
bool mask_names_match(const struct mask_names *m, const uint8_t *p, size_t n);
/* Bit n: the set has a name of length n, n + 64, n + 128 or n + 192. Sets bit k of
 * letters[n] for the first letter of each, modulo 32. */
uint64_t mask_names_lengths(const struct mask_names *m, uint32_t letters[64]);

/* The same for the name of a header field, in which '_' is '-'. */
bool mask_names_match_header(const struct mask_names *m, const uint8_t *p,
			     size_t n);

/* As mask_names_match() for the percent-encoded name of a form or query field.
 * "user[password]" and "user.password" match "password" too, as does a name with
 * blanks, quotation marks or control characters around it. */
bool mask_field_match(const struct mask_names *m, const uint8_t *p, size_t n);

/* As mask_names_match() for the name of a header field, without regard to
 * characters that are not allowed in it (RFC 9110 section 5.6.2). */
bool mask_names_match_odd(const struct mask_names *m, const uint8_t *p,
			  size_t n);

#endif
