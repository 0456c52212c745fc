/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * From a mirrored frame to the TCP segment inside it: outer Ethernet, VLAN,
 * IP, UDP and VXLAN (RFC 7348), then inner Ethernet, VLAN, IP and TCP.
 *
 * One text for two machines: the XDP program and user space. It allocates
 * nothing, never writes to the frame and reads no byte before it has checked
 * that the byte is there. A frame may end before its headers say so, because
 * the mirror or the capture cut it: `wire` lengths come from the headers,
 * `avail` is what is there.
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

/* Returned where an outcome is not decided yet. */
#define METLO_GO_ON METLO_OUTCOME_MAX

/* The inner TCP segment. Offsets are from the start of the frame. */
struct metlo_packet {
	__u64 ip_off;  /* 20 bytes of IPv4 or 40 of IPv6 header */
	__u64 tcp_off; /* 20 bytes of TCP header */
	__u64 payload_off;
	__u64 len;	/* payload bytes that are there */
	__u64 wire_len; /* payload bytes on the wire, >= len */
	__u32 vni;
	__u16 sport, dport;
	__u8 tcp_flags;
	__u8 rec_flags; /* METLO_REC_* */
	__u8 vxlan;	/* the frame is UDP to the VXLAN port */
	__u8 vni_valid; /* and has a valid VXLAN header */
};

/* An IP packet within the frame, as far as its upper-layer header. */
struct metlo_ip {
	__u64 start;
	__u64 off; /* of the upper-layer header */
	__u64 end; /* of the packet, on the wire */
	__u32 proto;
	__u32 length;	/* field of the header; 0: TSO, BIG TCP, jumbogram */
	__u32 fragment; /* not 0: it is one */
	__u32 ipv6;
};

METLO_INLINE int metlo_is_vlan(__u32 type)
{
	if (METLO_LIKELY(type == METLO_ETH_P_IPV4))
		return 0; /* after one comparison */
	return type == METLO_ETH_P_8021Q || type == METLO_ETH_P_8021AD ||
	       type == METLO_ETH_P_QINQ1;
}

/* Ethernet header and VLAN tags at *off, which moves behind them. Returns
 * the EtherType, or -1 where the frame is too short. */
METLO_INLINE int metlo_parse_l2(const struct metlo_view *v, __u64 *off)
{
	const __u8 *p;
	__u32 type;

	if (!metlo_at(v, *off, METLO_ETH_LEN, &p))
		return -1;
	type = metlo_be16(p + 12);
	*off += METLO_ETH_LEN;
	METLO_UNROLL
	for (int i = 0; i < METLO_VLAN_TAGS_MAX && metlo_is_vlan(type); i++) {
		if (!metlo_at(v, *off, METLO_VLAN_LEN, &p))
			return -1;
		type = metlo_be16(p + 2);
		*off += METLO_VLAN_LEN;
	}
	return (int)type;
}

/* IPv4 header (RFC 791) at off; limit is where what encloses it ends on the
 * wire. False when it is malformed or cut. */
METLO_INLINE int metlo_parse_ipv4(const struct metlo_view *v, __u64 off,
				  __u64 limit, struct metlo_ip *ip)
{
	__u64 header_len, total_len;
	const __u8 *p;

	if (!metlo_at(v, off, METLO_IPV4_LEN, &p) || p[0] >> 4 != 4)
		return 0;
	header_len = (__u64)(p[0] & 15) * 4;
	total_len = metlo_be16(p + 2);
	ip->length = (__u32)total_len;
	ip->start = off;
	ip->off = off + header_len;
	ip->end = total_len ? off + total_len : limit;
	ip->proto = p[9];
	ip->ipv6 = 0;
	/* More Fragments or an offset */
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

/* The extension headers of IPv6 (RFC 8200 section 4) from ip->off on. */
METLO_INLINE int metlo_parse_ipv6_ext(struct metlo_view *v, struct metlo_ip *ip)
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
		if (!metlo_at(v, off, 8, &p))
			return 0;
		len = proto == METLO_IPPROTO_AH		? ((__u64)p[1] + 2) * 4
		      : proto == METLO_IPPROTO_FRAGMENT ? 8
							: ((__u64)p[1] + 1) * 8;
		if (off + len > ip->end || off + len > last)
			return 0;
		/* An atomic fragment (RFC 6946) is a whole packet. Otherwise
		 * what follows need not be a header. */
		if (proto == METLO_IPPROTO_FRAGMENT &&
		    (metlo_be16(p + 2) & 0xfff9)) {
			ip->fragment = 1;
			ip->off = off + len;
			ip->proto = p[0];
			return 1;
		}
		proto = p[0];
		off += len;
		if (!metlo_merge_paths(v, &off, &ip->end))
			return 0;
	}
	return 0;
}

/* IPv6 header (RFC 8200) at off, else like metlo_parse_ipv4(). */
METLO_INLINE int metlo_parse_ipv6(struct metlo_view *v, __u64 off, __u64 limit,
				  struct metlo_ip *ip)
{
	__u64 payload_len;
	const __u8 *p;

	if (!metlo_at(v, off, METLO_IPV6_LEN, &p) || p[0] >> 4 != 6)
		return 0;
	payload_len = metlo_be16(p + 4);
	ip->length = (__u32)payload_len;
	ip->start = off;
	ip->off = off + METLO_IPV6_LEN;
	ip->end = payload_len ? ip->off + payload_len : limit;
	ip->proto = p[6];
	ip->ipv6 = 1;
	ip->fragment = 0;
	if (METLO_LIKELY(!metlo_is_ipv6_ext(ip->proto)))
		return 1;
	return metlo_parse_ipv6_ext(v, ip);
}

