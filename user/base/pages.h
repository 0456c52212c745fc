/* SPDX-License-Identifier: MIT */
/*
 * Memory for large tables, straight from the kernel: zeroed, touched only as
 * it is used, and in huge pages where the kernel has them, because a table of
 * a million connections in small pages costs a TLB miss at each look.
 */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#define PAGES_HUGE (2u << 20)

/* size bytes, aligned to PAGES_HUGE if there are that many. huge asks for
 * huge pages; only advice. NULL with errno on failure. */
void *pages_new(size_t size, bool huge);
/* p may be NULL. */
void pages_free(void *p, size_t size);

#endif
