/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Decodes a mirrored frame down to the TCP segment inside it: outer Ethernet,
 * VLAN, IP, UDP and VXLAN (RFC 7348), then inner Ethernet, VLAN, IP and TCP.
 *
 * Compiled twice, into the XDP program and into user space. The decoder
 * allocates nothing, never writes to the frame and bounds-checks every read. A
 * frame may be shorter than its headers claim because the mirror or the
 * capture truncated it: `wire` lengths come from the headers, `avail` counts
 * the bytes that were captured.
 */
#ifndef METLO_DECODE_H
#define METLO_DECODE_H

#include "metlo_access.h"
#include "metlo_record.h"

#define METLO_ETH_LEN	    14
#define METLO_VLAN_LEN	    4
#define METLO_VLAN_TAGS_MAX 2
#define METLO_IPV4_LEN	    20
#define METLO_IPV6_LEN	    40
#define METLO_UDP_LEN	    8
#define METLO_VXLAN_LEN	    8
#define METLO_TCP_LEN	    20

#define METLO_ETH_P_IPV4   0x0800
#define METLO_ETH_P_IPV6   0x86dd
#define METLO_ETH_P_8021Q  0x8100
#define METLO_ETH_P_8021AD 0x88a8
#define METLO_ETH_P_QINQ1  0x9100

#define METLO_IPPROTO_HOPOPTS  0
#define METLO_IPPROTO_TCP      6
#define METLO_IPPROTO_UDP      17
#define METLO_IPPROTO_ROUTING  43
#define METLO_IPPROTO_FRAGMENT 44
#define METLO_IPPROTO_AH       51
#define METLO_IPPROTO_DSTOPTS  60

#define METLO_VXLAN_FLAG_I 0x08

/* Returned when decoding should continue: no outcome applies yet. */
#define METLO_UNDECIDED METLO_OUTCOME_MAX

/* The inner TCP segment, or UDP datagram. Offsets are from the start of the
 * frame. */
struct metlo_packet {
	__u64 ip_off;  /* 20 bytes of IPv4 or 40 of IPv6 header */
	__u64 tcp_off; /* 20 bytes of TCP header */
	__u64 payload_off;
	__u64 len;	/* payload bytes captured */
	__u64 wire_len; /* payload bytes on the wire, >= len */
	__u32 vni;
	__u32 fragment_id; /* of a fragment of IPv6 */
	__u16 sport, dport;
	__u8 tcp_flags;
	__u8 rec_flags; /* METLO_REC_* */
	__u8 vxlan;	/* the frame is UDP to the VXLAN port */
	__u8 vni_valid; /* its VXLAN header is valid */
};

/* An IP packet within the frame, up to its upper-layer header. */
struct metlo_ip {
	__u64 start;
	__u64 off; /* of the upper-layer header */
	__u64 end; /* of the packet, on the wire */
	__u32 proto;
	__u32 length;	/* field of the header; 0: TSO, BIG TCP, jumbogram */
	__u32 fragment; /* not 0 for a fragment */
	__u32 id;	/* of a fragment of IPv6 */
	__u32 ipv6;
};

METLO_INLINE int metlo_is_vlan(__u32 type)
{
	if (METLO_LIKELY(type == METLO_ETH_P_IPV4))
		return 0; /* the common case: one comparison */
	return type == METLO_ETH_P_8021Q || type == METLO_ETH_P_8021AD ||
	       type == METLO_ETH_P_QINQ1;
}

/* Parses the Ethernet header and VLAN tags at *off and advances *off past
 * them. Returns the EtherType, or -1 if the frame is too short. */
METLO_INLINE int metlo_parse_l2(const struct metlo_frame *f, __u64 *off)
{
	const __u8 *p;
	__u32 type;

	if (!metlo_at(f, *off, METLO_ETH_LEN, &p))
		return -1;
	type = metlo_be16(p + 12);
	*off += METLO_ETH_LEN;
	METLO_UNROLL
	for (int i = 0; i < METLO_VLAN_TAGS_MAX && metlo_is_vlan(type); i++) {
		if (!metlo_at(f, *off, METLO_VLAN_LEN, &p))
			return -1;
		type = metlo_be16(p + 2);
		*off += METLO_VLAN_LEN;
	}
	return (int)type;
}

