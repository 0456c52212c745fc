/* SPDX-License-Identifier: MIT */
/*
 * Losses everywhere in conversations of numbered requests and responses:
 * whatever is missing, a response is never paired with the wrong request,
 * nothing stays pending, and the counters add up.
 */
#include "http_kit.h"

#include <stdio.h>
#include <stdlib.h>

#define MESSAGES    6
#define PACKETS_MAX 512

struct packet {
	enum stream_dir dir;
	uint64_t off;
	size_t len;
	uint64_t acked;
};

struct conversation {
	char data[2][32768];
	size_t len[2];
	struct packet p[PACKETS_MAX];
	size_t n;
	/* Bytes before these offsets reveal that the client pipelines. Without
	 * them, a client that always has two requests in flight cannot be
	 * distinguished from one that does not pipeline. */
	uint64_t revealing[2];
};

/* The result of one run. */
struct outcome {
	struct kit k;
	unsigned int pairs, wrong, requests[MESSAGES], responses[MESSAGES];
};

/* Sends text in segments of at most mss bytes. */
static void transmit(struct conversation *c, enum stream_dir dir,
		     const char *text, size_t mss, uint64_t acked)
{
	size_t n = strlen(text), at = 0;

	assert_true(c->len[dir] + n <= sizeof(c->data[dir]));
	memcpy(c->data[dir] + c->len[dir], text, n);
	while (at < n) {
		size_t m = n - at < mss ? n - at : mss;

		assert_true(c->n < PACKETS_MAX);
		c->p[c->n++] = (struct packet){.dir = dir,
					       .off = c->len[dir] + at,
					       .len = m,
					       .acked = acked};
		at += m;
	}
	c->len[dir] += n;
}

/* Every third one has a body, whose length depends on i. */
static const char *request(unsigned int i)
{
	static char t[512];

	if (i % 3 == 1)
		snprintf(t, sizeof(t),
			 "POST /item/%u HTTP/1.1\r\nHost: h\r\n"
			 "Content-Length: %u\r\n\r\n%0*u",
			 i, 40 + i, (int)(40 + i), i);
	else
		snprintf(
			t, sizeof(t),
			"GET /item/%u HTTP/1.1\r\nHost: h\r\nAccept: text/plain\r\n\r\n",
			i);
	return t;
}

static const char *response(unsigned int i)
{
	static char t[512];

	switch (i % 4) {
	case 0:
		snprintf(
			t, sizeof(t),
			"HTTP/1.1 200 OK\r\nX-Item: %u\r\nContent-Length: 90\r\n\r\n%090u",
			i, i);
		break;
	case 1:
		snprintf(
			t, sizeof(t),
			"HTTP/1.1 200 OK\r\nX-Item: %u\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n%032u\r\n40\r\n%064u\r\n0\r\n\r\n",
			i, i, i);
		break;
	case 2:
		snprintf(t, sizeof(t),
			 "HTTP/1.1 304 Not Modified\r\nX-Item: %u\r\n\r\n", i);
		break;
	default:
		snprintf(
			t, sizeof(t),
			"HTTP/1.1 200 OK\r\nX-Item: %u\r\nContent-Length: 33\r\n\r\nin it:\r\n\r\nHTTP/1.1 200 OK\r\n\r\n%4u",
			i, i);
	}
	return t;
}

/* No pipelining: each request follows the previous response. */
static void in_turn(struct conversation *c, size_t mss)
{
	for (unsigned int i = 0; i < MESSAGES; i++) {
		transmit(c, STREAM_C2S, request(i), mss, c->len[STREAM_S2C]);
		transmit(c, STREAM_S2C, response(i), mss, c->len[STREAM_C2S]);
	}
}

/* Pipelining: all requests, then all responses. */
static void burst(struct conversation *c, size_t mss)
{
	for (unsigned int i = 0; i < MESSAGES; i++) {
		transmit(c, STREAM_C2S, request(i), mss, 0);
		if (i == 1)
			c->revealing[STREAM_C2S] = c->len[STREAM_C2S];
	}
	for (unsigned int i = 0; i < MESSAGES; i++)
		transmit(c, STREAM_S2C, response(i), mss, c->len[STREAM_C2S]);
}

