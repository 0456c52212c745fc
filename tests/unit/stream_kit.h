/* SPDX-License-Identifier: MIT */
/*
 * For tests of stream: builds records by stream offsets, records what the
 * protocol is told, and checks the laws after every step.
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

/* What the protocol was told about one direction. */
struct kit_half {
	struct buf data; /* without what is missing */
	uint64_t offset; /* gaps included */
	struct kit_gap gaps[128];
	unsigned int n_gaps;
	uint64_t gap_bytes[3]; /* by kind */
	uint64_t acked;	       /* of the last chunk */
	uint64_t first_ts;
	unsigned int chunks;
	bool fin;
};

/* What it was told about one connection. */
struct kit_stream {
	struct kit *kit;
	struct stream_flow *flow;
	struct stream_tuple tuple;
	struct kit_half half[2];
	char log[65]; /* c and s: whose chunks came, in order */
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
	struct kit_stream beyond; /* those that streams has no room for */
	unsigned int n_streams;	  /* opened */
	unsigned int n_closed;
	bool refuse; /* open() fails */
	struct stream_shunt shunts[64];
	unsigned int n_shunts;
	/* Called for each chunk, to skip for instance. */
	void (*on_data)(struct kit_stream *s, enum stream_dir dir,
			const struct stream_chunk *chunk);
};

/* A connection as its ends see it. */
struct kit_conn {
	uint32_t addr[2]; /* IPv4, client first */
	uint16_t port[2];
	uint32_t isn[2];
	uint32_t vni[2]; /* by direction */
	bool ipv6;
};

void kit_init(struct kit *k);
/* The same with another configuration: change k->conf in between. */
void kit_start(struct kit *k);
void kit_free(struct kit *k);
/* The same as set-up and tear-down of a test: *state is the kit. */
int kit_setup(void **state);
int kit_teardown(void **state);

/* One connection, client port 40000 + n, with ISNs close to the wrap. */
struct kit_conn kit_conn(unsigned int n);

/* A record of c: len bytes of a pattern at this offset, ack = offset that is
 * acknowledged in the other direction. */
struct metlo_rec kit_rec(const struct kit_conn *c, enum stream_dir dir,
			 uint64_t offset, uint32_t len, uint64_t ack,
			 uint8_t flags);
/* Byte of the pattern. */
uint8_t kit_byte(enum stream_dir dir, uint64_t offset);

/* Sends a record with the pattern, or with payload if that is given. */
void kit_send(struct kit *k, const struct metlo_rec *rec,
	      const uint8_t *payload);
/* Shortest form: a segment with the pattern and ACK set. */
void kit_data(struct kit *k, const struct kit_conn *c, enum stream_dir dir,
	      uint64_t offset, uint32_t len, uint64_t ack);
void kit_flags(struct kit *k, const struct kit_conn *c, enum stream_dir dir,
	       uint64_t offset, uint64_t ack, uint8_t flags);
/* SYN and SYN-ACK. */
void kit_handshake(struct kit *k, const struct kit_conn *c);
void kit_tick(struct kit *k, uint64_t ns);
/* Time passes as it does live: a tick every 10 ms. */
void kit_wait(struct kit *k, uint64_t ns);
void kit_flush(struct kit *k);

/* The counters add up. */
void kit_check(const struct kit *k);
/* The direction got exactly the pattern of len bytes, without gaps. */
void kit_expect(const struct kit *k, unsigned int stream, enum stream_dir dir,
		uint64_t len);
/* What was delivered is the pattern, whatever is missing is told as gap. */
void kit_expect_holes(const struct kit *k, unsigned int stream,
		      enum stream_dir dir, uint64_t len);

static inline const struct stream_stats *kit_stats(const struct kit *k)
{
	return stream_stats(k->table);
}

/* Repeatable random numbers. */
uint32_t kit_random(uint64_t *state);
static inline uint32_t kit_below(uint64_t *state, uint32_t n)
{
	return kit_random(state) % n;
}

#endif
