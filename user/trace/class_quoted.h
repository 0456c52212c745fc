/* SPDX-License-Identifier: MIT */
/* Quoted-printable (RFC 2045 section 6.7), which mail and parts of multipart bodies may
 * still have. */
#ifndef TRACE_CLASS_QUOTED_H
#define TRACE_CLASS_QUOTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does text name this encoding? */
bool class_names_quoted(const uint8_t *p, size_t n);

enum class_quoted { QUOTED_NONE, QUOTED_BYTE, QUOTED_BREAK };

/* What the '=' at i begins: a byte, which is set, or a line break that is none. Sets
 * *to to its end. */
enum class_quoted class_quoted_at(const uint8_t *p, size_t n, size_t i,
				  uint8_t *byte, size_t *to);

#endif