/* Parses the IPv4 header (RFC 791) at off. limit is the offset at which the
 * enclosing packet ends on the wire. False if it is malformed or truncated. */
METLO_INLINE int metlo_parse_ipv4(const struct metlo_frame *f, __u64 off,
				  __u64 limit, struct metlo_ip *ip)
{
	__u64 header_len, total_len;
	const __u8 *p;

	if (!metlo_at(f, off, METLO_IPV4_LEN, &p) || p[0] >> 4 != 4)
		return 0;
	header_len = (__u64)(p[0] & 15) * 4;
	total_len = metlo_be16(p + 2);
	ip->length = (__u32)total_len;
	ip->start = off;
	ip->off = off + header_len;
	ip->end = total_len ? off + total_len : limit;
	ip->proto = p[9];
	ip->ipv6 = 0;
	/* the More Fragments flag or a fragment offset */
	ip->fragment = metlo_be16(p + 6) & 0x3fff;
	return header_len >= METLO_IPV4_LEN && ip->off <= ip->end;
}

METLO_INLINE int metlo_is_ipv6_ext(__u32 proto)
{
	return proto == METLO_IPPROTO_HOPOPTS ||
	       proto == METLO_IPPROTO_ROUTING ||
	       proto == METLO_IPPROTO_FRAGMENT || proto == METLO_IPPROTO_AH ||
	       proto == METLO_IPPROTO_DSTOPTS;
}

/* Skips the IPv6 extension headers (RFC 8200 section 4) that start at ip->off.
 * False if the chain is malformed, truncated or exceeds METLO_EXT_MAX headers
 * or METLO_EXT_BYTES_MAX bytes. */
METLO_INLINE int metlo_parse_ipv6_ext(struct metlo_frame *f,
				      struct metlo_ip *ip)
{
	__u64 off = ip->off, last = off + METLO_EXT_BYTES_MAX;
	__u32 proto = ip->proto;

	METLO_NO_UNROLL
	for (int i = 0; i < METLO_EXT_MAX; i++) {
		const __u8 *p;
		__u64 len;

		if (!metlo_is_ipv6_ext(proto)) {
			ip->off = off;
			ip->proto = proto;
			return 1;
		}
		if (!metlo_at(f, off, 8, &p))
			return 0;
		len = proto == METLO_IPPROTO_AH		? ((__u64)p[1] + 2) * 4
		      : proto == METLO_IPPROTO_FRAGMENT ? 8
							: ((__u64)p[1] + 1) * 8;
		if (off + len > ip->end || off + len > last)
			return 0;
		/* An atomic fragment (RFC 6946) is a whole packet. Any other
		 * fragment need not continue with a header. */
		if (proto == METLO_IPPROTO_FRAGMENT &&
		    (metlo_be16(p + 2) & 0xfff9)) {
			ip->fragment = 1;
			ip->id = metlo_be32(p + 4);
			ip->off = off + len;
			ip->proto = p[0];
			return 1;
		}
		proto = p[0];
		off += len;
		if (!metlo_merge_paths(f, &off, &ip->end))
			return 0;
	}
	return 0;
}

/* Parses the IPv6 header (RFC 8200) at off; otherwise as metlo_parse_ipv4(). */
METLO_INLINE int metlo_parse_ipv6(struct metlo_frame *f, __u64 off, __u64 limit,
				  struct metlo_ip *ip)
{
	__u64 payload_len;
	const __u8 *p;

	if (!metlo_at(f, off, METLO_IPV6_LEN, &p) || p[0] >> 4 != 6)
		return 0;
	payload_len = metlo_be16(p + 4);
	ip->length = (__u32)payload_len;
	ip->start = off;
	ip->off = off + METLO_IPV6_LEN;
	ip->end = payload_len ? ip->off + payload_len : limit;
	ip->proto = p[6];
	ip->ipv6 = 1;
	ip->fragment = ip->id = 0;
	if (METLO_LIKELY(!metlo_is_ipv6_ext(ip->proto)))
		return 1;
	return metlo_parse_ipv6_ext(f, ip);
}

