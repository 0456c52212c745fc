/* SPDX-License-Identifier: MIT */
/*
 * HPACK: the examples of RFC 7541 appendix C, what an observer may and may not
 * know after a join or a loss, malformed blocks and bounds.
 */
#include "hpack_kit.h"

#include <stdlib.h>
#include <string.h>

#include "http2/hpack_table.h"
#include "http2/huffman.h"

struct kit {
	struct hpack *h;
	struct buf text;
};

static void start(struct kit *k, uint32_t max)
{
	memset(k, 0, sizeof(*k));
	k->h = hpack_new(max);
	assert_non_null(k->h);
}

static void stop(struct kit *k)
{
	hpack_free(k->h);
	buf_free(&k->text);
}

static int decode(struct kit *k, const char *hex)
{
	uint8_t block[4096];

	return hpack_lines(k->h, block,
			   hex_bytes(hex, strlen(hex), block, sizeof(block)),
			   &k->text);
}

static void expect(struct kit *k, const char *hex, const char *lines)
{
	assert_int_equal(decode(k, hex), 0);
	assert_string_equal((const char *)k->text.p, lines);
}

static void expect_malformed(struct kit *k, const char *hex, const char *lines)
{
	assert_int_equal(decode(k, hex), -1);
	assert_string_equal((const char *)k->text.p, lines);
}

/* C.2: one representation each, in a new table. */
static void test_representations(void **state)
{
	static const struct {
		const char *hex, *line;
	} rows[] = {
		{"400a637573746f6d2d6b65790d637573746f6d2d686561646572",
		 "custom-key: custom-header\n"},
		{"040c2f73616d706c652f70617468", ":path: /sample/path\n"},
		{"100870617373776f726406736563726574", "password: secret !\n"},
		{"82", ":method: GET\n"},
		{"", ""},
	};
	struct kit k;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(&k, 4096);
		expect(&k, rows[i].hex, rows[i].line);
		stop(&k);
	}
}

#define REQUEST_1 \
	":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n"
#define REQUEST_2 REQUEST_1 "cache-control: no-cache\n"
#define REQUEST_3                                            \
	":method: GET\n:scheme: https\n:path: /index.html\n" \
	":authority: www.example.com\ncustom-key: custom-value\n"

/* C.3 without, C.4 with Huffman coding. */
static void test_requests(void **state)
{
	static const char *const blocks[2][3] = {
		{"828684410f7777772e6578616d706c652e636f6d",
		 "828684be58086e6f2d6361636865",
		 "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"},
		{"828684418cf1e3c2e5f23a6ba0ab90f4ff",
		 "828684be5886a8eb10649cbf",
		 "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"},
	};
	struct kit k;

	(void)state;
	for (int i = 0; i < 2; i++) {
		start(&k, 4096);
		expect(&k, blocks[i][0], REQUEST_1);
		expect(&k, blocks[i][1], REQUEST_2);
		expect(&k, blocks[i][2], REQUEST_3);
		expect(&k, "bebfc0",
		       "custom-key: custom-value\n"
		       "cache-control: no-cache\n"
		       ":authority: www.example.com\n");
		stop(&k);
	}
}

#define DATE_21	 "date: Mon, 21 Oct 2013 20:13:21 GMT\n"
#define DATE_22	 "date: Mon, 21 Oct 2013 20:13:22 GMT\n"
#define LOCATION "location: https://www.example.com\n"
#define PRIVATE	 "cache-control: private\n"
#define COOKIE                                                        \
	"set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; " \
	"version=1\n"

/* C.5 without, C.6 with Huffman coding: a table of 256 bytes that evicts. */
static void test_responses(void **state)
{
	static const char *const blocks[2][3] = {
		{"4803333032580770726976617465611d4d6f6e2c203231204f637420"
		 "323031332032303a31333a323120474d546e1768747470733a2f2f77"
		 "77772e6578616d706c652e636f6d",
		 "4803333037c1c0bf",
		 "88c1611d4d6f6e2c203231204f637420323031332032303a31333a32"
		 "3220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a"
		 "584f5157454f50495541585157454f49553b206d61782d6167653d33"
		 "3630303b2076657273696f6e3d31"},
		{"488264025885aec3771a4b6196d07abe941054d444a8200595040b81"
		 "66e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
		 "4883640effc1c0bf",
		 "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a"
		 "839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f36"
		 "72c1ab270fb5291f9587316065c003ed4ee5b1063d5007"},
	};
	struct kit k;

	(void)state;
	for (int i = 0; i < 2; i++) {
		start(&k, 4096);
		expect(&k, "3fe101", ""); /* 256 */
		expect(&k, blocks[i][0],
		       ":status: 302\n" PRIVATE DATE_21 LOCATION);
		expect(&k, blocks[i][1],
		       ":status: 307\n" PRIVATE DATE_21 LOCATION);
		expect(&k, blocks[i][2],
		       ":status: 200\n" PRIVATE DATE_22 LOCATION
		       "content-encoding: gzip\n" COOKIE);
		expect(&k, "bebfc0", COOKIE "content-encoding: gzip\n" DATE_22);
		stop(&k);
	}
}

