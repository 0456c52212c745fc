/* SPDX-License-Identifier: MIT */
/*
 * The parts of mkhttp: random numbers and packets (gen_packet.c), messages and
 * the expected transactions (gen_message.c), connections (gen_conn.c), traffic
 * that is not HTTP (gen_noise.c), options and presets (gen_options.c). Any
 * failure to allocate memory or open a file ends the program.
 */
#ifndef METLO_TESTS_GEN_H
#define METLO_TESTS_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FRAME_MAX   66000
#define TCP_FIN	    0x01
#define TCP_SYN	    0x02
#define TCP_PSH	    0x08
#define TCP_ACK	    0x10
#define VNI_FIRST   7000
#define HELD_MAX    16
#define NOISE_CONNS 32

enum acks {
	ACKS_ALL,     /* one for each request and each response */
	ACKS_DELAYED, /* one for every second segment and each response; a
			 request is acknowledged by its response */
	ACKS_NONE,
};

struct options {
	uint64_t transactions;
	uint32_t connections; /* open at a time */
	uint32_t per_connection;
	uint32_t vnis;
	uint32_t mss;
	uint32_t body_min, body_max;
	uint32_t request_size; /* minimum without a body; 0: no padding */
	uint32_t post, gzip, chunked, pipelined, ipv6, midstream; /* percent */
	uint32_t noise;		     /* percent of all packets */
	uint32_t loss, dup, reorder; /* packets per million */
	uint32_t reorder_distance;   /* maximum, in packets */
	enum acks acks;
	bool json;
	bool whole; /* open only as many connections as needed, and end all */
	uint64_t half_open;
	uint32_t half_open_bytes;
	uint32_t gap_ns; /* between packets */
	uint64_t seed;
	uint64_t first; /* number of the first connection and transaction */
	const char *out, *truth;
};

struct gen_bytes {
	uint8_t *p;
	size_t len, cap;
};

enum conn_step {
	SYN,
	SYN_ACK,
	ACK,
	REQUEST,
	RESPONSE,
	CLOSE_CLIENT,
	CLOSE_SERVER,
	CLOSE_ACK
};

/* One connection. seq is the sequence number of each side's next byte. */
struct gen_conn {
	enum conn_step step;
	uint64_t id;
	uint32_t seq[2];
	uint32_t vni;
	uint32_t left; /* remaining transactions, or packets of noise */
	uint16_t port; /* of the server */
	bool ipv6;
	bool over;		  /* has ended and is not replaced */
	struct gen_bytes side[2]; /* data to send: requests, responses */
	size_t sent;
	uint32_t unacked; /* unacknowledged segments of the sending side */
};

struct held {
	uint8_t *p;
	size_t len;
	int after; /* packets until it is sent */
};

struct gen {
	struct options o;
	FILE *out, *truth;
	uint64_t random;
	uint64_t ns;
	uint64_t next_conn, next_noise, next_tx;
	uint64_t end_tx; /* the number after the last transaction's */
	uint64_t
		promised; /* transactions of the connections opened, if whole */
	uint64_t sent;	  /* before losses; packets counts those written */
	uint64_t packets, lost, noise;
	struct held held[HELD_MAX];
	struct gen_conn noisy[NOISE_CONNS];
	uint8_t noise_data[4096];
	uint8_t frame[FRAME_MAX];
};

/* A random number; one below n (0 if n is 0); true with this probability. */
uint64_t rnd(struct gen *g);
uint32_t below(struct gen *g, uint32_t n);
bool percent(struct gen *g, uint32_t p);
bool per_million(struct gen *g, uint32_t p);

/* Reserve space in b, or append to it; b owns its memory and grows. */
void bytes_room(struct gen_bytes *b, size_t n);
void add(struct gen_bytes *b, const void *p, size_t n);
void addf(struct gen_bytes *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Sends a TCP segment from side from (0: the client) in a VXLAN packet, subject
 * to simulated loss, duplication and reordering. Advances c->seq[from]. */
void segment(struct gen *g, struct gen_conn *c, int from, uint8_t flags,
	     const uint8_t *data, size_t n);
void release_held(struct gen *g, bool all);

/* Appends a request and its response to the connection's data to send, and to
 * the expected transactions. */
void transaction(struct gen *g, struct gen_conn *c);

/* Generates all traffic according to the options. */
void generate(struct gen *g);

/* Sends packets on other ports until they have the share set by the options. */
void make_noise(struct gen *g);

/* Parses the command line into o; exits on incorrect usage. */
void parse_options(struct options *o, int argc, char **argv);

#endif
