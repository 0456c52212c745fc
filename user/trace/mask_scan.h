/* SPDX-License-Identifier: MIT */
/*
 * Finds secrets in text of any format: the name of a secret followed by '=' or
 * ':', the name parameter of a multipart part, elements of XML, and user information
 * in URLs.
 */
#ifndef TRACE_MASK_SCAN_H
#define TRACE_MASK_SCAN_H

#include "trace/mask_hit.h"
#include "trace/mask_names.h"

/*
 * Finds the first secret. Text that is percent-encoded or escaped as a JSON
 * string, any number of times, in any order, is recognised in the same pass.
 * *from is the position of the value or user information, *to the position
 * after the separator or, for user information, of the '@'. m may be NULL: only
 * user information is secret.
 */
enum mask_hit mask_scan(const struct mask_names *m, enum mask_place place,
			const uint8_t *p, size_t n, size_t *from, size_t *to);

/* Does a text in a body contain one? */
bool mask_has_secret(const struct mask_names *m, const uint8_t *p, size_t n);

/* Does the value of a folded field contain the name of another one? */
bool mask_has_field(const struct mask_names *m, const uint8_t *p, size_t n);

/* Does the value of a field contain user information that no "//" precedes? */
bool mask_head_has_authority(const uint8_t *p, size_t n);

/* Does it contain user information in any form? */
bool mask_has_user_info(const uint8_t *p, size_t n);

/* Does a text contain the head of one, and a name parameter in it that matches? */
bool mask_has_part(const struct mask_names *m, const uint8_t *p, size_t n);

/* Does the head of a multipart part have a name parameter that matches? */
bool mask_head_has_name(const struct mask_names *m, const uint8_t *p, size_t n);

#endif
