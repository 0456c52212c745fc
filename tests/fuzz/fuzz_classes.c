/* SPDX-License-Identifier: MIT */
/* Looks for values of classes in arbitrary text. The first byte chooses classes, the
 * second one whether the text may be cut or is JSON. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "trace/class_mask.h"
#include "trace/class_quoted.h"
#include "trace/class_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ALL ((1u << N_CLASSES) - 1)

#define REQUIRE(what)            \
	do {                     \
		if (!(what))     \
			abort(); \
	} while (0)

static void put(void *ctx, const void *p, size_t n)
{
	buf_add(ctx, p, n);
}

/* In order, without overlap, within the text. Returns how many. */
static size_t check_hits(const struct class_set *set, const uint8_t *p,
			 size_t n, bool cut)
{
	struct class_scan scan;
	struct class_hit hit;
	size_t found = 0, end = 0;

	class_scan_begin(&scan, set, p, n, cut, NULL, 0);
	for (; class_scan_next(&scan, &hit); end = hit.to) {
		REQUIRE(hit.from >= end && hit.to > hit.from && hit.to <= n);
		REQUIRE(set->classes >> hit.class & 1);
		found++;
	}
	return found;
}

/* What an '=' begins ends within the text. */
static void check_quoted(const uint8_t *p, size_t n)
{
	static const char name[] = "quoted-printable";
	const size_t len = sizeof(name) - 1;
	enum class_quoted kind;
	bool named = false;
	uint8_t byte;
	size_t i, to;

	for (i = 0; i < n; i++) {
		named = named || (n - i >= len &&
				  !strncasecmp((const char *)p + i, name, len));
		if (p[i] != '=')
			continue;
		kind = class_quoted_at(p, n, i, &byte, &to);
		REQUIRE(kind == QUOTED_NONE || (to > i + 1 && to <= n));
		REQUIRE(kind != QUOTED_BYTE || to == i + 3);
	}
	REQUIRE(class_names_quoted(p, n) == named);
}

/* Both readings: nothing that one of them shows is left out. */
static void check_readings(const struct class_set *set, const uint8_t *p,
			   size_t n, bool cut, bool found)
{
	static struct buf out;
	struct class_mask m;

	buf_clear(&out);
	REQUIRE(class_mask_begin_quoted(&m, set, p, n, cut) == m.found);
	REQUIRE(m.found || !found);
	found = m.found;
	class_mask_all(&m, put, &out);
	REQUIRE(!out.failed);
	if (!found)
		REQUIRE(out.len == n && (!n || !memcmp(out.p, p, n)));
}

/* A value is found whatever precedes it. */
static void check_planted(const uint8_t *p, size_t n)
{
	static const char *const values[] = {
		"\n4111 1111 1111 1111\n",  "\nDE89 3704 0044 0532 0130 00\n",
		"\n123-45-6789\n",	    "\neyJhbGciOiJub25lIn0.e30.x\n",
		"\nAKIAIOSFODNN7EXAMPLE\n", "\n~~@planted.example\n",
	};
	static struct buf in, out;
	struct class_set set;
	struct class_mask m;

	class_set_init(&set, ALL);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const size_t len = strlen(values[i]);

		buf_clear(&in);
		buf_clear(&out);
		buf_add(&in, p, n);
		buf_add(&in, values[i], len);
		class_mask_begin(&m, &set, in.p, in.len, false, NULL, 0);
		class_mask_all(&m, put, &out);
		REQUIRE(!out.failed);
		REQUIRE(out.len < len ||
			memcmp(out.p + out.len - len, values[i], len) != 0);
		buf_clear(&out);
		class_mask_begin_quoted(&m, &set, in.p, in.len, false);
		class_mask_all(&m, put, &out);
		REQUIRE(out.len < len ||
			memcmp(out.p + out.len - len, values[i], len) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf out, parts;
	struct class_set set;
	struct class_mask m;
	uint8_t *copy;
	size_t n, found, i, step;

	if (size < 2)
		return 0;
	n = size - 2;
	class_set_init(&set, data[0] & ALL);
	/* In memory of its own, so that ASan reports reads beyond it. */
	copy = malloc(n + !n);
	REQUIRE(copy);
	memcpy(copy, data + 2, n);
	found = check_hits(&set, copy, n, data[1] & 1);
	buf_clear(&out);
	REQUIRE(class_mask_begin(&m, &set, copy, n, data[1] & 1, copy,
				 data[1] & 4 ? n / 2 : 0) == m.found);
	m.json = data[1] & 2;
	class_mask_all(&m, put, &out);
	REQUIRE(!out.failed);
	if (!found && !(data[1] & 4))
		REQUIRE(out.len == n && (!n || !memcmp(out.p, copy, n)));
	/* In parts, as other masks pass it on. */
	buf_clear(&parts);
	class_mask_begin(&m, &set, copy, n, data[1] & 1, NULL, 0);
	m.put = put;
	m.ctx = &parts;
	step = 1 + data[1] / 8u;
	for (i = 0; i < n; i += step)
		class_mask_put(&m, copy + i, step < n - i ? step : n - i);
	if (!found)
		REQUIRE(parts.len == n && (!n || !memcmp(parts.p, copy, n)));
	check_quoted(copy, n);
	check_readings(&set, copy, n, data[1] & 1, found);
	check_planted(copy, n);
	free(copy);
	return 0;
}
