/* SPDX-License-Identifier: MIT */
/*
 * HPACK against nghttp2's encoder: random fields, tables of changing size.
 * Several decoders read the same blocks: from the start, joined later, with
 * lost blocks, with a small bound of their own. Each field must be right or not
 * known, and is known exactly if what it refers to was inserted in view, as an
 * independent reader of the representations finds. Skipped without libnghttp2.
 */
#include "hpack_kit.h"
#include "http2/huffman_memo.h"

#include <stdlib.h>
#include <string.h>

#include "../common/scale.h"

#if __has_include(<nghttp2/nghttp2.h>)
#include <nghttp2/nghttp2.h>

#define FIELDS	    24
#define STRING_MAX  300
#define BLOCK_MAX   (FIELDS * (2 * STRING_MAX + 16) + 64)
#define BLOCKS	    60 /* of one connection */
#define INSERTS_MAX (BLOCKS * FIELDS)
#define NO_INSERT   UINT32_MAX

static uint32_t seed = 1;

static uint32_t rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

/* One field as sent, and what it refers to: the number of the insertion that
 * its name or all of it comes from, or NO_INSERT. */
struct sent {
	char name[STRING_MAX + 16], value[STRING_MAX + 1];
	nghttp2_nv nv;
	uint32_t name_from, value_from;
	bool never;
};

/* One connection. For each insertion, where its name comes from. */
struct connection {
	struct sent fields[FIELDS];
	size_t n;
	uint8_t block[BLOCK_MAX];
	size_t len;
	uint32_t inserts;
	uint32_t insert_name[INSERTS_MAX];
};

/* A decoder and how much it has seen. */
struct observer {
	struct hpack *h;
	uint32_t since; /* the first insertion in view */
	bool exact;	/* its bound is that of the encoder or larger */
	/* During a block. */
	const struct connection *c;
	size_t at;
	uint64_t known, unknown;
};

static void random_string(char *s, uint32_t len, bool name)
{
	static const char usual[] = "abcdefghijklmnopqrstuvwxyz0123456789-/=";
	const bool octets = !name && !rnd(6);

	for (uint32_t i = 0; i < len; i++)
		s[i] = octets ? (char)rnd(256) : usual[rnd(sizeof(usual) - 1)];
	s[len] = 0;
}

static void random_field(struct sent *f)
{
	static const char *const names[] = {":path", ":authority", "cookie",
					    "x-id",  "x-trace",	   "date",
					    "accept"};
	size_t len;

	memset(&f->nv, 0, sizeof(f->nv));
	if (rnd(4))
		strcpy(f->name, names[rnd(7)]);
	else
		random_string(f->name, rnd(20) + 1, true);
	/* A few values that recur, and many that do not. */
	len = rnd(3) ? rnd(12) : rnd(STRING_MAX);
	if (rnd(2))
		strcpy(f->value, &"value 12345678"[rnd(8)]),
			len = strlen(f->value);
	else
		random_string(f->value, (uint32_t)len, false);
	f->nv.name = (uint8_t *)f->name;
	f->nv.namelen = strlen(f->name);
	f->nv.value = (uint8_t *)f->value;
	f->nv.valuelen = len;
	f->never = !rnd(8);
	if (f->never)
		f->nv.flags = NGHTTP2_NV_FLAG_NO_INDEX;
}

static uint32_t read_integer(const uint8_t **p, unsigned int prefix)
{
	uint32_t mask = (1u << prefix) - 1, v = *(*p)++ & mask, shift = 0;

	if (v == mask)
		do
			v += (uint32_t)(**p & 127) << shift;
		while (shift += 7, *(*p)++ & 128);
	return v;
}

static void skip_string(const uint8_t **p)
{
	const uint32_t n = read_integer(p, 7);

	*p += n;
}

/* Finds for each field of the block which insertion it refers to. */
static void trace_references(struct connection *c)
{
	const uint8_t *p = c->block, *end = p + c->len;
	size_t i = 0;

	while (p < end) {
		const uint8_t first = *p;
		struct sent *f = &c->fields[i];
		uint32_t index;

		if (!(first & 0xc0) && first & 0x20) {
			read_integer(&p, 5);
			continue;
		}
		assert_true(i++ < c->n);
		index = read_integer(&p, first & 128 ? 7 : first & 64 ? 6 : 4);
		/* nghttp2 adds some of its own. */
		assert_true(!f->never || (first & 0xf0) == 0x10);
		f->never = (first & 0xf0) == 0x10;
		f->name_from = f->value_from = NO_INSERT;
		if (index > 61)
			f->name_from = c->inserts - (index - 61);
		if (first & 128) {
			f->value_from = f->name_from;
			/* The name of an entry may be older. */
			if (f->name_from != NO_INSERT)
				f->name_from = c->insert_name[f->name_from];
			continue;
		}
		if (f->name_from != NO_INSERT)
			f->name_from = c->insert_name[f->name_from];
		if (!index)
			skip_string(&p);
		skip_string(&p);
		if (first & 64) {
			assert_true(c->inserts < INSERTS_MAX);
			/* Its own number, if its name is known by itself. */
			c->insert_name[c->inserts] = f->name_from == NO_INSERT
							     ? c->inserts
							     : f->name_from;
			c->inserts++;
		}
	}
	assert_ptr_equal(p, end);
	assert_int_equal(i, c->n);
}

