/* SPDX-License-Identifier: MIT */
/*
 * What a client or server can send to make the collector work hardest, per packet
 * or per byte, beside ordinary traffic to compare with. A masked field "password"
 * and the pattern in bench_work.c belong to some of it.
 */
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/clock.h"

#define MSS 1448u

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void send_record(struct work_feed *f, unsigned int dir, uint32_t seq,
			uint8_t flags, const void *p, size_t n)
{
	struct metlo_rec rec = {
		.ts_ns = f->now += 1000,
		.hash = f->number * 0x9e3779b1u,
		.vni = 1,
		.sport = dir ? 80 : (uint16_t)(1024 + f->number),
		.dport = dir ? (uint16_t)(1024 + f->number) : 80,
		.seq = seq,
		.ack = 1 + f->at[!dir],
		.tcp_flags = flags,
		.flags = dir ? METLO_REC_SPORT : METLO_REC_DPORT,
		.len = (uint32_t)n,
		.wire_len = (uint32_t)n,
	};

	memset(rec.saddr + 10, 0xff, 2);
	memset(rec.daddr + 10, 0xff, 2);
	rec.saddr[12] = rec.daddr[12] = 10;
	(dir ? rec.daddr : rec.saddr)[15] = 1;
	(dir ? rec.saddr : rec.daddr)[15] = 2;
	f->record(f->ctx, &rec, p);
	f->packets++;
	f->bytes += n;
}

void work_open(struct work_feed *f)
{
	f->number++;
	f->at[0] = f->at[1] = 0;
	send_record(f, 0, 0, METLO_TCP_SYN, NULL, 0);
	send_record(f, 1, 0, METLO_TCP_SYN | METLO_TCP_ACK, NULL, 0);
}

void work_close(struct work_feed *f)
{
	for (unsigned int dir = 0; dir < 2; dir++)
		send_record(f, dir, 1 + f->at[dir],
			    METLO_TCP_FIN | METLO_TCP_ACK, NULL, 0);
	f->now += 400 * NSEC_PER_SEC;
	if (f->tick)
		f->tick(f->ctx, f->now);
}

/* Sends n bytes in segments of size mss. */
static void say(struct work_feed *f, unsigned int dir, const void *bytes,
		size_t n, size_t mss)
{
	const uint8_t *p = bytes;

	for (size_t len; n; p += len, n -= len) {
		len = n < mss ? n : mss;
		send_record(f, dir, 1 + f->at[dir], METLO_TCP_ACK, p, len);
		f->at[dir] += (uint32_t)len;
	}
}

static void text(struct work_feed *f, unsigned int dir, const char *s)
{
	say(f, dir, s, strlen(s), MSS);
}

/* n bytes of a unit, repeated. The caller frees them. */
static uint8_t *repeated(const char *unit, size_t unit_len, size_t n)
{
	uint8_t *p = malloc(n + 1);

	if (!p)
		die("memory");
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)unit[i % unit_len];
	p[n] = 0;
	return p;
}

static void say_repeated(struct work_feed *f, unsigned int dir,
			 const char *unit, size_t n, size_t mss)
{
	uint8_t *p = repeated(unit, strlen(unit), n);

	say(f, dir, p, n, mss);
	free(p);
}

/* A POST with a body of n bytes, and its answer. */
static void post(struct work_feed *f, const char *fields, const void *body,
		 size_t n)
{
	char head[512];

	snprintf(head, sizeof(head),
		 "POST /a HTTP/1.1\r\nHost: h\r\n%sContent-Length: %zu\r\n\r\n",
		 fields, n);
	text(f, 0, head);
	say(f, 0, body, n, MSS);
	text(f, 1, "HTTP/1.1 204 No\r\n\r\n");
}

/* Bodies of 60 KiB, below the limit, of a repeated unit. */
static void posts(struct work_feed *f, const char *fields, const char *unit,
		  size_t n)
{
	uint8_t *p = repeated(unit, strlen(unit), 60000);

	for (size_t len; n; n -= len) {
		len = n < 60000 ? n : 60000;
		post(f, fields, p, len);
	}
	free(p);
}

