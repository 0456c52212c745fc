/* SPDX-License-Identifier: MIT */
/*
 * Blocks have their length in front and at the end and are padded to 32 bits, as are
 * options. A time stamp is one 64-bit count in two halves, the high one first.
 */
#include <string.h>

#include "pcap/pcapng_write.h"

#define BLOCK_SECTION	  0x0a0d0d0au
#define BLOCK_INTERFACE	  1u
#define BLOCK_STATISTICS  5u
#define BLOCK_PACKET	  6u
#define BYTE_ORDER_MAGIC  0x1a2b3c4du
#define LINKTYPE_ETHERNET 1u

#define OPT_END		 0u
#define OPT_SHB_USERAPPL 4u
#define OPT_IF_NAME	 2u
#define OPT_IF_TSRESOL	 9u
#define OPT_ISB_IFRECV	 4u
#define OPT_ISB_IFDROP	 5u
#define RESOLUTION_NS	 9u /* 10^-9; the high bit would mean powers of two */

static void add_u16(struct buf *to, uint16_t v)
{
	buf_add(to, &v, sizeof(v));
}

static void add_u32(struct buf *to, uint32_t v)
{
	buf_add(to, &v, sizeof(v));
}

static void add_padded(struct buf *to, const void *p, size_t n)
{
	static const uint8_t zeros[4];

	buf_add(to, p, n);
	buf_add(to, zeros, -n & 3);
}

static void add_option(struct buf *to, uint16_t code, const void *p, size_t n)
{
	add_u16(to, code);
	add_u16(to, (uint16_t)n);
	add_padded(to, p, n);
}

static void add_time(struct buf *to, uint64_t ns)
{
	add_u32(to, (uint32_t)(ns >> 32));
	add_u32(to, (uint32_t)ns);
}

/* Returns where the block starts; its length follows with end_block(). */
static size_t begin_block(struct buf *to, uint32_t type)
{
	const size_t start = to->len;

	add_u32(to, type);
	add_u32(to, 0);
	return start;
}

static void end_block(struct buf *to, size_t start)
{
	const uint32_t n = (uint32_t)(to->len - start + 4);

	add_u32(to, n);
	if (!to->failed)
		memcpy((uint8_t *)to->p + start + 4, &n, sizeof(n));
}

void pcapng_write_section(struct buf *to, const char *application)
{
	const size_t start = begin_block(to, BLOCK_SECTION);

	add_u32(to, BYTE_ORDER_MAGIC);
	add_u16(to, 1); /* version 1.0 */
	add_u16(to, 0);
	add_u32(to, UINT32_MAX); /* the length of the section is not known */
	add_u32(to, UINT32_MAX);
	add_option(to, OPT_SHB_USERAPPL, application, strlen(application));
	add_option(to, OPT_END, NULL, 0);
	end_block(to, start);
}

void pcapng_write_interface(struct buf *to, const char *name, uint32_t snaplen)
{
	const size_t start = begin_block(to, BLOCK_INTERFACE);
	const uint8_t resolution = RESOLUTION_NS;

	add_u16(to, LINKTYPE_ETHERNET);
	add_u16(to, 0);
	add_u32(to, snaplen);
	add_option(to, OPT_IF_NAME, name, strlen(name));
	add_option(to, OPT_IF_TSRESOL, &resolution, 1);
	add_option(to, OPT_END, NULL, 0);
	end_block(to, start);
}

void pcapng_write_packet(struct buf *to, uint32_t interface, uint64_t ts_ns,
			 const uint8_t *data, uint32_t len, uint32_t wire_len)
{
	const size_t start = begin_block(to, BLOCK_PACKET);

	add_u32(to, interface);
	add_time(to, ts_ns);
	add_u32(to, len);
	add_u32(to, wire_len);
	add_padded(to, data, len);
	end_block(to, start);
}

void pcapng_write_statistics(struct buf *to, uint32_t interface, uint64_t ts_ns,
			     uint64_t received, uint64_t dropped)
{
	const size_t start = begin_block(to, BLOCK_STATISTICS);

	add_u32(to, interface);
	add_time(to, ts_ns);
	add_option(to, OPT_ISB_IFRECV, &received, sizeof(received));
	add_option(to, OPT_ISB_IFDROP, &dropped, sizeof(dropped));
	add_option(to, OPT_END, NULL, 0);
	end_block(to, start);
}
