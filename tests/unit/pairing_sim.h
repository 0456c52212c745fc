/* SPDX-License-Identifier: MIT */
/*
 * Ground truth for pairing: simulates a client and a server that speak HTTP/1
 * over TCP, and records each packet as a tap between them sees it. Knows
 * nothing of stream/ and http/.
 */
#ifndef TESTS_PAIRING_SIM_H
#define TESTS_PAIRING_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_REQUESTS_MAX 64u
#define SIM_PACKETS_MAX	 4096u
#define SIM_BYTES_MAX	 (1u << 18)

enum sim_dir { SIM_CLIENT, SIM_SERVER };

/* When a client sends the next request. */
enum sim_mode {
	SIM_SEQUENTIAL, /* after the whole response */
	SIM_BATCH,	/* several at once, after all responses */
	SIM_WINDOW,	/* while fewer than some number are unanswered */
	SIM_RANDOM,	/* at random times */
	SIM_MODES,
};

/* Randomness: the bytes of a fuzz input first, then a generator. */
struct sim_random {
	const uint8_t *p;
	size_t len;
	uint64_t state; /* not 0 */
};
uint32_t sim_below(struct sim_random *r, uint32_t n);
/* True p times in 10000. */
bool sim_chance(struct sim_random *r, uint32_t p);

/* What may happen. Chances are in 1/10000. */
struct sim_conf {
	uint8_t modes;		/* bit mask of enum sim_mode */
	uint32_t change;	/* another mode after a request */
	uint32_t interim;	/* connections that answer uploads with 100 */
	uint32_t hints;		/* responses with 102 or 103 before them */
	uint32_t uploads, head; /* requests */
	uint32_t early;		/* responses before the upload is complete */
	uint32_t network_loss;	/* packets that must be retransmitted */
	uint32_t slow;		/* responses that take far longer than a round
				 * trip */
	unsigned int requests;	/* per connection, at most */
};

struct sim_packet {
	uint64_t ts_ns; /* at the tap */
	uint32_t off, len;
	uint32_t ack; /* offset in the other direction; valid unless SYN only */
	uint8_t dir;  /* enum sim_dir: the sender */
	bool syn, fin, rst;
};

struct sim_message {
	uint32_t start, end;
	uint32_t head_end;
	uint64_t sent_ns;
};

struct sim_conn {
	uint32_t serial;
	uint8_t *bytes[2]; /* what each side wrote */
	uint32_t len[2];
	struct sim_packet *packets; /* in order of ts_ns */
	unsigned int n_packets;
	/* Request i and its final response, if any. */
	struct sim_message req[SIM_REQUESTS_MAX], rsp[SIM_REQUESTS_MAX];
	unsigned int n_req, n_rsp;
	/* When request i was written, was nothing outstanding? */
	bool idle[SIM_REQUESTS_MAX];
	enum sim_mode mode; /* the last one */
	bool pipelined;	    /* more than one request was outstanding once */
};

/* Allocates the buffers of c. */
void sim_init(struct sim_conn *c);
void sim_free(struct sim_conn *c);
/* Simulates a connection that begins at this time. */
void sim_run(struct sim_conn *c, const struct sim_conf *conf,
	     struct sim_random *r, uint32_t serial, uint64_t start_ns);

#endif
