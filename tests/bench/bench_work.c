/* SPDX-License-Identifier: MIT */
/*
 * Feeds the real pipeline (stream, HTTP, masks, NDJSON lines to /dev/null) with
 * input that is as expensive as a client or server can make it, one scenario at
 * a time, at two sizes. Under callgrind, test_work.sh compares the instructions
 * per byte and per packet of each with those of ordinary traffic.
 *
 *	bench_work [SCENARIO]
 *
 * Prints a line for each run: its name, packets, bytes received and decoded.
 * Built for counting; it measures no time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else /* nothing is counted, which test_work.sh notices */
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS_AT(name)
#endif

#include "base/clock.h"
#include "base/log.h"
#include "output/ndjson.h"
#include "run/pipeline.h"

#define SMALL 5000u
#define LARGE (10 * SMALL)
#define MSS   1448u

/* A connection that is being fed. */
struct feed {
	struct pipeline *pipeline;
	uint64_t now;
	uint32_t number; /* of the connection */
	uint32_t at[2];	 /* bytes sent, by direction */
	uint64_t packets, bytes;
};

struct scenario {
	const char *name;
	unsigned int divisor; /* of the sizes: many packets per byte */
	void (*run)(struct feed *f, size_t n);
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void send_record(struct feed *f, unsigned int dir, uint32_t seq,
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
	struct stream_input in = {&rec, p};

	memset(rec.saddr + 10, 0xff, 2);
	memset(rec.daddr + 10, 0xff, 2);
	rec.saddr[12] = rec.daddr[12] = 10;
	(dir ? rec.daddr : rec.saddr)[15] = 1;
	(dir ? rec.saddr : rec.daddr)[15] = 2;
	pipeline_records(f->pipeline, &in, 1);
	f->packets++;
	f->bytes += n;
}

static void open_connection(struct feed *f)
{
	f->number++;
	f->at[0] = f->at[1] = 0;
	send_record(f, 0, 0, METLO_TCP_SYN, NULL, 0);
	send_record(f, 1, 0, METLO_TCP_SYN | METLO_TCP_ACK, NULL, 0);
}

static void close_connection(struct feed *f)
{
	for (unsigned int dir = 0; dir < 2; dir++)
		send_record(f, dir, 1 + f->at[dir],
			    METLO_TCP_FIN | METLO_TCP_ACK, NULL, 0);
	f->now += 400 * NSEC_PER_SEC;
	pipeline_tick(f->pipeline, f->now);
}

/* Sends n bytes in segments of size mss. */
static void say(struct feed *f, unsigned int dir, const void *bytes, size_t n,
		size_t mss)
{
	const uint8_t *p = bytes;

	for (size_t len; n; p += len, n -= len) {
		len = n < mss ? n : mss;
		send_record(f, dir, 1 + f->at[dir], METLO_TCP_ACK, p, len);
		f->at[dir] += (uint32_t)len;
	}
}

static void text(struct feed *f, unsigned int dir, const char *s)
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

static void say_repeated(struct feed *f, unsigned int dir, const char *unit,
			 size_t n, size_t mss)
{
	uint8_t *p = repeated(unit, strlen(unit), n);

	say(f, dir, p, n, mss);
	free(p);
}

/* A POST with a body of n bytes, and its answer. */
static void post(struct feed *f, const char *fields, const void *body, size_t n)
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
static void posts(struct feed *f, const char *fields, const char *unit,
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

static void ordinary(struct feed *f, size_t n)
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

static void responses_only(struct feed *f, size_t n)
{
	say_repeated(f, 1, "HTTP/1.1 204 x\r\n\r\n", n, MSS);
}

static void responses_by_client(struct feed *f, size_t n)
{
	say_repeated(f, 0, "HTTP/1.1 204 x\r\n\r\n", n, MSS);
}

static void requests_only(struct feed *f, size_t n)
{
	say_repeated(f, 0, "GET / HTTP/1.1\r\n\r\n", n, MSS);
}

static void simple_requests(struct feed *f, size_t n)
{
	say_repeated(f, 0, "GET /\r\n", n, MSS);
}

static void interim_only(struct feed *f, size_t n)
{
	text(f, 0, "GET / HTTP/1.1\r\n\r\n");
	say_repeated(f, 1, "HTTP/1.1 103 x\r\n\r\n", n, MSS);
}

static void pipelined(struct feed *f, size_t n)
{
	say_repeated(f, 0, "GET / HTTP/1.1\r\n\r\n", n / 36 * 18, MSS);
	say_repeated(f, 1, "HTTP/1.1 204 x\r\n\r\n", n / 36 * 18, MSS);
}

/* Heads of at most 60 KiB of a unit, in small segments. */
static void heads(struct feed *f, const char *unit, size_t n, size_t mss)
{
	for (size_t len; n; n -= len) {
		len = n < 60000 ? n : 60000;
		open_connection(f);
		text(f, 0, "GET / HTTP/1.1\r\nA: b\r\n");
		say_repeated(f, 0, unit, len, mss);
		text(f, 0, "\r\n\r\n");
		close_connection(f);
	}
}

static void crs(struct feed *f, size_t n)
{
	heads(f, "\r", n, 1);
}

static void blanks(struct feed *f, size_t n)
{
	heads(f, " ", n, 1);
}

static void blank_lines(struct feed *f, size_t n)
{
	heads(f, " \r\n", n, 7);
}

static void long_line(struct feed *f, size_t n)
{
	heads(f, "x", n, 3);
}

static void many_fields(struct feed *f, size_t n)
{
	heads(f, "a:\n", n, MSS);
}

static void folds(struct feed *f, size_t n)
{
	heads(f, "\r\n\tcontent-encoding: gzip,", n, MSS);
}

static void long_target(struct feed *f, size_t n)
{
	for (size_t len; n; n -= len) {
		len = n < 30000 ? n : 30000;
		text(f, 0, "GET /");
		say_repeated(f, 0, "a HTTP/1.1 ", len, 11);
		text(f, 0, "HTTP/1.1\r\n\r\n");
		text(f, 1, "HTTP/1.1 204 No\r\n\r\n");
	}
}

static void query(struct feed *f, size_t n)
{
	for (size_t len; n; n -= len) {
		len = n < 30000 ? n : 30000;
		text(f, 0, "GET /?");
		say_repeated(f, 0, "&%25=p", len, MSS);
		text(f, 0, " HTTP/1.1\r\n\r\n");
		text(f, 1, "HTTP/1.1 204 No\r\n\r\n");
	}
}

/* For the patterns set below. */
static void globbed(struct feed *f, size_t n)
{
	for (size_t len; n; n -= len) {
		len = n < 30000 ? n : 30000;
		text(f, 0, "GET /");
		say_repeated(f, 0, "a", len, MSS);
		text(f, 0, " HTTP/1.1\r\nHost: h\r\n\r\n");
		text(f, 1, "HTTP/1.1 204 No\r\n\r\n");
	}
}

static void chunked(struct feed *f, const char *unit, size_t n)
{
	text(f, 0, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
	say_repeated(f, 0, unit, n / strlen(unit) * strlen(unit), MSS);
	text(f, 0, "0\r\n\r\n");
	text(f, 1, "HTTP/1.1 204 No\r\n\r\n");
}

static void chunks(struct feed *f, size_t n)
{
	chunked(f, "1\r\nx\r\n", n);
}

static void chunk_extensions(struct feed *f, size_t n)
{
	chunked(f, "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n", n);
}

static void trailers(struct feed *f, size_t n)
{
	text(f, 0,
	     "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
	say_repeated(f, 0, "a: b\r\n", n, 5);
	text(f, 0, "\r\n");
	text(f, 1, "HTTP/1.1 204 No\r\n\r\n");
}

/* Bodies of 1 MiB were decoded, as far as the budget of the connection allows. */
static void add_decoded(struct feed *f, size_t bodies)
{
	f->bytes += (bodies < 64 ? bodies : 64) << 20;
}

/* 14 bytes of Brotli that expand to 1 MiB of zeros. */
static void brotli_bombs(struct feed *f, size_t n)
{
	static const char request[] =
		"POST / HTTP/1.1\r\nContent-Encoding: br\r\nContent-Length: 14\r\n\r\n"
		"\x5b\xff\xff\x8f\x7f\x02\x20\x1e\x0b\x04\x72\xef\x1f";
	uint8_t *p = repeated(request, sizeof(request), n);

	say(f, 0, p, n / sizeof(request) * sizeof(request), MSS);
	free(p);
	add_decoded(f, n / sizeof(request));
}

static void gzip_posts(struct feed *f, const uint8_t *plain, size_t plain_len,
		       int flush, size_t n)
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

static void gzip_bombs(struct feed *f, size_t n)
{
	uint8_t *zeros = calloc(1, 1 << 20);

	if (!zeros)
		die("memory");
	gzip_posts(f, zeros, 1 << 20, Z_NO_FLUSH, n);
	free(zeros);
	add_decoded(f, n / 1100);
}

static void gzip_blocks(struct feed *f, size_t n)
{
	uint8_t plain[2000];

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * i >> 3);
	gzip_posts(f, plain, sizeof(plain), Z_FULL_FLUSH, n);
}

static void multipart(struct feed *f, size_t n)
{
	posts(f,
	      "Content-Type: multipart/form-data; boundary=-------------------\r\n",
	      "\r\n--------------------x", n);
}

static void json_depth(struct feed *f, size_t n)
{
	posts(f, "Content-Type: application/json\r\n", "[{\"a\":", n);
}

static void json_escapes(struct feed *f, size_t n)
{
	posts(f, "Content-Type: application/json\r\n", "\"\\\\\\\"{\\u0022", n);
}

static void form(struct feed *f, size_t n)
{
	posts(f, "Content-Type: application/x-www-form-urlencoded\r\n",
	      "password%2525=%26", n);
}

static void near_names(struct feed *f, size_t n)
{
	posts(f, "Content-Type: text/plain\r\n", "passwor passw\"pass:", n);
}

static void near_values(struct feed *f, size_t n)
{
	posts(f, "Content-Type: text/plain\r\n",
	      "4111 1111 1111 1112 eyJhbGciOi.a@b@c.AKIAAKIA DE89 3704", n);
}

static void cookies(struct feed *f, size_t n)
{
	heads(f, "Cookie: a=b; a=b; =;\r\nX: a@b.c\r\n", n, MSS);
}

/* The last byte of each hole arrives last. */
static void reordered(struct feed *f, size_t n)
{
	uint8_t *p = repeated("x", 1, n);

	text(f, 0, "GET / HTTP/1.1\r\n\r\n");
	text(f, 1, "HTTP/1.1 200 OK\r\n\r\n");
	for (size_t i = n; i > 1; i -= 2)
		send_record(f, 1, 1 + f->at[1] + (uint32_t)(i % 65536),
			    METLO_TCP_ACK, p, 1);
	free(p);
}

static void duplicates(struct feed *f, size_t n)
{
	uint8_t *p = repeated("GET / HTTP/1.1\r\n\r\n", 18, MSS);

	say(f, 0, p, 1440, MSS);
	for (size_t i = 0; i < n; i += 100)
		send_record(f, 0, 1 + (uint32_t)(i % 1000), METLO_TCP_ACK, p,
			    100);
	free(p);
}

/* A search for the next message that finds nearly one. */
static void search(struct feed *f, size_t n)
{
	text(f, 0, "GET / HTTP/1.1\r\n\r\n");
	f->at[0] += 10; /* lost */
	say_repeated(f, 0, "\r\n\r\nGET /a HTTP/1.1\r\nA", n, 10);
}

static void not_http(struct feed *f, size_t n)
{
	for (size_t sent = 0; sent < n; sent += 3000) {
		open_connection(f);
		say_repeated(f, 0, "\r\n\r\nGE", 1500, 3);
		say_repeated(f, 1, "\r\n\r\nHTTP/1", 1500, 3);
		close_connection(f);
	}
}

static void held_responses(struct feed *f, size_t n)
{
	say_repeated(f, 1, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP",
		     n, 41);
}

static const struct scenario scenarios[] = {
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
};

/* --- the pipeline ------------------------------------------------------------ */

/* The pipeline and the output are freed with the process. */
static struct pipeline *open_pipeline(const struct log *log)
{
	static const struct output_sink null = {
		.ops = &ndjson_sink, .destination = "ndjson:/dev/null"};
	const struct output_conf out = {
		.sinks = &null,
		.n_sinks = 1,
		.workers = 1,
		.queue_limit = 4u << 20,
		.blocking = true,
		.log = log,
	};
	struct settings *s = calloc(1, sizeof(*s));
	struct rules_views views;
	struct pipeline_conf conf = {.settings = s, .workers = 1};
	struct pipeline *p;

	if (!s)
		die("memory");
	s->body_limit = 64 << 10;
	s->max_flows = 10000;
	s->memory = 512 << 20;
	s->idle_timeout = 300;
	s->outputs = (struct string_list){{"ndjson:/dev/null"}, 1};
	s->redact_fields = (struct string_list){{"password"}, 1};
	s->redact_classes =
		(struct string_list){{"card,iban,ssn,jwt,aws-key,email"}, 1};
	s->exclude = (struct string_list){{"*/*a?a?a?a?a?a?a?a?a?a?a?b*"}, 1};
	rules_views(&views, s);
	conf.rules = rules_new(s, &views, 1);
	conf.output = output_new(&out);
	p = conf.rules && conf.output ? pipeline_new(&conf) : NULL;
	if (!p)
		die("pipeline");
	return p;
}

static void run(struct feed *f, const struct scenario *s, size_t n,
		const char *size)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", s->name, size);
	open_connection(f);
	f->packets = f->bytes = 0;
	CALLGRIND_ZERO_STATS;
	s->run(f, n / s->divisor);
	CALLGRIND_DUMP_STATS_AT(name);
	printf("%s %llu %llu\n", name, (unsigned long long)f->packets,
	       (unsigned long long)f->bytes);
	close_connection(f);
}

int main(int argc, char **argv)
{
	const struct log log = {.out = stderr, .program = "bench_work"};
	struct feed f = {.now = 1700000000 * NSEC_PER_SEC};
	size_t i;

	f.pipeline = open_pipeline(&log);
	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		if (argc > 1 && strcmp(argv[1], scenarios[i].name) != 0)
			continue;
		run(&f, &scenarios[i], SMALL, "warm-up");
		run(&f, &scenarios[i], SMALL, "small");
		run(&f, &scenarios[i], LARGE, "large");
	}
	fflush(stdout);
	_exit(0);
}
