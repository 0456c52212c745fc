/* SPDX-License-Identifier: MIT */
/* Limits on heads, bodies, memory and time; order of arrival; skipping. */
#include "http_kit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/head.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static const struct http_stats *stats(const struct kit *k)
{
	return http_stats(k->e);
}

static void expect(struct kit *k, const char *lines)
{
	assert_string_equal(kit_lines(k), lines);
	kit_clear(k);
}

/* A new string: start, n times c, end. */
static char *long_text(const char *start, char c, size_t n, const char *end)
{
	size_t a = strlen(start);
	char *t = malloc(a + n + strlen(end) + 1);

	assert_non_null(t);
	memcpy(t, start, a);
	memset(t + a, c, n);
	strcpy(t + a + n, end);
	return t;
}

static void send_in(struct kit *k, enum stream_dir dir, const char *t,
		    size_t piece)
{
	size_t n = strlen(t);

	for (size_t at = 0; at < n; at += piece)
		kit_data(k, dir, t + at, n - at < piece ? n - at : piece,
			 k->flow.pos[!dir]);
}

/* A head beyond 64 KiB is cut, but its framing fields still count. */
static void head_limit(void **state)
{
	static const size_t pieces[] = {1 << 20, 1460, 7};
	char *one = long_text("POST /a HTTP/1.1\r\nHost: h\r\nX: ", 'x', 70000,
			      "\r\nContent-Length: 3\r\nY: z\r\n\r\nabc");
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	for (size_t i = 0; i < 3; i++) {
		kit_open(&k, false, true);
		send_in(&k, STREAM_C2S, one, pieces[i]);
		kit_s(&k, ok);
		expect(&k, "POST /a => 200 !head-limit\n");
		/* the next message is found */
		kit_c(&k, "GET /b HTTP/1.1\r\n\r\n");
		kit_s(&k, ok);
		expect(&k, "GET /b => 200\n");
		kit_close(&k, STREAM_END_FIN);
	}
	assert_int_equal(stats(&k)->head_limit, 3);
	assert_int_equal(stats(&k)->resyncs, 0);
	/* a gap, or the end, past the limit */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_C2S, one, 68000, 0);
	kit_gap(&k, STREAM_C2S, 3000, STREAM_GAP_LOST);
	kit_s(&k, ok);
	expect(&k, "POST /a => 200 !request-gap !head-limit\n");
	kit_close(&k, STREAM_END_FIN);
	for (int fin = 0; fin < 2; fin++) {
		kit_open(&k, false, true);
		kit_data(&k, STREAM_C2S, one, 68000, 0);
		if (fin)
			kit_fin(&k, STREAM_C2S);
		kit_close(&k, STREAM_END_RST);
		expect(&k,
		       "POST /a => - !no-response !closed-early !head-limit\n");
	}
	/* all but GET /b */
	assert_int_equal(k.n_partial, k.n - 3);
	kit_done(&k);
	free(one);
}

/* The limit falls between two lines, so that it cuts none in two. */
static void head_limit_between_lines(void **state)
{
	char *one = long_text("POST /a HTTP/1.1\r\nX: ", 'x',
			      HEAD_MAX - strlen("POST /a HTTP/1.1\r\nX: \r\n"),
			      "\r\nContent-Length: 3\r\n\r\nabc");
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	for (size_t piece = 100000; piece > 10; piece /= 8) {
		send_in(&k, STREAM_C2S, one, piece);
		kit_s(&k, ok);
		expect(&k, "POST /a => 200 !head-limit\n");
	}
	assert_int_equal(stats(&k)->resyncs, 0);
	kit_done(&k);
	free(one);
}

static void field_limit(void **state)
{
	char t[16384] = "GET /a HTTP/1.1\r\n";
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	for (unsigned int i = 0; i < 300; i++)
		sprintf(t + strlen(t), "F%u: v\r\n", i);
	strcat(t, "Content-Length: 3\r\n\r\nabc");
	kit_open(&k, false, true);
	send_in(&k, STREAM_C2S, t, 20000);
	kit_s(&k, ok);
	expect(&k, "GET /a => 200 !head-limit\n");
	send_in(&k, STREAM_C2S, t, 100);
	kit_s(&k, ok);
	expect(&k, "GET /a => 200 !head-limit\n");
	assert_int_equal(k.n_partial, 2);
	assert_int_equal(stats(&k)->bytes_resync, 0);
	kit_done(&k);
}