/* --- scenarios -------------------------------------------------------------- */

static void ordinary(struct work_feed *f, size_t n)
{
	static const char request[] =
		"GET /api/v1/items/12345?page=2 HTTP/1.1\r\nHost: shop.example.com\r\n"
		"Accept: application/json\r\nUser-Agent: bench/1.0\r\n\r\n";
	static const char head[] =
		"HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: application/json\r\n"
		"Content-Length: 800\r\n\r\n{\"items\":[\"";
	char answer[sizeof(head) - 1 + 789];

	memset(answer, 'x', sizeof(answer));
	memcpy(answer, head, sizeof(head) - 1);
	memcpy(answer + sizeof(answer) - 3, "\"]}", 3);
	for (size_t i = 0; i < n; i += sizeof(request) + sizeof(answer)) {
		text(f, 0, request);
		say(f, 1, answer, sizeof(answer), MSS);
	}
}

static void responses_only(struct work_feed *f, size_t n)
{
	say_repeated(f, 1, "HTTP/1.1 204 x\r\n\r\n", n, MSS);
}

static void responses_by_client(struct work_feed *f, size_t n)
{
	say_repeated(f, 0, "HTTP/1.1 204 x\r\n\r\n", n, MSS);
}

static void requests_only(struct work_feed *f, size_t n)
{
	say_repeated(f, 0, "GET / HTTP/1.1\r\n\r\n", n, MSS);
}

static void simple_requests(struct work_feed *f, size_t n)
{
	say_repeated(f, 0, "GET /\r\n", n, MSS);
}

static void interim_only(struct work_feed *f, size_t n)
{
	text(f, 0, "GET / HTTP/1.1\r\n\r\n");
	say_repeated(f, 1, "HTTP/1.1 103 x\r\n\r\n", n, MSS);
}

static void pipelined(struct work_feed *f, size_t n)
{
	say_repeated(f, 0, "GET / HTTP/1.1\r\n\r\n", n / 36 * 18, MSS);
	say_repeated(f, 1, "HTTP/1.1 204 x\r\n\r\n", n / 36 * 18, MSS);
}

/* Heads of at most 60 KiB of a unit, in small segments. */
static void heads(struct work_feed *f, const char *unit, size_t n, size_t mss)
{
	for (size_t len; n; n -= len) {
		len = n < 60000 ? n : 60000;
		work_open(f);
		text(f, 0, "GET / HTTP/1.1\r\nA: b\r\n");
		say_repeated(f, 0, unit, len, mss);
		text(f, 0, "\r\n\r\n");
		work_close(f);
	}
}

static void crs(struct work_feed *f, size_t n)
{
	heads(f, "\r", n, 1);
}

static void blanks(struct work_feed *f, size_t n)
{
	heads(f, " ", n, 1);
}

static void blank_lines(struct work_feed *f, size_t n)
{
	heads(f, " \r\n", n, 7);
}

static void long_line(struct work_feed *f, size_t n)
{
	heads(f, "x", n, 3);
}

static void many_fields(struct work_feed *f, size_t n)
{
	heads(f, "a:\n", n, MSS);
}

static void folds(struct work_feed *f, size_t n)
{
	heads(f, "\r\n\tcontent-encoding: gzip,", n, MSS);
}

/* Requests with targets of up to 30,000 bytes and their responses. */
static void targets(struct work_feed *f, const char *begin, const char *unit,
		    const char *end, size_t n, size_t mss)
{
	for (size_t len; n; n -= len) {
		len = n < 30000 ? n : 30000;
		text(f, 0, begin);
		say_repeated(f, 0, unit, len, mss);
		text(f, 0, end);
		text(f, 1, "HTTP/1.1 204 No\r\n\r\n");
	}
}

static void long_target(struct work_feed *f, size_t n)
{
	targets(f, "GET /", "a HTTP/1.1 ", "HTTP/1.1\r\n\r\n", n, 11);
}

static void query(struct work_feed *f, size_t n)
{
	targets(f, "GET /?", "&%25%25%25=p", " HTTP/1.1\r\n\r\n", n, MSS);
}

