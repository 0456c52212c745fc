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

/* One request is outstanding all the time, but what shows it best is lost: the
 * numbers that remain must be enough. Steps in order of capture: the messages
 * from to to - 1 in one segment each, or one that is lost. A segment acknowledges
 * so many messages since the client was seen to wait, and so many bytes. */
struct outstanding_step {
	enum { DONE, SENT, LOST } what;
	enum stream_dir dir;
	unsigned int from, to;
	unsigned int acked, bytes;
};

#define C(...)                                \
	{                                     \
		SENT, STREAM_C2S, __VA_ARGS__ \
	}
#define S(...)                                \
	{                                     \
		SENT, STREAM_S2C, __VA_ARGS__ \
	}
#define LOST_C                               \
	{                                    \
		LOST, STREAM_C2S, 0, 0, 0, 0 \
	}
#define LOST_S                               \
	{                                    \
		LOST, STREAM_S2C, 0, 0, 0, 0 \
	}
/* clang-format off */
static const struct outstanding_step outstanding[][12] = {
	/* three requests sent together, and only one response to them */
	{C(1, 3, 0, 0), S(1, 2, 2, 0), C(3, 6, 2, 0), C(6, 7, 3, 0), C(7, 8, 4, 0),
	 LOST_S, S(3, 4, 5, 0), S(4, 5, 6, 0), S(5, 6, 7, 0)},
	/* sent within a response */
	{C(1, 3, 0, 0), C(3, 4, 1, 0), C(4, 6, 1, 10), C(6, 7, 4, 0), C(7, 8, 5, 0),
	 LOST_S, S(2, 3, 3, 0), S(3, 5, 5, 0), S(5, 6, 6, 0)},
	/* the same, but the server's direction is captured first */
	{LOST_S, S(2, 3, 3, 0), S(3, 5, 5, 0), S(5, 6, 6, 0),
	 C(1, 3, 0, 0), C(3, 4, 1, 0), C(4, 6, 1, 10), C(6, 7, 4, 0), C(7, 8, 5, 0)},
	/* the server had not received request 3 when it sent all that the client
	 * had received when it sent request 4 */
	{C(1, 2, 0, 0), C(2, 4, 1, 0), C(4, 5, 2, 0), C(5, 6, 3, 0), C(6, 7, 4, 0), C(7, 8, 5, 0),
	 LOST_S, S(2, 3, 2, 0), LOST_S, S(4, 5, 5, 0), S(5, 6, 6, 0)},
	/* nothing but the next response can answer the lost request */
	{C(1, 3, 0, 0), LOST_C, C(4, 5, 2, 0), C(5, 6, 3, 0), C(6, 7, 4, 0),
	 LOST_S, S(2, 3, 2, 0), S(3, 4, 4, 0), S(4, 5, 5, 0)},
};
/* clang-format on */
#undef C
#undef S
#undef LOST_C
#undef LOST_S

static void always_outstanding(void **state)
{
	struct kit k;
	uint64_t sent[2];

	(void)state;
	for (size_t i = 0; i < sizeof(outstanding) / sizeof(outstanding[0]);
	     i++) {
		const struct outstanding_step *p = outstanding[i];

		kit_init(&k, &(struct kit_options){.brief = true});
		kit_open(&k, false, true);
		warm_up(&k, &sent[STREAM_C2S], &sent[STREAM_S2C]);
		for (; p->what; p++) {
			bool server = p->dir == STREAM_S2C;
			size_t len = server ? RESPONSE_LEN : REQUEST_LEN;
			uint64_t acked = sent[!p->dir] + p->bytes +
					 p->acked * (server ? REQUEST_LEN
							    : RESPONSE_LEN);

			if (p->what == LOST)
				kit_gap(&k, p->dir, len, STREAM_GAP_LOST);
			else if (server)
				send_responses(&k, p->from, p->to, acked);
			else
				send_requests(&k, p->from, p->to, acked);
		}
		end(&k);
		kit_done(&k);
	}
}

/* Where every other message is lost, two turnarounds prove nothing. */
static void many_holes(void **state)
{
	struct kit k;
	uint64_t c, s;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	warm_up(&k, &c, &s);
	for (unsigned int i = 1; i < 4; i++) {
		kit_gap(&k, STREAM_C2S, REQUEST_LEN, STREAM_GAP_LOST);
		kit_gap(&k, STREAM_S2C, RESPONSE_LEN, STREAM_GAP_LOST);
		in_turn(&k, i, i + 1);
	}
	in_turn(&k, 4, 6);
	end(&k);
	assert_null(strstr(kit_lines(&k), "GET /4 => 2"));
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

/* The head of a request is lost, and its body looks like a request: nobody can
 * tell, so it is flagged. One that begins a segment is not. */
static void text_in_a_body(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	for (unsigned int midstream = 0; midstream < 2; midstream++) {
		kit_open(&k, midstream, true);
		if (!midstream)
			kit_gap(&k, STREAM_C2S, 100, STREAM_GAP_LOST);
		kit_c(&k, "a=b\r\n\r\nGET /decoy HTTP/1.1\r\n\r\n");
		kit_s(&k, "HTTP/1.1 204 No\r\n\r\n");
		kit_c(&k, "GET /real HTTP/1.1\r\n\r\n");
		kit_s(&k, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
		kit_close(&k, STREAM_END_FIN);
		for (const char *p = kit_lines(&k); *p;
		     p = strchr(p, '\n') + 1) {
			const char *flag = strstr(p, "!ambiguous");
			bool flagged = flag && flag < strchr(p, '\n');

			if (!strncmp(p, "GET /decoy", 10))
				assert_true(flagged);
			if (!strncmp(p, "GET /real", 9))
				assert_false(flagged);
		}
		assert_non_null(strstr(kit_lines(&k), "GET /decoy"));
		kit_clear(&k);
	}
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
		cmocka_unit_test(interim_after_losses),
		cmocka_unit_test(always_outstanding),
		cmocka_unit_test(many_holes),
		cmocka_unit_test(recovers),
		cmocka_unit_test(joined_between),
		cmocka_unit_test(one_number),
		cmocka_unit_test(held_head),
		cmocka_unit_test(only_interim),
		cmocka_unit_test(assumed_until_idle),
		cmocka_unit_test(assumed_until_answered),
		cmocka_unit_test(text_in_a_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
