/* SPDX-License-Identifier: MIT */
/*
 * Random connections, mangled as mirrors and networks do. Delivery must not
 * depend on how packets were split, duplicated, delayed or reordered.
 */
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../common/scale.h"
#include "stream_kit.h"

struct packet {
	struct kit_conn conn;
	enum stream_dir dir;
	uint64_t offset, ack;
	uint32_t len;
	uint32_t vni;
	uint8_t flags;
	double key; /* position in order of arrival */
};

struct trace {
	struct packet *v;
	size_t n, cap;
};

static void add(struct trace *t, struct packet p)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 256;
		t->v = realloc(t->v, t->cap * sizeof(*t->v));
		assert_non_null(t->v);
	}
	p.key = t->n;
	t->v[t->n++] = p;
}

enum start { START_SYN, START_MIDSTREAM, START_FAST_OPEN, START_MAX };
enum finish { FINISH_FIN, FINISH_RST, FINISH_OPEN, FINISH_MAX };

struct script {
	struct kit_conn conn;
	enum start start;
	enum finish finish;
	uint64_t len[2];
};

static uint32_t random_length(uint64_t *rnd)
{
	static const uint32_t likely[] = {1, 2, 100, 536, 1448, 1448, 9000};

	if (kit_below(rnd, 3))
		return likely[kit_below(rnd, 7)];
	return 1 + kit_below(rnd, 3000);
}

/* Adds a packet as seen at both ends: everything before it is acknowledged. */
static void add_packet(struct trace *t, struct script *s, enum stream_dir dir,
		       uint32_t len, uint8_t flags)
{
	add(t, (struct packet){.conn = s->conn,
			       .dir = dir,
			       .offset = s->len[dir],
			       .ack = s->len[!dir],
			       .len = len,
			       .vni = s->conn.vni[dir],
			       .flags = flags});
	s->len[dir] += len;
}

static void write_script(struct trace *t, struct script *s, uint64_t *rnd,
			 unsigned int turns)
{
	enum stream_dir dir = C2S;

	if (s->start == START_SYN || s->start == START_FAST_OPEN) {
		add_packet(t, s, C2S,
			   s->start == START_FAST_OPEN ? 1 + kit_below(rnd, 500)
						       : 0,
			   SYN);
		add_packet(t, s, S2C, 0, SYN | ACK);
	}
	while (turns--) {
		unsigned int burst = 1 + kit_below(rnd, 6);

		while (burst--)
			add_packet(t, s, dir, random_length(rnd), ACK | PSH);
		if (kit_below(rnd, 8))
			dir = !dir;
	}
	if (s->finish == FINISH_FIN) {
		add_packet(t, s, C2S, kit_below(rnd, 2) * 100, FIN | ACK);
		add_packet(t, s, S2C, kit_below(rnd, 2) * 100, FIN | ACK);
	} else if (s->finish == FINISH_RST) {
		add_packet(t, s, kit_below(rnd, 2), 0, RST | ACK);
	}
}

/* --- mangling -------------------------------------------------------------- */
static void split(struct trace *t, uint64_t *rnd, uint32_t max)
{
	struct trace out = {0};

	for (size_t i = 0; i < t->n; i++) {
		struct packet p = t->v[i];

		while (p.len > max) {
			struct packet slice = p;
			uint32_t n = 1 + kit_below(rnd, max);

			slice.len = n;
			slice.flags &= ~(FIN | RST);
			add(&out, slice);
			p.offset += n;
			p.len -= n;
			p.flags &= ~SYN;
			if (slice.flags & SYN)
				p.flags |= ACK;
		}
		add(&out, p);
	}
	free(t->v);
	*t = out;
}

/* Merges neighbors of one direction into one packet, as GRO does. */
static void merge(struct trace *t, uint64_t *rnd)
{
	struct trace out = {0};

	for (size_t i = 0; i < t->n; i++) {
		struct packet *last = out.n ? &out.v[out.n - 1] : NULL;
		struct packet p = t->v[i];

		if (last && !((last->flags | p.flags) & (SYN | RST)) &&
		    !(last->flags & FIN) && last->dir == p.dir &&
		    last->conn.isn[0] == p.conn.isn[0] &&
		    last->offset + last->len == p.offset &&
		    last->ack == p.ack && last->len + p.len <= 16384 &&
		    kit_below(rnd, 4)) {
			last->len += p.len;
			last->flags |= p.flags;
			continue;
		}
		add(&out, p);
	}
	free(t->v);
	*t = out;
}

static int by_key(const void *a, const void *b)
{
	double x = ((const struct packet *)a)->key;
	double y = ((const struct packet *)b)->key;

	return x < y ? -1 : x > y;
}

