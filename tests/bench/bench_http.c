/* SPDX-License-Identifier: MIT */
/*
 * What HTTP costs without stream and report: heads, and whole transactions
 * from chunks to emit. Time of the process, so that neighbours matter less.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/head.h"
#include "http/http.h"

#define HEADS	     2000000u
#define TRANSACTIONS 1000000u

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

static const char request[] =
	"GET /api/v1/users/7/orders?limit=20&offset=40 HTTP/1.1\r\n"
	"Host: api.example.com\r\n"
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
	"Accept: application/json\r\n"
	"Accept-Language: en-US,en;q=0.5\r\n"
	"Accept-Encoding: gzip, deflate, br\r\n"
	"Connection: keep-alive\r\n"
	"Referer: https://example.com/\r\n"
	"Cookie: session=0123456789abcdef\r\n"
	"X-Request-Id: 7b1c9f3e\r\n"
	"Cache-Control: no-cache\r\n"
	"Pragma: no-cache\r\n"
	"DNT: 1\r\n\r\n";

static const char response_head[] =
	"HTTP/1.1 200 OK\r\n"
	"Date: Mon, 23 Nov 2026 08:00:00 GMT\r\n"
	"Server: nginx\r\n"
	"Content-Type: application/json; charset=utf-8\r\n"
	"Content-Length: 600\r\n"
	"Connection: keep-alive\r\n"
	"ETag: \"33a64df5\"\r\n"
	"Vary: Accept-Encoding\r\n\r\n";

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void heads(void)
{
	static struct head_field fields[HEAD_FIELDS_MAX];
	struct head_cursor cur;
	double start = now();
	unsigned int sum = 0;

	for (unsigned int i = 0; i < HEADS; i++) {
		struct head h = {0};

		if (head_parse((const uint8_t *)request, sizeof(request) - 1,
			       false, HEAD_REQUEST, &h, fields,
			       &cur) != HEAD_OK)
			abort();
		sum += h.n_fields;
	}
	printf("head of %zu bytes, %u fields: %.0f ns\n", sizeof(request) - 1,
	       sum / HEADS, (now() - start) / HEADS * 1e9);
}

static void on_emit(void *ctx, const struct http_transaction *t)
{
	*(unsigned long *)ctx += t->response->body.len + t->request->n_fields;
}

static void transactions(bool hash, size_t mss)
{
	unsigned long sum = 0;
	struct http_conf conf = {.body_limit = 65536,
				 .memory_limit = 64u << 20,
				 .response_timeout_ns = 30000000000ull,
				 .body_hash = hash,
				 .emit = on_emit,
				 .emit_ctx = &sum};
	struct http_engine *e = http_new(&conf);
	struct stream_flow flow = {0};
	char response[1024];
	size_t n = sizeof(response_head) - 1, len[2];
	uint64_t pos[2] = {0, 0};
	const char *text[2] = {request, response};
	double start;
	void *c;

	memcpy(response, response_head, n);
	memset(response + n, 'x', 600);
	len[0] = sizeof(request) - 1;
	len[1] = n + 600;
	if (!e)
		abort();
	c = http_protocol.open(e, &flow, &flow.tuple);
	start = now();
	for (unsigned int i = 0; i < TRANSACTIONS; i++) {
		for (int d = 0; d < 2; d++) {
			for (size_t at = 0; at < len[d]; at += mss) {
				struct stream_chunk k = {
					.data = (const uint8_t *)text[d] + at,
					.len = len[d] - at < mss ? len[d] - at
								 : mss,
					.offset = pos[d],
					.ts_ns = i * 1000ull,
					.acked = pos[!d],
				};

				http_protocol.data(c, (enum stream_dir)d, &k);
				pos[d] += k.len;
			}
		}
	}
	printf("transaction of %zu + %zu bytes, chunks of %zu%s: %.0f ns\n",
	       len[0], len[1], mss, hash ? ", SHA-256" : "",
	       (now() - start) / TRANSACTIONS * 1e9);
	if (http_stats(e)->paired != TRANSACTIONS || !sum)
		abort();
	http_protocol.close(c, STREAM_END_FIN, TRANSACTIONS * 1000ull);
	http_free(e);
}

int main(void)
{
	heads();
	transactions(false, 1460);
	transactions(false, 300);
	transactions(true, 1460);
	return 0;
}
