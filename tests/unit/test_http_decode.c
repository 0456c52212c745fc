/* SPDX-License-Identifier: MIT */
/* Content and transfer codings, valid and broken. */
#include "http_kit.h"

#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>
#include <zstd.h>

#define ZLIB_WINDOW 15
#define GZIP_WINDOW (15 + 16)
#define RAW_WINDOW  (-15)

struct bytes {
	uint8_t *p;
	size_t n;
};

static struct bytes copy_of(const void *p, size_t n)
{
	struct bytes b = {.p = malloc(n ? n : 1), .n = n};

	assert_non_null(b.p);
	memcpy(b.p, p, n);
	return b;
}

static struct bytes deflated(struct bytes in, int window)
{
	size_t cap = in.n + in.n / 100 + 600;
	struct bytes out = {.p = malloc(cap)};
	z_stream z = {0};

	assert_non_null(out.p);
	assert_int_equal(
		deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY),
		Z_OK);
	z.next_in = in.p;
	z.avail_in = (unsigned int)in.n;
	z.next_out = out.p;
	z.avail_out = (unsigned int)cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.n = z.total_out;
	deflateEnd(&z);
	return out;
}

static struct bytes zstded(struct bytes in)
{
	size_t cap = ZSTD_compressBound(in.n);
	struct bytes out = {.p = malloc(cap)};

	assert_non_null(out.p);
	out.n = ZSTD_compress(out.p, cap, in.p, in.n, 3);
	assert_false(ZSTD_isError(out.n));
	return out;
}

/* A GET and a response with this coding. */
static void respond(struct kit *k, const char *coding, struct bytes body,
		    size_t piece)
{
	char head[256];
	size_t n = (size_t)sprintf(
		head,
		"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
		coding, body.n);

	kit_clear(k);
	k->now_ns += 10ull * 1000000000; /* pays for what came before */
	kit_c(k, "GET / HTTP/1.1\r\n\r\n");
	kit_data(k, STREAM_S2C, head, n, k->flow.pos[STREAM_C2S]);
	for (size_t at = 0; at < body.n; at += piece)
		kit_data(k, STREAM_S2C, body.p + at,
			 body.n - at < piece ? body.n - at : piece,
			 k->flow.pos[STREAM_C2S]);
	/* the next message is found, whatever the body was */
	kit_c(k, "GET /next HTTP/1.1\r\n\r\n");
	kit_s(k, "HTTP/1.1 204 No\r\n\r\n");
	assert_non_null(strstr(kit_lines(k), "GET /next"));
}

static bool has(struct kit *k, const char *text)
{
	return strstr(kit_lines(k), text) != NULL;
}

static void has_body(struct kit *k, const char *body, const char *flags)
{
	char want[1200];

	sprintf(want, " body=%zu/%zu:%s", strlen(body), strlen(body), body);
	if (flags)
		sprintf(want + strlen(want), "%s%s\n", *flags ? " " : "",
			flags);
	if (!has(k, want))
		print_error("want %s in %s", want, kit_lines(k));
	assert_true(has(k, want));
}

/* Random letters, which compress only a little. */
static void fill_letters(uint8_t *p, size_t n)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)('a' + (seed >> 24) % 26);
	}
}

static const char text[] = "the quick brown fox, the quick brown fox, the dog";

static void right(void **state)
{
	struct bytes t = copy_of(text, strlen(text));
	struct bytes gz = deflated(t, GZIP_WINDOW);
	struct bytes zl = deflated(t, ZLIB_WINDOW);
	struct bytes raw = deflated(t, RAW_WINDOW);
	struct bytes zs = zstded(t);
	struct bytes gz2 = deflated(zl, GZIP_WINDOW);
	struct bytes gz3 = deflated(gz2, RAW_WINDOW);
	struct kit k;

	(void)state;
	kit_init(&k, NULL);
	kit_open(&k, false, true);
	for (size_t piece = 1; piece < 2000; piece = piece * 5 + 1) {
		respond(&k, "gzip", gz, piece);
		has_body(&k, text, "");
		respond(&k, "X-GZip", gz, piece);
		has_body(&k, text, "");
		respond(&k, "deflate", zl, piece);
		has_body(&k, text, "");
		respond(&k, "deflate", raw, piece);
		has_body(&k, text, "");
		respond(&k, "zstd", zs, piece);
		has_body(&k, text, "");
		respond(&k, "identity", t, piece);
		has_body(&k, text, "");
		respond(&k, "deflate, gzip", gz2, piece);
		has_body(&k, text, "");
		respond(&k,
			"deflate\r\nContent-Encoding: gzip\r\n"
			"Content-Encoding: deflate",
			gz3, piece);
		has_body(&k, text, "");
	}
	assert_int_equal(http_stats(k.e)->decode_failed, 0);
	kit_done(&k);
	free(t.p);
	free(gz.p);
	free(zl.p);
	free(raw.p);
	free(zs.p);
	free(gz2.p);
	free(gz3.p);
}

