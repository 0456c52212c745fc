/* SPDX-License-Identifier: MIT */
/* Writes pcapng (draft-ietf-opsawg-pcapng): one section of Ethernet frames, with a
 * resolution of nanoseconds, in the byte order of this machine. */
#ifndef PCAP_PCAPNG_WRITE_H
#define PCAP_PCAPNG_WRITE_H

#include <stdint.h>

#include "base/buf.h"

/* Each appends one block to *to. */
void pcapng_write_section(struct buf *to, const char *application);
/* Interfaces are numbered from 0 in the order in which they are written. */
void pcapng_write_interface(struct buf *to, const char *name, uint32_t snaplen);
/* ts_ns is Unix time; len bytes of data were captured of wire_len. */
void pcapng_write_packet(struct buf *to, uint32_t interface, uint64_t ts_ns,
			 const uint8_t *data, uint32_t len, uint32_t wire_len);
/* What the interface received and dropped until ts_ns. */
void pcapng_write_statistics(struct buf *to, uint32_t interface, uint64_t ts_ns,
			     uint64_t received, uint64_t dropped);

#endif