static void check(struct observer *o, bool known, uint32_t from, const char *s,
		  uint32_t n, const uint8_t *sent, size_t sent_n)
{
	if (known) {
		assert_int_equal(n, sent_n);
		assert_memory_equal(s, sent, n);
	}
	if (from != NO_INSERT && from < o->since)
		assert_false(known);
	else if (o->exact)
		assert_true(known);
	else
		assert_true(known || from != NO_INSERT);
	o->known += known;
	o->unknown += !known;
}

static int check_field(void *ctx, const struct hpack_field *f)
{
	struct observer *o = ctx;
	const struct sent *s = &o->c->fields[o->at++];

	assert_true(o->at <= o->c->n);
	check(o, f->name_known, s->name_from, f->name, f->name_len, s->nv.name,
	      s->nv.namelen);
	check(o, f->value_known, s->value_from, f->value, f->value_len,
	      s->nv.value, s->nv.valuelen);
	assert_int_equal(f->never_indexed, s->never);
	return 0;
}

static void observe(struct observer *o, const struct connection *c)
{
	uint32_t dropped = 0;

	o->c = c;
	o->at = 0;
	assert_int_equal(
		hpack_decode(o->h, c->block, c->len, check_field, o, &dropped),
		0);
	assert_int_equal(o->at, c->n);
	assert_int_equal(dropped, 0);
}

static void encode(nghttp2_hd_deflater *d, struct connection *c)
{
	nghttp2_nv nv[FIELDS];
	ssize_t len;

	if (!rnd(10)) {
		static const size_t sizes[] = {0, 64, 200, 1000, 4096, 16384};

		/* Two changes between blocks make two updates. */
		nghttp2_hd_deflate_change_table_size(d, sizes[rnd(6)]);
		if (rnd(2))
			nghttp2_hd_deflate_change_table_size(d, sizes[rnd(6)]);
	}
	c->n = 1 + rnd(FIELDS);
	for (size_t i = 0; i < c->n; i++) {
		random_field(&c->fields[i]);
		nv[i] = c->fields[i].nv;
	}
	len = nghttp2_hd_deflate_hd(d, c->block, sizeof(c->block), nv, c->n);
	assert_true(len > 0);
	c->len = (size_t)len;
}

enum { WHOLE, JOINED, LOSSY, SMALL, OBSERVERS };

/* The state of the encoder's table survives a block that is not seen; what the
 * block inserted does not become visible. */
static void connection(struct connection *c, unsigned int blocks,
		       unsigned int join, uint64_t known[OBSERVERS],
		       uint64_t unknown[OBSERVERS])
{
	struct observer o[OBSERVERS] = {0};
	nghttp2_hd_deflater *d;
	struct huffman_memo memo = {0};

	c->inserts = 0;
	assert_int_equal(nghttp2_hd_deflate_new(&d, 16384), 0);
	for (int i = 0; i < OBSERVERS; i++) {
		o[i].h = hpack_new(i == SMALL ? 100 + rnd(2000) : 65536);
		assert_non_null(o[i].h);
		if (i & 1) /* must make no difference */
			hpack_use(o[i].h, &memo);
		o[i].exact = i != SMALL;
	}
	for (unsigned int b = 0; b < blocks; b++) {
		const uint32_t before = c->inserts;
		const bool lost = !rnd(12);

		encode(d, c);
		trace_references(c);
		if (b == join) {
			hpack_forget(o[JOINED].h);
			o[JOINED].since = before;
		}
		observe(&o[WHOLE], c);
		if (b >= join)
			observe(&o[JOINED], c);
		observe(&o[SMALL], c);
		if (lost) {
			hpack_forget(o[LOSSY].h);
			o[LOSSY].since = c->inserts;
		} else {
			observe(&o[LOSSY], c);
		}
	}
	for (int i = 0; i < OBSERVERS; i++) {
		known[i] += o[i].known;
		unknown[i] += o[i].unknown;
		hpack_free(o[i].h);
	}
	assert_int_equal(o[WHOLE].unknown, 0);
	nghttp2_hd_deflate_del(d);
}

static void test_random(void **state)
{
	const unsigned int all = test_scale(6000, 1000000);
	struct connection *c = malloc(sizeof(*c));
	uint64_t known[OBSERVERS] = {0}, unknown[OBSERVERS] = {0};
	unsigned int join = 0;

	(void)state;
	assert_non_null(c);
	for (unsigned int n = 0; n < all; n += BLOCKS) {
		connection(c, BLOCKS, join, known, unknown);
		join = (join + 1) % BLOCKS;
	}
	/* Each observer had something to say and, but the first, to leave open. */
	for (int i = 0; i < OBSERVERS; i++)
		assert_true(known[i] > all && (i == WHOLE || unknown[i]));
	print_message(
		"# show: %u blocks, %llu strings; joined: %llu of %llu not known, lossy: %llu of %llu\n",
		all, (unsigned long long)known[WHOLE],
		(unsigned long long)unknown[JOINED],
		(unsigned long long)(known[JOINED] + unknown[JOINED]),
		(unsigned long long)unknown[LOSSY],
		(unsigned long long)(known[LOSSY] + unknown[LOSSY]));
	free(c);
}

#else

static void test_random(void **state)
{
	(void)state;
	(void)test_long();
	print_message("# skip: no libnghttp2\n");
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("hpack_random", tests, NULL, NULL);
}
