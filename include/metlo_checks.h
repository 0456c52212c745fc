/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What a receiver checks before it accepts a segment, as far as the headers
 * tell: timestamps (RFC 7323) and the sums behind the checksums of IPv4 and TCP
 * (RFC 1071). Nothing is decided here: user space knows whether the checksums
 * of a source are real, and adds the payload's sum.
 *
 * Nearly all segments have no IP options and no TCP option but timestamps,
 * aligned as in RFC 7323 appendix A. All others are left to metlo_record_odd(),
 * which needs a copy of the headers.
 */
#ifndef METLO_CHECKS_H
#define METLO_CHECKS_H

#include "metlo_decode.h"

#define METLO_NO_SUM	   (~(__u64)0)
#define METLO_TCP_LEN_MAX  60
#define METLO_IPV4_LEN_MAX 60

/* Two NOPs, timestamps, length 10: the usual start of the options. */
#define METLO_STAMPS_ALIGNED 0x0101080a
#define METLO_STAMPS_LEN     12

#define METLO_TCPOPT_MD5 19
#define METLO_TCPOPT_AO	 29

/* Copies of headers of any length, padded with zeros. The room after a TCP
 * header is for reads of a word anywhere in it. */
struct metlo_headers {
	__u8 ip[64];  /* IPv4 only */
	__u8 tcp[72]; /* its checksum included */
};

/* The sum of n 32-bit words, a constant. Written out for the usual header,
 * because not every compiler unrolls the loop. */
METLO_INLINE __u64 metlo_sum(const __u8 *p, const unsigned int n)
{
	__u64 sum = METLO_LOAD(__u32, p);
	unsigned int i = 1;

	if (n >= 5) {
		sum += (__u64)METLO_LOAD(__u32, p + 4) +
		       METLO_LOAD(__u32, p + 8) + METLO_LOAD(__u32, p + 12) +
		       METLO_LOAD(__u32, p + 16);
		i = 5;
	}
	METLO_UNROLL
	for (; i < n; i++)
		sum += METLO_LOAD(__u32, p + 4 * i);
	return sum;
}

/* Folds a sum of at most 2^16 words once, to less than 2^33. */
METLO_INLINE __u32 metlo_sum_fold(__u64 sum)
{
	return (__u32)((sum & 0xffff) + (sum >> 16));
}

METLO_INLINE __u32 metlo_sum_fold16(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The sum of a packet with a right checksum is 0xffff, never 0. */
METLO_INLINE int metlo_sum_right(__u32 sum)
{
	return metlo_sum_fold16(sum) == 0xffff;
}

/* Sets the sum of a TCP header. pseudo is that of the pseudo header, which
 * Linux writes as checksum where hardware is to add the rest, and into the long
 * packets that it makes of received ones (GRO). */
METLO_INLINE void metlo_set_sum(struct metlo_rec *rec, const __u8 *tcp,
				__u64 sum, __u64 pseudo)
{
	rec->sum = metlo_sum_fold(sum + pseudo);
	rec->sums |= METLO_SUM_TCP;
	if (METLO_UNLIKELY(metlo_sum_fold16(metlo_sum_fold(pseudo)) ==
			   METLO_LOAD(__u16, tcp + 16)))
		rec->sums |= METLO_SUM_PARTIAL;
}

/* The words of the pseudo header besides the addresses: protocol and length. */
METLO_INLINE __u64 metlo_sum_pseudo(__u64 tcp_len)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap16((__u16)tcp_len) +
	       ((__u64)METLO_IPPROTO_TCP << 8);
#else
	return tcp_len + METLO_IPPROTO_TCP;
#endif
}

METLO_INLINE __u64 metlo_tcp_len(const struct metlo_packet *pkt)
{
	return pkt->payload_off - pkt->tcp_off + pkt->wire_len;
}

METLO_INLINE void metlo_set_stamps(struct metlo_rec *rec, const __u8 *p)
{
	rec->tsval = metlo_be32(p);
	rec->tsecr = metlo_be32(p + 4);
	rec->flags = METLO_REC_STAMPED;
}

/* Parses TCP options as Linux does (tcp_parse_options()): the last timestamps
 * win, and whatever is malformed ends them. A signature (RFC 2385, RFC 5925) that
 * nobody agreed on has the segment dropped. */
METLO_INLINE void metlo_parse_options(const struct metlo_headers *h, __u32 end,
				      struct metlo_rec *rec)
{
	__u32 at = METLO_TCP_LEN;

	METLO_NO_UNROLL
	for (int i = 0; i < METLO_TCP_LEN_MAX - METLO_TCP_LEN; i++) {
		__u32 kind, len;

		METLO_OPAQUE(at);
		at &= 63;
		if (at >= end)
			return;
		kind = h->tcp[at];
		len = h->tcp[at + 1];
		if (!kind)
			return;
		if (kind == 1) {
			at++;
			continue;
		}
		if (at + 1 == end || len < 2 || at + len > end)
			return;
		if (kind == 8 && len == 10)
			metlo_set_stamps(rec, &h->tcp[at + 2]);
		if (kind == METLO_TCPOPT_MD5 || kind == METLO_TCPOPT_AO)
			rec->sums |= METLO_SUM_OPTIONS;
		at += len;
	}
}