/* Pipelining: always two requests in flight. */
static void two_deep(struct conversation *c, size_t mss)
{
	transmit(c, STREAM_C2S, request(0), mss, 0);
	for (unsigned int i = 0; i < MESSAGES; i++) {
		if (i + 1 < MESSAGES)
			transmit(c, STREAM_C2S, request(i + 1), mss,
				 c->len[STREAM_S2C]);
		transmit(c, STREAM_S2C, response(i), mss, c->len[STREAM_C2S]);
		if (!i) {
			c->revealing[STREAM_C2S] = c->len[STREAM_C2S];
			c->revealing[STREAM_S2C] = c->len[STREAM_S2C];
		}
	}
}

/* Pipelining: each request in the middle of the previous response. */
static void staggered(struct conversation *c, size_t mss)
{
	char text[512];

	transmit(c, STREAM_C2S, request(0), mss, 0);
	for (unsigned int i = 0; i < MESSAGES; i++) {
		size_t n;

		strcpy(text, response(i));
		n = strlen(text);
		text[n / 2] = 0;
		transmit(c, STREAM_S2C, text, mss, c->len[STREAM_C2S]);
		if (i + 1 < MESSAGES)
			transmit(c, STREAM_C2S, request(i + 1), mss,
				 c->len[STREAM_S2C]);
		transmit(c, STREAM_S2C, response(i) + n / 2, mss,
			 c->len[STREAM_C2S]);
	}
}

/* Reads the numbers of request and response from each line. */
static void evaluate(struct outcome *o)
{
	char *line, *save = NULL, *text = strdup(kit_lines(&o->k));

	assert_non_null(text);
	memset(o->requests, 0, sizeof(o->requests));
	memset(o->responses, 0, sizeof(o->responses));
	o->pairs = o->wrong = 0;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *q = strstr(line, "path=/item/");
		const char *r = strstr(line, "[X-Item: ");
		unsigned int i = q ? (unsigned int)atoi(q + 11) : MESSAGES;
		unsigned int j = r ? (unsigned int)atoi(r + 9) : MESSAGES;

		if (q) {
			assert_true(i < MESSAGES);
			o->requests[i]++;
		}
		if (r) {
			assert_true(j < MESSAGES);
			o->responses[j]++;
		}
		if (q && r) {
			o->pairs++;
			o->wrong += i != j;
		}
	}
	free(text);
	for (unsigned int i = 0; i < MESSAGES; i++) {
		assert_true(o->requests[i] <= 1);
		assert_true(o->responses[i] <= 1);
	}
}

