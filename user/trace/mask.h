/* SPDX-License-Identifier: MIT */
/*
 * Takes secrets out of what is reported: which names are secret, and copies of
 * targets, forms and JSON in which the values of those names are replaced.
 */
#ifndef TRACE_MASK_H
#define TRACE_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MASK_TEXT     "[redacted]"
#define MASK_NAME_MAX 255

/* A set of names, compared without regard to ASCII case. */
struct mask_names;

/* NULL with errno: ENOMEM, or EINVAL for an empty name or one longer than
 * MASK_NAME_MAX. The names are copied. */
struct mask_names *mask_names_new(const char *const *a, unsigned int na,
				  const char *const *b, unsigned int nb);
void mask_names_free(struct mask_names *m);
bool mask_names_empty(const struct mask_names *m);
bool mask_names_match(const struct mask_names *m, const uint8_t *p, size_t n);
/* Bit n: there is a name of n octets, or n + 64 and so on. */
uint64_t mask_names_lengths(const struct mask_names *m);

/* As mask_names_match() for the percent-encoded name of a form or query field;
 * "user[password]" and "user.password" count as "password" too. */
bool mask_field_match(const struct mask_names *m, const uint8_t *p, size_t n);

/* Receives the copy in pieces. */
typedef void (*mask_put)(void *ctx, const void *p, size_t n);

/* name=value pairs of a query or a form, or, with target set, of a request
 * target or path. A value that has one of these names within, in JSON or
 * encoded once more, is masked as well. */
void mask_pairs(const struct mask_names *m, const uint8_t *p, size_t n,
		bool target, mask_put put, void *ctx);

/* Whether mask_pairs() would change anything. */
bool mask_pairs_match(const struct mask_names *m, const uint8_t *p, size_t n);

/*
 * JSON, possibly cut at its end: members of these names at any depth get the
 * mask as their value, whatever it was. Where strict is set, text that is not
 * JSON is masked from there on, because nobody can tell its members; else it
 * is copied and the search goes on. A string that is JSON itself, or a URL, is
 * masked if there is such a member or parameter in it.
 */
void mask_json(const struct mask_names *m, const uint8_t *p, size_t n,
	       bool strict, mask_put put, void *ctx);

/* Whether a text begins as JSON does, with an object or an array. */
bool mask_looks_like_json(const uint8_t *p, size_t n);

/* multipart/form-data, possibly cut at its end: the contents of parts of these
 * names, and JSON in the others. A body in which no parts can be found is masked
 * as a whole. */
void mask_multipart(const struct mask_names *m, const uint8_t *p, size_t n,
		    mask_put put, void *ctx);

#endif
