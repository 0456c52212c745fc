/* SPDX-License-Identifier: MIT */
/* Builds pcap and pcapng files in memory, field by field. */
#include "pcap_kit.h"

void pcap_put(struct pcap_maker *m, uint64_t v, unsigned int bytes)
{
	uint8_t out[8];
	unsigned int i;

	for (i = 0; i < bytes; i++)
		out[m->big_endian ? bytes - 1 - i : i] = (uint8_t)(v >> 8 * i);
	buf_add(&m->b, out, bytes);
}

void pcap_put_header(struct pcap_maker *m, bool ns, uint32_t link)
{
	pcap_put(m, ns ? 0xa1b23c4d : 0xa1b2c3d4, 4);
	pcap_put(m, 2, 2);
	pcap_put(m, 4, 2);
	pcap_put(m, 0, 4);
	pcap_put(m, 0, 4);
	pcap_put(m, 65535, 4);
	pcap_put(m, link, 4);
}

void pcap_put_packet(struct pcap_maker *m, uint32_t s, uint32_t fraction,
		     const void *data, uint32_t caplen, uint32_t len)
{
	pcap_put(m, s, 4);
	pcap_put(m, fraction, 4);
	pcap_put(m, caplen, 4);
	pcap_put(m, len, 4);
	buf_add(&m->b, data, caplen);
}

void pcapng_put_header(struct pcap_maker *m, uint32_t link, uint8_t resolution)
{
	pcap_put(m, 0x0a0d0d0a, 4);
	pcap_put(m, 28, 4);
	pcap_put(m, 0x1a2b3c4d, 4);
	pcap_put(m, 1, 2);
	pcap_put(m, 0, 2);
	pcap_put(m, UINT64_MAX, 8);
	pcap_put(m, 28, 4);
	pcap_put(m, 1, 4);
	pcap_put(m, resolution ? 32 : 20, 4);
	pcap_put(m, link, 2);
	pcap_put(m, 0, 2);
	pcap_put(m, 65535, 4);
	if (resolution) {
		pcap_put(m, 9, 2);
		pcap_put(m, 1, 2);
		buf_add(&m->b, (uint8_t[]){resolution, 0, 0, 0}, 4);
		pcap_put(m, 0, 4);
	}
	pcap_put(m, resolution ? 32 : 20, 4);
}

void pcapng_put_packet(struct pcap_maker *m, uint64_t ts, const void *data,
		       uint32_t caplen, uint32_t len)
{
	uint32_t padded = (caplen + 3) & ~3u;

	pcap_put(m, 6, 4);
	pcap_put(m, 32 + padded, 4);
	pcap_put(m, 0, 4);
	pcap_put(m, ts >> 32, 4);
	pcap_put(m, (uint32_t)ts, 4);
	pcap_put(m, caplen, 4);
	pcap_put(m, len, 4);
	buf_add(&m->b, data, caplen);
	buf_add(&m->b, "\0\0\0", padded - caplen);
	pcap_put(m, 32 + padded, 4);
}
