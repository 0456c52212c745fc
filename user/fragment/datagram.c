/* SPDX-License-Identifier: MIT */
/*
 * Fragments in any order, and the decision which of them count. Bits for each 8
 * bytes make the work for a fragment proportional to its length, and the memory
 * for a datagram to what arrived of it, however it was cut.
 */
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "fragment/datagram.h"
#include "metlo_decode.h"

#define UNIT 8u /* fragment offsets count these */
/* with what malloc() needs */
#define CHUNK_COST (sizeof(struct datagram_chunk) + 16)

/* Options that hosts refuse, as metlo_ipv4_options() has it. */
static bool has_options(const uint8_t *p, uint32_t header)
{
	uint32_t at = METLO_IPV4_LEN;

	while (at < header && p[at] == 1)
		at++;
	return at < header && p[at];
}

static bool parse_ipv4(const struct metlo_rec *rec, const uint8_t *p,
		       struct fragment *f)
{
	uint32_t header, field;

	if (rec->len < METLO_IPV4_LEN)
		return false;
	header = (uint32_t)(p[0] & 15) * 4;
	field = metlo_be16(p + 6);
	if (header < METLO_IPV4_LEN || header > rec->len ||
	    has_options(p, header))
		return false;
	*f = (struct fragment){
		.data = p + header,
		.offset = (field & 0x1fff) * UNIT,
		.len = rec->wire_len - header,
		.captured = rec->len - header,
		.id = metlo_be16(p + 4),
		.proto = p[9],
		.ecn = p[1] & 3,
		.last = !(field & 0x2000),
		.bad_sum = !checksum_right(checksum_sum(p, header)),
	};
	if (!f->last)
		f->len &= ~(UNIT - 1);
	return true;
}

/* Finds the Fragment header, behind other extension headers or not. */
static bool parse_ipv6(const struct metlo_rec *rec, const uint8_t *p,
		       struct fragment *f)
{
	uint32_t off = METLO_IPV6_LEN, field, len;
	uint8_t proto;

	if (rec->len < METLO_IPV6_LEN)
		return false;
	proto = p[6];
	for (int i = 0; i < METLO_EXT_MAX; i++) {
		const uint8_t *h = p + off;

		if (!metlo_is_ipv6_ext(proto) || rec->len - off < 8 ||
		    proto == METLO_IPPROTO_ROUTING)
			return false;
		field = metlo_be16(h + 2);
		if (proto == METLO_IPPROTO_FRAGMENT && (field & 0xfff9)) {
			*f = (struct fragment){
				.data = h + 8,
				.offset = field & 0xfff8,
				.len = rec->wire_len - off - 8,
				.captured = rec->len - off - 8,
				.id = metlo_be32(h + 4),
				.proto = h[0],
				.ecn = p[1] >> 4 & 3,
				.last = !(field & 1),
				.ipv6 = true,
			};
			return true;
		}
		len = proto == METLO_IPPROTO_AH		? (h[1] + 2u) * 4
		      : proto == METLO_IPPROTO_FRAGMENT ? 8
							: (h[1] + 1u) * 8;
		if (len > rec->len - off)
			return false;
		proto = h[0];
		off += len;
	}
	return false;
}

bool fragment_parse(const struct metlo_rec *rec, const uint8_t *packet,
		    struct fragment *f)
{
	bool ok = rec->flags & METLO_REC_IPV6 ? parse_ipv6(rec, packet, f)
					      : parse_ipv4(rec, packet, f);

	if (ok && f->captured > f->len)
		f->captured = f->len;
	return ok;
}

/* RFC 8200 section 4.5: the first fragment contains all headers up to that of
 * the upper layer; Linux ignores one that ends within the TCP header. */
static bool lacks_tcp_header(const struct fragment *f)
{
	uint32_t off = 0, len;
	uint8_t proto = f->proto;

	for (int i = 0; i < METLO_EXT_MAX && metlo_is_ipv6_ext(proto); i++) {
		if (f->captured < off + 8 || proto == METLO_IPPROTO_FRAGMENT)
			return false;
		len = proto == METLO_IPPROTO_AH ? (f->data[off + 1] + 2u) * 4
						: (f->data[off + 1] + 1u) * 8;
		proto = f->data[off];
		off += len;
	}
	return proto == METLO_IPPROTO_TCP && f->len < off + METLO_TCP_LEN;
}

/* Compares the fragment with the length that is known. */
static enum datagram_result check_length(struct datagram *d,
					 const struct fragment *f)
{
	uint32_t end = f->offset + f->len;

	if (f->ipv6 && (end > DATAGRAM_V6_MAX || (!f->last && end % UNIT)))
		return DATAGRAM_IGNORED;
	if (f->last) {
		if (end < d->len || (d->last && end != d->len))
			return DATAGRAM_INVALID;
		d->last = true;
		d->len = end;
	} else if (end > d->len) {
		if (d->last)
			return DATAGRAM_INVALID;
		d->len = end;
	}
	return f->len ? DATAGRAM_MORE : DATAGRAM_INVALID;
}