/* Escapes with digits, of which there are several readings. */
static void query_digits(struct work_feed *f, size_t n)
{
	targets(f, "GET /?",
		"&=\\7\\7\\7\\7\\7\\7\\7\\7\\7\\7\\7\\7:", " HTTP/1.1\r\n\r\n",
		n, MSS);
}

/* For the patterns set below. */
static void globbed(struct work_feed *f, size_t n)
{
	targets(f, "GET /", "a", " HTTP/1.1\r\nHost: h\r\n\r\n", n, MSS);
}

static void chunked(struct work_feed *f, const char *unit, size_t n)
{
	text(f, 0, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
	say_repeated(f, 0, unit, n / strlen(unit) * strlen(unit), MSS);
	text(f, 0, "0\r\n\r\n");
	text(f, 1, "HTTP/1.1 204 No\r\n\r\n");
}

static void chunks(struct work_feed *f, size_t n)
{
	chunked(f, "1\r\nx\r\n", n);
}

static void chunk_extensions(struct work_feed *f, size_t n)
{
	chunked(f, "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n", n);
}

static void trailers(struct work_feed *f, size_t n)
{
	text(f, 0,
	     "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
	say_repeated(f, 0, "a: b\r\n", n, 5);
	text(f, 0, "\r\n");
	text(f, 1, "HTTP/1.1 204 No\r\n\r\n");
}

/* Bodies of 1 MiB were decoded, as far as the budget of the connection allows. */
static void add_decoded(struct work_feed *f, size_t bodies)
{
	f->bytes += (bodies < 64 ? bodies : 64) << 20;
}

/* 14 bytes of Brotli that expand to 1 MiB of zeros. */
static void brotli_bombs(struct work_feed *f, size_t n)
{
	static const char request[] =
		"POST / HTTP/1.1\r\nContent-Encoding: br\r\nContent-Length: 14\r\n\r\n"
		"\x5b\xff\xff\x8f\x7f\x02\x20\x1e\x0b\x04\x72\xef\x1f";
	uint8_t *p = repeated(request, sizeof(request), n);

	say(f, 0, p, n / sizeof(request) * sizeof(request), MSS);
	free(p);
	add_decoded(f, n / sizeof(request));
}

static void gzip_posts(struct work_feed *f, const uint8_t *plain,
		       size_t plain_len, int flush, size_t n)
{
	size_t cap = 20 * plain_len + 1000, sent;
	uint8_t *out = malloc(cap);
	z_stream z = {.next_out = out, .avail_out = (unsigned int)cap};

	if (!out || deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9,
				 Z_DEFAULT_STRATEGY) != Z_OK)
		die("zlib");
	z.next_in = (uint8_t *)(uintptr_t)plain;
	for (size_t i = 0; i < plain_len; i += z.avail_in ? 0 : 100) {
		z.avail_in = (unsigned int)(plain_len - i < 100 ? plain_len - i
								: 100);
		deflate(&z, flush);
	}
	deflate(&z, Z_FINISH);
	for (sent = 0; sent < n; sent += z.total_out)
		post(f, "Content-Encoding: gzip\r\n", out, z.total_out);
	deflateEnd(&z);
	free(out);
}

static void gzip_bombs(struct work_feed *f, size_t n)
{
	uint8_t *zeros = calloc(1, 1 << 20);

	if (!zeros)
		die("memory");
	gzip_posts(f, zeros, 1 << 20, Z_NO_FLUSH, n);
	free(zeros);
	add_decoded(f, n / 1100);
}

static void gzip_blocks(struct work_feed *f, size_t n)
{
	uint8_t plain[2000];

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * i >> 3);
	gzip_posts(f, plain, sizeof(plain), Z_FULL_FLUSH, n);
}

static void multipart(struct work_feed *f, size_t n)
{
	posts(f,
	      "Content-Type: multipart/form-data; boundary=-------------------\r\n",
	      "\r\n--------------------x", n);
}

static void json_depth(struct work_feed *f, size_t n)
{
	posts(f, "Content-Type: application/json\r\n", "[{\"a\":", n);
}

