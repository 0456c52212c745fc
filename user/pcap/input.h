/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a capture file, read in large chunks and parsed in place.
 */
#ifndef PCAP_INPUT_H
#define PCAP_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Maximum that can be requested at a time: the largest packet that libpcap
 * allows on Ethernet, with its record header. A multiple of 4. */
#define PCAP_INPUT_MAX ((256u << 10) + 64)

/* Writable bytes before the first unconsumed byte; see pcap/link.h. */
#define PCAP_HEADROOM 16u

#define PCAP_ERROR_SIZE 512 /* bytes of a message, NUL included */

/* One captured packet. */
struct pcap_frame {
	const uint8_t *data; /* valid until the next read from the input */
	size_t caplen;	     /* bytes captured */
	size_t wire_len;     /* bytes on the wire, >= caplen */
	uint64_t ts_ns;	     /* Unix time */
};

/* X(name, type, help), see METLO_OUTCOMES: what a file held. */
#define PCAP_COUNTERS(X)                                                       \
	X(packets, COUNTER, "Packets read from the file.")                     \
	X(unsupported_link, COUNTER,                                           \
	  "Packets skipped because their link type is not supported.")         \
	X(bad_blocks, COUNTER,                                                 \
	  "Packet blocks of pcapng skipped because their fields are invalid.") \
	X(secrets_blocks, COUNTER,                                             \
	  "Decryption secrets blocks of pcapng, which are not used.")          \
	X(other_blocks, COUNTER,                                               \
	  "Blocks of pcapng skipped because they hold no packet.")             \
	X(sections, COUNTER, "Sections of pcapng.")                            \
	X(interfaces, COUNTER, "Interfaces of pcapng.")                        \
	X(truncated, GAUGE, "1 if the file ends inside a packet or block.")

struct pcap_stats {
#define PCAP_FIELD(name, ...) uint64_t name;
	PCAP_COUNTERS(PCAP_FIELD)
#undef PCAP_FIELD
};

struct pcap_input {
	FILE *file;
	uint8_t *buf;
	size_t at, end; /* unconsumed bytes in buf */
	uint64_t bytes_read;
	int err; /* errno of the error that ended reading, or 0 */
	bool ended;
};

/* Takes ownership of file, from which nothing must have been read. 0 or -ENOMEM;
 * then the caller keeps the file. */
int pcap_input_open(struct pcap_input *in, FILE *file);

/* Closes the file. */
void pcap_input_close(struct pcap_input *in);

/* Reads until n <= PCAP_INPUT_MAX bytes are at in->buf + in->at, or the input
 * ends. Returns the number of unconsumed bytes, which can exceed n. Invalidates
 * pointers into the buffer. */
size_t pcap_input_fill(struct pcap_input *in, size_t n);

/* The same, but reads only if fewer than n bytes are buffered. */
static inline size_t pcap_input_ensure(struct pcap_input *in, size_t n)
{
	size_t waiting = in->end - in->at;

	return waiting >= n ? waiting : pcap_input_fill(in, n);
}

/* The unconsumed bytes as a stream, to be closed before in. NULL with errno on
 * failure. */
FILE *pcap_input_stream(struct pcap_input *in);

#endif