static void test_static(void **state)
{
	struct kit k;

	(void)state;
	start(&k, 4096);
	/* The ends of the table, and the value of an index taken as a name. */
	expect(&k, "81bd", ":authority: \nwww-authenticate: \n");
	expect(&k, "0f2e0161", "www-authenticate: a\n");
	expect(&k, "020161", ":method: a\n");
	stop(&k);
}

/* What was inserted after the join is exact, older is not known. */
static void test_join(void **state)
{
	struct kit k;

	(void)state;
	start(&k, 4096);
	hpack_forget(k.h);
	/* a: b behind our back; then c: d. */
	expect(&k, "82be", ":method: GET\n?: ?\n");
	expect(&k, "4001630164", "c: d\n");
	expect(&k, "bebf", "c: d\n?: ?\n");
	/* The name of an entry that is not known: its value is. */
	expect(&k, "7f000165", "?: e\n");
	expect(&k, "bebf", "?: e\nc: d\n");
	/* A name of that entry again, in all three forms. */
	expect(&k, "7e0166 0f2f0167 1f2f0168", "?: f\n?: g\n?: h !\n");
	stop(&k);
}

static void test_loss(void **state)
{
	struct kit k;

	(void)state;
	start(&k, 4096);
	expect(&k, "4001610162", "a: b\n");
	expect(&k, "be", "a: b\n");
	hpack_forget(k.h);
	expect(&k, "be", "?: ?\n");
	expect(&k, "4001610162 be bf", "a: b\na: b\n?: ?\n");
	stop(&k);
}

/* An update to 0 empties both tables. */
static void test_known_again(void **state)
{
	struct kit k;

	(void)state;
	start(&k, 4096);
	hpack_forget(k.h);
	expect(&k, "20 3fe11f 4001610162 be", "a: b\na: b\n");
	/* Known to be complete: index 63 cannot be, so the tables differ. */
	expect(&k, "bf be", "?: ?\n?: ?\n");
	/* The same after an eviction by the encoder's limit. */
	expect(&k, "3f03" /* 34 */, "");
	expect(&k, "4001610162 4001630164 be", "a: b\nc: d\nc: d\n");
	expect(&k, "bf be", "?: ?\n?: ?\n");
	stop(&k);
}

/* Several updates in a block; the smallest one evicts. An update after a field
 * counts as well. */
static void test_resize(void **state)
{
	struct kit k;

	(void)state;
	start(&k, 4096);
	expect(&k, "4001610162 4001630164", "a: b\nc: d\n");
	expect(&k, "3f03 3fe11f be", "c: d\n");
	expect(&k, "4001610162 bf", "a: b\nc: d\n");
	expect(&k, "82 3f03 be", ":method: GET\na: b\n");
	/* An entry that is larger than the table empties it. */
	expect(&k, "400161 03626262", "a: bbb\n");
	expect(&k, "be", "?: ?\n");
	stop(&k);
}

/* A table that grows beyond our own bound: what we drop is not known, the rest
 * keeps its index. */
static void test_own_bound(void **state)
{
	struct kit k;

	(void)state;
	start(&k, 70); /* two entries of 34 bytes */
	expect(&k, "4001610162 4001630164 4001650166", "a: b\nc: d\ne: f\n");
	expect(&k, "be bf c0 be", "e: f\nc: d\n?: ?\ne: f\n");
	/* An entry larger than the bound. */
	expect(&k,
	       "400161 28 31313131313131313131 31313131313131313131"
	       "31313131313131313131 31313131313131313131",
	       "a: 1111111111111111111111111111111111111111\n");
	expect(&k, "be", "?: ?\n");
	expect(&k, "4001630164 be bf", "c: d\nc: d\n?: ?\n");
	/* Within our bound again: evicted by the encoder, so complete. */
	expect(&k, "4001650166 3f03 be bf be", "e: f\ne: f\n?: ?\n?: ?\n");
	stop(&k);
}

