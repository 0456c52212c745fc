/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a capture file, read in large pieces and looked at where they
 * were read to.
 */
#ifndef PCAP_INPUT_H
#define PCAP_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* As much can be asked for at a time: a record of the largest packet that
 * libpcap allows on Ethernet, and its header. */
#define PCAP_INPUT_MAX ((256u << 10) + 16)

#define PCAP_ERROR_SIZE 512 /* bytes of a message, NUL included */

/* One captured packet. */
struct pcap_frame {
	const uint8_t *data; /* valid until the next read from the input */
	size_t caplen;	     /* bytes captured */
	size_t wire_len;     /* bytes on the wire, >= caplen */
	uint64_t ts_ns;	     /* Unix time */
};

struct pcap_input {
	FILE *file;
	uint8_t *buf;
	size_t at, end; /* of what was read and not taken */
	uint64_t bytes_read;
	int err; /* errno of what ended reading, or 0 */
	bool ended;
};

/* Takes file, from which nothing has been read. On failure (errno) the file is
 * the caller's. */
bool pcap_input_open(struct pcap_input *in, FILE *file);

/* Closes the file. */
void pcap_input_close(struct pcap_input *in);

/* Reads until n <= PCAP_INPUT_MAX bytes wait at in->buf + in->at, or there are
 * no more. Returns how many wait, which can be more than n. What was returned
 * before may have moved. */
size_t pcap_input_fill(struct pcap_input *in, size_t n);

static inline size_t pcap_input_want(struct pcap_input *in, size_t n)
{
	size_t waiting = in->end - in->at;

	return waiting >= n ? waiting : pcap_input_fill(in, n);
}

/* The same bytes, from the first that was not taken, as a stream for others,
 * which must be closed before in is. NULL with errno. */
FILE *pcap_input_stream(struct pcap_input *in);

#endif
