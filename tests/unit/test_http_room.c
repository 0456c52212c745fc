/* SPDX-License-Identifier: MIT */
/* Memory that HTTP/1 and HTTP/2 share: what has waited longest is evicted first,
 * whatever it is. */
#include "http_frames.h"

#define LIMIT (1u << 20)
#define POST  "POST /one HTTP/1.1\r\nContent-Length: 120000\r\n\r\n"

static char body[16000];

/* Connections that exist at the same time: the double of stream has one place, into
 * which the one in use is put. */
static struct stream_flow flows[16];
static unsigned int current;

static void use(struct kit *k, unsigned int i)
{
	flows[current] = k->flow;
	k->flow = flows[i];
	current = i;
}

static void begin(struct kit *k)
{
	memset(body, 'a', sizeof(body));
	frames_init(k, &(struct kit_options){.brief = true,
					     .memory_limit = LIMIT,
					     .body_limit = 1u << 20});
}

/* Requests that wait for the rest of their bodies: one of HTTP/1, n bytes of it. */
static void fill_one(struct kit *k, unsigned int n)
{
	for (; n; n -= n < sizeof(body) ? n : sizeof(body))
		kit_data(k, STREAM_C2S, body,
			 n < sizeof(body) ? n : sizeof(body), 0);
}

/* Streams from first on, each with such a body. */
static void fill_two(struct kit *k, uint32_t first, unsigned int n)
{
	static struct frames f;
	uint8_t b[64];

	for (uint32_t id = first; n--; id += 2) {
		f.n = 0;
		frame_add(&f, FRAME_HEADERS, END_HEADERS, id, b,
			  frame_get(b, "/two"));
		frame_add(&f, FRAME_DATA, 0, id, body, sizeof(body));
		frames_send(k, STREAM_C2S, &f);
	}
}

static unsigned int count(struct kit *k, const char *text)
{
	const char *p = kit_lines(k);
	unsigned int n = 0;

	while ((p = strstr(p, text)) != NULL) {
		n++;
		p++;
	}
	return n;
}

static void end(struct kit *k)
{
	for (unsigned int i = 0; i < 16; i++) {
		use(k, i);
		if (k->flow.proto)
			kit_close(k, STREAM_END_SHUTDOWN);
	}
	kit_done(k);
	memset(flows, 0, sizeof(flows));
	current = 0;
}

/* The streams of HTTP/2 are older: HTTP/1 does not pay for them. */
static void test_two_is_older(void **state)
{
	struct kit k;

	(void)state;
	begin(&k);
	frames_open(&k);
	fill_two(&k, 1, 50);
	use(&k, 1);
	kit_open(&k, false, true);
	kit_c(&k, POST);
	fill_one(&k, 120000 - 1);
	assert_true(count(&k, "/two") > 0);
	assert_int_equal(count(&k, "/two"), count(&k, "!evicted"));
	assert_int_equal(count(&k, "/one"), 0);
	kit_c(&k, "a");
	kit_s(&k, "HTTP/1.1 204 No\r\n\r\n");
	assert_int_equal(count(&k, "POST /one => 204\n"), 1);
	end(&k);
}

/* HTTP/1 is older: it goes before any stream does. */
static void test_one_is_older(void **state)
{
	struct kit k;

	(void)state;
	begin(&k);
	kit_open(&k, false, true);
	kit_c(&k, POST);
	fill_one(&k, 100000);
	use(&k, 1);
	frames_open(&k);
	fill_two(&k, 1, 52);
	assert_int_equal(count(&k, "/one"), 1);
	assert_int_equal(count(&k, "!evicted"), 1);
	assert_int_equal(count(&k, "/two"), 0);
	end(&k);
}

/* The tables of idle connections are evicted, too: what refers to them is not known,
 * and nothing else suffers. */
static void test_tables(void **state)
{
	static struct frames f;
	static char value[4000];
	static uint8_t block[8192];
	struct kit k;

	(void)state;
	begin(&k);
	memset(value, 'v', sizeof(value) - 1);
	for (unsigned int i = 0; i < 16; i++) {
		use(&k, i);
		frames_open(&k);
		f.n = 0;
		for (uint32_t id = 1; id < 31; id += 2) {
			size_t n = frame_get(block, "/old");

			/* a table of 64 KiB, and what fills it */
			memmove(block + 4, block, n);
			memcpy(block, "\x3f\xe1\xff\x03", 4);
			n += 4;
			memcpy(block + n, "\x40\x01x\x7f\xa0\x1e", 6);
			memcpy(block + n + 6, value, 3999);
			frame_add(&f, FRAME_HEADERS, END, id, block,
				  n + 6 + 3999);
		}
		frames_send(&k, STREAM_C2S, &f);
		for (uint32_t id = 1; id < 31; id += 2)
			frames_ok(&f, id, "");
		frames_send(&k, STREAM_S2C, &f);
		assert_true(http_stats(k.e)->memory_used <= LIMIT);
	}
	assert_int_equal(count(&k, "GET /old => 200"), 16 * 15);
	assert_int_equal(count(&k, "!"), 0);
	assert_true(http_stats(k.e)->memory_limit > 8);
	/* The newest table is still there, the oldest is not. */
	for (unsigned int i = 0; i < 2; i++) {
		use(&k, i ? 0 : 15);
		f.n = 0;
		frame_add(&f, FRAME_HEADERS, END, 31, "\x82\x86\x84\xbf\xbe",
			  5);
		frames_send(&k, STREAM_C2S, &f);
		frames_ok(&f, 31, "");
		frames_send(&k, STREAM_S2C, &f);
		assert_int_equal(count(&k, "stream=31"), i + 1);
		assert_int_equal(count(&k, "fields-unknown"), i);
	}
	end(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_is_older),
		cmocka_unit_test(test_one_is_older),
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
