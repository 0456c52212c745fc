/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Processes one frame: determines its outcome, updates the counters and emits
 * the records. Compiled twice, into the XDP program and into user space.
 *
 * This file and the one that includes it depend on each other by design: the
 * includer supplies everything that differs between kernel and user space, and
 * defines it before the #include, so that all of it can be inlined:
 *
 *   struct metlo_env           with at least config and stats
 *   metlo_env_vni_allowed()    whether the VNI is on the allow list
 *   metlo_env_count_vni()      counts a packet of a VNI
 *   metlo_env_record()         space to build a record's header, or NULL
 *   metlo_env_checks()         calls metlo_record_checks(), or
 *                              metlo_record_odd() with a copy of the headers
 *   metlo_env_payload_sum()    the sum of a payload, or METLO_NO_SUM
 *   metlo_env_now()            the timestamp for ts_ns
 *   metlo_env_shunt()          a slot of the shunt table, or NULL
 *   metlo_env_deliver()        calls metlo_deliver() with the same arguments
 *   metlo_env_fragment()       calls metlo_process_fragment(), and metlo_deliver()
 *                              if the outcome is METLO_UNDECIDED
 *   metlo_env_datagram()       the same with metlo_process_datagram()
 *   metlo_env_emit()           puts header and payload into the ring; 0 = full
 *   metlo_env_emit_slice()     the same for a non-empty slice of a payload
 *
 * Each frame gets the first outcome that applies, in the order bad_outer and
 * pass_not_vxlan, (outer) fragment, bad_vxlan, vni_miss, bad_inner, not_tcp, udp,
 * port_miss, no_payload, sampled_out; inner fragments of TCP skip the last
 * three. A frame that passes all of these is delivered if all of its records fit into the ring, ring_full
 * if one did not, and shunted if user space asked for no record.
 *
 * For the frames counted as sampled_out, shunted, ring_full or delivered,
 * payload bytes on the wire = delivered_bytes + truncated_bytes +
 * sampled_out_bytes + shunted_bytes + ring_full_bytes.
 */
#ifndef METLO_PROCESS_H
#define METLO_PROCESS_H

#include "metlo_checks.h"
#include "metlo_decode.h"
#include "metlo_hash.h"
#include "metlo_shunt.h"

#define METLO_SLICES_MAX (METLO_PACKET_PAYLOAD_MAX / METLO_REC_PAYLOAD_MAX)
/* Flags that make a segment without payload worth a record. An urgent pointer
 * may lie in a later segment. */
#define METLO_TCP_EVENTS \
	(METLO_TCP_SYN | METLO_TCP_FIN | METLO_TCP_RST | METLO_TCP_URG)
/* Flags that belong to the end of the payload. */
#define METLO_TCP_AT_END \
	(METLO_TCP_FIN | METLO_TCP_RST | METLO_TCP_PSH | METLO_TCP_URG)

METLO_INLINE int metlo_port_set(const struct metlo_config *config, __u16 port)
{
	__u64 word = port >> 6;

	/* 6.1 derives no bounds for the result of a byte swap. */
	METLO_OPAQUE(word);
	return config->port_bits[word & 1023] >> (port & 63) & 1;
}

METLO_INLINE void metlo_set_ipv4(__u8 *to, const __u8 *from)
{
	/* ::ffff:a.b.c.d in memory order, with aligned stores */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const __u64 prefix = 0xffff0000;
	const unsigned int shift = 32;
#else
	const __u64 prefix = 0xffffull << 32;
	const unsigned int shift = 0;
#endif
	((__u64 *)to)[0] = 0;
	((__u64 *)to)[1] = prefix | (__u64)METLO_LOAD(__u32, from) << shift;
}

METLO_INLINE void metlo_set_ipv6(__u8 *to, const __u8 *from)
{
	((__u64 *)to)[0] = METLO_LOAD(__u64, from);
	((__u64 *)to)[1] = METLO_LOAD(__u64, from + 8);
}

/* Fills in the addresses. The headers have been bounds-checked before, so this
 * never fails; the verifier needs the checks again. */