static void json_escapes(struct work_feed *f, size_t n)
{
	posts(f, "Content-Type: application/json\r\n", "\"\\\\\\\"{\\u0022", n);
}

static void form(struct work_feed *f, size_t n)
{
	posts(f, "Content-Type: application/x-www-form-urlencoded\r\n",
	      "password%2525=%26", n);
}

static void near_names(struct work_feed *f, size_t n)
{
	posts(f, "Content-Type: text/plain\r\n", "passwor passw\"pass:", n);
}

static void near_values(struct work_feed *f, size_t n)
{
	posts(f, "Content-Type: text/plain\r\n",
	      "4111 1111 1111 1112 eyJhbGciOi.a@b@c.AKIAAKIA DE89 3704", n);
}

static void cookies(struct work_feed *f, size_t n)
{
	heads(f, "Cookie: a=b; a=b; =;\r\nX: a@b.c\r\n", n, MSS);
}

/* The last byte of each hole arrives last. */
static void reordered(struct work_feed *f, size_t n)
{
	uint8_t *p = repeated("x", 1, n);

	text(f, 0, "GET / HTTP/1.1\r\n\r\n");
	text(f, 1, "HTTP/1.1 200 OK\r\n\r\n");
	for (size_t i = n; i > 1; i -= 2)
		send_record(f, 1, 1 + f->at[1] + (uint32_t)(i % 65536),
			    METLO_TCP_ACK, p, 1);
	free(p);
}

static void duplicates(struct work_feed *f, size_t n)
{
	uint8_t *p = repeated("GET / HTTP/1.1\r\n\r\n", 18, MSS);

	say(f, 0, p, 1440, MSS);
	for (size_t i = 0; i < n; i += 100)
		send_record(f, 0, 1 + (uint32_t)(i % 1000), METLO_TCP_ACK, p,
			    100);
	free(p);
}

/* A search for the next message that finds nearly one. */
static void search(struct work_feed *f, size_t n)
{
	text(f, 0, "GET / HTTP/1.1\r\n\r\n");
	f->at[0] += 10; /* lost */
	say_repeated(f, 0, "\r\n\r\nGET /a HTTP/1.1\r\nA", n, 10);
}

static void not_http(struct work_feed *f, size_t n)
{
	for (size_t sent = 0; sent < n; sent += 3000) {
		work_open(f);
		say_repeated(f, 0, "\r\n\r\nGE", 1500, 3);
		say_repeated(f, 1, "\r\n\r\nHTTP/1", 1500, 3);
		work_close(f);
	}
}

static void held_responses(struct work_feed *f, size_t n)
{
	say_repeated(f, 1, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP",
		     n, 41);
}

const struct work_scenario work_scenarios[] = {
	{"ordinary", 1, ordinary},
	{"responses-only", 1, responses_only},
	{"responses-by-client", 1, responses_by_client},
	{"requests-only", 1, requests_only},
	{"simple-requests", 1, simple_requests},
	{"interim-only", 1, interim_only},
	{"pipelined", 1, pipelined},
	{"crs", 10, crs},
	{"blanks", 10, blanks},
	{"blank-lines", 4, blank_lines},
	{"long-line", 4, long_line},
	{"many-fields", 1, many_fields},
	{"folds", 1, folds},
	{"long-target", 4, long_target},
	{"query", 1, query},
	{"query-digits", 1, query_digits},
	{"globs", 1, globbed},
	{"chunks", 1, chunks},
	{"chunk-extensions", 1, chunk_extensions},
	{"trailers", 4, trailers},
	{"brotli-bombs", 1, brotli_bombs},
	{"gzip-bombs", 1, gzip_bombs},
	{"gzip-blocks", 1, gzip_blocks},
	{"multipart", 1, multipart},
	{"json-depth", 1, json_depth},
	{"json-escapes", 1, json_escapes},
	{"form", 1, form},
	{"near-names", 1, near_names},
	{"near-values", 1, near_values},
	{"cookies", 1, cookies},
	{"reordered", 4, reordered},
	{"duplicates", 1, duplicates},
	{"search", 4, search},
	{"not-http", 4, not_http},
	{"held-responses", 1, held_responses},
	{0},
};