static bool grow(struct datagram *d, uint32_t units)
{
	uint32_t words = d->words ? d->words : 4;
	uint64_t *bits;

	if (units <= d->words * 64)
		return true;
	while (words * 64 < units)
		words *= 2;
	bits = calloc(2 * (size_t)words, sizeof(*bits));
	if (!bits)
		return false;
	if (d->words) {
		memcpy(bits, d->have, d->words * sizeof(*bits));
		memcpy(bits + words, d->starts, d->words * sizeof(*bits));
	}
	free(d->have);
	d->memory += 2 * (size_t)(words - d->words) * sizeof(*bits);
	d->have = bits;
	d->starts = bits + words;
	d->words = words;
	return true;
}

/* The bits of word i that lie within [from, to). */
static uint64_t range_mask(uint32_t i, uint32_t from, uint32_t to)
{
	uint64_t mask = UINT64_MAX;

	if (from > i * 64)
		mask &= UINT64_MAX << (from - i * 64);
	if (to < (i + 1) * 64)
		mask &= (1ull << (to - i * 64)) - 1;
	return mask;
}

/* Are any, and are all, bits of [from, to) set? */
static void examine(const uint64_t *bits, uint32_t from, uint32_t to, bool *any,
		    bool *all)
{
	*any = false;
	*all = true;
	for (uint32_t i = from / 64; i * 64 < to; i++) {
		uint64_t mask = range_mask(i, from, to);

		*any |= (bits[i] & mask) != 0;
		*all &= (bits[i] & mask) == mask;
	}
}

/* inet_frag_queue_insert(): exact and contained duplicates are ignored, partial
 * overlaps are fatal (RFC 5722). */
static enum datagram_result claim(struct datagram *d, const struct fragment *f)
{
	uint32_t end = f->offset + f->len;
	uint32_t from = f->offset / UNIT, to = (end + UNIT - 1) / UNIT;
	bool any, all, start, unused;

	if (!grow(d, to))
		return DATAGRAM_NO_MEMORY;
	examine(d->have, from, to, &any, &all);
	if (any) {
		examine(d->starts, from + 1, to, &start, &unused);
		return all && !start ? DATAGRAM_DUPLICATE : DATAGRAM_OVERLAP;
	}
	for (uint32_t i = from / 64; i * 64 < to; i++)
		d->have[i] |= range_mask(i, from, to);
	if (f->offset != d->top || !d->meat)
		d->starts[from / 64] |= 1ull << from % 64;
	if (end > d->top)
		d->top = end;
	d->meat += f->len;
	return DATAGRAM_MORE;
}

static bool keep(struct datagram *d, const struct fragment *f)
{
	struct datagram_chunk *c;

	if (f->captured < f->len && f->offset + f->captured < d->hole)
		d->hole = f->offset + f->captured;
	c = malloc(sizeof(*c) + f->captured);
	if (!c)
		return false;
	c->next = d->chunks;
	c->offset = f->offset;
	c->len = f->captured;
	memcpy(c->data, f->data, f->captured);
	d->chunks = c;
	d->memory += CHUNK_COST + f->captured;
	return true;
}

/* ip_frag_reasm(): is the complete datagram valid? Fragments of one datagram
 * are all Not-ECT, or none is (RFC 3168 section 5.3). */
static bool is_valid(const struct datagram *d)
{
	return d->len <= (d->ipv6 ? DATAGRAM_V6_MAX : DATAGRAM_V4_MAX) &&
	       (!(d->ecn & 1) || d->ecn == 1);
}

enum datagram_result datagram_add(struct datagram *d, const struct fragment *f)
{
	enum datagram_result r;

	if (f->ipv6 && !f->offset && lacks_tcp_header(f))
		return DATAGRAM_IGNORED;
	r = check_length(d, f);
	if (r == DATAGRAM_MORE)
		r = claim(d, f);
	if (r != DATAGRAM_MORE)
		return r;
	if (!keep(d, f))
		return DATAGRAM_NO_MEMORY;
	d->ecn |= (uint8_t)(1u << f->ecn);
	if (!f->offset) {
		d->first = true;
		d->proto = f->proto;
	}
	if (!d->first || !d->last || d->meat != d->len)
		return DATAGRAM_MORE;
	return is_valid(d) ? DATAGRAM_COMPLETE : DATAGRAM_INVALID;
}

void datagram_copy(const struct datagram *d, uint8_t *out)
{
	for (const struct datagram_chunk *c = d->chunks; c; c = c->next)
		memcpy(out + c->offset, c->data, c->len);
}

void datagram_release(struct datagram *d)
{
	struct datagram_chunk *c;

	while ((c = d->chunks)) {
		d->chunks = c->next;
		free(c);
	}
	free(d->have);
	d->have = d->starts = NULL;
	d->words = 0;
	d->memory = 0;
}