METLO_INLINE int metlo_record_addresses(const struct metlo_frame *frame,
					const struct metlo_packet *pkt,
					struct metlo_rec *rec)
{
	const __u8 *ip;

	if (pkt->rec_flags & METLO_REC_IPV6) {
		if (!metlo_at(frame, pkt->ip_off, METLO_IPV6_LEN, &ip))
			return 0;
		metlo_set_ipv6(rec->saddr, ip + 8);
		metlo_set_ipv6(rec->daddr, ip + 24);
	} else {
		if (!metlo_at(frame, pkt->ip_off, METLO_IPV4_LEN, &ip))
			return 0;
		metlo_set_ipv4(rec->saddr, ip + 12);
		metlo_set_ipv4(rec->daddr, ip + 16);
	}
	return 1;
}

/* Fills in the fields that all slices of a packet share. */
METLO_INLINE int metlo_record_start(const struct metlo_env *env,
				    const struct metlo_frame *frame,
				    const struct metlo_packet *pkt,
				    struct metlo_rec *rec)
{
	const __u8 *tcp;

	if (!metlo_at(frame, pkt->tcp_off, METLO_TCP_LEN, &tcp))
		return 0;
	rec->sport = pkt->sport;
	rec->dport = pkt->dport;
	rec->seq = metlo_be32(tcp + 4);
	rec->ack = metlo_be32(tcp + 8);
	rec->urg = metlo_be16(tcp + 18);
	rec->vni = pkt->vni;
	if (!metlo_record_addresses(frame, pkt, rec))
		return 0;
	rec->hash = metlo_flow_hash(env->config->hash_seed, rec->saddr,
				    rec->daddr, rec->sport, rec->dport);
	return 1;
}

/* Splits a payload larger than METLO_REC_PAYLOAD_MAX into several records.
 * Returns the number of bytes that did not fit into the ring. */
METLO_INLINE __u64 metlo_deliver_slices(struct metlo_env *env,
					const struct metlo_packet *pkt,
					struct metlo_rec *rec)
{
	__u64 off = pkt->payload_off, left = pkt->len;
	__u64 cut = pkt->wire_len - pkt->len;
	__u8 tcp_flags = pkt->tcp_flags & ~METLO_TCP_AT_END;
	__u64 sum = metlo_env_payload_sum(env, off, left);

	if (sum == METLO_NO_SUM || cut) {
		rec->sums &= ~METLO_SUM_TCP;
	} else {
		rec->sum += (__u32)sum;
		rec->sums |= METLO_SUM_PAYLOAD;
	}
	rec->flags |= pkt->rec_flags;
	METLO_NO_UNROLL
	for (unsigned int i = 0; i < METLO_SLICES_MAX && left; i++) {
		__u64 n = METLO_REC_PAYLOAD_MAX;

		rec->len = rec->wire_len = (__u32)n;
		rec->tcp_flags = tcp_flags;
		if (left <= METLO_REC_PAYLOAD_MAX) {
			n = left;
			rec->len = (__u32)n;
			rec->wire_len = (__u32)(n + cut);
			rec->tcp_flags |= pkt->tcp_flags & METLO_TCP_AT_END;
			rec->flags |= cut ? METLO_REC_TRUNCATED : 0;
		}
		if (!metlo_env_emit_slice(env, rec, off, n))
			return left;
		env->stats->records++;
		/* SYN precedes the payload, so only the first slice has it. */
		rec->seq += (__u32)n + (tcp_flags & METLO_TCP_SYN ? 1 : 0);
		tcp_flags &= ~METLO_TCP_SYN;
		rec->flags |= METLO_REC_CONTINUED;
		off += n;
		left -= n;
	}
	return 0;
}

/* Delivers a segment, unless shunted, and returns its outcome. rec is as
 * metlo_record_start() left it. */
METLO_INLINE enum metlo_outcome metlo_deliver(struct metlo_env *env,
					      struct metlo_packet *pkt,
					      struct metlo_rec *rec)
{
	struct metlo_stats *stats = env->stats;
	struct metlo_shunt *slot;
	__u64 lost = 0;
	__u32 end;

