/* SPDX-License-Identifier: MIT */
/* Link types: makes an Ethernet frame of a packet with another link header. */
#ifndef PCAP_LINK_H
#define PCAP_LINK_H

#include "pcap/input.h"

/* Link types that other files need, LINKTYPE_*. */
#define PCAP_LINK_ETHERNET 1u

/* Can packets of this link type (LINKTYPE_*) be read? */
bool pcap_link_supported(uint32_t link);

/* Writes why not. */
void pcap_link_refuse(uint32_t link, char error[PCAP_ERROR_SIZE]);

/* Makes f an Ethernet frame, in place: overwrites its link header and up to
 * PCAP_HEADROOM bytes before it, which must be writable. swapped: the file has
 * the opposite byte order. A packet too short for its link header becomes a
 * header with EtherType 0. */
void pcap_link_to_ethernet(uint32_t link, bool swapped, struct pcap_frame *f);

/* The same for a file where nearly all packets are Ethernet II already. */
static inline void pcap_link_normalize(uint32_t link, bool swapped,
				       struct pcap_frame *f)
{
	/* an EtherType, and not that of a VLAN tag */
	if (__builtin_expect(link == PCAP_LINK_ETHERNET && f->caplen >= 14 &&
				     (uint8_t)(f->data[12] - 6) < 0x81 - 6,
			     1))
		return;
	pcap_link_to_ethernet(link, swapped, f);
}

#endif
