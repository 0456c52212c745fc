/* SPDX-License-Identifier: MIT */
/*
 * Generates HTTP messages and the expected transactions. Each response names its
 * request in the field X-Id, so that a wrong pairing is evident from the output
 * alone.
 */
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <zlib.h>

#include "gen.h"

static void text(struct gen *g, struct gen_bytes *b, uint32_t n)
{
	static const char words[] =
		"the quick brown fox jumps over a lazy dog and is mirrored ";

	b->len = 0;
	for (uint32_t at = below(g, sizeof(words) - 1); n; n--) {
		add(b, &words[at], 1);
		at = (at + 1 + !below(g, 50)) % (sizeof(words) - 1);
	}
}

/* Bodies smaller than this consist of a number and white space. */
#define JSON_MIN 160

/* JSON of exactly n bytes that differs by id. */
static void json_text(struct gen *g, struct gen_bytes *b, uint64_t id,
		      uint32_t n)
{
	static const char *const names[] = {"tea",   "coffee", "sugar",
					    "bread", "butter", "oranges"};
	/* Space for the longest item, and for the closing note. */
	const uint32_t item = 96, end = 16;

	b->len = 0;
	if (n < JSON_MIN) {
		while (b->len < n)
			add(b, b->len + 1 < n ? " " : "7", 1);
		return;
	}
	addf(b, "{\"id\":%" PRIu64 ",\"items\":[", id);
	for (const char *comma = ""; b->len + item + end < n; comma = ",") {
		uint32_t sku = (uint32_t)rnd(g), name = below(g, 6);
		uint32_t count = 1 + below(g, 9), cents = below(g, 10000);

		addf(b,
		     "%s{\"sku\":\"%08x\",\"name\":\"%s\",\"count\":%u,\"price\":%u.%02u}",
		     comma, sku, names[name], count, cents / 100, cents % 100);
	}
	addf(b, "],\"note\":\"");
	while (b->len < n - 2)
		add(b, "x", 1);
	addf(b, "\"}");
}

static void gzip_into(struct gen_bytes *to, const struct gen_bytes *from)
{
	z_stream z = {0};
	uLong room = 1024 + compressBound((uLong)from->len);

	if (deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		errx(1, "deflateInit2");
	to->len = 0;
	bytes_room(to, room);
	z.next_in = from->p;
	z.avail_in = (uInt)from->len;
	z.next_out = to->p;
	z.avail_out = (uInt)to->cap;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		errx(1, "deflate");
	to->len = z.total_out;
	deflateEnd(&z);
}

static void add_body(struct gen *g, struct gen_bytes *to,
		     const struct gen_bytes *body, bool chunked)
{
	if (!chunked) {
		addf(to, "Content-Length: %zu\r\n\r\n", body->len);
		add(to, body->p, body->len);
		return;
	}
	addf(to, "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t at = 0; at < body->len;) {
		size_t n = 1 + below(g, 4000);

		if (n > body->len - at)
			n = body->len - at;
		addf(to, "%zx\r\n", n);
		add(to, body->p + at, n);
		add(to, "\r\n", 2);
		at += n;
	}
	addf(to, "0\r\n\r\n");
}

static void sha256_16(const struct gen_bytes *b, char hex[17])
{
	uint8_t md[EVP_MAX_MD_SIZE];

	if (!EVP_Digest(b->p ? b->p : (const uint8_t *)"", b->len, md, NULL,
			EVP_sha256(), NULL))
		errx(1, "EVP_Digest");
	for (int i = 0; i < 8; i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
}

/* Pads the head to the requested size of the request. */
static void pad_head(struct gen_bytes *b, size_t start, size_t size)
{
	static const char usual[] = "Accept-Encoding: gzip, deflate\r\n"
				    "Accept-Language: en-US,en;q=0.9\r\n";
	static const char name[] = "X-Request-Id: ";
	/* Length of the field name and of two line endings. */
	const size_t rest = sizeof(name) - 1 + 4;

	if (b->len - start + sizeof(usual) + rest < size)
		add(b, usual, sizeof(usual) - 1);
	if (b->len - start + rest >= size)
		return;
	addf(b, "%s", name);
	for (size_t i = 0; b->len - start + 4 < size; i++)
		add(b, &"0123456789abcdef"[i * 7 % 16], 1);
	addf(b, "\r\n");
}

static void body_text(struct gen *g, struct gen_bytes *b, uint64_t id)
{
	uint32_t n =
		g->o.body_min + below(g, g->o.body_max - g->o.body_min + 1);

	if (g->o.json)
		json_text(g, b, id, n);
	else
		text(g, b, n);
}

/* Returns the length of its body; hash is set if it has one. */
static size_t request(struct gen *g, struct gen_bytes *b, uint64_t id,
		      bool post, char hash[17])
{
	static struct gen_bytes body;
	size_t start = b->len;

	addf(b,
	     "%s /v1/items/%" PRIu64 "?n=%" PRIu64 "&q=a%%20b HTTP/1.1\r\n"
	     "Host: api%" PRIu64 ".example.com\r\nUser-Agent: mkhttp/1\r\n"
	     "Accept: application/json\r\nX-Id: %" PRIu64 "\r\n",
	     post ? "POST" : "GET", id, id % 97, id % 5, id);
	if (!post) {
		pad_head(b, start, g->o.request_size);
		addf(b, "\r\n");
		return 0;
	}
	body_text(g, &body, id);
	sha256_16(&body, hash);
	addf(b, "Content-Type: %s\r\n",
	     g->o.json ? "application/json" : "text/plain");
	add_body(g, b, &body, percent(g, g->o.chunked));
	return body.len;
}

void transaction(struct gen *g, struct gen_conn *c)
{
	static const uint16_t statuses[] = {200, 200, 200, 201, 301,
					    400, 404, 500, 503};
	static struct gen_bytes plain, coded; /* static to reuse their memory */
	uint64_t id = g->next_tx++;
	bool post = percent(g, g->o.post), gzip = percent(g, g->o.gzip);
	uint16_t status = statuses[below(g, 9)];
	char req_sha[17] = "-", rsp_sha[17];
	size_t req_len = request(g, &c->side[0], id, post, req_sha);
	struct gen_bytes *b = &c->side[1];

	addf(b, "HTTP/1.1 %u Status\r\n", status);
	if (!g->o.json)
		addf(b, "Server: mkhttp\r\n");
	addf(b, "Content-Type: application/json\r\nX-Id: %" PRIu64 "\r\n", id);
	body_text(g, &plain, id);
	sha256_16(&plain, rsp_sha);
	if (gzip) {
		gzip_into(&coded, &plain);
		addf(b, "Content-Encoding: gzip\r\n");
	}
	add_body(g, b, gzip ? &coded : &plain, percent(g, g->o.chunked));

	if (g->truth)
		fprintf(g->truth,
			"%s\t/v1/items/%" PRIu64 "?n=%" PRIu64
			"&q=a%%20b\t%u\t%zu\t%zu\t%s\t%s\t%u\n",
			post ? "POST" : "GET", id, id % 97, status, req_len,
			plain.len, req_sha, rsp_sha, c->vni);
}