	slot = metlo_env_shunt(env, metlo_shunt_index(rec->hash, rec->saddr,
						      rec->daddr, rec->sport,
						      rec->dport));
	end = rec->seq + (__u32)pkt->wire_len +
	      (pkt->tcp_flags & METLO_TCP_SYN ? 1 : 0);
	if (METLO_UNLIKELY(pkt->tcp_flags & METLO_TCP_SYN) && slot)
		metlo_shunt_end(slot, rec);
	/* A request is for TCP only. */
	if (pkt->wire_len && slot && metlo_shunted(slot, rec, end) &&
	    !(pkt->rec_flags & METLO_REC_FRAGMENT)) {
		stats->shunted_bytes += pkt->wire_len;
		if (!(pkt->tcp_flags & METLO_TCP_EVENTS))
			return METLO_shunted;
		pkt->len = 0;
		pkt->rec_flags |= METLO_REC_SHUNTED;
	} else {
		stats->truncated_bytes += pkt->wire_len - pkt->len;
	}
	rec->ts_ns = metlo_env_now(env);
	if (METLO_LIKELY(!(pkt->rec_flags & METLO_REC_FRAGMENT)))
		metlo_env_checks(env, pkt, rec);
	if (METLO_LIKELY(pkt->len <= METLO_REC_PAYLOAD_MAX)) {
		rec->len = (__u32)pkt->len;
		rec->wire_len = (__u32)pkt->wire_len;
		rec->tcp_flags = pkt->tcp_flags;
		rec->flags |= pkt->rec_flags;
		if (METLO_UNLIKELY(pkt->len < pkt->wire_len)) {
			rec->sums &= ~METLO_SUM_TCP;
			if (!(pkt->rec_flags & METLO_REC_SHUNTED))
				rec->flags |= METLO_REC_TRUNCATED;
		}
		if (!metlo_env_emit(env, rec, pkt->payload_off, pkt->len)) {
			stats->ring_full_bytes += pkt->len;
			return METLO_ring_full;
		}
		stats->records++;
	} else {
		lost = metlo_deliver_slices(env, pkt, rec);
	}
	stats->delivered_bytes += pkt->len - lost;
	stats->ring_full_bytes += lost;
	return lost ? METLO_ring_full : METLO_delivered;
}

/* Prepares the delivery of a fragment of a TCP segment, whose IP header is at
 * ip_off of frame. Its ports, if it has any, are not compared: user space decides
 * about the whole segment. METLO_UNDECIDED, or the outcome. */
METLO_INLINE enum metlo_outcome
metlo_process_fragment(struct metlo_env *env, const struct metlo_frame *frame,
		       __u64 ip_off, struct metlo_packet *pkt)
{
	struct metlo_rec *rec = metlo_env_record(env);
	const __u8 *ip;

	if (!rec || !metlo_at(frame, ip_off, METLO_IPV4_LEN, &ip))
		return METLO_bad_inner;
	rec->seq = pkt->rec_flags & METLO_REC_IPV6 ? pkt->fragment_id
						   : metlo_be16(ip + 4);
	pkt->payload_off = pkt->ip_off;
	pkt->ip_off = ip_off;
	if (!metlo_record_addresses(frame, pkt, rec))
		return METLO_bad_inner;
	if (pkt->len > pkt->wire_len)
		pkt->len = pkt->wire_len;
	if (pkt->len > METLO_REC_PAYLOAD_MAX)
		pkt->len = METLO_REC_PAYLOAD_MAX;
	pkt->tcp_flags = 0;
	rec->sport = rec->dport = rec->urg = 0;
	rec->ack = rec->tsval = rec->tsecr = rec->sum = 0;
	rec->sums = rec->flags = rec->proto = 0;
	rec->vni = pkt->vni;
	rec->hash =
		metlo_flow_hash(env->config->hash_seed, rec->saddr, rec->daddr,
				(__u16)(rec->seq >> 16), (__u16)rec->seq);
	return METLO_UNDECIDED;
}

/* Bytes of a UDP datagram that metlo_process_datagram() reads: its header, and of
 * QUIC the first byte and the version. */
#define METLO_QUIC_HEAD	    5
#define METLO_DATAGRAM_HEAD (METLO_UDP_LEN + METLO_QUIC_HEAD)

