/* SPDX-License-Identifier: MIT */
/*
 * Reads pcapng (draft-ietf-opsawg-pcapng): sections of both byte orders, any
 * number of interfaces with their own link type, snapshot length, time resolution
 * and offset. Packets are not copied.
 */
#ifndef PCAP_PCAPNG_H
#define PCAP_PCAPNG_H

#include "pcap/input.h"

struct pcapng_interface;

struct pcapng {
	bool swapped; /* the section has the opposite byte order */
	struct pcapng_interface *interfaces; /* of the section */
	uint32_t n_interfaces, max_interfaces;
	uint64_t last_ns; /* time of the latest packet that has one */
	/* Of a block that does not fit into the input: bytes to skip before its
	 * last 4, which must be trailer again. */
	bool skipping;
	uint64_t skip;
	uint32_t trailer;
	/* Gets the text of key logs in the file, or NULL. */
	void (*secrets)(void *ctx, const void *text, size_t n);
	void *secrets_ctx;
	uint32_t refused; /* a link type that cannot be read, see stats */
};

/* Whether the input is a pcapng file. Consumes nothing. */
bool pcapng_begin(struct pcapng *g, struct pcap_input *in);
void pcapng_free(struct pcapng *g);

/* As pcap_source_next(), but -EINPROGRESS after much input without a packet: call
 * again. frame->data points into the input's buffer, and what lies before it
 * belongs to its block. */
int pcapng_next(struct pcapng *g, struct pcap_input *in,
		struct pcap_stats *stats, struct pcap_frame *frame,
		char error[PCAP_ERROR_SIZE]);

/* Is the next block a packet that is already in the buffer? */
bool pcapng_has_next(const struct pcapng *g, const struct pcap_input *in);

#endif
