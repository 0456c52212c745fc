/* SPDX-License-Identifier: MIT */
/*
 * A pcapng file is a sequence of blocks, each between two copies of its length.
 * Only the first bytes of a block are needed, so a block of any claimed length is
 * read with constant memory: what does not fit into the input is skipped. A block
 * whose contents make no sense is counted and skipped as well; only lengths that
 * contradict each other end the file, since nothing says where the next block
 * begins.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcap/classic.h"
#include "pcap/link.h"
#include "pcap/pcapng.h"

enum block_type {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	BLOCK_SECRETS = 10,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define BLOCK_MIN	 12u /* type, length, length */
#define TRAILER		 4u
#define SECTION_MIN	 28u
#define INTERFACE_MIN	 20u
#define PACKET_MAX	 (256u << 10) /* libpcap's limit */
#define INTERFACES_MAX	 65536u	      /* of a section; 2 MiB */
/* Input without a packet after which pcapng_next() returns. */
#define PAUSE_AFTER (1u << 20)

_Static_assert(PCAP_INPUT_MAX >= 28 + PACKET_MAX + 3 + TRAILER,
	       "the input must hold the longest packet");

struct pcapng_interface {
	uint32_t link;
	uint32_t snapshot; /* 0: unlimited */
	uint8_t resolution;
	int64_t offset_s; /* to add to time stamps */
};

/* A block: body is what lies between the lengths, as far as it is at hand. */
struct pcapng_block {
	uint32_t type;
	const uint8_t *body;
	uint32_t len;	   /* of the body at hand */
	uint32_t body_len; /* of the whole body */
};

static uint16_t get16(const struct pcapng *g, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return g->swapped ? __builtin_bswap16(v) : v;
}

static uint32_t get32(const struct pcapng *g, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return g->swapped ? __builtin_bswap32(v) : v;
}

static int damaged(char error[PCAP_ERROR_SIZE], const char *how)
{
	snprintf(error, PCAP_ERROR_SIZE, "damaged pcapng file: %s", how);
	return -EBADMSG;
}

static int truncated(const struct pcap_input *in, struct pcap_stats *stats,
		     char error[PCAP_ERROR_SIZE])
{
	if (in->err) {
		snprintf(error, PCAP_ERROR_SIZE, "%s", strerror(in->err));
		return -in->err;
	}
	stats->truncated = 1;
	snprintf(error, PCAP_ERROR_SIZE,
		 "truncated capture file: it ends inside a block");
	return -EBADMSG;
}