static void sort(struct trace *t)
{
	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), by_key);
	for (size_t i = 0; i < t->n; i++)
		t->v[i].key = i;
}

static void reorder(struct trace *t, uint64_t *rnd, unsigned int places)
{
	for (size_t i = 0; i < t->n; i++)
		t->v[i].key += kit_random(rnd) / 4294967296.0 * places;
	sort(t);
}

static void duplicate(struct trace *t, uint64_t *rnd, unsigned int percent,
		      uint32_t vni, unsigned int delay)
{
	size_t n = t->n;

	for (size_t i = 0; i < n; i++) {
		struct packet p = t->v[i];

		if (kit_below(rnd, 100) >= percent)
			continue;
		if (vni)
			p.vni = vni;
		add(t, p);
		t->v[t->n - 1].key = i + 0.5 + kit_below(rnd, delay + 1);
	}
	sort(t);
}

static void lose(struct trace *t, uint64_t *rnd, unsigned int percent)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (!t->v[i].len || kit_below(rnd, 100) >= percent)
			t->v[n++] = t->v[i];
	t->n = n;
}

static void lag(struct trace *t, enum stream_dir dir, unsigned int places)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].dir == dir)
			t->v[i].key += places + 0.5;
	sort(t);
}

/* --- running --------------------------------------------------------------- */
static void play(struct kit *k, const struct trace *t)
{
	bool verbose = getenv("METLO_PROPERTY_VERBOSE");

	for (size_t i = 0; i < t->n; i++) {
		const struct packet *p = &t->v[i];
		struct metlo_rec rec = kit_rec(&p->conn, p->dir, p->offset,
					       p->len, p->ack, p->flags);
		uint8_t *bytes = malloc(p->len ? p->len : 1);

		assert_non_null(bytes);
		rec.vni = p->vni;
		if (verbose)
			print_message(
				"%zu: isn %u %s vni %u, %llu+%u ack %llu flags %02x\n",
				i, p->conn.isn[0],
				p->dir == C2S ? "c2s" : "s2c", p->vni,
				(unsigned long long)p->offset, p->len,
				(unsigned long long)p->ack, p->flags);
		for (uint32_t b = 0; b < p->len; b++)
			bytes[b] = kit_byte(p->dir, p->offset + b);
		kit_tick(k, 0);
		kit_send(k, &rec, bytes);
		free(bytes);
		if (verbose)
			print_message(
				"   streams %u, ooo %llu, dup %llu, discarded %llu, gaps %llu\n",
				k->n_streams,
				(unsigned long long)kit_stats(k)->out_of_order,
				(unsigned long long)kit_stats(k)->duplicates,
				(unsigned long long)kit_stats(k)
					->bytes_discarded,
				(unsigned long long)kit_stats(k)->gaps);
	}
	kit_flush(k);
}

/* Each script must come out as one stream of its own. */
static void expect_scripts(struct kit *k, const struct script *s,
			   unsigned int n)
{
	bool taken[KIT_STREAMS] = {false};

	for (unsigned int i = 0; i < n; i++) {
		unsigned int j;

		if (!s[i].len[0] && !s[i].len[1])
			continue;
		for (j = 0; j < k->n_streams; j++)
			if (!taken[j] &&
			    k->streams[j].half[0].offset == s[i].len[0] &&
			    k->streams[j].half[1].offset == s[i].len[1])
				break;
		if (j == k->n_streams)
			fail_msg("no stream has %llu and %llu bytes",
				 (unsigned long long)s[i].len[0],
				 (unsigned long long)s[i].len[1]);
		taken[j] = true;
		kit_expect(k, j, C2S, s[i].len[0]);
		kit_expect(k, j, S2C, s[i].len[1]);
		if (s[i].finish == FINISH_FIN) {
			assert_true(k->streams[j].half[0].fin);
			assert_true(k->streams[j].half[1].fin);
			assert_int_equal(k->streams[j].why, STREAM_END_FIN);
		} else if (s[i].finish == FINISH_RST) {
			assert_int_equal(k->streams[j].why, STREAM_END_RST);
		}
		assert_int_equal(k->streams[j].tuple.midstream,
				 s[i].start == START_MIDSTREAM);
		assert_int_equal(k->streams[j].tuple.port[1], 80);
	}
	assert_int_equal(k->n_streams, n);
	assert_int_equal(kit_stats(k)->gaps, 0);
	assert_int_equal(kit_stats(k)->overlap_conflicts, 0);
	assert_int_equal(kit_stats(k)->bytes_discarded, 0);
	assert_int_equal(kit_stats(k)->out_of_window, 0);
	assert_int_equal(kit_stats(k)->rst_ignored, 0);
}

#define RUNS test_scale(75, 1500)

static uint64_t seed;