static void brotli(void **state)
{
	/* one uncompressed meta-block (RFC 7932 section 9.2) */
	static const uint8_t hello[] = {0x0b, 0x05, 0x80, 'h', 'e',
					'l',  'l',  'o',  ' ', 'w',
					'o',  'r',  'l',  'd', 0x03};
	struct bytes b = copy_of(hello, sizeof(hello));
	struct kit k;

	(void)state;
	kit_init(&k, NULL);
	kit_open(&k, false, true);
	for (size_t piece = 1; piece < 20; piece += 3) {
		respond(&k, "br", b, piece);
		has_body(&k, "hello world", "");
	}
	/* truncated */
	b.n -= 4;
	respond(&k, "br", b, 20);
	assert_true(has(&k, "!decode-failed"));
	kit_done(&k);
	free(b.p);
}

/* A header with every optional part, several members, padding. */
static void gzip_forms(void **state)
{
	static const uint8_t head[] = {
		0x1f, 0x8b, 8,	 0xff, 0,   0,	 0,   0, 0,   3, 3,    0,
		'e',  'x',  't', 'n',  'a', 'm', 'e', 0, 'c', 0, 0xaa, 0xbb};
	struct bytes t = copy_of("abc", 3);
	struct bytes gz = deflated(t, GZIP_WINDOW);
	uint8_t buf[256];
	struct bytes b = {.p = buf};
	struct kit k;

	(void)state;
	kit_init(&k, NULL);
	kit_open(&k, false, true);
	for (size_t piece = 1; piece < 100; piece += 9) {
		memcpy(buf, head, sizeof(head));
		memcpy(buf + sizeof(head), gz.p + 10, gz.n - 10);
		b.n = sizeof(head) + gz.n - 10;
		respond(&k, "gzip", b, piece);
		has_body(&k, "abc", "");
		memcpy(buf, gz.p, gz.n);
		memcpy(buf + gz.n, gz.p, gz.n);
		b.n = 2 * gz.n;
		respond(&k, "gzip", b, piece);
		has_body(&k, "abcabc", "");
		memset(buf + gz.n, 0, 20);
		b.n = gz.n + 20;
		respond(&k, "gzip", b, piece);
		has_body(&k, "abc", "");
		/* without its trailer */
		b.n = gz.n - 8;
		respond(&k, "gzip", b, piece);
		has_body(&k, "abc", NULL);
		/* a wrong CRC: flagged, but the text is kept */
		buf[gz.n - 8] ^= 1;
		b.n = gz.n;
		respond(&k, "gzip", b, piece);
		has_body(&k, "abc", "!decode-failed");
	}
	kit_done(&k);
	free(t.p);
	free(gz.p);
}

static void wrong(void **state)
{
	static const char *const codings[] = {"gzip",
					      "deflate",
					      "br",
					      "zstd",
					      "deflate, gzip",
					      "br, gzip",
					      "gzip, gzip, gzip, gzip"};
	struct bytes t = copy_of(text, strlen(text)), gz, cut;
	char *large = malloc(3000);
	struct bytes l = {.p = (uint8_t *)large, .n = 3000};
	struct kit k;

	(void)state;
	assert_non_null(large);
	for (size_t i = 0; i < l.n; i++)
		large[i] = "<html>some text that is not coded</html>\n"[i % 41];
	kit_init(&k, NULL);
	kit_open(&k, false, true);
	/* plain text passes through whatever its coding claims */
	for (size_t i = 0; i < 7; i++) {
		for (size_t piece = 1; piece < 100; piece += 33) {
			respond(&k, codings[i], t, piece);
			has_body(&k, text, "!decode-failed");
		}
		/* also if it is longer than what is held back */
		respond(&k, codings[i], l, 1460);
		assert_true(has(&k, " body=3000/3000:<html>some text"));
	}
	/* invalid in the middle: what precedes it is kept */
	fill_letters(l.p, l.n);
	memcpy(large, "<html>some", 10);
	gz = deflated(l, GZIP_WINDOW);
	gz.p[gz.n / 2] ^= 0xff;
	respond(&k, "gzip", gz, 1460);
	assert_true(has(&k, ":<html>some"));
	assert_true(has(&k, "!decode-failed"));
	gz.p[gz.n / 2] ^= 0xff;
	/* ends too early */
	cut = gz;
	cut.n -= 12;
	respond(&k, "gzip", cut, 1460);
	assert_true(has(&k, ":<html>some"));
	assert_true(has(&k, "!decode-failed"));
	kit_done(&k);
	free(gz.p);
	free(t.p);
	free(large);
}