/* Nanoseconds since 1970 of a time stamp, in units of if_tsresol. */
static uint64_t time_of(const struct pcapng_interface *f, uint64_t ticks)
{
	unsigned int n = f->resolution & 0x7f;
	uint64_t unit = 1;
	__int128 ns;

	if (f->resolution & 0x80) {
		ns = (__int128)((unsigned __int128)ticks * 1000000000u >> n);
	} else if (n <= 9) {
		for (; n < 9; n++)
			unit *= 10;
		ns = (__int128)ticks * unit;
	} else {
		for (; n > 9 && unit < UINT64_MAX / 10; n--)
			unit *= 10;
		ns = n > 9 ? 0 : ticks / unit;
	}
	ns += (__int128)f->offset_s * 1000000000;
	return ns < 0 ? 0 : ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

/* Sets the byte order of the section that begins at p. */
static bool section_order(struct pcapng *g, const uint8_t *p)
{
	uint32_t magic;

	memcpy(&magic, p + 8, sizeof(magic));
	if (magic != BYTE_ORDER_MAGIC &&
	    magic != __builtin_bswap32(BYTE_ORDER_MAGIC))
		return false;
	g->swapped = magic != BYTE_ORDER_MAGIC;
	return true;
}

bool pcapng_begin(struct pcapng *g, struct pcap_input *in)
{
	uint32_t type;

	if (pcap_input_ensure(in, SECTION_MIN) < SECTION_MIN)
		return false;
	memcpy(&type, in->buf + in->at, sizeof(type));
	return type == BLOCK_SECTION && section_order(g, in->buf + in->at);
}

void pcapng_free(struct pcapng *g)
{
	free(g->interfaces);
	g->interfaces = NULL;
}

static int begin_section(struct pcapng *g, const struct pcapng_block *b,
			 struct pcap_stats *stats, char error[PCAP_ERROR_SIZE])
{
	stats->sections++;
	g->n_interfaces = 0;
	if (b->len < SECTION_MIN - BLOCK_MIN)
		return damaged(error, "a section header is too short");
	if (get16(g, b->body + 4) != 1) {
		snprintf(
			error, PCAP_ERROR_SIZE,
			"pcapng version %u is not supported: save the file as pcap or pcapng 1.0",
			get16(g, b->body + 4));
		return -EBADMSG;
	}
	return 0;
}

static int64_t get_s64(const struct pcapng *g, const uint8_t *p)
{
	const bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	uint64_t first = get32(g, p), second = get32(g, p + 4);

	return (int64_t)(g->swapped == little ? first << 32 | second
					      : second << 32 | first);
}

/* Reads if_tsresol and if_tsoffset. */
static void read_options(const struct pcapng *g, struct pcapng_interface *f,
			 const uint8_t *p, const uint8_t *end)
{
	enum { END = 0, TSRESOL = 9, TSOFFSET = 14, HEADER = 4 };

	while (end - p >= HEADER) {
		uint16_t code = get16(g, p);
		ptrdiff_t len = get16(g, p + 2);

		p += HEADER;
		if (code == END || len > end - p)
			return;
		if (code == TSRESOL && len >= 1)
			f->resolution = p[0];
		if (code == TSOFFSET && len >= 8)
			f->offset_s = get_s64(g, p);
		len = (len + 3) & ~(ptrdiff_t)3;
		if (len > end - p)
			return;
		p += len;
	}
}

static int add_interface(struct pcapng *g, const struct pcapng_block *b,
			 struct pcap_stats *stats, char error[PCAP_ERROR_SIZE])
{
	struct pcapng_interface *f;
	uint32_t max = g->max_interfaces;

	stats->interfaces++;
	if (b->len < INTERFACE_MIN - BLOCK_MIN)
		return damaged(error, "an interface description is too short");
	if (g->n_interfaces == INTERFACES_MAX)
		return damaged(error, "a section has over 65536 interfaces");
	if (g->n_interfaces == max) {
		max = max ? 2 * max : 8;
		f = realloc(g->interfaces, max * sizeof(*f));
		if (!f) {
			snprintf(error, PCAP_ERROR_SIZE, "%s",
				 strerror(ENOMEM));
			return -ENOMEM;
		}
		g->interfaces = f;
		g->max_interfaces = max;
	}
	f = &g->interfaces[g->n_interfaces++];
	*f = (struct pcapng_interface){
		.link = get16(g, b->body),
		.snapshot = get32(g, b->body + 4),
		.resolution = 6,
	};
	read_options(g, f, b->body + 8, b->body + b->len);
	return 0;
}

/* The fields of the packet blocks, and where its bytes begin in the body. */
struct packet {
	uint32_t interface, caplen, wire_len, at;
	uint64_t ticks;
	bool timed;
};

/* Reads the fields of a packet block. False: it is no packet, or too short. */
static bool read_packet(const struct pcapng *g, const struct pcapng_block *b,
			struct packet *k)
{
	const uint8_t *p = b->body;
	uint32_t fixed = b->type == BLOCK_SIMPLE ? 4 : 20;

	*k = (struct packet){.at = fixed};
	if (b->len < fixed)
		return false;
	if (b->type == BLOCK_SIMPLE) {
		k->wire_len = get32(g, p);
		k->caplen = b->body_len - fixed;
		if (k->caplen > k->wire_len)
			k->caplen = k->wire_len;
		if (g->n_interfaces && g->interfaces[0].snapshot &&
		    k->caplen > g->interfaces[0].snapshot)
			k->caplen = g->interfaces[0].snapshot;
		return true;
	}
	k->interface = b->type == BLOCK_PACKET ? get16(g, p) : get32(g, p);
	k->ticks = (uint64_t)get32(g, p + 4) << 32 | get32(g, p + 8);
	k->timed = true;
	k->caplen = get32(g, p + 12);
	k->wire_len = get32(g, p + 16);
	return true;
}

/* Do the fields fit together and the block? */
static bool packet_valid(const struct pcapng *g, const struct pcapng_block *b,
			 struct packet *k)
{
	return read_packet(g, b, k) && k->interface < g->n_interfaces &&
	       k->caplen <= PACKET_MAX && k->caplen <= b->len - k->at;
}

/* Fills in frame from a packet block. False: it is skipped, and counted. */
static bool take_packet(struct pcapng *g, const struct pcapng_block *b,
			struct pcap_stats *stats, struct pcap_frame *frame)
{
	const struct pcapng_interface *f;
	struct packet k;

	if (!packet_valid(g, b, &k)) {
		stats->bad_blocks++;
		return false;
	}
	f = &g->interfaces[k.interface];
	if (!pcap_link_supported(f->link)) {
		stats->unsupported_link++;
		g->refused = f->link;
		return false;
	}
	if (k.timed)
		g->last_ns = time_of(f, k.ticks);
	stats->packets++;
	frame->ts_ns = g->last_ns;
	frame->data = b->body + k.at;
	frame->caplen = k.caplen;
	frame->wire_len = k.wire_len > k.caplen ? k.wire_len : k.caplen;
	pcap_link_normalize(f->link, g->swapped, frame);
	return true;
}

/* Reads the next block, as far as it fits into the input, and consumes it. False:
 * the end of the file, or damage: *r is 0 or a negative errno. */
static bool next_block(struct pcapng *g, struct pcap_input *in,
		       struct pcapng_block *b, struct pcap_stats *stats, int *r,
		       char error[PCAP_ERROR_SIZE])
{
	size_t waiting = pcap_input_ensure(in, BLOCK_MIN), len;
	const uint8_t *p = in->buf + in->at;

	*r = 0;
	if (!waiting && !in->err)
		return false;
	if (waiting < BLOCK_MIN) {
		*r = truncated(in, stats, error);
		return false;
	}
	b->type = get32(g, p);
	if (b->type == BLOCK_SECTION && !section_order(g, p)) {
		*r = damaged(error, "a section header without its magic");
		return false;
	}
	len = get32(g, p + 4);
	if (len < BLOCK_MIN || len % 4) {
		*r = damaged(error, "a block has an impossible length");
		return false;
	}
	b->body_len = (uint32_t)len - BLOCK_MIN;
	b->len = b->body_len;
	if (len > PCAP_INPUT_MAX) {
		/* Its end is checked by skip_rest(). */
		g->skipping = true;
		g->skip = len - PCAP_INPUT_MAX - TRAILER;
		g->trailer = (uint32_t)len;
		b->len = PCAP_INPUT_MAX - 8;
		len = PCAP_INPUT_MAX;
	}
	if (pcap_input_ensure(in, len) < len) {
		*r = truncated(in, stats, error);
		return false;
	}
	p = in->buf + in->at;
	if (!g->skipping && get32(g, p + len - TRAILER) != len) {
		*r = damaged(error, "the two lengths of a block differ");
		return false;
	}
	b->body = p + 8;
	in->at += len;
	return true;
}

/* Skips what the input could not hold of a block. 0 or a negative errno. */
static int skip_rest(struct pcapng *g, struct pcap_input *in,
		     struct pcap_stats *stats, uint64_t *seen,
		     char error[PCAP_ERROR_SIZE])
{
	while (g->skip && *seen < PAUSE_AFTER) {
		size_t n = pcap_input_ensure(in, 1);

		if (!n)
			return truncated(in, stats, error);
		n = n < g->skip ? n : (size_t)g->skip;
		in->at += n;
		g->skip -= n;
		*seen += n;
	}
	if (g->skip)
		return -EINPROGRESS;
	if (pcap_input_ensure(in, TRAILER) < TRAILER)
		return truncated(in, stats, error);
	g->skipping = false;
	if (get32(g, in->buf + in->at) != g->trailer)
		return damaged(error, "the two lengths of a block differ");
	in->at += TRAILER;
	return 0;
}

/* Keys for decryption (draft-ietf-opsawg-pcapng, section 4.7). */
static void read_secrets(const struct pcapng *g, const struct pcapng_block *b,
			 struct pcap_stats *stats)
{
	enum { HEADER = 8, TLS_KEY_LOG = 0x544c534b };
	uint32_t len;

	stats->secrets_blocks++;
	if (b->len < HEADER) {
		stats->bad_blocks++;
		return;
	}
	len = get32(g, b->body + 4);
	if (len > b->body_len - HEADER) {
		stats->bad_blocks++;
		return;
	}
	if (len > b->len - HEADER)
		len = b->len - HEADER; /* what the input holds of it */
	if (g->secrets && get32(g, b->body) == TLS_KEY_LOG)
		g->secrets(g->secrets_ctx, b->body + HEADER, len);
}

int pcapng_next(struct pcapng *g, struct pcap_input *in,
		struct pcap_stats *stats, struct pcap_frame *frame,
		char error[PCAP_ERROR_SIZE])
{
	uint64_t seen = 0;
	struct pcapng_block b;
	int r = 0;

	while (!r) {
		if (g->skipping)
			r = skip_rest(g, in, stats, &seen, error);
		if (r)
			break;
		if (seen >= PAUSE_AFTER)
			return -EINPROGRESS;
		if (!next_block(g, in, &b, stats, &r, error))
			break;
		seen += b.len + BLOCK_MIN;
		switch (b.type) {
		case BLOCK_SECTION:
			r = begin_section(g, &b, stats, error);
			break;
		case BLOCK_INTERFACE:
			r = add_interface(g, &b, stats, error);
			break;
		case BLOCK_PACKET:
		case BLOCK_SIMPLE:
		case BLOCK_ENHANCED:
			if (take_packet(g, &b, stats, frame))
				return 1;
			break;
		case BLOCK_SECRETS:
			read_secrets(g, &b, stats);
			break;
		default:
			stats->other_blocks++;
			break;
		}
	}
	if (!r && !stats->packets && stats->unsupported_link) {
		pcap_link_refuse(g->refused, error);
		r = -ENOTSUP;
	}
	return r;
}

bool pcapng_has_next(const struct pcapng *g, const struct pcap_input *in)
{
	size_t waiting = in->end - in->at;
	const uint8_t *p = in->buf + in->at;
	struct packet k;
	struct pcapng_block b;
	uint32_t len;

	if (g->skipping || waiting < BLOCK_MIN)
		return false;
	len = get32(g, p + 4);
	if (get32(g, p) != BLOCK_ENHANCED || len < BLOCK_MIN || len % 4 ||
	    len > waiting || len > PCAP_INPUT_MAX ||
	    get32(g, p + len - TRAILER) != len)
		return false;
	b = (struct pcapng_block){.type = BLOCK_ENHANCED,
				  .body = p + 8,
				  .len = len - BLOCK_MIN,
				  .body_len = len - BLOCK_MIN};
	return packet_valid(g, &b, &k) &&
	       pcap_link_supported(g->interfaces[k.interface].link);
}
