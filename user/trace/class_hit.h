/* SPDX-License-Identifier: MIT */
/* The queue of what was found but may be part of something longer. Internal to
 * class_scan.c. */
#ifndef TRACE_CLASS_HIT_H
#define TRACE_CLASS_HIT_H

#include "trace/class_state.h"

/* Adds a value; those within it are removed. */
void class_add_hit(struct class_scan *s, enum mask_class class, size_t from,
		   size_t to);

#endif
