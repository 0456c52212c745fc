/* SPDX-License-Identifier: MIT */
/* The part of mask_scan() that finds user information, with and without "//" before it. */
#ifndef TRACE_MASK_AUTHORITY_H
#define TRACE_MASK_AUTHORITY_H

#include "trace/mask_tags.h"

/* The next character of a text, before s->word changes: follows URLs. */
void scan_take_url(struct scan *s, unsigned int c);

/* The same in a head, of authorities without "//", as in Forwarded and Via:
 * "user:password@". What precedes an '@' without a password may be an address. */
void scan_take_bare(struct scan *s, unsigned int c);

#endif
