/* SPDX-License-Identifier: MIT */
/* User information in URLs and authorities (RFC 3986 section 3.2.1). */
#ifndef TRACE_MASK_USER_INFO_H
#define TRACE_MASK_USER_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The end of the user information if p, the position after "//", begins with it;
 * else NULL. */
const uint8_t *mask_user_info_end(const uint8_t *p, const uint8_t *end);

/* A quick test: may the text contain user information, percent-encoded or not?
 * p may be NULL if n is 0. */
bool mask_may_have_user_info(const uint8_t *p, size_t n);

#endif