/* lost[i]: packet i is lost, except for its first keep[i] bytes. */
static void play(struct outcome *o, const struct conversation *c,
		 const bool *lost, const size_t *keep, bool midstream)
{
	struct kit *k = &o->k;
	uint64_t hole[2] = {0, 0};
	enum stream_gap_kind kind =
		keep ? STREAM_GAP_TRUNCATED : STREAM_GAP_LOST;
	bool begun[2] = {!midstream, !midstream};
	uint64_t base[2] = {0, 0};

	kit_clear(k);
	kit_open(k, midstream, !midstream);
	for (size_t i = 0; i < c->n; i++) {
		const struct packet *p = &c->p[i];
		size_t have = !lost[i] ? p->len : keep ? keep[i] : 0;
		uint64_t acked = p->acked;

		if (have > p->len)
			have = p->len;
		if (!begun[p->dir] && !have)
			continue;
		if (midstream && !begun[0] && !begun[1]) {
			/* the first packet gives the offsets of both */
			base[p->dir] = p->off;
			base[!p->dir] = p->acked;
			begun[0] = begun[1] = true;
		}
		if (p->off < base[p->dir])
			continue;
		acked = acked < base[!p->dir] ? 0 : acked - base[!p->dir];
		if (have && hole[p->dir]) {
			kit_gap(k, p->dir, hole[p->dir], kind);
			hole[p->dir] = 0;
		}
		if (have) {
			if (k->flow.pos[p->dir] < p->off - base[p->dir])
				kit_gap(k, p->dir,
					p->off - base[p->dir] -
						k->flow.pos[p->dir],
					kind);
			kit_data(k, p->dir, c->data[p->dir] + p->off, have,
				 acked);
		}
		hole[p->dir] += p->len - have;
	}
	for (int d = 0; d < 2; d++)
		if (hole[d])
			kit_gap(k, (enum stream_dir)d, hole[d], kind);
	kit_fin(k, STREAM_C2S);
	kit_fin(k, STREAM_S2C);
	kit_close(k, STREAM_END_FIN);
	evaluate(o);
	if (o->wrong) {
		print_error("wrong pair:\n%s", kit_lines(k));
		for (size_t i = 0; i < c->n; i++)
			if (lost[i])
				print_error(
					"lost: packet %zu, dir %d, offset %llu, %zu bytes\n",
					i, c->p[i].dir,
					(unsigned long long)c->p[i].off,
					c->p[i].len);
	}
	assert_int_equal(o->wrong, 0);
}

static bool reveals(const struct packet *p, const struct conversation *c)
{
	return p->off < c->revealing[p->dir];
}

typedef void (*shape)(struct conversation *c, size_t mss);
static const shape shapes[] = {in_turn, burst, two_deep, staggered};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static struct conversation *build(shape s, size_t mss)
{
	struct conversation *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	s(c, mss);
	return c;
}

static void nothing_lost(void **state)
{
	bool lost[PACKETS_MAX] = {false};
	struct outcome o;

	(void)state;
	kit_init(&o.k, NULL);
	for (size_t s = 0; s < SHAPES; s++) {
		for (size_t mss = 1; mss < 600; mss = mss * 3 + 20) {
			struct conversation *c = calloc(1, sizeof(*c));

			if (mss < 20)
				mss = 20;
			shapes[s](c, mss);
			play(&o, c, lost, NULL, false);
			assert_int_equal(o.pairs, MESSAGES);
			free(c);
		}
	}
	kit_done(&o.k);
}

/* Loses every run of consecutive packets of a direction. */
static void runs_lost(void **state)
{
	struct outcome o;
	unsigned int best = 0, least = MESSAGES;

	(void)state;
	kit_init(&o.k, NULL);
	for (size_t s = 0; s < SHAPES; s++) {
		for (size_t mss = 37; mss < 1500; mss *= 3) {
			struct conversation *c = build(shapes[s], mss);

			for (size_t from = 0; from < c->n; from++) {
				bool lost[PACKETS_MAX] = {false};

				for (size_t to = from; to < c->n; to++) {
					if (c->p[to].dir != c->p[from].dir ||
					    reveals(&c->p[to], c))
						continue;
					lost[to] = true;
					play(&o, c, lost, NULL, false);
					if (o.pairs > best)
						best = o.pairs;
				}
			}
			free(c);
		}
	}
	/* without pipelining a lost packet costs one pair at most */
	{
		struct conversation *c = build(in_turn, 1460);

		for (size_t i = 0; i < c->n; i++) {
			bool lost[PACKETS_MAX] = {false};

			lost[i] = true;
			play(&o, c, lost, NULL, false);
			if (o.pairs < least)
				least = o.pairs;
			if (o.pairs < MESSAGES - 1)
				print_error("packet %zu lost:\n%s", i,
					    kit_lines(&o.k));
		}
		free(c);
	}
	assert_int_equal(best, MESSAGES);
	assert_true(least >= MESSAGES - 1);
	kit_done(&o.k);
}

