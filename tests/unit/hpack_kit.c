/* SPDX-License-Identifier: MIT */
/* Decoded header blocks as text. */
#include "hpack_kit.h"

#include <ctype.h>
#include <string.h>

static uint8_t digit(char c)
{
	return (uint8_t)(isdigit((unsigned char)c)
				 ? c - '0'
				 : tolower((unsigned char)c) - 'a' + 10);
}

size_t hex_bytes(const char *hex, size_t n, uint8_t *out, size_t room)
{
	size_t digits = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isxdigit((unsigned char)hex[i]))
			continue;
		assert_true(digits / 2 < room);
		if (digits % 2)
			out[digits / 2] |= digit(hex[i]);
		else
			out[digits / 2] = (uint8_t)(digit(hex[i]) << 4);
		digits++;
	}
	return digits / 2;
}

static void add_known(struct buf *b, bool known, const char *s, uint32_t n)
{
	if (known)
		buf_add(b, s, n);
	else
		buf_add_str(b, "?");
}

static int add_line(void *ctx, const struct hpack_field *f)
{
	struct buf *b = ctx;

	add_known(b, f->name_known, f->name, f->name_len);
	buf_add_str(b, ": ");
	add_known(b, f->value_known, f->value, f->value_len);
	buf_add_str(b, f->never_indexed ? " !\n" : "\n");
	return 0;
}

int hpack_lines(struct hpack *h, const uint8_t *block, size_t len,
		struct buf *out)
{
	uint32_t dropped = 0;
	int r;

	buf_clear(out);
	r = hpack_decode(h, block, len, add_line, out, &dropped);
	buf_add(out, "", 1);
	assert_int_equal(dropped, 0);
	assert_false(out->failed);
	return r;
}