static void target_limit(void **state)
{
	static const size_t lens[] = {32767, 32768, 40000, 70000};
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	for (size_t i = 0; i < 4; i++) {
		char *t = long_text("GET /", 'a', lens[i],
				    " HTTP/1.1\r\nHost: h\r\n\r\n");
		char *want = long_text("GET /", 'a',
				       lens[i] > 32767 ? 32767 : lens[i],
				       lens[i] > 32767 ? " => 200 !head-limit\n"
						       : " => 200\n");

		for (size_t piece = 1000; piece < 200000; piece *= 100) {
			kit_open(&k, false, true);
			send_in(&k, STREAM_C2S, t, piece);
			kit_s(&k, ok);
			expect(&k, want);
			kit_close(&k, STREAM_END_FIN);
		}
		free(t);
		free(want);
	}
	kit_done(&k);
}

static void trailer_limit(void **state)
{
	char *t = long_text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
			    "\r\n1\r\nZ\r\n0\r\nT: ",
			    't', 80000, "\r\nU: v\r\n\r\n");
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	for (size_t piece = 500; piece < 200000; piece *= 100) {
		kit_open(&k, false, true);
		kit_c(&k, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
		send_in(&k, STREAM_S2C, t, piece);
		kit_s(&k, ok);
		expect(&k, "GET /1 => 200 !head-limit\nGET /2 => 200\n");
		kit_close(&k, STREAM_END_FIN);
	}
	kit_done(&k);
	free(t);
}

/* Past the body limit the remainder is skipped, but counted. */
static void body_skip(void **state)
{
	char *body = long_text("", 'b', 100000, "");
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.body_limit = 1000});
	kit_open(&k, false, true);
	kit_c(&k, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
	kit_s(&k, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
	send_in(&k, STREAM_S2C, body, 1460);
	kit_s(&k, ok);
	assert_non_null(strstr(kit_lines(&k), "body=1000/100000:b"));
	assert_non_null(strstr(kit_lines(&k), " !body-limit\nGET /2"));
	assert_non_null(strstr(kit_lines(&k), "body=2/2:ok\n"));
	assert_int_equal(
		k.flow.skip[STREAM_S2C],
		100000 +
			strlen("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"));
	assert_int_equal(stats(&k)->body_limit, 1);
	assert_true(stats(&k)->bytes_body < 5000);
	/* the same within one chunk */
	kit_clear(&k);
	kit_c(&k, "GET /3 HTTP/1.1\r\n\r\n");
	kit_s(&k, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "186a0\r\n");
	send_in(&k, STREAM_S2C, body, 1460);
	kit_s(&k, "\r\n2\r\nzz\r\n0\r\n\r\n");
	assert_non_null(strstr(kit_lines(&k), "body=1000/100002:b"));
	assert_true(stats(&k)->bytes_body < 10000);
	kit_done(&k);
	/* a hash of the whole body needs every byte */
	kit_init(&k,
		 &(struct kit_options){.body_limit = 1000, .body_hash = true});
	kit_open(&k, false, true);
	kit_c(&k, "GET /1 HTTP/1.1\r\n\r\n");
	kit_s(&k, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
	send_in(&k, STREAM_S2C, body, 1460);
	assert_int_equal(k.flow.skip[STREAM_S2C], 0);
	assert_non_null(strstr(kit_lines(&k), " sha=768b54e315c41a8d"));
	kit_done(&k);
	free(body);
}

/* A changed limit applies to messages that begin afterwards; one in progress
 * keeps its own. */
static void body_limit_changes(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n"
				   "Content-Length: 3000\r\n\r\n";
	char *body = long_text("", 'b', 1500, "");
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.body_limit = 2000});
	kit_open(&k, false, true);
	kit_c(&k, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"
		  "GET /3 HTTP/1.1\r\n\r\n");
	kit_s(&k, head);
	send_in(&k, STREAM_S2C, body, 700);
	http_set(k.e, 10, false);
	send_in(&k, STREAM_S2C, body, 700);
	assert_non_null(strstr(kit_lines(&k), "body=2000/3000:b"));
	kit_clear(&k);
	kit_s(&k, head);
	send_in(&k, STREAM_S2C, body, 700);
	http_set(k.e, 2500, true);
	send_in(&k, STREAM_S2C, body, 700);
	assert_non_null(strstr(kit_lines(&k), "body=10/3000:b"));
	assert_null(strstr(strstr(kit_lines(&k), "=>"), " sha="));
	kit_clear(&k);
	kit_s(&k, head);
	send_in(&k, STREAM_S2C, body, 700);
	http_set(k.e, 0, false);
	send_in(&k, STREAM_S2C, body, 700);
	assert_non_null(strstr(kit_lines(&k), "body=2500/3000:b"));
	assert_non_null(strstr(kit_lines(&k), " sha="));
	kit_done(&k);
	free(body);
}