/*
 * Parses the Ethernet frame at off up to its upper-layer header, which must be
 * UDP in the outer frame and TCP in the inner one. METLO_UNDECIDED if it is,
 * with ip filled in; METLO_udp, if the inner one is; otherwise the frame's
 * outcome. Unless that is bad_outer, f->len is then the length of the whole
 * frame.
 */
METLO_INLINE enum metlo_outcome metlo_parse_ip(struct metlo_frame *f, __u64 off,
					       int outer, struct metlo_ip *ip)
{
	enum metlo_outcome bad = outer ? METLO_bad_outer : METLO_bad_inner;
	enum metlo_outcome other = outer ? METLO_pass_not_vxlan : METLO_not_tcp;
	__u32 proto = outer ? METLO_IPPROTO_UDP : METLO_IPPROTO_TCP;
	int type = metlo_parse_l2(f, &off), ok;

	if (METLO_LIKELY(type == METLO_ETH_P_IPV4)) {
		ok = metlo_parse_ipv4(f, off, f->wire_len, ip);
	} else if (type == METLO_ETH_P_IPV6) {
		ok = metlo_parse_ipv6(f, off, f->wire_len, ip);
	} else {
		if (type < 0 || off > f->avail)
			return bad;
		if (outer)
			metlo_frame_whole(f);
		return other;
	}
	if (!ok)
		return bad;
	/* Equal in a single-buffer frame without a trailer: the common case. */
	if (outer && METLO_UNLIKELY(!ip->length || ip->end != f->len)) {
		metlo_frame_whole(f);
		if (!ip->length)
			ip->end = f->wire_len;
	}
	if (METLO_LIKELY(ip->proto == proto && !ip->fragment))
		return metlo_merge_paths(f, &ip->off, &ip->end)
			       ? METLO_UNDECIDED
			       : bad;
	if (ip->off > f->avail)
		return bad;
	/* A fragment need not continue with a header of proto, and in IPv6 more
	 * extension headers may precede that header; what later fragments of
	 * IPv6 say about it means nothing. */
	if (ip->fragment &&
	    (ip->proto == proto ||
	     (ip->ipv6 && (!outer || metlo_is_ipv6_ext(ip->proto)))))
		return METLO_fragment;
	if (!outer && !ip->fragment && ip->proto == METLO_IPPROTO_UDP)
		return METLO_udp;
	return other;
}

/* Parses the UDP (RFC 768) and VXLAN (RFC 7348) headers after ip. On success
 * *off is the start of the inner frame, and f->wire_len and f->avail end with
 * the UDP datagram. */
METLO_INLINE enum metlo_outcome
metlo_parse_vxlan(struct metlo_frame *f, const struct metlo_config *config,
		  const struct metlo_ip *ip, struct metlo_packet *pkt,
		  __u64 *off)
{
	__u64 udp_len, end;
	const __u8 *p;

	if (!metlo_at(f, ip->off, METLO_UDP_LEN, &p) ||
	    ip->off + METLO_UDP_LEN > ip->end)
		return METLO_bad_outer;
	if (metlo_be16(p + 2) != config->vxlan_port)
		return METLO_pass_not_vxlan;
	udp_len = metlo_be16(p + 4);
	end = ip->off + udp_len;
	if (METLO_UNLIKELY(!ip->length &&
			   (!udp_len || ip->end - ip->off > 0xffff)))
		/* A super-packet: the length field is 0 or wrapped around. */
		end = ip->end;
	else if (udp_len < METLO_UDP_LEN || end > ip->end)
		return METLO_bad_outer;
	pkt->vxlan = 1;
	f->wire_len = end;
	f->avail = f->len < end ? f->len : end;
	*off = ip->off + METLO_UDP_LEN + METLO_VXLAN_LEN;
	if (!metlo_at(f, ip->off + METLO_UDP_LEN, METLO_VXLAN_LEN, &p) ||
	    *off > f->avail || !(p[0] & METLO_VXLAN_FLAG_I))
		return METLO_bad_vxlan;
	pkt->vni = metlo_be32(p + 4) >> 8;
	return METLO_UNDECIDED;
}

/*
 * Decodes the outer headers. METLO_UNDECIDED for a VXLAN packet: pkt->vni is
 * set, and the inner frame starts at *off and ends at f->wire_len. Otherwise
 * the frame's outcome: pass_not_vxlan, bad_outer, fragment or bad_vxlan.
 */
