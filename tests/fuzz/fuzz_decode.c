/* SPDX-License-Identifier: MIT */
/*
 * Feeds arbitrary bytes to the decoder as a frame. The first byte of the input
 * selects the configuration, the next two how much longer the frame was on the
 * wire.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap/frames.h"
#include "metlo_shunt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAW	   0x01
#define ANY_PORT   0x02
#define VNI_FILTER 0x04
#define PASS	   0x08
#define SHUNT	   0x10 /* all payload, once the tuple is known */
#define SAMPLE	   0x20 /* half of all connections */
#define OPTIONS	   64

#define SAMPLE_OUT 0x80000000u

#define REQUIRE(what)                                             \
	do {                                                      \
		if (!(what)) {                                    \
			fprintf(stderr, "not true: %s\n", #what); \
			abort();                                  \
		}                                                 \
	} while (0)

struct decode_seen {
	const uint8_t *frame;
	size_t len;
	uint64_t records, bytes, wire_bytes;
	bool sample;
	bool syn;
	struct metlo_rec last;
};

static void check_record(void *ctx, const struct metlo_rec *rec,
			 const uint8_t *payload)
{
	struct decode_seen *seen = ctx;
	bool first = !(rec->flags & METLO_REC_CONTINUED);

	REQUIRE(rec->len <= METLO_REC_PAYLOAD_MAX);
	REQUIRE(rec->len <= rec->wire_len);
	REQUIRE(payload >= seen->frame);
	REQUIRE((size_t)(payload - seen->frame) + rec->len <= seen->len);
	REQUIRE(first == !seen->records);
	REQUIRE(!(rec->tcp_flags & 0xc0));
	/* Fragments have no ports to sample by. */
	REQUIRE(!seen->sample || rec->hash >= SAMPLE_OUT ||
		rec->flags & METLO_REC_FRAGMENT);
	if (rec->len < rec->wire_len)
		REQUIRE(rec->flags & (METLO_REC_TRUNCATED | METLO_REC_SHUNTED));
	if (!first) {
		REQUIRE(!(rec->tcp_flags & METLO_TCP_SYN));
		REQUIRE(rec->hash == seen->last.hash);
		REQUIRE(rec->seq ==
			seen->last.seq + seen->last.len +
				(seen->last.tcp_flags & METLO_TCP_SYN ? 1 : 0));
	}
	seen->syn |= rec->tcp_flags & METLO_TCP_SYN;
	seen->records++;
	seen->bytes += rec->len;
	seen->wire_bytes += rec->wire_len;
	seen->last = *rec;
}

static void check_counters(const struct metlo_stats *s,
			   enum metlo_outcome outcome,
			   const struct decode_seen *seen)
{
	uint64_t sum = 0, fates;

#define ADD(name, ...) sum += s->name;
	METLO_OUTCOMES(ADD)
#undef ADD
	fates = s->delivered_bytes + s->truncated_bytes + s->shunted_bytes +
		s->sampled_out_bytes;
	REQUIRE(sum == 1 && s->packets == 1);
	REQUIRE(outcome < METLO_OUTCOME_MAX);
	REQUIRE(s->records == seen->records);
	REQUIRE(s->delivered_bytes == seen->bytes);
	REQUIRE(!s->ring_full && !s->ring_full_bytes);
	REQUIRE((outcome == METLO_delivered) == (seen->records > 0));
	if (seen->records)
		REQUIRE(fates == seen->wire_bytes);
	else
		REQUIRE(fates == s->shunted_bytes + s->sampled_out_bytes);
}

static void subtract(struct metlo_stats *a, const struct metlo_stats *b)
{
	uint64_t *x = (uint64_t *)a;
	const uint64_t *y = (const uint64_t *)b;

	for (size_t i = 0; i < sizeof(*a) / sizeof(*x); i++)
		x[i] -= y[i];
}

static enum metlo_outcome feed(struct frames *f, const uint8_t *frame,
			       size_t len, size_t wire_len, bool sample,
			       struct decode_seen *seen)
{
	struct metlo_stats before = *frames_stats(f), added;
	enum metlo_outcome outcome;

	*seen = (struct decode_seen){
		.frame = frame, .len = len, .sample = sample};
	outcome = frames_feed(f, frame, len, wire_len, 1, check_record, seen);
	added = *frames_stats(f);
	subtract(&added, &before);
	check_counters(&added, outcome, seen);
	return outcome;
}

/* Feeds the frame again with all payload of its direction shunted. */
static void feed_shunted(struct frames *f, const uint8_t *frame, size_t len,
			 bool sample)
{
	struct metlo_shunt want = {.mode = METLO_SHUNT_ALL};
	enum metlo_outcome outcome;
	struct decode_seen seen, again;
	bool syn;

	if (feed(f, frame, len, len, sample, &seen) != METLO_delivered)
		return;
	/* Only TCP can be shunted. */
	if (seen.last.flags & METLO_REC_FRAGMENT)
		return;
	syn = seen.syn;
	want.vni = seen.last.vni;
	want.sport = seen.last.sport;
	want.dport = seen.last.dport;
	memcpy(want.saddr, seen.last.saddr, 16);
	memcpy(want.daddr, seen.last.daddr, 16);
	metlo_shunt_set(frames_shunts(f), seen.last.hash, &want);
	outcome = feed(f, frame, len, len, sample, &again);
	/* a SYN ends the shunt */
	REQUIRE(outcome == METLO_shunted || again.bytes == 0 || syn);
	want.mode = METLO_SHUNT_OFF;
	metlo_shunt_set(frames_shunts(f), seen.last.hash, &want);
	REQUIRE(feed(f, frame, len, len, sample, &again) == METLO_delivered);
}

static struct frames *make(uint8_t options)
{
	static uint64_t vni_allow[1 << 18];
	struct frames_conf conf = {.vni_allow = vni_allow};
	struct frames *f;

	conf.raw = options & RAW;
	conf.config.any_port = !!(options & ANY_PORT);
	conf.config.vni_filter = !!(options & VNI_FILTER);
	conf.config.pass_vxlan = !!(options & PASS);
	conf.config.sample_out = options & SAMPLE ? SAMPLE_OUT : 0;
	conf.config.vxlan_port = 4789;
	conf.config.hash_seed = 42;
	conf.config.port_bits[80 / 64] = 1ull << 80 % 64;
	vni_allow[0] = 0xff;
	f = frames_new(&conf);
	if (!f)
		abort();
	return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frames *of_options[OPTIONS];
	struct frames **f;
	struct decode_seen seen;
	uint8_t *frame;
	size_t len;

	if (size < 3)
		return 0;
	len = size - 3;
	f = &of_options[data[0] % OPTIONS];
	if (!*f)
		*f = make(data[0]);
	/* A separate allocation, so that ASan detects overreads. */
	frame = malloc(len ? len : 1);
	if (!frame)
		return 0;
	memcpy(frame, data + 3, len);
	feed(*f, frame, len, len + ((size_t)data[1] << 8 | data[2]),
	     data[0] & SAMPLE, &seen);
	REQUIRE(frames_passed(*f) || !(data[0] & PASS));
	if (data[0] & SHUNT)
		feed_shunted(*f, frame, len, data[0] & SAMPLE);
	REQUIRE(!memcmp(frame, data + 3, len));
	free(frame);
	return 0;
}
