/* SPDX-License-Identifier: MIT */
/* Tells the NULs of UTF-16 and UTF-32 from those that separate; internal to
 * class_scan.c. */
#ifndef TRACE_CLASS_WIDE_H
#define TRACE_CLASS_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is the NUL whose encoded form is [from, to) of a text of n bytes, such as "%00", part
 * of a wider character? */
bool class_nul_is_wide(const uint8_t *p, size_t n, size_t from, size_t to);

#endif
