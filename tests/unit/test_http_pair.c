/* SPDX-License-Identifier: MIT */
/*
 * Losses that are noticed late, and clients that pipeline: what must not be
 * paired. Request N is for /N, its response has status 20N.
 */
#include "http_kit.h"

#include <stdio.h>

#define RESPONSE_LEN (sizeof("HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n") - 1)

/* Sends the requests from to to - 1 in one segment. */
static void send_requests(struct kit *k, unsigned int from, unsigned int to,
			  uint64_t acked)
{
	char t[512];
	int n = 0;

	for (; from < to; from++)
		n += snprintf(t + n, sizeof(t) - (size_t)n,
			      "GET /%u HTTP/1.1\r\nHost: h\r\n\r\n", from);
	kit_data(k, STREAM_C2S, t, (size_t)n, acked);
}

/* Sends the responses to them in one segment. */
static void send_responses(struct kit *k, unsigned int from, unsigned int to,
			   uint64_t acked)
{
	char t[512];
	int n = 0;

	for (; from < to; from++)
		n += snprintf(t + n, sizeof(t) - (size_t)n,
			      "HTTP/1.1 20%u x\r\nContent-Length: 0\r\n\r\n",
			      from);
	kit_data(k, STREAM_S2C, t, (size_t)n, acked);
}

static void end(struct kit *k)
{
	char right[32];

	kit_fin(k, STREAM_C2S);
	kit_fin(k, STREAM_S2C);
	kit_close(k, STREAM_END_FIN);
	/* each request has its own response, or none */
	for (const char *p = kit_lines(k); *p; p = strchr(p, '\n') + 1) {
		if (strncmp(p, "GET /", 5) != 0 || strstr(p, "=> -") == p + 7)
			continue;
		snprintf(right, sizeof(right), "GET /%c => 20%c", p[5], p[5]);
		if (strncmp(p, right, strlen(right)) != 0)
			fail_msg("wrong pair:\n%s", kit_lines(k));
	}
}

/* A request is lost. Its response and the following ones arrive before that is
 * known: once one of them is certain, order pairs those after it. */
static void held_in_order(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	send_responses(&k, 0, 1, 100);
	send_responses(&k, 1, 4, 200);
	kit_gap(&k, STREAM_C2S, 100, STREAM_GAP_LOST);
	send_requests(&k, 1, 4, RESPONSE_LEN);
	send_requests(&k, 4, 6, k.flow.pos[STREAM_S2C]);
	send_responses(&k, 4, 6, k.flow.pos[STREAM_C2S]);
	end(&k);
	for (char i = '1'; i < '6'; i++) {
		char pair[] = "GET /i => 20i";

		pair[5] = pair[12] = i;
		assert_non_null(strstr(kit_lines(&k), pair));
	}
	kit_done(&k);
}

/* The same, but a response is lost as well. From there on nothing is certain:
 * the responses given up may have been the right ones. */
static void held_in_doubt(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	send_responses(&k, 0, 1, 100);
	kit_gap(&k, STREAM_S2C, RESPONSE_LEN, STREAM_GAP_LOST);
	send_responses(&k, 2, 4, 200);
	kit_gap(&k, STREAM_C2S, 100, STREAM_GAP_LOST);
	send_requests(&k, 1, 4, RESPONSE_LEN);
	send_requests(&k, 4, 6, k.flow.pos[STREAM_S2C]);
	send_responses(&k, 4, 6, k.flow.pos[STREAM_C2S]);
	end(&k);
	kit_done(&k);
}

/* Requests are lost except for the end of the last body, and another request is
 * in the same segment: all that shows that the client pipelines. */
static void found_in_a_packet(void **state)
{
	static const char rest[] = "the end of a body\r\n\r\n"
				   "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n";
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	send_responses(&k, 0, 1, 100);
	send_responses(&k, 1, 4, 500 + sizeof(rest) - 1);
	kit_gap(&k, STREAM_C2S, 500, STREAM_GAP_LOST);
	kit_data(&k, STREAM_C2S, rest, sizeof(rest) - 1, RESPONSE_LEN);
	end(&k);
	kit_done(&k);
}

/* A second hole hides requests that were sent along with the one after it. */
static void second_hole(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	send_responses(&k, 0, 1, 100);
	send_responses(&k, 1, 2, 200);
	kit_gap(&k, STREAM_C2S, 100, STREAM_GAP_LOST);
	send_requests(&k, 1, 2, RESPONSE_LEN);
	send_responses(&k, 2, 5, 900);
	kit_gap(&k, STREAM_C2S, 500, STREAM_GAP_LOST);
	send_requests(&k, 4, 5, 2 * RESPONSE_LEN);
	end(&k);
	assert_non_null(strstr(kit_lines(&k), "GET /1 => 201"));
	kit_done(&k);
}

/* A request is given up while part of its trailer section is held. */
static void given_up_in_trailer(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	kit_c(&k, "POST /0 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "1\r\na\r\n0\r\nX-Tra");
	kit_gap(&k, STREAM_S2C, 50, STREAM_GAP_LOST);
	send_responses(&k, 1, 2, k.flow.pos[STREAM_C2S] + 100);
	end(&k);
	assert_int_equal(http_stats(k.e)->bytes_buffered, 0);
	kit_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held_in_order),
		cmocka_unit_test(held_in_doubt),
		cmocka_unit_test(found_in_a_packet),
		cmocka_unit_test(second_hole),
		cmocka_unit_test(given_up_in_trailer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