/* The name of an entry that this insertion evicts (RFC 7541 4.4). */
static void test_evicted_name(void **state)
{
	struct kit k;

	(void)state;
	start(&k, 4096);
	expect(&k, "3f0b" /* 42 */, "");
	expect(&k, "40 05 6162636465 05 3132333435", "abcde: 12345\n");
	for (int i = 0; i < 500; i++)
		expect(&k, "7e 05 3132333436 be",
		       "abcde: 12346\nabcde: 12346\n");
	stop(&k);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *hex, *lines;
	} rows[] = {
		{"80", ""}, /* index 0 */
		{"82 80 83", ":method: GET\n"},
		{"ff", ""}, /* no end of the integer */
		{"ff ffffffffff", ""},
		{"ff ffffffff7f", ""},	  /* more than 32 bits */
		{"ff 80808080 8000", ""}, /* too long */
		{"40", ""},		  /* no name */
		{"4001", ""},		  /* its end is missing */
		{"400161", ""},		  /* no value */
		{"40016102", ""},
		{"400161 0262", ""},
		{"4001617f ffffffff0f", ""}, /* a length of 4 GiB */
		{"82 41 8cf1e3c2e5f23a6ba0ab90f4", ":method: GET\n"},
		{"0085ffffffffff 0161", ""}, /* 40 bits of padding */
		{"0084fffffffc 0161", ""},   /* EOS */
		{"008100 0161", ""},	     /* padding of zeros */
		{"0082 1fff 0161", ""},	     /* 8 bits of padding */
		{"3f", ""},
		{"3f ffffffff7f", ""},
	};
	struct kit k;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(&k, 4096);
		expect(&k, "4001630164", "c: d\n");
		expect_malformed(&k, rows[i].hex, rows[i].lines);
		/* As after hpack_forget(). */
		expect(&k, "82be", ":method: GET\n?: ?\n");
		stop(&k);
	}
}

/* Integers of up to 32 bits are understood, also with zeros at their end. */
static void test_integers(void **state)
{
	struct kit k;

	(void)state;
	start(&k, 4096);
	expect(&k, "3fe0ffffff0f", ""); /* 2^32 - 1 */
	expect(&k, "ff80808000", "?: ?\n");
	hpack_forget(k.h);
	expect(&k, "ff80ffffff0f", "?: ?\n");
	expect(&k, "3f8000", ""); /* 31 */
	stop(&k);
}

struct count {
	unsigned int fields, stop_at;
	uint64_t bytes;
};

static int count_field(void *ctx, const struct hpack_field *f)
{
	struct count *c = ctx;

	c->fields++;
	c->bytes += f->name_len + f->value_len + 32;
	return c->fields == c->stop_at;
}

/* 16 KiB that stand for 64 MiB: bounded, counted, and the table goes on. */
static void test_bomb(void **state)
{
	static uint8_t block[4200 + 16384];
	struct hpack *h = hpack_new(65536);
	struct count c = {0};
	uint32_t dropped = 0;
	size_t n = 0;

	(void)state;
	assert_non_null(h);
	n += hex_bytes("400161 7f811e" /* 3968 */, 13, block, sizeof(block));
	memset(block + n, 'x', 3968);
	n += 3968;
	memset(block + n, 0xbe, 16384);
	n += 16384;
	n += hex_bytes("4001620163", 10, block + n, sizeof(block) - n);
	assert_int_equal(hpack_decode(h, block, n, count_field, &c, &dropped),
			 0);
	assert_true(c.bytes <= HPACK_OUTPUT_MAX &&
		    c.bytes > HPACK_OUTPUT_MAX - 4096);
	assert_int_equal(c.fields + dropped, 16386);
	/* b: c was dropped, too, and is in the table. */
	memset(&c, 0, sizeof(c));
	dropped = 0;
	assert_int_equal(hpack_decode(h, (const uint8_t *)"\xbe", 1,
				      count_field, &c, &dropped),
			 0);
	assert_int_equal(c.bytes, 34);
	/* The caller has enough after two. */
	memset(&c, 0, sizeof(c));
	c.stop_at = 2;
	assert_int_equal(hpack_decode(h, (const uint8_t *)"\x82\x83\x84\x85", 4,
				      count_field, &c, &dropped),
			 0);
	assert_int_equal(c.fields, 2);
	assert_int_equal(dropped, 2);
	hpack_free(h);
}

