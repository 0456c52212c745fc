/* SPDX-License-Identifier: MIT */
/*
 * Losses that show only later, and clients that send requests ahead: what
 * must not be paired. Request N asks for /N, its answer has the status 20N.
 */
#include "http_kit.h"

#include <stdio.h>

#define ANSWER_LEN (sizeof("HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n") - 1)

/* Requests from to to - 1 in one packet. */
static void ask(struct kit *k, unsigned int from, unsigned int to,
		uint64_t acked)
{
	char t[512];
	int n = 0;

	for (; from < to; from++)
		n += snprintf(t + n, sizeof(t) - (size_t)n,
			      "GET /%u HTTP/1.1\r\nHost: h\r\n\r\n", from);
	kit_data(k, STREAM_C2S, t, (size_t)n, acked);
}

/* The answers to them, in one packet. */
static void answer(struct kit *k, unsigned int from, unsigned int to,
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
	/* Each line is of one request, or of none, with its own answer. */
	for (const char *p = kit_lines(k); *p; p = strchr(p, '\n') + 1) {
		if (strncmp(p, "GET /", 5) != 0 || strstr(p, "=> -") == p + 7)
			continue;
		snprintf(right, sizeof(right), "GET /%c => 20%c", p[5], p[5]);
		if (strncmp(p, right, strlen(right)) != 0)
			fail_msg("wrong pair:\n%s", kit_lines(k));
	}
}

/* A request was lost. Its answer, and those to the next ones, are there
 * before that is known: the order tells whose they are from the first one on
 * that is certain. */
static void held_in_order(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	answer(&k, 0, 1, 100);
	answer(&k, 1, 4, 200);
	kit_gap(&k, STREAM_C2S, 100, STREAM_GAP_LOST);
	ask(&k, 1, 4, ANSWER_LEN);
	ask(&k, 4, 6, k.flow.pos[STREAM_S2C]);
	answer(&k, 4, 6, k.flow.pos[STREAM_C2S]);
	end(&k);
	for (char i = '1'; i < '6'; i++) {
		char pair[] = "GET /i => 20i";

		pair[5] = pair[12] = i;
		assert_non_null(strstr(kit_lines(&k), pair));
	}
	kit_done(&k);
}

/* The same, but an answer is missing as well: from there on nothing is
 * certain, for the answers that were given up may have been the right ones. */
static void held_in_doubt(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	answer(&k, 0, 1, 100);
	kit_gap(&k, STREAM_S2C, ANSWER_LEN, STREAM_GAP_LOST);
	answer(&k, 2, 4, 200);
	kit_gap(&k, STREAM_C2S, 100, STREAM_GAP_LOST);
	ask(&k, 1, 4, ANSWER_LEN);
	ask(&k, 4, 6, k.flow.pos[STREAM_S2C]);
	answer(&k, 4, 6, k.flow.pos[STREAM_C2S]);
	end(&k);
	kit_done(&k);
}

/* Requests are lost but for the end of the last one's body; another is in
 * the same packet. Nothing else shows that the client sends ahead. */
static void found_in_a_packet(void **state)
{
	static const char rest[] = "the end of a body\r\n\r\n"
				   "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n";
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	answer(&k, 0, 1, 100);
	answer(&k, 1, 4, 500 + sizeof(rest) - 1);
	kit_gap(&k, STREAM_C2S, 500, STREAM_GAP_LOST);
	kit_data(&k, STREAM_C2S, rest, sizeof(rest) - 1, ANSWER_LEN);
	end(&k);
	kit_done(&k);
}

/* A second hole: requests in it were sent when the one after it was. */
static void second_hole(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	answer(&k, 0, 2, 200);
	kit_gap(&k, STREAM_C2S, 100, STREAM_GAP_LOST);
	ask(&k, 1, 2, ANSWER_LEN);
	answer(&k, 2, 5, 900);
	kit_gap(&k, STREAM_C2S, 500, STREAM_GAP_LOST);
	ask(&k, 4, 5, 2 * ANSWER_LEN);
	end(&k);
	assert_non_null(strstr(kit_lines(&k), "GET /1 => 201"));
	kit_done(&k);
}

/* A request is given up while a part of its trailer section is held. */
static void given_up_in_trailer(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	kit_c(&k, "POST /0 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "1\r\na\r\n0\r\nX-Tra");
	kit_gap(&k, STREAM_S2C, 50, STREAM_GAP_LOST);
	answer(&k, 1, 2, k.flow.pos[STREAM_C2S] + 100);
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