/* Holes of several lengths at every offset of both directions. */
static void bytes_lost(void **state)
{
	static const size_t lens[] = {1, 2, 7, 30, 100, 250};
	struct outcome o;

	(void)state;
	kit_init(&o.k, NULL);
	for (size_t s = 0; s < SHAPES; s++) {
		struct conversation *c = build(shapes[s], 10000);

		for (size_t i = 0; i < c->n; i++) {
			for (size_t l = 0; l < 6; l++) {
				for (size_t at = 0; at < c->p[i].len; at++) {
					struct conversation *d;
					bool lost[PACKETS_MAX] = {false};
					size_t n = lens[l];

					if (at + n > c->p[i].len)
						n = c->p[i].len - at;
					/* split the packet in three and lose
					 * the middle */
					d = calloc(1, sizeof(*d));
					memcpy(d, c, sizeof(*d));
					memmove(&d->p[i + 2], &d->p[i],
						(d->n - i) * sizeof(d->p[0]));
					d->p[i + 1] = d->p[i];
					d->p[i].len = at;
					d->p[i + 1].off += at;
					d->p[i + 1].len = n;
					d->p[i + 2].off += at + n;
					d->p[i + 2].len -= at + n;
					d->n += 2;
					lost[i + 1] = true;
					play(&o, d, lost, NULL, false);
					free(d);
				}
			}
		}
		free(c);
	}
	kit_done(&o.k);
}

/* Random losses in both directions. */
static void random_lost(void **state)
{
	struct outcome o;
	uint32_t seed = 12345;

	(void)state;
	kit_init(&o.k, NULL);
	for (size_t s = 0; s < SHAPES; s++) {
		for (unsigned int round = 0; round < 3000; round++) {
			size_t mss = 40 + round % 7 * 60;
			struct conversation *c = build(shapes[s], mss);
			bool lost[PACKETS_MAX] = {false};

			for (size_t i = 0; i < c->n; i++) {
				seed = seed * 1664525 + 1013904223;
				lost[i] = (seed >> 16) % 10 < 1 + round % 4 &&
					  !reveals(&c->p[i], c);
			}
			play(&o, c, lost, NULL,
			     (round & 1) && !c->revealing[0]);
			free(c);
		}
	}
	kit_done(&o.k);
}

/* The capture joins at every packet. */
static void midstream(void **state)
{
	struct outcome o;
	unsigned int pairs = 0;

	(void)state;
	kit_init(&o.k, NULL);
	for (size_t s = 0; s < SHAPES; s += 3) {
		for (size_t mss = 60; mss < 1500; mss *= 4) {
			struct conversation *c = build(shapes[s], mss);
			bool lost[PACKETS_MAX] = {false};

			for (size_t i = 0; i < c->n; i++) {
				lost[i] = true;
				play(&o, c, lost, NULL, true);
				if (s == 0 && mss > 900)
					pairs += o.pairs;
			}
			free(c);
		}
	}
	/* Without pipelining, one packet each: every request captured whole is
	 * paired. */
	assert_int_equal(pairs, 5 + 5 + 4 + 4 + 3 + 3 + 2 + 2 + 1 + 1);
	kit_done(&o.k);
}

/* Every packet is truncated, as a mirror session with a packet length does. */
static void truncated(void **state)
{
	struct outcome o;

	(void)state;
	kit_init(&o.k, NULL);
	for (size_t keep = 20; keep < 200; keep++) {
		for (size_t s = 0; s < SHAPES; s++) {
			struct conversation *c = build(shapes[s], 1460);
			bool lost[PACKETS_MAX];
			size_t keeps[PACKETS_MAX];

			for (size_t i = 0; i < c->n; i++) {
				lost[i] = c->p[i].len > keep;
				keeps[i] = keep;
			}
			play(&o, c, lost, keeps, false);
			/* X-Item is within the first 40 bytes of responses */
			if (s == 0 && keep >= 74)
				assert_int_equal(o.pairs, MESSAGES);
			free(c);
		}
	}
	kit_done(&o.k);
}

/* Responses to lost requests arrive before the loss is known. What the next
 * request acknowledges shows that they do not answer it. */
