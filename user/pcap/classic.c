/* SPDX-License-Identifier: MIT */
/* Reads classic pcap records in place, in the input's buffer. */
#include <errno.h>
#include <string.h>

#include "pcap/classic.h"
#include "pcap/link.h"

#define MAGIC_MICRO   0xa1b2c3d4u
#define MAGIC_NANO    0xa1b23c4du
#define FILE_HEADER   24
#define RECORD_HEADER 16
/* libpcap's limit for a packet on Ethernet. */
#define PACKET_MAX (256u << 10)

_Static_assert(PCAP_INPUT_MAX >= RECORD_HEADER + PACKET_MAX,
	       "the input must hold a whole record");

static uint32_t field(const struct pcap_classic *c, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return c->swapped ? __builtin_bswap32(v) : v;
}

bool pcap_classic_begin(struct pcap_classic *c, struct pcap_input *in)
{
	uint16_t version[2];
	const uint8_t *p;
	uint32_t magic;

	if (pcap_input_ensure(in, FILE_HEADER) < FILE_HEADER)
		return false;
	p = in->buf + in->at;
	memcpy(&magic, p, sizeof(magic));
	c->swapped = magic == __builtin_bswap32(MAGIC_MICRO) ||
		     magic == __builtin_bswap32(MAGIC_NANO);
	magic = field(c, p);
	if (magic != MAGIC_MICRO && magic != MAGIC_NANO)
		return false;
	c->nanoseconds = magic == MAGIC_NANO;
	memcpy(version, p + 4, sizeof(version));
	for (int i = 0; i < 2 && c->swapped; i++)
		version[i] = __builtin_bswap16(version[i]);
	c->link = field(c, p + 20);
	if (version[0] != 2 || version[1] != 4 || !pcap_link_supported(c->link))
		return false;
	c->snapshot = field(c, p + 16);
	if (!c->snapshot || c->snapshot > INT32_MAX)
		c->snapshot = PACKET_MAX;
	in->at += FILE_HEADER;
	return true;
}

uint64_t pcap_time(int64_t seconds, int64_t nanoseconds)
{
	uint64_t s = seconds < 0 ? 0 : (uint64_t)seconds;
	uint64_t ns = nanoseconds < 0 ? 0 : (uint64_t)nanoseconds;

	if (__builtin_mul_overflow(s, 1000000000ull, &s) ||
	    __builtin_add_overflow(s, ns, &s))
		return UINT64_MAX;
	return s;
}

static int report_truncated(const struct pcap_input *in,
			    struct pcap_stats *stats, const char *within,
			    char error[PCAP_ERROR_SIZE])
{
	stats->truncated = !in->err;
	if (in->err)
		snprintf(error, PCAP_ERROR_SIZE, "%s", strerror(in->err));
	else
		snprintf(error, PCAP_ERROR_SIZE,
			 "truncated capture file: it ends inside %s", within);
	return in->err ? -in->err : -EBADMSG;
}

/* Is a whole record in the buffer? */
static inline bool has_next(const struct pcap_classic *c,
			    const struct pcap_input *in)
{
	size_t waiting = in->end - in->at;
	uint32_t caplen;

	if (waiting < RECORD_HEADER)
		return false;
	caplen = field(c, in->buf + in->at + 8);
	return caplen <= PACKET_MAX && waiting >= RECORD_HEADER + caplen;
}

/* Takes a record that is in the buffer. */
static inline void take(const struct pcap_classic *c, struct pcap_input *in,
			struct pcap_stats *stats, struct pcap_frame *frame)
{
	const uint8_t *p = in->buf + in->at;
	uint32_t caplen = field(c, p + 8), wire_len = field(c, p + 12);
	uint64_t ns = field(c, p + 4);

	/* 32 bits of seconds do not overflow. */
	frame->ts_ns =
		field(c, p) * 1000000000ull + (c->nanoseconds ? ns : ns * 1000);
	frame->data = p + RECORD_HEADER;
	frame->caplen = caplen < c->snapshot ? caplen : c->snapshot;
	frame->wire_len = wire_len > frame->caplen ? wire_len : frame->caplen;
	in->at += RECORD_HEADER + caplen;
	stats->packets++;
	pcap_link_normalize(c->link, c->swapped, frame);
}

unsigned int pcap_classic_buffered(const struct pcap_classic *c,
				   struct pcap_input *in,
				   struct pcap_stats *stats,
				   struct pcap_frame *frames, unsigned int max)
{
	unsigned int n = 0;

	while (n < max && has_next(c, in))
		take(c, in, stats, &frames[n++]);
	return n;
}

int pcap_classic_next(const struct pcap_classic *c, struct pcap_input *in,
		      struct pcap_stats *stats, struct pcap_frame *frame,
		      char error[PCAP_ERROR_SIZE])
{
	size_t waiting = pcap_input_ensure(in, RECORD_HEADER);
	uint32_t caplen;

	if (waiting < RECORD_HEADER)
		return waiting || in->err
			       ? report_truncated(in, stats, "a packet header",
						  error)
			       : 0;
	caplen = field(c, in->buf + in->at + 8);
	if (caplen > PACKET_MAX) {
		snprintf(
			error, PCAP_ERROR_SIZE,
			"damaged capture file: packet of %u bytes, but at most %u are possible",
			caplen, PACKET_MAX);
		return -EBADMSG;
	}
	if (pcap_input_ensure(in, RECORD_HEADER + caplen) <
	    RECORD_HEADER + caplen)
		return report_truncated(in, stats, "a packet", error);
	take(c, in, stats, frame);
	return 1;
}