/* A table of 64 KiB needs no more memory than that, its ring and the copy. */
static void test_memory(void **state)
{
	struct hpack *h = hpack_new(65536);
	uint8_t block[64] = {0x3f, 0xe1, 0xff, 0xff, 0x07}; /* 16 MiB */
	struct count c = {0};
	uint32_t dropped = 0;

	(void)state;
	assert_non_null(h);
	assert_true(hpack_memory(h) < 256);
	assert_int_equal(hpack_decode(h, block, 5, count_field, &c, &dropped),
			 0);
	for (unsigned int i = 0; i < 20000; i++) {
		const unsigned int len = i % 40;

		block[0] = 0x40;
		block[1] = 0;
		block[2] = (uint8_t)len;
		memset(block + 3, 'a' + (int)(i % 26), len);
		assert_int_equal(hpack_decode(h, block, 3 + len, count_field,
					      &c, &dropped),
				 0);
	}
	assert_true(hpack_memory(h) <= 2 * 65536 + 4096 * 16 + 256);
	hpack_free(h);
}

/* Every symbol, at each of the eight alignments of its code. */
static void test_huffman_symbols(void **state)
{
	/* The octets 00 to ff, coded. */
	static const char hex[] =
		"ffc7fffd8fffffe2fffffe3fffffe4fffffe5fffffe6fffffe7fffffe8ff"
		"ffeafffffff3fffffa7fffffabffffffdfffffebfffffecfffffedfffffe"
		"efffffefffffff0ffffff1ffffff2fffffffbfffffcffffffd3fffffd7ff"
		"fffdbfffffdffffffe3fffffe7fffffebfffffed4fe3f9ffaffcabf1febf"
		"afefe7fdfd2cbb00089969b71d79fb9f7fff20ffbff3ff50ddbd7f061c58"
		"f265cd9f469d5af66dddbf871e5f9cff7ff7fffc3ff9ffe45fff4719242c"
		"b34e6e9d68a6a3d7dac426defe3cfaf7fffbfe7ffbffdffffffcfffe6fff"
		"f4bfff9ffffa3fffd3ffff53fffd5ffffb3fffeb7fffdaffffb7ffff73ff"
		"feeffffdeffffebffffbfffffd9ffffdbfffebffffe0ffffeeffffc3ffff"
		"8bffff1ffffe4fffee7fffb1ffff97fffd9ffffcdffff9fffffbffffdaff"
		"feeffff4ffffb7fffee7fffe8ffffd3fffdeffffd5fffeeffffbdffffe1f"
		"ffdfffff7fffff5ffffecffff07fff87fffe0ffff17fffedffff87ffff77"
		"fffeffffeaffff8bfffe3ffff93ffff87fffcbffff37ffff1fffff83ffff"
		"e1fffebfffe3ffff3fffff2ffffa3ffffd9fffff17ffffc7fffff27ffffd"
		"efffffbffffff2fffff8fffffb7fff97fff8fffffe6fffffc1fffff87fff"
		"fe7fffffc5ffffe5fffe4ffff2fffffd1fffff4ffffffefffffe3fffffc9"
		"fffff97fffb3ffffcffffb7fffcdffff4ffff9ffffd1ffffcffffeaffffa"
		"fffffddffffeffffff4fffff5fffffabffffa7ffffd7fffff9bffffecfff"
		"ffb7fffff3fffffe8fffffd3fffffabfffff5fffffff7ffffecfffffdbff"
		"fffbbfffff7ffffff0fffffbbf";
	enum { BITS = 4658 };
	uint8_t all[1024], in[1024], out[HUFFMAN_ROOM(1024)];
	size_t len;

	(void)state;
	hex_bytes(hex, sizeof(hex) - 1, all, sizeof(all));
	for (unsigned int zeros = 0; zeros < 8; zeros++) {
		const unsigned int shift = zeros * 5;

		/* The code of "0" is five zero bits. */
		memset(in, 0, sizeof(in));
		for (unsigned int i = 0; i < BITS; i++)
			if (all[i / 8] >> (7 - i % 8) & 1)
				in[(i + shift) / 8] |=
					(uint8_t)(0x80 >> (i + shift) % 8);
		for (unsigned int i = BITS + shift; i % 8; i++)
			in[i / 8] |= (uint8_t)(0x80 >> i % 8);
		assert_true(
			huffman_decode(in, (BITS + shift + 7) / 8, out, &len));
		assert_int_equal(len, 256 + zeros);
		for (unsigned int i = 0; i < len; i++)
			assert_int_equal(out[i], i < zeros ? '0' : i - zeros);
		/* Each shorter input ends in a part of a code. */
		for (size_t n = 0; n < (BITS + shift) / 8; n++) {
			huffman_decode(in, n, out, &len);
			assert_true(len < 256 + zeros);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_representations),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_static),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_known_again),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_own_bound),
		cmocka_unit_test(test_evicted_name),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_huffman_symbols),
	};

	return cmocka_run_group_tests_name("hpack", tests, NULL, NULL);
}
