/* SPDX-License-Identifier: MIT */
/* Encodes and decodes the parts of spool files. */
#include <endian.h>
#include <string.h>

#include "base/crc32c.h"
#include "delivery/spool_record.h"

#define VERSION 1u

static const uint8_t magic[8] = {'M', 'X', 'S', 'P', 'O', 'O', 'L', '\n'};
static const uint8_t mark[4] = {0xf8, 'M', 'X', 0xff};

static void put32(uint8_t *to, uint32_t v)
{
	v = htole32(v);
	memcpy(to, &v, 4);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return le32toh(v);
}

void spool_header_write(uint8_t to[SPOOL_HEADER], uint64_t seq)
{
	memset(to, 0, SPOOL_HEADER);
	memcpy(to, magic, 8);
	put32(to + 8, VERSION);
	put32(to + 16, (uint32_t)seq);
	put32(to + 20, (uint32_t)(seq >> 32));
	put32(to + 28, crc32c(0, to, 28));
}

bool spool_header_valid(const uint8_t *p, size_t n, uint64_t seq)
{
	uint8_t want[SPOOL_HEADER];

	spool_header_write(want, seq);
	return n >= SPOOL_HEADER && !memcmp(p, want, SPOOL_HEADER);
}

static uint32_t record_crc(const uint8_t *p, uint32_t len)
{
	return crc32c(crc32c(0, p + 4, 4), p + SPOOL_RECORD_HEAD, len);
}

size_t spool_record_begin(struct buf *b)
{
	static const uint8_t head[SPOOL_RECORD_HEAD];
	size_t begin = b->len;

	buf_add(b, head, sizeof(head));
	return begin;
}

void spool_record_end(struct buf *b, size_t begin)
{
	uint8_t *p = b->p + begin;
	uint32_t len;

	if (b->failed)
		return;
	len = (uint32_t)(b->len - begin - SPOOL_RECORD_HEAD);
	memcpy(p, mark, 4);
	put32(p + 4, len);
	put32(p + 8, record_crc(p, len));
}

enum spool_probe spool_record_probe(const uint8_t *p, size_t n, uint32_t max,
				    uint32_t *len)
{
	*len = 0;
	if (memcmp(p, mark, n < 4 ? n : 4) != 0)
		return SPOOL_PROBE_NONE;
	if (n < SPOOL_RECORD_HEAD)
		return SPOOL_PROBE_SHORT;
	if (get32(p + 4) > max)
		return SPOOL_PROBE_NONE;
	*len = get32(p + 4);
	if (n - SPOOL_RECORD_HEAD < *len)
		return SPOOL_PROBE_SHORT;
	return record_crc(p, *len) == get32(p + 8) ? SPOOL_PROBE_RECORD
						   : SPOOL_PROBE_NONE;
}

size_t spool_record_skip(const uint8_t *p, size_t n)
{
	const uint8_t *at = n > 1 ? memchr(p + 1, mark[0], n - 1) : NULL;

	return at ? (size_t)(at - p) : n;
}

void spool_ack_write(uint8_t to[SPOOL_ACK], const struct spool_ack *a)
{
	put32(to, a->from);
	put32(to + 4, a->to);
	put32(to + 8, a->n);
	put32(to + 12, crc32c(0, to, 12));
}

bool spool_ack_read(const uint8_t from[SPOOL_ACK], struct spool_ack *a)
{
	a->from = get32(from);
	a->to = get32(from + 4);
	a->n = get32(from + 8);
	return a->from < a->to && crc32c(0, from, 12) == get32(from + 12);
}