static void response_first(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C, ok, strlen(ok), 19);
	assert_int_equal(k.n, 0);
	kit_data(&k, STREAM_C2S, "GET /1 HTTP/1.1\r\n\r\n", 19, 0);
	expect(&k, "GET /1 => 200\n");
	/* to HEAD, so no body despite Content-Length; and the next one */
	kit_data(&k, STREAM_S2C,
		 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
		 "HTTP/1.1 304 Not Modified\r\n\r\n",
		 67, 59);
	kit_data(&k, STREAM_C2S, "HEAD /2 HTTP/1.1\r\n\r\n", 20, 40);
	kit_data(&k, STREAM_C2S, "GET /3 HTTP/1.1\r\n\r\n", 19, 40);
	expect(&k, "HEAD /2 => 200\nGET /3 => 304\n");
	/* the HEAD request arrives after its response */
	kit_data(&k, STREAM_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
		 38, 78);
	kit_data(&k, STREAM_C2S, "HEAD /4 HTTP/1.1\r\n\r\n", 20, 107);
	expect(&k, "HEAD /4 => 200\n");
	/* a 408 does not answer the request that follows it */
	kit_data(&k, STREAM_S2C,
		 "HTTP/1.1 408 Too late\r\nContent-Length: 0\r\n\r\n", 44, 78);
	kit_data(&k, STREAM_C2S, "GET /5 HTTP/1.1\r\n\r\n", 19, 145);
	expect(&k, "- => 408 !no-request\n");
	kit_close(&k, STREAM_END_RST);
	expect(&k, "GET /5 => - !no-response\n");
	kit_done(&k);
}

static void one_sided(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	kit_data(&k, STREAM_C2S, "GET /1 HTTP/1.1\r\n\r\n", 19, 0);
	kit_data(&k, STREAM_C2S, "GET /2 HTTP/1.1\r\n\r\n", 19, 100);
	http_tick(k.e, k.now_ns + 29000000000ull);
	assert_int_equal(k.n, 0);
	http_tick(k.e, k.now_ns + 31000000000ull);
	expect(&k, "GET /1 => - !no-response !timeout\n"
		   "GET /2 => - !no-response !timeout\n");
	assert_int_equal(stats(&k)->unanswered, 2);
	/* a late response is not paired with the next request */
	k.now_ns += 32000000000ull;
	kit_data(&k, STREAM_S2C, ok, strlen(ok), 38);
	k.now_ns += 2000000000ull; /* idle */
	kit_data(&k, STREAM_C2S, "GET /3 HTTP/1.1\r\n\r\n", 19, 40);
	kit_data(&k, STREAM_S2C, ok, strlen(ok), 57);
	expect(&k, "- => 200 !no-request\nGET /3 => 200\n");
	kit_close(&k, STREAM_END_FIN);
	/* responses only */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C, ok, strlen(ok), 19);
	http_tick(k.e, k.now_ns + 31000000000ull);
	expect(&k, "- => 200 !no-request !timeout\n");
	kit_data(&k, STREAM_S2C, ok, strlen(ok), 38);
	kit_close(&k, STREAM_END_IDLE);
	expect(&k, "- => 200 !no-request !timeout\n");
	kit_done(&k);
}

/* A connection waits for a response, but for nothing else; what the idle timeout
 * cuts off was not closed by anyone. */