/* Decompression bombs: stopped at the limits, the beginning is kept. */
static void bomb(void **state)
{
	struct bytes zeros = {.p = calloc(1, 100u << 20), .n = 100u << 20};
	struct bytes one = deflated(zeros, GZIP_WINDOW);
	struct bytes two = deflated(one, GZIP_WINDOW);
	const struct http_stats *s;
	struct kit k;

	(void)state;
	kit_init(&k,
		 &(struct kit_options){.body_limit = 1000, .body_hash = true});
	kit_open(&k, false, true);
	respond(&k, "gzip", one, 16384);
	assert_true(has(&k, " body=1000/6"));
	assert_true(has(&k, "!decode-limit"));
	assert_null(strstr(kit_lines(&k), "\\x00 sha="));
	respond(&k, "gzip, gzip", two, 16384);
	assert_true(has(&k, " body=1000/"));
	assert_true(has(&k, "!decode-limit"));
	s = http_stats(k.e);
	assert_int_equal(s->decode_limit, 2);
	kit_done(&k);
	free(zeros.p);
	free(one.p);
	free(two.p);
}

/* A hole in a coded body: what precedes it is kept, and framing continues. */
static void hole(void **state)
{
	char plain[5000];
	struct bytes t = {.p = (uint8_t *)plain, .n = sizeof(plain)}, gz;
	struct kit k;
	size_t half, total;
	const char *p;

	(void)state;
	fill_letters(t.p, t.n);
	gz = deflated(t, GZIP_WINDOW);
	half = gz.n / 2;
	kit_init(&k, &(struct kit_options){.body_hash = true});
	kit_open(&k, false, true);
	kit_c(&k, "GET / HTTP/1.1\r\n\r\n");
	{
		char head[128];

		sprintf(head,
			"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
			"Content-Length: %zu\r\n\r\n",
			gz.n);
		kit_s(&k, head);
	}
	kit_data(&k, STREAM_S2C, gz.p, half, 18);
	kit_gap(&k, STREAM_S2C, 100, STREAM_GAP_LOST);
	kit_data(&k, STREAM_S2C, gz.p + half + 100, gz.n - half - 100, 18);
	kit_c(&k, "GET /next HTTP/1.1\r\n\r\n");
	kit_s(&k, "HTTP/1.1 204 No\r\n\r\n");
	p = strstr(kit_lines(&k), "[Content-Length: ");
	assert_non_null(p);
	p = strstr(p, "body=");
	assert_non_null(p);
	total = (size_t)atol(p + 5);
	assert_true(total > 1000 && total < 4000);
	assert_non_null(strstr(p, "!response-gap\nGET /next"));
	assert_true(!strncmp(strchr(p, ':') + 1, plain, 1000));
	kit_done(&k);
	free(gz.p);
}

static void transfer_coded(void **state)
{
	struct bytes t = copy_of(text, strlen(text));
	struct bytes gz = deflated(t, GZIP_WINDOW);
	char size[32];
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.body_hash = true});
	kit_open(&k, false, true);
	kit_c(&k, "GET / HTTP/1.1\r\n\r\n");
	kit_s(&k, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n"
		  "\r\n");
	sprintf(size, "%zx\r\n", gz.n);
	kit_s(&k, size);
	kit_data(&k, STREAM_S2C, gz.p, gz.n, 18);
	kit_s(&k, "\r\n0\r\n\r\n");
	has_body(&k, text, NULL);
	assert_true(has(&k, " sha=356c3f38325f954a"));
	kit_done(&k);
	free(t.p);
	free(gz.p);
}

/* The lines for a body that arrives in pieces of this size or, if 0, of sizes
 * derived from seed. The caller frees them. */
static char *cut_answer(struct kit *k, const char *coding, struct bytes body,
			size_t piece, uint32_t seed)
{
	char head[256], *lines;
	size_t n = (size_t)sprintf(
		head,
		"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
		coding, body.n);

	kit_clear(k);
	k->now_ns += 10ull * 1000000000; /* pays for what came before */
	kit_c(k, "GET / HTTP/1.1\r\n\r\n");
	kit_s(k, head);
	for (size_t at = 0; at < body.n; at += n) {
		seed = seed * 1664525 + 1013904223;
		n = piece ? piece : 1 + (seed >> 16) % (1u << (seed >> 28));
		if (n > body.n - at)
			n = body.n - at;
		kit_data(k, STREAM_S2C, body.p + at, n,
			 k->flow.pos[STREAM_C2S]);
	}
	lines = strdup(kit_lines(k));
	assert_non_null(lines);
	return lines;
}

