/* SPDX-License-Identifier: MIT */
/*
 * Losses that are noticed late, and clients that pipeline: what must not be
 * paired. Request N is for /N, its response has status 20N.
 */
#include "http_kit.h"

#include <stdio.h>

#define REQUEST_LEN  (sizeof("GET /0 HTTP/1.1\r\nHost: h\r\n\r\n") - 1)
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

/* The client is seen to wait for responses. *client and *server get the length of
 * what they sent. */
static void warm_up(struct kit *k, uint64_t *client, uint64_t *server)
{
	for (unsigned int i = 0; i < 8; i++) {
		send_requests(k, 0, 1, k->flow.pos[STREAM_S2C]);
		send_responses(k, 0, 1, k->flow.pos[STREAM_C2S]);
	}
	*client = k->flow.pos[STREAM_C2S];
	*server = k->flow.pos[STREAM_S2C];
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
	uint64_t c, s;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	warm_up(&k, &c, &s);
	send_responses(&k, 0, 1, c + 100);
	send_responses(&k, 1, 4, c + 100 + 3 * REQUEST_LEN);
	kit_gap(&k, STREAM_C2S, 100, STREAM_GAP_LOST);
	send_requests(&k, 1, 4, s + RESPONSE_LEN);
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
	uint64_t c, s;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	warm_up(&k, &c, &s);
	send_responses(&k, 0, 1, c + 100);
	send_responses(&k, 1, 2, c + 200);
	kit_gap(&k, STREAM_C2S, 100, STREAM_GAP_LOST);
	send_requests(&k, 1, 2, s + RESPONSE_LEN);
	send_responses(&k, 2, 5, c + 900);
	kit_gap(&k, STREAM_C2S, 500, STREAM_GAP_LOST);
	send_requests(&k, 4, 5, s + 2 * RESPONSE_LEN);
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

static void expect_pairs(struct kit *k, unsigned int from, unsigned int to)
{
	char pair[32];

	for (; from < to; from++) {
		snprintf(pair, sizeof(pair), "GET /%u => 20%u", from, from);
		if (!strstr(kit_lines(k), pair))
			fail_msg("%s is missing:\n%s", pair, kit_lines(k));
	}
}

/* Requests from to to - 1 and their responses, one after the other. */
static void in_turn(struct kit *k, unsigned int from, unsigned int to)
{
	for (; from < to; from++) {
		send_requests(k, from, from + 1, k->flow.pos[STREAM_S2C]);
		send_responses(k, from, from + 1, k->flow.pos[STREAM_C2S]);
	}
}

/* A response, a request and the final response behind an interim one are lost:
 * neither shifts the pairs that follow. */
static void interim_after_losses(void **state)
{
	static const char interim[] = "HTTP/1.1 103 x\r\n\r\n";
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	in_turn(&k, 0, 1);
	send_requests(&k, 1, 2, k.flow.pos[STREAM_S2C]);
	kit_gap(&k, STREAM_S2C, RESPONSE_LEN, STREAM_GAP_LOST);
	kit_gap(&k, STREAM_C2S, 27, STREAM_GAP_LOST);
	kit_data(&k, STREAM_S2C, interim, sizeof(interim) - 1,
		 k.flow.pos[STREAM_C2S]);
	kit_gap(&k, STREAM_S2C, RESPONSE_LEN, STREAM_GAP_LOST);
	in_turn(&k, 3, 7);
	end(&k);
	assert_null(strstr(kit_lines(&k), "GET /1 => 2"));
	expect_pairs(&k, 3, 7);
	kit_done(&k);
}

/* One pipelined pair and a loss: nothing of that is remembered for good. */
static void recovers(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	in_turn(&k, 0, 1);
	send_requests(&k, 1, 2, RESPONSE_LEN);
	kit_gap(&k, STREAM_C2S, 27, STREAM_GAP_LOST);
	send_responses(&k, 1, 3, k.flow.pos[STREAM_C2S]);
	in_turn(&k, 3, 9);
	end(&k);
	expect_pairs(&k, 3, 9);
	kit_done(&k);
}

/* Joined midstream: what the first request acknowledges is unknown, because it
 * precedes the start of the other stream. The response is not its own. */
static void joined_between(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, true, true);
	send_requests(&k, 0, 1, STREAM_UNKNOWN);
	send_requests(&k, 1, 2, 0);
	send_responses(&k, 1, 2, k.flow.pos[STREAM_C2S]);
	end(&k);
	assert_null(strstr(kit_lines(&k), "GET /0 => 2"));
	kit_done(&k);
}

