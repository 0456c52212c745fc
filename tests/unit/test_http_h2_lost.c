/* SPDX-License-Identifier: MIT */
/* HTTP/2: long frames that are found again after the header of one was lost. */
#include <stdio.h>
#include <stdlib.h>

#include "http_frames.h"

#define N	  5u   /* DATA frames of stream 1 */
#define LIMIT	  100u /* of a body */
#define SMALL	  7u   /* payload of each DATA frame of stream 3 */
#define BAIT_AT	  3000u
#define BAIT_LEN  200000u
#define LOST_SOME 1000u

/* What a server sends: heads of streams 1 and 3, long DATA of stream 1 and between
 * the last ones some of stream 3. */
struct script {
	uint32_t length;  /* of each long frame */
	uint8_t fill;	  /* its payload */
	bool padded;	  /* by fill bytes */
	bool bait;	  /* the payload has what looks like a header */
	unsigned int at;  /* the long frame, at whose header ... */
	int off;	  /* ... bytes are lost, relative to its first byte */
	uint32_t n_lost;  /* so many */
	bool lost_within; /* also some of the long frame after it */
	size_t chunk;
};

struct sent {
	uint8_t *p;
	size_t n;
	size_t header[N]; /* of stream 1 */
};

static void put_frame(struct sent *t, uint8_t type, uint8_t flags,
		      uint32_t stream, size_t n, uint8_t fill)
{
	uint8_t *w = t->p + t->n;

	w[0] = (uint8_t)(n >> 16);
	w[1] = (uint8_t)(n >> 8);
	w[2] = (uint8_t)n;
	w[3] = type;
	w[4] = flags;
	w[5] = w[6] = w[7] = 0;
	w[8] = (uint8_t)stream;
	memset(w + FRAME_HEADER, fill, n);
	t->n += FRAME_HEADER + n;
}

static void write_script(const struct script *s, struct sent *t)
{
	t->p = malloc((size_t)N * (s->length + FRAME_HEADER) + 256);
	assert_non_null(t->p);
	t->n = 0;
	put_frame(t, FRAME_HEADERS, END_HEADERS, 1, 1, 0x88);
	put_frame(t, FRAME_HEADERS, END_HEADERS, 3, 1, 0x88);
	for (unsigned int i = 0; i < N; i++) {
		t->header[i] = t->n;
		if (s->bait && i == s->at) {
			struct sent bait = {.p = t->p};

			put_frame(t, FRAME_DATA, 0, 1, s->length, s->fill);
			bait.n = t->header[i] + BAIT_AT;
			put_frame(&bait, FRAME_DATA, 0, 1, 0, 0);
			bait.p[bait.n - FRAME_HEADER] = BAIT_LEN >> 16;
			bait.p[bait.n - FRAME_HEADER + 1] =
				BAIT_LEN >> 8 & 0xff;
			continue;
		}
		put_frame(t, FRAME_DATA,
			  (uint8_t)((i == N - 1 ? END_STREAM : 0) |
				    (s->padded ? FRAME_PADDED : 0)),
			  1, s->length, s->fill);
		if (i == 2)
			put_frame(t, FRAME_DATA, 0, 3, SMALL, 'y');
		if (i == 3)
			put_frame(t, FRAME_DATA, END_STREAM, 3, SMALL, 'z');
	}
}

/* As stream does: what the protocol skips is not lost. */
static void lose(struct kit *k, uint64_t n)
{
	const uint64_t pos = k->flow.pos[STREAM_S2C];
	const uint64_t skip = k->flow.skip[STREAM_S2C];
	uint64_t m = skip > pos ? skip - pos : 0;

	if (m > n)
		m = n;
	if (m)
		kit_gap(k, STREAM_S2C, m, STREAM_GAP_SKIPPED);
	if (n > m)
		kit_gap(k, STREAM_S2C, n - m, STREAM_GAP_LOST);
}

static void send_range(struct kit *k, const struct sent *t, size_t from,
		       size_t to, size_t chunk)
{
	for (size_t n; from < to; from += n) {
		n = to - from < chunk ? to - from : chunk;
		kit_data(k, STREAM_S2C, t->p + from, n, 0);
	}
}