/* Prints how to repeat the failed run. */
static uint64_t begin(const char *what, unsigned int run)
{
	uint64_t rnd = seed + run * 1000003ull;

	print_message("# %s, run %u%c", what, run,
		      isatty(STDOUT_FILENO) ? '\r' : '\n');
	return rnd;
}

/* METLO_PROPERTY_ONLY="name, run N" repeats one run. */
static bool selected(const char *what, unsigned int run)
{
	const char *only = getenv("METLO_PROPERTY_ONLY");
	char name[128];

	snprintf(name, sizeof(name), "%s, run %u", what, run);
	return !only || !strcmp(only, name);
}

struct mangle {
	const char *name;
	uint32_t split; /* segments of at most this many bytes */
	bool merge;
	unsigned int reorder, duplicate, delay, lag;
	uint32_t duplicate_vni;
	bool split_vni; /* each direction has its own VNI */
	unsigned int conns;
	bool tenants;	  /* all connections share a tuple */
	uint64_t silence; /* between packets */
};

static const struct mangle mangles[] = {
	{.name = "unchanged", .conns = 1},
	{.name = "split", .conns = 1, .split = 50},
	{.name = "merged", .conns = 1, .merge = true},
	{.name = "reordered by 8", .conns = 1, .reorder = 8},
	{.name = "reordered by 32", .conns = 1, .reorder = 32},
	{.name = "split, reordered by 32",
	 .conns = 1,
	 .split = 20,
	 .reorder = 32},
	{.name = "merged, reordered by 8",
	 .conns = 1,
	 .merge = true,
	 .reorder = 8},
	{.name = "reordered by 8, 3 s apart",
	 .conns = 1,
	 .reorder = 8,
	 .silence = 3 * KIT_S},
	{.name = "mirrored twice", .conns = 1, .duplicate = 100},
	{.name = "mirrored twice, two VNIs",
	 .conns = 1,
	 .duplicate = 100,
	 .duplicate_vni = 9},
	{.name = "mirrored twice, two VNIs, late copies",
	 .conns = 1,
	 .duplicate = 100,
	 .duplicate_vni = 9,
	 .delay = 20},
	{.name = "mirrored twice, two VNIs, reordered by 32",
	 .conns = 1,
	 .duplicate = 60,
	 .duplicate_vni = 9,
	 .delay = 5,
	 .reorder = 32},
	{.name = "directions under two VNIs", .conns = 1, .split_vni = true},
	{.name = "directions under two VNIs, copies under a third, reordered by 8",
	 .conns = 1,
	 .split_vni = true,
	 .duplicate = 50,
	 .duplicate_vni = 9,
	 .reorder = 8},
	{.name = "one direction lagging by 20", .conns = 1, .lag = 20},
	{.name = "four connections, reordered by 32",
	 .conns = 4,
	 .reorder = 32},
	{.name = "tenants", .conns = 4, .tenants = true},
	{.name = "tenants, reordered by 8",
	 .conns = 3,
	 .tenants = true,
	 .reorder = 8},
	{.name = "tenants, split, reordered by 32, copies",
	 .conns = 3,
	 .tenants = true,
	 .split = 100,
	 .duplicate = 30,
	 .reorder = 32},
};

static void one_run(const struct mangle *m, unsigned int run)
{
	uint64_t rnd = begin(m->name, run);
	struct kit *k = malloc(sizeof(*k));
	struct script scripts[4] = {0};
	struct trace t = {0};

	kit_init(k);
	k->step += m->silence;
	k->conf.idle_timeout_ns = 3600 * KIT_S;
	kit_start(k);
	for (unsigned int i = 0; i < m->conns; i++) {
		struct script *s = &scripts[i];
		uint32_t vni = 100 + i;

		*s = (struct script){
			.conn = kit_conn(m->tenants ? 0 : i),
			.start = kit_below(&rnd, START_MAX),
			.finish = kit_below(&rnd, FINISH_MAX),
		};
		/* Unrelated numbers are far apart. */
		s->conn.isn[0] = (i << 30) + kit_below(&rnd, 1 << 29);
		s->conn.isn[1] = (i << 30) + kit_below(&rnd, 1 << 29);
		/* Often, the sequence number wraps within the data. */
		if (!i && kit_below(&rnd, 2))
			s->conn.isn[kit_below(&rnd, 2)] =
				0u - kit_below(&rnd, 20000);
		s->conn.vni[0] = vni;
		s->conn.vni[1] = m->split_vni ? vni + 50 : vni;
		write_script(&t, s, &rnd, 2 + kit_below(&rnd, 20));
	}
	/* Interleaved connections. */
	if (m->conns > 1)
		for (size_t i = 0, per[4] = {0}; i < t.n; i++)
			for (unsigned int j = 0; j < m->conns; j++)
				if (t.v[i].conn.isn[0] ==
				    scripts[j].conn.isn[0])
					t.v[i].key = per[j]++ * 4 + j;
	sort(&t);
	if (m->split)
		split(&t, &rnd, m->split);
	if (m->merge)
		merge(&t, &rnd);
	if (m->lag)
		lag(&t, kit_below(&rnd, 2), m->lag);
	if (m->duplicate)
		duplicate(&t, &rnd, m->duplicate, m->duplicate_vni, m->delay);
	if (m->reorder)
		reorder(&t, &rnd, m->reorder);
	play(k, &t);
	expect_scripts(k, scripts, m->conns);
	if (m->duplicate == 100 && m->duplicate_vni)
		assert_int_equal(kit_stats(k)->duplicates_other_vni, t.n / 2);
	kit_free(k);
	free(k);
	free(t.v);
}