/* One of two acknowledgments is enough to rule a pair out. */
static void one_number(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	send_responses(&k, 0, 1, 40);
	kit_gap(&k, STREAM_C2S, 100, STREAM_GAP_LOST);
	send_requests(&k, 1, 2, STREAM_UNKNOWN);
	end(&k);
	assert_non_null(strstr(kit_lines(&k), "GET /1 => - "));
	kit_done(&k);
}

/* The bytes behind a held response to HEAD are lost: they are no body, and the
 * responses that follow do not become one. */
static void held_head(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C,
		 "HTTP/1.1 200 x\r\nContent-Length: 100\r\n\r\n", 39, 200);
	kit_gap(&k, STREAM_S2C, 20, STREAM_GAP_LOST);
	send_responses(&k, 2, 4, 200);
	kit_c(&k, "HEAD /0 HTTP/1.1\r\nHost: h\r\n\r\n");
	end(&k);
	assert_int_equal(http_stats(k.e)->responses, 3);
	kit_done(&k);
}

/* A connection that was joined midstream ends with an interim response. */
static void only_interim(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, true, false);
	send_requests(&k, 0, 1, 0);
	kit_data(&k, STREAM_S2C, "HTTP/1.1 102 x\r\n\r\n", 18, 27);
	end(&k);
	assert_string_equal(kit_lines(&k),
			    "GET /0 => - !no-response !midstream\n");
	kit_done(&k);
}

/* Joined midstream: pairs are assumed until the connection was idle; only the
 * first message of each direction is where the connection was joined. */
static void assumed_until_idle(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, true, false);
	in_turn(&k, 0, 3);
	k.now_ns += 3000000000;
	in_turn(&k, 3, 5);
	end(&k);
	assert_string_equal(kit_lines(&k),
			    "GET /0 => 200 !midstream !pair-assumed\n"
			    "GET /1 => 201 !pair-assumed\n"
			    "GET /2 => 202 !pair-assumed\n"
			    "GET /3 => 203\n"
			    "GET /4 => 204\n");
	kit_done(&k);
}

/* A server may have taken request 0 to end elsewhere, and read other requests
 * than 1; or have discarded 1, which came with an Upgrade that it refused. */
static void assumed_until_answered(void **state)
{
	static const char *const first[] = {
		"GET /0 HTTP/1.1\r\n\rA: b\r\n\r\nGET /1 HTTP/1.1\r\n\r\n",
		"GET /0 HTTP/1.1\r\nUpgrade: x\r\n\r\nGET /1 HTTP/1.1\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		struct kit k;

		kit_init(&k, &(struct kit_options){.brief = true});
		kit_open(&k, false, false);
		kit_data(&k, STREAM_C2S, first[i], strlen(first[i]), 0);
		send_responses(&k, 0, 1, k.flow.pos[STREAM_C2S]);
		send_requests(&k, 2, 3, k.flow.pos[STREAM_S2C]);
		send_responses(&k, 1, 3, k.flow.pos[STREAM_C2S]);
		in_turn(&k, 3, 4);
		end(&k);
		assert_string_equal(
			kit_lines(&k),
			i ? "GET /0 => 200\n"
			    "GET /1 => 201 !pair-assumed\n"
			    "GET /2 => 202 !pair-assumed\n"
			    "GET /3 => 203\n"
			  : "GET /0 => 200 !malformed !pair-assumed\n"
			    "GET /1 => 201 !pair-assumed\n"
			    "GET /2 => 202 !pair-assumed\n"
			    "GET /3 => 203\n");
		kit_done(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held_in_order),
		cmocka_unit_test(held_in_doubt),
		cmocka_unit_test(found_in_a_packet),
		cmocka_unit_test(second_hole),
		cmocka_unit_test(given_up_in_trailer),
		cmocka_unit_test(interim_after_losses),
		cmocka_unit_test(recovers),
		cmocka_unit_test(joined_between),
		cmocka_unit_test(one_number),
		cmocka_unit_test(held_head),
		cmocka_unit_test(only_interim),
		cmocka_unit_test(assumed_until_idle),
		cmocka_unit_test(assumed_until_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
