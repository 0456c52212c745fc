/* SPDX-License-Identifier: MIT */
/*
 * Reads the common capture file: classic pcap version 2.4. Packets are not
 * copied. libpcap handles older and modified versions.
 */
#ifndef PCAP_CLASSIC_H
#define PCAP_CLASSIC_H

#include "pcap/input.h"

struct pcap_classic {
	bool swapped; /* the file has the opposite byte order */
	bool nanoseconds;
	uint32_t link;	   /* LINKTYPE_* */
	uint32_t snapshot; /* maximum bytes captured of a packet */
};

/* Whether the file has this format; if so, consumes its header. */
bool pcap_classic_begin(struct pcap_classic *c, struct pcap_input *in);

/* As pcap_source_next(); frame->data points into the input's buffer. */
int pcap_classic_next(const struct pcap_classic *c, struct pcap_input *in,
		      struct pcap_stats *stats, struct pcap_frame *frame,
		      char error[PCAP_ERROR_SIZE]);

/* Takes up to max frames that are in the buffer already; returns their number. */
unsigned int pcap_classic_buffered(const struct pcap_classic *c,
				   struct pcap_input *in,
				   struct pcap_stats *stats,
				   struct pcap_frame *frames, unsigned int max);

/* Unix time in nanoseconds. Times before 1970 or after 2554, which only damaged
 * files have, are clamped. */
uint64_t pcap_time(int64_t seconds, int64_t nanoseconds);

#endif