static void test_invariance(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mangles) / sizeof(*mangles); i++) {
		for (unsigned int run = 0; run < RUNS; run++) {
			if (!selected(mangles[i].name, run))
				continue;
			one_run(&mangles[i], run);
		}
		print_message("%s: %u runs\n", mangles[i].name, RUNS);
	}
}

/* With losses: all that is delivered is right, and all that is missing is
 * reported exactly. */
static void test_loss(void **state)
{
	(void)state;
	for (unsigned int run = 0; run < RUNS; run++) {
		uint64_t rnd = begin("loss", run), got[2] = {0, 0};
		struct kit *k;
		struct trace t = {0};
		struct script s = {.conn = kit_conn(0), .finish = FINISH_FIN};
		uint64_t last[2] = {0, 0};

		if (!selected("loss", run))
			continue;
		k = malloc(sizeof(*k));
		kit_init(k);
		s.conn.isn[run % 2] = 0u - kit_below(&rnd, 20000);
		write_script(&t, &s, &rnd, 2 + kit_below(&rnd, 20));
		lose(&t, &rnd, 1 + kit_below(&rnd, 40));
		if (run % 3 == 1)
			reorder(&t, &rnd, 8);
		for (size_t i = 0; i < t.n; i++) {
			const struct packet *p = &t.v[i];

			got[p->dir] += p->len;
			if (p->offset + p->len > last[p->dir])
				last[p->dir] = p->offset + p->len;
			if (p->flags & FIN)
				last[p->dir] = p->offset + p->len;
		}
		play(k, &t);
		if (k->n_streams) {
			for (unsigned int d = 0; d < 2; d++) {
				const struct kit_half *h =
					&k->streams[0].half[d];

				assert_int_equal(h->data.len, got[d]);
				kit_expect_holes(k, 0, d, last[d]);
			}
		}
		assert_true(k->n_streams <= 1);
		assert_int_equal(kit_stats(k)->bytes_discarded, 0);
		kit_free(k);
		free(k);
		free(t.v);
	}
}

/* The same ports over and over, the end of one connection mixed into the
 * start of the next. */
static void test_reuse(void **state)
{
	(void)state;
	for (unsigned int run = 0; run < RUNS; run++) {
		uint64_t rnd = begin("reuse", run);
		struct kit *k;
		struct script s[4];
		struct trace t = {0};

		if (!selected("reuse", run))
			continue;
		k = malloc(sizeof(*k));
		kit_init(k);
		for (unsigned int i = 0; i < 4; i++) {
			s[i] = (struct script){
				.conn = kit_conn(0),
				.start = START_SYN,
				.finish = kit_below(&rnd, FINISH_MAX)};
			s[i].conn.isn[0] = 1000 + i * 200000000;
			s[i].conn.isn[1] = 0u - i * 300000000;
			write_script(&t, &s[i], &rnd, 2 + kit_below(&rnd, 9));
		}
		if (run % 2)
			duplicate(&t, &rnd, 30, run % 4 == 1 ? 9 : 0, 30);
		/* At 9000 bytes a packet, farther would exceed WAIT_TRAFFIC, and
		 * the old connection would be closed before its end arrives. */
		reorder(&t, &rnd, run % 3 * 4);
		play(k, &t);
		for (unsigned int i = 0; i < 4; i++)
			if (s[i].finish == FINISH_OPEN)
				s[i].finish = FINISH_MAX;
		expect_scripts(k, s, 4);
		kit_free(k);
		free(k);
		free(t.v);
	}
}

int main(void)
{
	const char *s = getenv("METLO_PROPERTY_SEED");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invariance),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_reuse),
	};

	seed = s ? strtoull(s, NULL, 0) : 1;
	return cmocka_run_group_tests_name("stream_property", tests, NULL,
					   NULL);
}