METLO_INLINE enum metlo_outcome
metlo_decode_outer(struct metlo_frame *f, const struct metlo_config *config,
		   struct metlo_packet *pkt, __u64 *off)
{
	struct metlo_ip ip;
	enum metlo_outcome outcome = metlo_parse_ip(f, 0, 1, &ip);

	if (outcome != METLO_UNDECIDED)
		return outcome;
	return metlo_parse_vxlan(f, config, &ip, pkt, off);
}

/* Describes an inner fragment for metlo_process_fragment(), which does the rest:
 * the verifier gets here on many paths. len may exceed wire_len. */
METLO_INLINE void metlo_decode_fragment(const struct metlo_frame *f,
					const struct metlo_ip *ip,
					struct metlo_packet *pkt)
{
	pkt->fragment_id = ip->ipv6 ? ip->id : 0;
	pkt->ip_off = ip->start;
	pkt->rec_flags = METLO_REC_FRAGMENT | (ip->ipv6 ? METLO_REC_IPV6 : 0);
	pkt->wire_len = ip->end - ip->start;
	pkt->len = f->avail - ip->start;
}

/* Describes an inner UDP datagram for metlo_process_datagram(), in the same way:
 * payload_off is that of the UDP header. */
METLO_INLINE void metlo_decode_datagram(const struct metlo_frame *f,
					const struct metlo_ip *ip,
					struct metlo_packet *pkt)
{
	pkt->ip_off = ip->start;
	pkt->payload_off = ip->off;
	pkt->rec_flags = METLO_REC_FRAGMENT | (ip->ipv6 ? METLO_REC_IPV6 : 0);
	pkt->wire_len = ip->end - ip->off;
	pkt->len = f->avail > ip->off ? f->avail - ip->off : 0;
}

/*
 * Decodes the inner frame at off. METLO_UNDECIDED for a TCP segment (RFC 9293
 * section 3.1): *pkt is complete except for the flags METLO_REC_DPORT and
 * METLO_REC_SPORT. METLO_fragment for a fragment of one: see
 * metlo_decode_fragment(). METLO_udp for a UDP datagram: see
 * metlo_decode_datagram(). Otherwise bad_inner or not_tcp.
 */
METLO_INLINE enum metlo_outcome
metlo_decode_inner(struct metlo_frame *f, __u64 off, struct metlo_packet *pkt)
{
	__u64 header_len, there;
	struct metlo_ip ip;
	const __u8 *p;
	enum metlo_outcome outcome = metlo_parse_ip(f, off, 0, &ip);

	if (METLO_UNLIKELY(outcome == METLO_fragment))
		metlo_decode_fragment(f, &ip, pkt);
	if (METLO_UNLIKELY(outcome == METLO_udp))
		metlo_decode_datagram(f, &ip, pkt);
	if (outcome != METLO_UNDECIDED)
		return outcome;
	if (!metlo_at(f, ip.off, METLO_TCP_LEN, &p) ||
	    ip.off + METLO_TCP_LEN > f->avail)
		return METLO_bad_inner;
	header_len = (__u64)(p[12] >> 4) * 4;
	pkt->payload_off = ip.off + header_len;
	if (header_len < METLO_TCP_LEN || pkt->payload_off > ip.end)
		return METLO_bad_inner;
	pkt->ip_off = ip.start;
	pkt->tcp_off = ip.off;
	pkt->sport = metlo_be16(p);
	pkt->dport = metlo_be16(p + 2);
	pkt->tcp_flags = p[13] & 0x3f;
	pkt->rec_flags = ip.ipv6 ? METLO_REC_IPV6 : 0;
	/* From the IP header: the frame may be padded. */
	pkt->wire_len = ip.end - pkt->payload_off;
	there = f->avail < ip.end ? f->avail : ip.end;
	pkt->len = there > pkt->payload_off ? there - pkt->payload_off : 0;
	if (METLO_UNLIKELY(pkt->len > METLO_PACKET_PAYLOAD_MAX))
		pkt->len = METLO_PACKET_PAYLOAD_MAX;
	return METLO_UNDECIDED;
}

#endif
