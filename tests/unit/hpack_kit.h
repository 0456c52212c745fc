/* SPDX-License-Identifier: MIT */
/* Decoded header blocks as text, for the tests of HPACK. */
#ifndef TESTS_HPACK_KIT_H
#define TESTS_HPACK_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "http2/hpack.h"

/* Hexadecimal digits, perhaps with blanks, to out; the number of bytes. */
size_t hex_bytes(const char *hex, size_t n, uint8_t *out, size_t room);
/* Decodes a block to lines "name: value", where what is not known is "?", and a
 * never indexed field ends in " !". Returns what hpack_decode() does. */
int hpack_lines(struct hpack *h, const uint8_t *block, size_t len,
		struct buf *out);

#endif
