/* SPDX-License-Identifier: MIT */
/* Masks arbitrary bodies and queries. The first byte chooses their format. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "trace/body_form.h"
#include "trace/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)            \
	do {                     \
		if (!(what))     \
			abort(); \
	} while (0)

static void put(void *ctx, const void *p, size_t n)
{
	buf_add(ctx, p, n);
}

/* Is a a copy of b in which parts are replaced by masks? */
static bool is_masked(const struct buf *out, const uint8_t *p, size_t n)
{
	return (out->len == n && (!n || !memcmp(out->p, p, n))) ||
	       memmem(out->p, out->len, MASK_TEXT, sizeof(MASK_TEXT) - 1);
}

/* A secret must not appear, whatever precedes it. */
static void check_planted(const struct mask_names *m, const uint8_t *p,
			  size_t n)
{
	static const char member[] = "\n\"password\":\"~SECRET~\"";
	static const char pair[] = "&password=~SECRET~";
	static struct buf in, out;

	buf_clear(&in);
	buf_clear(&out);
	buf_add(&in, p, n);
	buf_add_str(&in, member);
	body_write(BODY_TEXT, m, in.p, in.len, put, &out);
	REQUIRE(!memmem(out.p, out.len, "~SECRET~", 8) ||
		memmem(p, n, "SECRET", 6));
	buf_clear(&out);
	in.len = n;
	buf_add_str(&in, pair);
	mask_pairs(m, in.p, in.len, false, put, &out);
	REQUIRE(!memmem(out.p, out.len, "~SECRET~", 8) ||
		memmem(p, n, "SECRET", 6));
}

/* The parameters of a line's query are masked like those of its URL. */
static void check_pair(const struct mask_names *m, const uint8_t *p, size_t n)
{
	static struct buf in, out;
	bool masked;

	buf_clear(&in);
	buf_clear(&out);
	buf_add_str(&in, "?");
	buf_add(&in, p, n);
	mask_pairs(m, in.p, in.len, true, put, &out);
	masked = out.len != in.len || memcmp(out.p, in.p, in.len) != 0;
	REQUIRE((mask_pair_secret(m, p, n, 0) != MASK_NO_PAIR) == masked ||
		memmem(p, n, MASK_TEXT, sizeof(MASK_TEXT) - 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"password", "pin"};
	static struct mask_names *m;
	static struct buf out;
	struct http_field type = {{(const uint8_t *)"Content-Type", 12}, {0}};
	struct http_message msg = {.fields = &type, .n_fields = 1};
	uint8_t *copy;
	size_t n;

	if (!m)
		m = mask_names_new(names, 2, NULL, 0);
	if (!size || !m)
		return 0;
	n = size - 1;
	/* In memory of its own, so that ASan reports reads beyond it. */
	copy = malloc(n + !n);
	REQUIRE(copy);
	memcpy(copy, data + 1, n);
	buf_clear(&out);
	if (data[0] & 0x80) {
		mask_pairs(m, copy, n, data[0] & 1, put, &out);
		check_pair(m, copy, n);
	} else if (data[0] & 0x40) {
		/* The first line is the Content-Type. */
		uint8_t *lf = memchr(copy, '\n', n);

		type.value.p = copy;
		type.value.len = lf ? (uint32_t)(lf - copy) : 0;
		msg.body.data = copy;
		msg.body.len = msg.body.total = n;
		body_write(body_form(&msg), m, copy, n, put, &out);
	} else {
		body_write(data[0] % (BODY_RECODED + 1), m, copy, n, put, &out);
	}
	REQUIRE(!out.failed && is_masked(&out, copy, n));
	check_planted(m, copy, n);
	buf_clear(&out);
	if (multipart_readable(&out, copy, n, data[0] & 1))
		REQUIRE(!out.failed && out.len <= 3 * n + 8192);
	out.failed = false;
	free(copy);
	return 0;
}
