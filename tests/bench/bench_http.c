/* SPDX-License-Identifier: MIT */
/*
 * Measures HTTP on its own: parsing heads, and whole transactions from data
 * chunks to emit. Compares with llhttp or http-parser on the same heads if one
 * is installed. "make bench-http".
 */
#include "http/head.h"
#include "http/http.h"
#include "stream/carry.h"
#include "stage.h"

/* The two headers conflict. */
#if __has_include(<llhttp.h>)
#include <llhttp.h>
#define OTHER	     "llhttp"
#define OTHER_LLHTTP 1
#elif __has_include(<http_parser.h>)
#include <http_parser.h>
#define OTHER "http-parser"
#endif

struct stream_flow {
	struct stream_tuple tuple;
};

void stream_skip(struct stream_flow *flow, enum stream_dir dir, uint64_t offset)
{
	(void)flow;
	(void)dir;
	(void)offset;
}

const struct stream_tuple *stream_flow_tuple(const struct stream_flow *flow,
					     struct stream_tuple *out)
{
	*out = flow->tuple;
	return out;
}

bool stream_carrier_id(const struct stream_flow *flow, uint64_t id[2])
{
	(void)flow;
	(void)id;
	return false;
}

uint64_t stream_flow_starts(const struct stream_flow *flow)
{
	return (uintptr_t)flow;
}

static const char api_request[] =
	"GET /v1/items/5061?n=17&q=a%20b HTTP/1.1\r\n"
	"Host: api1.example.com\r\n"
	"User-Agent: okhttp/4.12.0\r\n"
	"Accept: application/json\r\n"
	"Accept-Encoding: gzip, deflate\r\n"
	"Accept-Language: en-US,en;q=0.9\r\n"
	"X-Request-Id: 07e5c3a18f6d4b2907e5c3a18f6d4b29\r\n"
	"Authorization: Bearer 0123456789abcdef0123456789abcdef0123\r\n"
	"\r\n";

static const char browser_request[] =
	"GET /shop/cart?step=2&lang=en HTTP/1.1\r\n"
	"Host: www.example.com\r\n"
	"Connection: keep-alive\r\n"
	"sec-ch-ua: \"Chromium\";v=\"130\", \"Not?A_Brand\";v=\"99\"\r\n"
	"sec-ch-ua-mobile: ?0\r\n"
	"sec-ch-ua-platform: \"Linux\"\r\n"
	"Upgrade-Insecure-Requests: 1\r\n"
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\r\n"
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
	"Sec-Fetch-Site: same-origin\r\n"
	"Referer: https://www.example.com/shop/list?page=3\r\n"
	"Accept-Encoding: gzip, deflate, br, zstd\r\n"
	"Accept-Language: en-US,en;q=0.9\r\n"
	"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
	"\r\n";

static const char answer_head[] =
	"HTTP/1.1 200 OK\r\n"
	"Date: Mon, 23 Nov 2026 08:00:00 GMT\r\n"
	"Server: nginx\r\n"
	"Content-Type: application/json; charset=utf-8\r\n"
	"Content-Length: 800\r\n"
	"Connection: keep-alive\r\n"
	"ETag: \"33a64df5\"\r\n"
	"Vary: Accept-Encoding\r\n\r\n";
#define BODY 800

/* A head given to the parsers, and their result. */
struct given {
	const char *name, *what, *text;
	size_t len;
	enum head_type type;
	unsigned int fields; /* found by the parser that ran last */
	struct head_field out[HEAD_FIELDS_MAX];
};

static void ours(void *ctx)
{
	struct given *g = ctx;
	struct head_cursor cur;
	struct head h = {0};

	if (head_parse((const uint8_t *)g->text, (uint32_t)g->len, false,
		       g->type, &h, g->out, &cur) != HEAD_OK)
		abort();
	g->fields = h.n_fields;
}

#ifdef OTHER
#ifdef OTHER_LLHTTP /* the differences between the two */
typedef llhttp_t other_parser;
typedef llhttp_settings_t other_settings;
#define other_init(p, type, s)	 llhttp_init(p, type, s)
#define other_run(p, s, text, n) (llhttp_execute(p, text, n) == HPE_OK)
#else
typedef http_parser other_parser;
typedef http_parser_settings other_settings;
#define other_init(p, type, s)	 http_parser_init(p, type)
#define other_run(p, s, text, n) (http_parser_execute(p, s, text, n) == (n))
#endif

/* Like ours, records where each field's name and value are. */
static int keep_name(other_parser *p, const char *at, size_t n)
{
	struct given *g = p->data;

	g->out[g->fields].name =
		(struct head_ref){(uint16_t)(at - g->text), (uint16_t)n};
	return 0;
}

static int keep_value(other_parser *p, const char *at, size_t n)
{
	struct given *g = p->data;

	g->out[g->fields++].value =
		(struct head_ref){(uint16_t)(at - g->text), (uint16_t)n};
	return 0;
}