static void waits(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	assert_false(http_protocol.waits(k.flow.proto));
	kit_c(&k, "GET /1 HTTP/1.1\r\n\r\n");
	assert_true(http_protocol.waits(k.flow.proto));
	http_tick(k.e, k.now_ns + 29000000000ull);
	assert_true(http_protocol.waits(k.flow.proto));
	kit_s(&k, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na");
	assert_true(http_protocol.waits(k.flow.proto));
	kit_s(&k, "bc");
	assert_false(http_protocol.waits(k.flow.proto));
	kit_clear(&k);
	kit_c(&k, "GET /2 HTTP/1.1\r\n\r\n");
	kit_s(&k, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na");
	kit_close(&k, STREAM_END_IDLE);
	expect(&k, "GET /2 => 200 !timeout\n");
	kit_clear(&k);
	kit_open(&k, false, true);
	kit_c(&k, "GET /3 HTTP/1.1\r\nA: ");
	kit_close(&k, STREAM_END_EVICTED);
	expect(&k, "GET /3 => - !no-response !evicted\n");
	kit_done(&k);
}

/* A slow response does not time out, nor do the requests after it. */
static void slow_response(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	kit_c(&k, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
	kit_s(&k, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na");
	for (int i = 0; i < 10; i++)
		http_tick(k.e, k.now_ns += 31000000000ull);
	assert_int_equal(k.n, 0);
	kit_s(&k, "bc");
	kit_s(&k, ok);
	expect(&k, "GET /1 => 200\nGET /2 => 200\n");
	kit_done(&k);
}

#define FLOWS 2000u

/* Many connections with a pending request, an incomplete head, or a body each:
 * memory stays below its limit, the oldest are evicted, and each is counted. */
static void memory_limit(void **state)
{
	static const char *const texts[] = {
		"GET /waiting HTTP/1.1\r\nHost: h\r\nCookie: c=d\r\n\r\n",
		"GET /unfinished HTTP/1.1\r\nHost: h\r\n",
		("POST /body HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"
		 "something to keep"),
	};
	struct stream_flow *flows = calloc(FLOWS, sizeof(*flows));
	const uint64_t limit = 256 << 10;
	struct kit k;

	(void)state;
	assert_non_null(flows);
	for (unsigned int t = 0; t < 3; t++) {
		kit_init(&k, &(struct kit_options){.brief = true,
						   .memory_limit = limit});
		for (unsigned int i = 0; i < FLOWS; i++) {
			struct stream_chunk c = {
				.data = (const uint8_t *)texts[t],
				.len = strlen(texts[t]),
				.ts_ns = ++k.now_ns,
				.acked = 0};

			flows[i].proto = http_protocol.open(k.e, &flows[i],
							    &flows[i].tuple);
			assert_non_null(flows[i].proto);
			http_protocol.data(flows[i].proto, STREAM_C2S, &c);
			assert_true(stats(&k)->memory_used <= limit);
			kit_check_sums(&k);
		}
		assert_true(stats(&k)->memory_limit > FLOWS / 2);
		if (t == 0) {
			assert_true(k.n > FLOWS / 2);
			k.out.len = 40;
			expect(&k, "GET /waiting => - !no-response !evicted\n");
		}
		for (unsigned int i = 0; i < FLOWS; i++)
			http_protocol.close(flows[i].proto, STREAM_END_SHUTDOWN,
					    k.now_ns);
		/* an incomplete head is counted, but not emitted */
		assert_int_equal(stats(&k)->unanswered +
					 (t == 1 ? stats(&k)->memory_limit : 0),
				 FLOWS);
		kit_done(&k);
	}
	free(flows);
}

/* A body that does not fit in memory: the transaction is emitted without it. */
static void body_no_memory(void **state)
{
	char *body = long_text("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n"
			       "\r\n",
			       'b', 60000, "");
	struct kit k;

	(void)state;
	kit_init(&k,
		 &(struct kit_options){.brief = true, .memory_limit = 16384});
	kit_open(&k, false, true);
	kit_c(&k, "GET /1 HTTP/1.1\r\n\r\n");
	send_in(&k, STREAM_S2C, body, 1460);
	kit_c(&k, "GET /2 HTTP/1.1\r\n\r\n");
	kit_s(&k, ok);
	assert_int_equal(k.n, 2);
	assert_non_null(strstr(kit_lines(&k), "!evicted"));
	assert_true(stats(&k)->memory_limit >= 1);
	kit_done(&k);
	free(body);
}

/* The steady state leaks nothing. */
static void million(void **state)
{
	static const char q[] = "POST /m HTTP/1.1\r\nHost: h\r\n"
				"Content-Length: 5\r\n\r\nhello";
	static const char r[] =
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: v\r\n\r\n";
	struct stream_chunk c = {0};
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	for (unsigned int i = 0; i < 1000000; i++) {
		c.data = (const uint8_t *)q;
		c.len = sizeof(q) - 1;
		c.offset = i * (sizeof(q) - 1ull);
		c.acked = i * (sizeof(r) - 1ull);
		http_protocol.data(k.flow.proto, STREAM_C2S, &c);
		c.data = (const uint8_t *)r;
		c.len = sizeof(r) - 1;
		c.offset = i * (sizeof(r) - 1ull);
		c.acked = (i + 1) * (sizeof(q) - 1ull);
		http_protocol.data(k.flow.proto, STREAM_S2C, &c);
		if (stats(&k)->memory_used)
			fail();
		kit_clear(&k);
	}
	assert_int_equal(stats(&k)->paired, 1000000);
	kit_done(&k);
}

/* Responses without requests: a bounded queue, and constant work for each. If
 * every response looked at those before it, this would take minutes. */
static void responses_only(void **state)
{
	static const char many[] = "HTTP/1.1 204 x\r\n\r\n"
				   "HTTP/1.1 204 x\r\n\r\n"
				   "HTTP/1.1 204 x\r\n\r\n"
				   "HTTP/1.1 204 x\r\n\r\n";
	const unsigned int n = 50000;
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, true, false);
	for (unsigned int i = 0; i < n; i++) {
		kit_data(&k, STREAM_S2C, many, sizeof(many) - 1,
			 STREAM_UNKNOWN);
		kit_clear(&k);
		assert_true(stats(&k)->memory_used < 4 << 20);
	}
	assert_int_equal(stats(&k)->queue_limit, 4 * n - 1024);
	kit_close(&k, STREAM_END_FIN);
	assert_int_equal(stats(&k)->unrequested, 4 * n);
	/* no request can arrive any more: at most one waits */
	kit_open(&k, false, true);
	kit_c(&k, "GET / HTTP/1.1\r\n\r\n");
	kit_s(&k, ok);
	kit_clear(&k);
	for (unsigned int i = 0; i < 8; i++)
		kit_s(&k, ok);
	assert_true(k.n >= 7);
	kit_close(&k, STREAM_END_FIN);
	kit_done(&k);
}

/* More requests pending on a connection than QUEUE_MAX. */
static void queue_limit(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	for (unsigned int i = 0; i < 3000; i++)
		kit_c(&k, "GET /q HTTP/1.1\r\n\r\n");
	assert_int_equal(k.n, 3000 - 1024);
	assert_int_equal(stats(&k)->queue_limit, 3000 - 1024);
	kit_close(&k, STREAM_END_FIN);
	assert_int_equal(k.n, 3000);
	kit_done(&k);
}

/* A head that never ended says nothing about the body: no hash. */
static void unfinished_head(void **state)
{
	static const char *const heads[] = {
		"GET /a HTTP/1.1\r\nHost: h\r\n",
		"GET /a HTTP/1.1\r\nHost: h\r\nA: ",
	};
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.body_hash = true});
	for (int i = 0; i < 4; i++) {
		kit_open(&k, false, true);
		kit_c(&k, heads[i % 2]);
		if (i < 2)
			kit_gap(&k, STREAM_C2S, 10, STREAM_GAP_LOST);
		kit_fin(&k, STREAM_C2S);
		kit_close(&k, STREAM_END_FIN);
		assert_non_null(strstr(kit_lines(&k), "GET /a"));
		assert_null(strstr(kit_lines(&k), "sha="));
		kit_clear(&k);
	}
	kit_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(head_limit),
		cmocka_unit_test(head_limit_between_lines),
		cmocka_unit_test(field_limit),
		cmocka_unit_test(target_limit),
		cmocka_unit_test(trailer_limit),
		cmocka_unit_test(body_skip),
		cmocka_unit_test(body_limit_changes),
		cmocka_unit_test(response_first),
		cmocka_unit_test(one_sided),
		cmocka_unit_test(waits),
		cmocka_unit_test(slow_response),
		cmocka_unit_test(memory_limit),
		cmocka_unit_test(body_no_memory),
		cmocka_unit_test(responses_only),
		cmocka_unit_test(queue_limit),
		cmocka_unit_test(million),
		cmocka_unit_test(unfinished_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