/*
 * The Ethernet frame at off as far as the header behind IP: of UDP in the
 * outer frame, of TCP in the inner one. METLO_GO_ON: it is one of that
 * protocol, and ip is complete; else what the frame is. Unless that is
 * bad_outer, the view then has the length of the whole frame.
 */
METLO_INLINE enum metlo_outcome metlo_parse_ip(struct metlo_view *v, __u64 off,
					       int outer, struct metlo_ip *ip)
{
	enum metlo_outcome bad = outer ? METLO_bad_outer : METLO_bad_inner;
	enum metlo_outcome other = outer ? METLO_pass_not_vxlan : METLO_not_tcp;
	__u32 proto = outer ? METLO_IPPROTO_UDP : METLO_IPPROTO_TCP;
	int type = metlo_parse_l2(v, &off), ok;

	if (METLO_LIKELY(type == METLO_ETH_P_IPV4)) {
		ok = metlo_parse_ipv4(v, off, v->wire_len, ip);
	} else if (type == METLO_ETH_P_IPV6) {
		ok = metlo_parse_ipv6(v, off, v->wire_len, ip);
	} else {
		if (type < 0 || off > v->avail)
			return bad;
		if (outer)
			metlo_view_whole(v);
		return other;
	}
	if (!ok)
		return bad;
	/* Equal in a frame of one buffer without trailer, which is most. */
	if (outer && METLO_UNLIKELY(!ip->length || ip->end != v->len)) {
		metlo_view_whole(v);
		if (!ip->length)
			ip->end = v->wire_len;
	}
	if (METLO_LIKELY(ip->proto == proto && !ip->fragment))
		return metlo_merge_paths(v, &ip->off, &ip->end) ? METLO_GO_ON
								: bad;
	if (ip->off > v->avail)
		return bad;
	/* What follows the header of a fragment need not be proto's, and
	 * behind it may be extension headers before proto's. */
	if (ip->fragment &&
	    (ip->proto == proto || (ip->ipv6 && metlo_is_ipv6_ext(ip->proto))))
		return METLO_fragment;
	return other;
}

/* UDP (RFC 768) and VXLAN (RFC 7348) header behind ip. On success *off is
 * where the inner frame starts, and the view's packet ends where the datagram
 * does. */
METLO_INLINE enum metlo_outcome
metlo_parse_vxlan(struct metlo_view *v, const struct metlo_config *config,
		  const struct metlo_ip *ip, struct metlo_packet *pkt,
		  __u64 *off)
{
	__u64 udp_len, end;
	const __u8 *p;

	if (!metlo_at(v, ip->off, METLO_UDP_LEN, &p) ||
	    ip->off + METLO_UDP_LEN > ip->end)
		return METLO_bad_outer;
	if (metlo_be16(p + 2) != config->vxlan_port)
		return METLO_pass_not_vxlan;
	udp_len = metlo_be16(p + 4);
	end = ip->off + udp_len;
	if (METLO_UNLIKELY(!ip->length &&
			   (!udp_len || ip->end - ip->off > 0xffff)))
		/* A super-packet: the field is 0 or has wrapped. */
		end = ip->end;
	else if (udp_len < METLO_UDP_LEN || end > ip->end)
		return METLO_bad_outer;
	pkt->vxlan = 1;
	v->wire_len = end;
	v->avail = v->len < end ? v->len : end;
	*off = ip->off + METLO_UDP_LEN + METLO_VXLAN_LEN;
	if (!metlo_at(v, ip->off + METLO_UDP_LEN, METLO_VXLAN_LEN, &p) ||
	    *off > v->avail || !(p[0] & METLO_VXLAN_FLAG_I))
		return METLO_bad_vxlan;
	pkt->vni = metlo_be32(p + 4) >> 8;
	return METLO_GO_ON;
}

/*
 * The outer headers. METLO_GO_ON: a VXLAN packet, pkt->vni is set, the inner
 * frame starts at *off and ends at the new end of the view's packet. Else
 * what the frame is: pass_not_vxlan, bad_outer, fragment or bad_vxlan.
 */
METLO_INLINE enum metlo_outcome
metlo_decode_outer(struct metlo_view *v, const struct metlo_config *config,
		   struct metlo_packet *pkt, __u64 *off)
{
	struct metlo_ip ip;
	enum metlo_outcome outcome = metlo_parse_ip(v, 0, 1, &ip);

	if (outcome != METLO_GO_ON)
		return outcome;
	return metlo_parse_vxlan(v, config, &ip, pkt, off);
}

/*
 * The inner frame at off. METLO_GO_ON: a TCP segment (RFC 9293 section 3.1),
 * *pkt is complete but for the flags that tell which port matched. Else
 * bad_inner, not_tcp or fragment.
 */
METLO_INLINE enum metlo_outcome
metlo_decode_inner(struct metlo_view *v, __u64 off, struct metlo_packet *pkt)
{
	__u64 header_len, there;
	struct metlo_ip ip;
	const __u8 *p;
	enum metlo_outcome outcome = metlo_parse_ip(v, off, 0, &ip);

	if (outcome != METLO_GO_ON)
		return outcome;
	if (!metlo_at(v, ip.off, METLO_TCP_LEN, &p) ||
	    ip.off + METLO_TCP_LEN > v->avail)
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
	/* By the IP header and not by the frame, which may be padded. */
	pkt->wire_len = ip.end - pkt->payload_off;
	there = v->avail < ip.end ? v->avail : ip.end;
	pkt->len = there > pkt->payload_off ? there - pkt->payload_off : 0;
	if (METLO_UNLIKELY(pkt->len > METLO_PACKET_PAYLOAD_MAX))
		pkt->len = METLO_PACKET_PAYLOAD_MAX;
	return METLO_GO_ON;
}

#endif
