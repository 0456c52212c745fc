/* SPDX-License-Identifier: MIT */
/* Shortens arbitrary lines. The first byte chooses the style, the second one the columns.
 * Whatever a line contains, one line comes out that a terminal can show. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/control.h"
#include "output/short_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)            \
	do {                     \
		if (!(what))     \
			abort(); \
	} while (0)

/* The columns of one line without colours, all of whose characters are shown. */
static unsigned int columns_of(const struct short_style *style,
			       const uint8_t *p, const uint8_t *end)
{
	unsigned int columns = 0, n;
	wchar_t c;

	for (; p < end; p += n) {
		n = utf8_sequence(p, end);
		REQUIRE(n && !control_length(p, end));
		REQUIRE(n == 1 || style->utf8);
		if (n == 1) {
			columns++;
			continue;
		}
		REQUIRE(mbrtowc(&c, (const char *)p, n, NULL) == n);
		REQUIRE(wcwidth(c) >= 0);
		columns += (unsigned int)wcwidth(c);
	}
	return columns;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf plain, colour;
	struct short_style style;
	uint8_t *copy;
	size_t n;

	if (size < 2 || !setlocale(LC_CTYPE, "C.UTF-8"))
		return 0;
	n = size - 2;
	/* In memory of its own, so that ASan reports reads beyond it. */
	copy = malloc(n + !n);
	REQUIRE(copy);
	memcpy(copy, data + 2, n);
	style = (struct short_style){false, data[0] & 1,
				     data[0] & 2 ? 20 + data[1] : 0};
	buf_clear(&plain);
	short_line(&plain, &style, copy, n);
	REQUIRE(!plain.failed && plain.len && plain.p[plain.len - 1] == '\n');
	REQUIRE(columns_of(&style, plain.p, plain.p + plain.len - 1) <=
		(style.columns ? style.columns : UINT32_MAX));
	style.colour = true;
	buf_clear(&colour);
	short_line(&colour, &style, copy, n);
	REQUIRE(!colour.failed && colour.len >= plain.len);
	free(copy);
	return 0;
}
