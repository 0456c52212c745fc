/* SPDX-License-Identifier: MIT */
/*
 * Kit for tests of user/stream: builds records from stream offsets, records the
 * calls into the protocol, and checks the conservation laws after every step.
 */
#ifndef TESTS_UNIT_STREAM_KIT_H
#define TESTS_UNIT_STREAM_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "stream/stream.h"

#define SYN METLO_TCP_SYN
#define ACK METLO_TCP_ACK
#define FIN METLO_TCP_FIN
#define RST METLO_TCP_RST
#define PSH METLO_TCP_PSH
#define URG METLO_TCP_URG
#define C2S STREAM_C2S
#define S2C STREAM_S2C

#define KIT_MS 1000000ull
#define KIT_S  1000000000ull

/* One gap() call. */
struct kit_gap {
	uint64_t offset, len;
	enum stream_gap_kind kind;
};

/* What the protocol saw of one direction. */
struct kit_half {
	struct buf data; /* without the gaps */
	uint64_t offset; /* gaps included */
	struct kit_gap gaps[128];
	unsigned int n_gaps;
	uint64_t gap_bytes[3];	    /* by kind */
	uint64_t acked;		    /* of the last chunk */
	uint64_t first_ts, last_ts; /* of the chunks */
	unsigned int chunks;
	bool fin;
	bool ambiguous; /* some of the data was */
};

/* What the protocol saw of one connection. */
struct kit_stream {
	struct kit *kit;
	struct stream_flow *flow;
	struct stream_tuple tuple;
	struct kit_half half[2];
	char log[65]; /* c or s for each chunk, in order of delivery */
	bool closed;
	enum stream_end why;
};

#define KIT_STREAMS 64

struct kit {
	struct stream_conf conf;
	struct stream_table *table;
	uint64_t now;  /* time of the next record */
	uint64_t step; /* time between records */
	struct kit_stream streams[KIT_STREAMS];
	struct kit_stream
		beyond; /* collects those that do not fit into streams */
	unsigned int n_streams; /* opened */
	unsigned int n_closed;
	bool refuse;		   /* makes open() fail */
	bool waits;		   /* what waits() returns */
	uint8_t mark;		   /* what mark() returns */
	enum stream_resume resume; /* what withdraw() returns */
	unsigned int n_withdrawn;  /* calls of withdraw() */
	bool repeated;		   /* in the last of them */
	struct stream_shunt shunts[64];
	unsigned int n_shunts;
	/* Called for each chunk, for example to skip. */
	void (*on_data)(struct kit_stream *s, enum stream_dir dir,
			const struct stream_chunk *chunk);
};

/* A connection as its endpoints see it. */
struct kit_conn {
	uint32_t addr[2]; /* IPv4, client first */
	uint16_t port[2];
	uint32_t isn[2];
	uint32_t vni[2]; /* by direction */
	bool ipv6;
};

void kit_init(struct kit *k);
/* The same with another configuration: change k->conf before the call. */
void kit_start(struct kit *k);
void kit_free(struct kit *k);
/* The same as setup and teardown of a test; *state is the kit. */
int kit_setup(void **state);
int kit_teardown(void **state);

/* Connection number n: client port 40000 + n, ISNs shortly before the wrap. */
struct kit_conn kit_conn(unsigned int n);

/* A record of c: len bytes of the pattern at offset; ack is the offset it
 * acknowledges in the opposite direction. */
struct metlo_rec kit_rec(const struct kit_conn *c, enum stream_dir dir,
			 uint64_t offset, uint32_t len, uint64_t ack,
			 uint8_t flags);
/* The byte of the pattern at an offset. */
uint8_t kit_byte(enum stream_dir dir, uint64_t offset);

/* Sends a record with the pattern, or with payload if not NULL. */
void kit_send(struct kit *k, const struct metlo_rec *rec,
	      const uint8_t *payload);
/* Shorthand: a segment of the pattern with the ACK flag. */
void kit_data(struct kit *k, const struct kit_conn *c, enum stream_dir dir,
	      uint64_t offset, uint32_t len, uint64_t ack);
void kit_flags(struct kit *k, const struct kit_conn *c, enum stream_dir dir,
	       uint64_t offset, uint64_t ack, uint8_t flags);
/* Sends SYN and SYN-ACK. */
void kit_handshake(struct kit *k, const struct kit_conn *c);
void kit_tick(struct kit *k, uint64_t ns);
/* Advances time as in live operation: a tick every 10 ms. */
void kit_wait(struct kit *k, uint64_t ns);
void kit_flush(struct kit *k);

/* Checks the conservation laws of the counters. */
void kit_check(const struct kit *k);
/* Checks that the direction got exactly len bytes of the pattern, without
 * gaps. */
void kit_expect(const struct kit *k, unsigned int stream, enum stream_dir dir,
		uint64_t len);
/* Checks that all that was delivered is the pattern, and every hole a gap. */
void kit_expect_holes(const struct kit *k, unsigned int stream,
		      enum stream_dir dir, uint64_t len);

static inline const struct stream_stats *kit_stats(const struct kit *k)
{
	return stream_stats(k->table);
}

/* Reproducible random numbers. */
uint32_t kit_random(uint64_t *state);
static inline uint32_t kit_below(uint64_t *state, uint32_t n)
{
	return kit_random(state) % n;
}

#endif
