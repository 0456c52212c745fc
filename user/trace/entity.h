/* SPDX-License-Identifier: MIT */
/* Entities of XML and HTML, as far as they can hide a secret. */
#ifndef TRACE_ENTITY_H
#define TRACE_ENTITY_H

#include <stddef.h>
#include <stdint.h>

#define ENTITY_MAX 9 /* characters between '&' and ';' */

/* The character of an entity, such as "#52", "#x34" or "quot"; 0: none, or not one
 * that matters. */
unsigned int entity_code(const uint8_t *p, size_t n);

#endif