static void other(void *ctx)
{
	static const other_settings settings = {.on_header_field = keep_name,
						.on_header_value = keep_value};
	struct given *g = ctx;
	other_parser p;

	g->fields = 0;
	other_init(&p, g->type == HEAD_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE,
		   &settings);
	p.data = g;
	if (!other_run(&p, &settings, g->text, g->len))
		abort();
}
#endif

static void run(const struct stage_report *r, struct given *g, stage_fn *fn,
		const char *whose)
{
	char name[64], what[64];
	double ns = stage_best_ns(fn, g);

	snprintf(name, sizeof(name), "http.head.%s%s%s", g->name,
		 *whose ? "." : "", whose);
	snprintf(what, sizeof(what), "%s, %u fields", *whose ? whose : g->what,
		 g->fields);
	stage_report_line(r, name, what, ns, g->len);
}

static void heads(const struct stage_report *r)
{
	static struct given given[] = {
		{.name = "api",
		 .what = "head of an API request",
		 .text = api_request,
		 .len = sizeof(api_request) - 1,
		 .type = HEAD_REQUEST},
		{.name = "browser",
		 .what = "head of a browser's request",
		 .text = browser_request,
		 .len = sizeof(browser_request) - 1,
		 .type = HEAD_REQUEST},
		{.name = "answer",
		 .what = "head of a response",
		 .text = answer_head,
		 .len = sizeof(answer_head) - 1,
		 .type = HEAD_RESPONSE},
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		struct given *g = &given[i];

		run(r, g, ours, "");
#ifdef OTHER
		run(r, g, other, OTHER);
#endif
	}
	if (r->lines)
		return;
#ifndef OTHER
	printf("llhttp, http-parser: not installed (libllhttp-dev or libhttp-parser-dev)\n");
#endif
	printf("for comparison, on another machine, 767 bytes with 12 fields: picohttpparser 180\nto 240 ns (head only), llhttp 470 to 530 ns, http-parser 1300 ns\n");
}

/* --- whole transactions ----------------------------------------------------- */

struct bench_conversation {
	const char *text[2];
	size_t len[2], mss;
	uint64_t pos[2], ns, transactions, body;
	void *conn;
};

static void on_emit(void *ctx, const struct http_transaction *t)
{
	struct bench_conversation *c = ctx;

	c->transactions++;
	c->body += t->response->body.len;
}

static void converse(void *ctx)
{
	struct bench_conversation *c = ctx;

	c->ns += 1000;
	for (int d = 0; d < 2; d++) {
		for (size_t at = 0; at < c->len[d]; at += c->mss) {
			size_t left = c->len[d] - at;
			struct stream_chunk k = {
				.data = (const uint8_t *)c->text[d] + at,
				.len = left < c->mss ? left : c->mss,
				.offset = c->pos[d],
				.ts_ns = c->ns,
				.acked = c->pos[!d],
			};

			http_protocol.data(c->conn, (enum stream_dir)d, &k);
			c->pos[d] += k.len;
		}
	}
}

static void transactions(const struct stage_report *r, const char *name,
			 const char *what, const char *request, bool hash,
			 size_t mss)
{
	char answer[sizeof(answer_head) + BODY];
	struct bench_conversation c = {
		.text = {request, answer},
		.len = {strlen(request), sizeof(answer_head) - 1 + BODY},
		.mss = mss};
	struct http_conf conf = {.body_limit = 65536,
				 .memory_limit = 64u << 20,
				 .response_timeout_ns = 30000000000ull,
				 .request_timeout_ns = 30000000000ull,
				 .body_hash = hash,
				 .emit = on_emit,
				 .emit_ctx = &c};
	struct http_engine *e = http_new(&conf);
	struct stream_flow flow = {0};
	double ns;

	if (!e)
		abort();
	memcpy(answer, answer_head, sizeof(answer_head) - 1);
	memset(answer + sizeof(answer_head) - 1, 'x', BODY);
	c.conn = http_protocol.open(e, &flow, &flow.tuple);
	ns = stage_best_ns(converse, &c);
	if (http_stats(e)->paired != c.transactions ||
	    c.body != c.transactions * BODY)
		abort();
	stage_report_line(r, name, what, ns, c.len[0] + c.len[1]);
	http_protocol.close(c.conn, STREAM_END_FIN, c.ns);
	http_free(e);
}

int main(int argc, char **argv)
{
	struct stage_report r = stage_begin(argc, argv);

	heads(&r);
	transactions(&r, "http.transaction.api", "API transaction, 800 bytes",
		     api_request, false, 1448);
	transactions(&r, "http.transaction.browser",
		     "browser's transaction, 800 bytes", browser_request, false,
		     1448);
	transactions(&r, "http.transaction.pieces",
		     "API transaction in chunks of 200", api_request, false,
		     200);
	transactions(&r, "http.transaction.sha256",
		     "API transaction with SHA-256", api_request, true, 1448);
	return 0;
}
