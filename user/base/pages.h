/* SPDX-License-Identifier: MIT */
/*
 * Memory for large tables, straight from the kernel: zeroed, populated on first
 * touch, and in huge pages if possible. With small pages, every lookup in a
 * table of a million connections costs a TLB miss.
 */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#define PAGES_HUGE (2u << 20)

/* Allocates size bytes, aligned to PAGES_HUGE if size is at least that. huge
 * advises the kernel to use huge pages. NULL with errno on failure. */
void *pages_new(size_t size, bool huge);
/* p may be NULL. */
void pages_free(void *p, size_t size);

#endif