#define METLO_QUIC_V1 0x00000001u
#define METLO_QUIC_V2 0x6b3343cfu

/* Whether p begins a long header of the type Initial (RFC 9000 section 17.2.2,
 * RFC 9369 section 3.2). The fixed bit need not be set (RFC 9287). */
METLO_INLINE int metlo_quic_initial(const __u8 *p)
{
	__u32 version = metlo_be32(p + 1);

	return (version == METLO_QUIC_V1 && (p[0] & 0xb0) == 0x80) ||
	       (version == METLO_QUIC_V2 && (p[0] & 0xb0) == 0x90);
}

/* Whether a datagram is wanted: METLO_UNDECIDED if so, or the outcome. udp is its
 * first METLO_DATAGRAM_HEAD bytes, with zeros for those that were not captured. */
METLO_INLINE enum metlo_outcome
metlo_datagram_wanted(const struct metlo_config *config, const __u8 *udp,
		      struct metlo_packet *pkt)
{
	__u64 len = metlo_be16(udp + 4);

	if (pkt->len < METLO_UDP_LEN || pkt->wire_len < METLO_UDP_LEN)
		return METLO_bad_inner;
	pkt->sport = metlo_be16(udp);
	pkt->dport = metlo_be16(udp + 2);
	if (metlo_port_set(config, pkt->dport))
		pkt->rec_flags |= METLO_REC_DPORT;
	if (metlo_port_set(config, pkt->sport))
		pkt->rec_flags |= METLO_REC_SPORT;
	if (!(pkt->rec_flags & (METLO_REC_DPORT | METLO_REC_SPORT)) &&
	    !config->any_port)
		return METLO_not_tcp;
	if (len < METLO_DATAGRAM_HEAD || len > pkt->wire_len ||
	    pkt->len < METLO_DATAGRAM_HEAD ||
	    !metlo_quic_initial(udp + METLO_UDP_LEN))
		return METLO_udp;
	return METLO_UNDECIDED;
}

/*
 * Prepares the delivery of a UDP datagram, if it is wanted. udp is as for
 * metlo_datagram_wanted(); its IP header is at ip_off of frame. METLO_UNDECIDED,
 * or the outcome.
 */
METLO_INLINE enum metlo_outcome
metlo_process_datagram(struct metlo_env *env, const struct metlo_frame *frame,
		       __u64 ip_off, const __u8 *udp, struct metlo_packet *pkt)
{
	const struct metlo_config *config = env->config;
	enum metlo_outcome outcome = metlo_datagram_wanted(config, udp, pkt);
	__u64 len = metlo_be16(udp + 4);
	struct metlo_rec *rec;

	if (outcome != METLO_UNDECIDED)
		return outcome;
	pkt->payload_off += METLO_UDP_LEN;
	pkt->wire_len = len - METLO_UDP_LEN;
	pkt->len -= METLO_UDP_LEN;
	if (pkt->len > pkt->wire_len)
		pkt->len = pkt->wire_len;
	if (pkt->len > METLO_REC_PAYLOAD_MAX)
		pkt->len = METLO_REC_PAYLOAD_MAX;
	pkt->tcp_flags = 0;
	rec = metlo_env_record(env);
	pkt->ip_off = ip_off;
	if (!rec || !metlo_record_addresses(frame, pkt, rec))
		return METLO_bad_inner;
	rec->sport = pkt->sport;
	rec->dport = pkt->dport;
	rec->vni = pkt->vni;
	rec->seq = rec->ack = rec->urg = 0;
	rec->tsval = rec->tsecr = rec->sum = 0;
	rec->sums = rec->flags = 0;
	rec->proto = METLO_REC_UDP;
	rec->hash = metlo_flow_hash(config->hash_seed, rec->saddr, rec->daddr,
				    rec->sport, rec->dport);
	if (rec->hash < config->sample_out) {
		env->stats->sampled_out_bytes += pkt->wire_len;
		return METLO_sampled_out;
	}
	return METLO_UNDECIDED;
}