static void known_late(void **state)
{
	struct kit k;
	uint64_t answered;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	kit_c(&k, request(0));
	kit_s(&k, response(0));
	answered = k.flow.pos[STREAM_S2C];
	for (unsigned int i = 1; i < 4; i++)
		kit_data(&k, STREAM_S2C, response(i), strlen(response(i)),
			 k.flow.pos[STREAM_C2S] + 1000);
	kit_gap(&k, STREAM_C2S, 1000 - strlen(request(3)), STREAM_GAP_LOST);
	kit_data(&k, STREAM_C2S, request(3), strlen(request(3)), answered);
	kit_fin(&k, STREAM_C2S);
	kit_fin(&k, STREAM_S2C);
	kit_close(&k, STREAM_END_FIN);
	assert_non_null(strstr(kit_lines(&k), "GET /item/0"));
	assert_non_null(strstr(kit_lines(&k), "/item/3 => -"));
	kit_done(&k);
}

/* A response head that a gap or the end cuts is complete, and waits for its
 * request: parsing the rest of that request must not change it. */
static void cut_head_waits(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, NULL);
	for (int fin = 0; fin < 2; fin++) {
		kit_open(&k, false, true);
		kit_c(&k, "GET / HTTP/1.1\r\nAccept: one\r\n");
		kit_data(&k, STREAM_S2C, "HTTP/1.1 200 OK\r\nX: y\r\nZ: ", 27,
			 41);
		if (fin)
			kit_fin(&k, STREAM_S2C);
		else
			kit_gap(&k, STREAM_S2C, 9, STREAM_GAP_LOST);
		kit_data(&k, STREAM_C2S, "Accept: two\r\n\r\n", 15, 0);
		kit_close(&k, STREAM_END_FIN);
		assert_non_null(strstr(kit_lines(&k), "=> 200"));
		assert_non_null(strstr(kit_lines(&k), "reason=OK 1.1 [X: y]"));
		kit_clear(&k);
	}
	kit_done(&k);
}

/* The end of an observation (shutdown, timeout, eviction, reset) may be in the
 * middle of a line, of which nothing is reported; a FIN is the sender's end. */
static void observation_ends_in_a_head(void **state)
{
	static const enum stream_end ends[] = {
		STREAM_END_FIN, STREAM_END_RST, STREAM_END_IDLE,
		STREAM_END_EVICTED, STREAM_END_SHUTDOWN};
	static const char *const flags[] = {"!closed-early", "!closed-early",
					    "!timeout", "!evicted",
					    "!closed-early"};
	struct kit k;

	(void)state;
	kit_init(&k, NULL);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		const bool fin = ends[i] == STREAM_END_FIN;

		kit_open(&k, false, true);
		kit_c(&k, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
		kit_s(&k, "HTTP/1.1 200 OK\r\nA: b\r\nX-Id: 300068");
		if (fin)
			kit_fin(&k, STREAM_S2C);
		kit_close(&k, ends[i]);
		assert_non_null(strstr(kit_lines(&k), "[A: b]"));
		assert_non_null(strstr(kit_lines(&k), flags[i]));
		assert_true(!strstr(kit_lines(&k), "X-Id") == !fin);
		kit_clear(&k);
		kit_open(&k, false, true);
		kit_c(&k, "GET /items/300068");
		if (fin)
			kit_fin(&k, STREAM_C2S);
		kit_close(&k, ends[i]);
		assert_true(!strstr(kit_lines(&k), "/items/") == !fin);
		kit_clear(&k);
	}
	kit_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_late),
		cmocka_unit_test(nothing_lost),
		cmocka_unit_test(runs_lost),
		cmocka_unit_test(bytes_lost),
		cmocka_unit_test(random_lost),
		cmocka_unit_test(midstream),
		cmocka_unit_test(truncated),
		cmocka_unit_test(cut_head_waits),
		cmocka_unit_test(observation_ends_in_a_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