/* Has the IPv4 header options other than padding? Hosts drop source routes and
 * whatever is malformed (RFC 7126); the rest has no use on this way either. */
METLO_INLINE int metlo_ipv4_options(const struct metlo_headers *h)
{
	METLO_NO_UNROLL
	for (__u32 i = METLO_IPV4_LEN; i < METLO_IPV4_LEN_MAX; i++) {
		METLO_OPAQUE(i);
		if (h->ip[i & 63] != 1)
			return h->ip[i & 63];
	}
	return 0;
}

/* The same for extension headers: hosts drop routing headers (RFC 5095) and
 * options that they do not know. */
METLO_INLINE int metlo_ipv6_options(const struct metlo_packet *pkt)
{
	return pkt->tcp_off - pkt->ip_off != METLO_IPV6_LEN;
}

/* Fills in timestamps and sums for headers of any length. */
METLO_INLINE void metlo_record_odd(const struct metlo_headers *h,
				   const struct metlo_packet *pkt,
				   struct metlo_rec *rec)
{
	__u64 tcp_len = metlo_tcp_len(pkt), addresses;

	metlo_parse_options(h, (__u32)(pkt->payload_off - pkt->tcp_off), rec);
	addresses =
		metlo_sum(rec->saddr + 12, 1) + metlo_sum(rec->daddr + 12, 1);
	if (pkt->rec_flags & METLO_REC_IPV6)
		addresses +=
			metlo_sum(rec->saddr, 3) + metlo_sum(rec->daddr, 3);
	else if (!metlo_sum_right(metlo_sum_fold(
			 metlo_sum(h->ip, METLO_IPV4_LEN_MAX / 4))))
		rec->sums |= METLO_SUM_BAD_IP;
	if (pkt->rec_flags & METLO_REC_IPV6 ? metlo_ipv6_options(pkt)
					    : metlo_ipv4_options(h))
		rec->sums |= METLO_SUM_OPTIONS;
	if (tcp_len > 0xffff)
		return; /* a super-packet: nothing on a wire */
	metlo_set_sum(rec, h->tcp, metlo_sum(h->tcp, METLO_TCP_LEN_MAX / 4),
		      addresses + metlo_sum_pseudo(tcp_len));
}

/* Points *p at the n bytes of headers at off, a constant. */
METLO_INLINE int metlo_at_header(const struct metlo_frame *f, __u64 off,
				 __u64 n, const __u8 **p)
{
	METLO_OPAQUE(off);
	return metlo_at(f, off & METLO_OFFSET_MASK, n, p);
}

/* Fills in timestamps and sums; the addresses have been filled in. False: the
 * headers have an unusual length or are not all in the first buffer, see
 * metlo_record_odd(). */
METLO_INLINE int metlo_record_checks(const struct metlo_frame *f,
				     const struct metlo_packet *pkt,
				     struct metlo_rec *rec)
{
	__u64 header_len = pkt->payload_off - pkt->tcp_off;
	__u64 tcp_len = metlo_tcp_len(pkt), addresses, sum;
	const __u8 *ip, *tcp;

	rec->tsval = rec->tsecr = rec->sum = 0;
	rec->sums = rec->flags = 0;
	if (METLO_LIKELY(header_len == METLO_TCP_LEN + METLO_STAMPS_LEN)) {
		if (!metlo_at_header(f, pkt->tcp_off,
				     METLO_TCP_LEN + METLO_STAMPS_LEN, &tcp) ||
		    metlo_be32(tcp + METLO_TCP_LEN) != METLO_STAMPS_ALIGNED)
			return 0;
		metlo_set_stamps(rec, tcp + METLO_TCP_LEN + 4);
		sum = metlo_sum(tcp, (METLO_TCP_LEN + METLO_STAMPS_LEN) / 4);
	} else {
		if (header_len != METLO_TCP_LEN ||
		    !metlo_at_header(f, pkt->tcp_off, METLO_TCP_LEN, &tcp))
			return 0;
		sum = metlo_sum(tcp, METLO_TCP_LEN / 4);
	}
	if (METLO_UNLIKELY(pkt->rec_flags & METLO_REC_IPV6)) {
		addresses = metlo_sum(rec->saddr, 4) + metlo_sum(rec->daddr, 4);
		if (METLO_UNLIKELY(metlo_ipv6_options(pkt)))
			rec->sums = METLO_SUM_OPTIONS;
	} else {
		if (!metlo_at_header(f, pkt->ip_off, METLO_IPV4_LEN, &ip) ||
		    ip[0] != 0x45)
			return 0;
		if (METLO_UNLIKELY(!metlo_sum_right(
			    metlo_sum_fold(metlo_sum(ip, METLO_IPV4_LEN / 4)))))
			rec->sums = METLO_SUM_BAD_IP;
		addresses = metlo_sum(ip + 12, 2);
	}
	if (METLO_UNLIKELY(tcp_len > 0xffff))
		return 1;
	metlo_set_sum(rec, tcp, sum, addresses + metlo_sum_pseudo(tcp_len));
	return 1;
}

#endif