#ifndef __bpf__
/* metlo_env_datagram() of user space, which reads the frame at any offset. */
METLO_INLINE enum metlo_outcome
metlo_user_datagram(struct metlo_env *env, const struct metlo_frame *frame,
		    struct metlo_packet *pkt)
{
	__u8 udp[METLO_DATAGRAM_HEAD] = {0};
	enum metlo_outcome outcome;

	memcpy(udp, frame->data + pkt->payload_off,
	       pkt->len < sizeof(udp) ? pkt->len : sizeof(udp));
	outcome = metlo_process_datagram(env, frame, pkt->ip_off, udp, pkt);
	return outcome == METLO_UNDECIDED
		       ? metlo_env_deliver(env, pkt, metlo_env_record(env))
		       : outcome;
}
#endif

/* Processes the inner frame at off; the caller calls metlo_count(). */
METLO_INLINE enum metlo_outcome metlo_process_inner(struct metlo_env *env,
						    struct metlo_frame *frame,
						    struct metlo_packet *pkt,
						    __u64 off)
{
	const struct metlo_config *config = env->config;
	enum metlo_outcome outcome;
	struct metlo_rec *rec;

	if (config->vni_filter && !metlo_env_vni_allowed(env, pkt->vni))
		return METLO_vni_miss;
	outcome = metlo_decode_inner(frame, off, pkt);
	if (METLO_UNLIKELY(outcome == METLO_fragment))
		return metlo_env_fragment(env, frame, pkt);
	if (METLO_UNLIKELY(outcome == METLO_udp))
		return metlo_env_datagram(env, frame, pkt);
	if (outcome != METLO_UNDECIDED)
		return outcome;
	if (metlo_port_set(config, pkt->dport))
		pkt->rec_flags |= METLO_REC_DPORT;
	if (metlo_port_set(config, pkt->sport))
		pkt->rec_flags |= METLO_REC_SPORT;
	if (!(pkt->rec_flags & (METLO_REC_DPORT | METLO_REC_SPORT)) &&
	    !config->any_port)
		return METLO_port_miss;
	if (!pkt->wire_len && !(pkt->tcp_flags & METLO_TCP_EVENTS))
		return METLO_no_payload;
	rec = metlo_env_record(env);
	if (METLO_UNLIKELY(!rec || !metlo_record_start(env, frame, pkt, rec)))
		return METLO_bad_inner;
	if (rec->hash < config->sample_out) {
		env->stats->sampled_out_bytes += pkt->wire_len;
		return METLO_sampled_out;
	}
	return metlo_env_deliver(env, pkt, rec);
}

/* Processes a whole frame; the caller zeroes pkt before and calls
 * metlo_count() after. */
METLO_INLINE enum metlo_outcome metlo_process(struct metlo_env *env,
					      struct metlo_frame *frame,
					      struct metlo_packet *pkt)
{
	__u64 off = 0;
	enum metlo_outcome outcome =
		metlo_decode_outer(frame, env->config, pkt, &off);

	if (outcome != METLO_UNDECIDED)
		return outcome;
	pkt->vni_valid = 1;
	return metlo_process_inner(env, frame, pkt, off);
}

/* Whether the frame is passed to the network stack. VXLAN frames are dropped
 * by default: with no socket on the port, the stack would answer the mirror
 * with ICMP errors. */
METLO_INLINE int metlo_is_passed(const struct metlo_config *config,
				 const struct metlo_packet *pkt)
{
	return !pkt->vxlan || config->pass_vxlan;
}

/* Updates the counters that apply to every frame; bytes is its length. */
METLO_INLINE void metlo_count(struct metlo_env *env,
			      const struct metlo_packet *pkt,
			      enum metlo_outcome outcome, __u64 bytes)
{
	__u64 *outcomes =
		(__u64 *)env->stats +
		__builtin_offsetof(struct metlo_stats, pass_not_vxlan) /
			sizeof(__u64);

	env->stats->packets++;
	env->stats->bytes += bytes;
	if (outcome < METLO_OUTCOME_MAX)
		outcomes[outcome]++;
	if (pkt->vni_valid)
		metlo_env_count_vni(env, pkt->vni, bytes);
}

#endif
