/* SPDX-License-Identifier: MIT */
/*
 * Packets of pcap files as nearly all are, of Ethernet and version 2.4, without
 * copying them: libpcap does all others.
 */
#ifndef PCAP_CLASSIC_H
#define PCAP_CLASSIC_H

#include "pcap/input.h"

struct pcap_classic {
	bool swapped; /* the file is of the other byte order */
	bool nanoseconds;
	uint32_t snapshot; /* bytes of a packet, at most */
};

/* Whether the file is of this kind; its header has been taken then. */
bool pcap_classic_begin(struct pcap_classic *c, struct pcap_input *in);

/* As pcap_source_next(). The data is in the input's buffer. */
int pcap_classic_next(const struct pcap_classic *c, struct pcap_input *in,
		      struct pcap_frame *frame, char error[PCAP_ERROR_SIZE]);

/* Would the next call get a frame without reading? */
bool pcap_classic_has_next(const struct pcap_classic *c,
			   const struct pcap_input *in);

/* Unix time in nanoseconds. Times before 1970 or after 2554 are damage: they
 * are brought into range. */
uint64_t pcap_time(int64_t seconds, int64_t nanoseconds);

#endif
