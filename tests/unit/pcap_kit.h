/* SPDX-License-Identifier: MIT */
/* For tests of capture files: builds pcap and pcapng files in memory. */
#ifndef TESTS_UNIT_PCAP_KIT_H
#define TESTS_UNIT_PCAP_KIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* A file under construction. */
struct pcap_maker {
	struct buf b;
	bool big_endian;
};

/* Appends the low bytes of v in the file's byte order. */
void pcap_put(struct pcap_maker *m, uint64_t v, unsigned int bytes);

/* ns: timestamps in nanoseconds; link: LINKTYPE_*. */
void pcap_put_header(struct pcap_maker *m, bool ns, uint32_t link);
void pcap_put_packet(struct pcap_maker *m, uint32_t s, uint32_t fraction,
		     const void *data, uint32_t caplen, uint32_t len);

/* A section header and one interface; resolution is if_tsresol, or 0. */
void pcapng_put_header(struct pcap_maker *m, uint32_t link, uint8_t resolution);
void pcapng_put_packet(struct pcap_maker *m, uint64_t ts, const void *data,
		       uint32_t caplen, uint32_t len);

#endif