/* Runs a script. total: bytes of the body of stream 1 that are known; flags: of its
 * transaction, at most, or "" */
static void run(const struct script *s, uint64_t total)
{
	struct frames f = {.n = 0};
	struct sent t;
	struct kit k;
	char want[64];
	size_t from, within;

	write_script(s, &t);
	frames_init(&k, &(struct kit_options){.body_limit = LIMIT});
	frames_open(&k);
	frames_get(&f, 1, "/long");
	frames_get(&f, 3, "/small");
	frames_send(&k, STREAM_C2S, &f);

	from = t.header[s->at] + (size_t)s->off;
	send_range(&k, &t, 0, from, s->chunk);
	lose(&k, s->n_lost);
	from += s->n_lost;
	if (s->lost_within) {
		within = t.header[s->at + 1] + s->length / 2;
		send_range(&k, &t, from, within, s->chunk);
		lose(&k, LOST_SOME);
		from = within + LOST_SOME;
	}
	send_range(&k, &t, from, t.n, s->chunk);
	kit_close(&k, STREAM_END_FIN);

	snprintf(want, sizeof(want), " body=%u/%llu:", LIMIT,
		 (unsigned long long)total);
	if (!strstr(kit_lines(&k), want))
		fail_msg("length %u, loss of %u at %u%+d: not%s: %s", s->length,
			 s->n_lost, s->at, s->off, want, kit_lines(&k));
	if (!s->bait) {
		assert_non_null(strstr(kit_lines(&k), " body=14/14:"));
		assert_null(strstr(kit_lines(&k), "closed-early"));
	}
	kit_done(&k);
	free(t.p);
}

/* Wherever bytes around the header of a long frame are lost, at most that frame is
 * lost with them. */
static void test_boundary(void **state)
{
	static const uint32_t lengths[] = {1u << 17, 1u << 18, (1u << 20) + 1};
	const uint32_t n_lost = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		const uint64_t all = (uint64_t)N * lengths[i];

		for (int off = -6; off <= (int)FRAME_HEADER; off++) {
			struct script s = {
				.length = lengths[i],
				.at = 1,
				.off = off,
				.n_lost = n_lost,
				.chunk = 1448,
			};
			bool header = off + (int)n_lost > 0 &&
				      off < (int)FRAME_HEADER;

			if (off == FRAME_HEADER)
				run(&s, all - n_lost);
			else
				run(&s, header ? all - lengths[i] : all);
		}
	}
}

/* Nothing follows the long frame but the end of a segment; some of it is lost, too;
 * its payload is not zeros; it is as long as can be. */
static void test_kinds(void **state)
{
	struct script s = {
		.length = 1u << 18, .n_lost = FRAME_HEADER, .chunk = 1448};
	const uint64_t four = 4ull * s.length;

	(void)state;
	s.at = N - 2;
	run(&s, four);
	s.at = 1;
	s.lost_within = true;
	run(&s, four - LOST_SOME);
	/* of one that is held, too */
	s.length = 1u << 16;
	run(&s, 4ull * s.length - LOST_SOME);
	s.length = 1u << 18;
	s.lost_within = false;
	s.fill = 2;
	run(&s, four);
	s.padded = true;
	run(&s, 4ull * (s.length - 1 - s.fill));
	s.padded = false;
	/* many headers would fit into one chunk */
	s.chunk = s.length * 2 + 100;
	run(&s, four);
	s.length = (1u << 24) - 1;
	s.chunk = 65536;
	run(&s, 4ull * s.length);
}

/* Payload that looks like the header of a long frame costs at most what it hides. */
static void test_bait(void **state)
{
	struct script s = {
		.length = 1u << 18,
		.bait = true,
		.at = 1,
		.n_lost = FRAME_HEADER,
		.chunk = 1448,
	};

	(void)state;
	s.fill = 0x77;
	run(&s, 4ull * s.length);
	/* it ends in the next one */
	s.length = BAIT_LEN / 2 + (1u << 16);
	run(&s, 3ull * s.length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boundary),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_bait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