static void same_however_cut(struct kit *k, const char *coding,
			     struct bytes body)
{
	char *whole = cut_answer(k, coding, body, body.n, 0), *cut;

	for (uint32_t i = 0; i < 6; i++) {
		cut = cut_answer(k, coding, body, i ? 0 : 1, i);
		assert_string_equal(whole, cut);
		free(cut);
	}
	free(whole);
}

/* Bytes that produce no output, then an error. Regression: the cuts used to
 * decide whether the whole body passed through unchanged. */
static void broken_late(struct kit *k)
{
	static const struct {
		const char *coding;
		const char *start, *idle, *broken;
		uint8_t n_start, n_idle, n_broken;
	} rows[] = {
		/* empty stored blocks, then the reserved block type */
		{"deflate", "\x78\x9c", "\0\0\0\xff\xff", "\x07xyz", 2, 5, 4},
		{"deflate", "", "\0\0\0\xff\xff", "\x07xyz", 0, 5, 4},
		{"gzip", "\x1f\x8b\x08\0\0\0\0\0\0\xff", "\0\0\0\xff\xff",
		 "\x07xyz", 10, 5, 4},
		/* skippable frames of one byte, then another format */
		{"zstd", "", "\x50\x2a\x4d\x18\1\0\0\0.", "<html>", 0, 9, 6},
		/* metadata blocks of one byte, then a reserved bit */
		{"br", "\x0c", "\x58\0.", "\xff\xff\xff", 1, 3, 3},
	};
	uint8_t buf[9000];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t n = 10; n < 900; n += 97) {
			struct bytes b = {.p = buf, .n = rows[i].n_start};

			memcpy(buf, rows[i].start, b.n);
			for (size_t j = 0; j < n; j++, b.n += rows[i].n_idle)
				memcpy(buf + b.n, rows[i].idle, rows[i].n_idle);
			memcpy(buf + b.n, rows[i].broken, rows[i].n_broken);
			b.n += rows[i].n_broken;
			same_however_cut(k, rows[i].coding, b);
		}
	}
}

/* A brotli stream of two uncompressed blocks and an invalid one: the library
 * drops output that it has ready if it sees all of them at once. */
static void broken_brotli(struct kit *k)
{
	uint8_t buf[2 * 1003 + 100];
	struct bytes b = {.p = buf};

	for (int i = 0; i < 2; i++) {
		/* RFC 7932 section 9.2: not last, 1000 bytes, uncompressed */
		uint32_t bits = (999u << 3 | 1u << 19) << (i ? 0 : 1);

		for (int j = 0; j < 3; j++)
			buf[b.n++] = (uint8_t)(bits >> (8 * j));
		fill_letters(buf + b.n, 1000);
		b.n += 1000;
	}
	memset(buf + b.n, 0xff, 100);
	b.n += 100;
	same_however_cut(k, "br", b);
	assert_true(has(k, "!decode-failed"));
}

/* The same bytes give the same body, length and flags, however they are cut. */
static void broken_however_cut(void **state)
{
	static const char *const codings[] = {"deflate", "deflate", "gzip",
					      "zstd", "deflate, gzip"};
	struct bytes t = {.p = malloc(9000), .n = 9000}, coded[5];
	uint32_t seed = 7;
	struct kit k;

	(void)state;
	assert_non_null(t.p);
	fill_letters(t.p, t.n);
	coded[0] = deflated(t, ZLIB_WINDOW);
	coded[1] = deflated(t, RAW_WINDOW);
	coded[2] = deflated(t, GZIP_WINDOW);
	coded[3] = zstded(t);
	coded[4] = deflated(coded[0], GZIP_WINDOW);
	kit_init(&k, &(struct kit_options){.body_limit = 3000});
	kit_open(&k, false, true);
	broken_late(&k);
	broken_brotli(&k);
	for (int i = 0; i < 5; i++) {
		for (int j = 0; j < 40; j++) {
			uint8_t *at;

			seed = seed * 1664525 + 1013904223;
			/* half of them within the first few bytes */
			at = coded[i].p +
			     (seed >> 8) % (j & 1 ? coded[i].n : 40);
			*at ^= (uint8_t)(1u << (seed >> 29));
			same_however_cut(&k, codings[i], coded[i]);
			*at ^= (uint8_t)(1u << (seed >> 29));
		}
		free(coded[i].p);
	}
	kit_done(&k);
	free(t.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right),
		cmocka_unit_test(brotli),
		cmocka_unit_test(gzip_forms),
		cmocka_unit_test(wrong),
		cmocka_unit_test(bomb),
		cmocka_unit_test(hole),
		cmocka_unit_test(transfer_coded),
		cmocka_unit_test(broken_however_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
