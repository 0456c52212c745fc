/* SPDX-License-Identifier: MIT */
/*
 * The decoder of include/, built once more: the datagram gets an Ethernet and a
 * plain IP header, and then takes the path of any other packet.
 */
#include <string.h>

#include "base/checksum.h"
#include "fragment/decode.h"
#include "metlo_checks.h"
#include "metlo_decode.h"
#include "metlo_shunt.h"

/* The environment that include/metlo_process.h requires. */
struct metlo_env {
	const struct metlo_config *config;
	struct metlo_stats *stats;
	const uint8_t *frame;
	size_t frame_len;
	struct metlo_rec rec;
	uint64_t ts_ns;
	decode_emit emit;
	void *ctx;
};

/* The fragments have passed the filter. */
METLO_INLINE int metlo_env_vni_allowed(const struct metlo_env *env, __u32 vni)
{
	(void)env;
	(void)vni;
	return 1;
}

METLO_INLINE void metlo_env_count_vni(struct metlo_env *env, __u32 vni,
				      __u64 bytes)
{
	(void)env;
	(void)vni;
	(void)bytes;
}

METLO_INLINE struct metlo_rec *metlo_env_record(struct metlo_env *env)
{
	return &env->rec;
}

METLO_INLINE __u64 metlo_env_now(const struct metlo_env *env)
{
	return env->ts_ns;
}

/* Bytes that are here already need not be dropped. */
METLO_INLINE struct metlo_shunt *metlo_env_shunt(const struct metlo_env *env,
						 __u32 index)
{
	(void)env;
	(void)index;
	return NULL;
}

METLO_INLINE int metlo_env_emit(struct metlo_env *env,
				const struct metlo_rec *rec, __u64 off,
				__u64 len)
{
	env->emit(env->ctx, rec, len ? env->frame + off : env->frame);
	return 1;
}

#include "metlo_user_env.h"

METLO_INLINE __u64 metlo_env_payload_sum(const struct metlo_env *env, __u64 off,
					 __u64 len)
{
	return checksum_sum(env->frame + off, len);
}

static enum metlo_outcome metlo_env_deliver(struct metlo_env *env,
					    struct metlo_packet *pkt,
					    struct metlo_rec *rec);

static enum metlo_outcome metlo_env_fragment(struct metlo_env *env,
					     const struct metlo_frame *frame,
					     struct metlo_packet *pkt);

static enum metlo_outcome metlo_env_datagram(struct metlo_env *env,
					     const struct metlo_frame *frame,
					     struct metlo_packet *pkt);

#include "metlo_process.h"

static enum metlo_outcome metlo_env_deliver(struct metlo_env *env,
					    struct metlo_packet *pkt,
					    struct metlo_rec *rec)
{
	return metlo_deliver(env, pkt, rec);
}

static enum metlo_outcome metlo_env_datagram(struct metlo_env *env,
					     const struct metlo_frame *frame,
					     struct metlo_packet *pkt)
{
	return metlo_user_datagram(env, frame, pkt);
}

/* Written headers say that it is none. */
static enum metlo_outcome metlo_env_fragment(struct metlo_env *env,
					     const struct metlo_frame *frame,
					     struct metlo_packet *pkt)
{
	(void)env;
	(void)frame;
	(void)pkt;
	return METLO_bad_inner;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* That of the whole packet; the fragments had others. It is as wrong as theirs: the
 * receiver of the record knows whose checksums are real. */
static void write_checksum(uint8_t *ip, bool wrong)
{
	const uint16_t sum = checksum_fold(checksum_sum(ip, METLO_IPV4_LEN));
	const uint16_t check = wrong ? sum : (uint16_t)~sum;

	memcpy(ip + 10, &check, sizeof(check));
}

/* Writes the headers before the data. Returns their length. */
static uint32_t write_headers(const struct decode_datagram *d)
{
	const struct metlo_rec *rec = d->fragment;
	bool ipv6 = rec->flags & METLO_REC_IPV6;
	uint32_t len = ipv6 ? METLO_IPV6_LEN : METLO_IPV4_LEN;
	uint8_t *ip = d->data - len, *ether = ip - METLO_ETH_LEN;

	memset(ether, 0, METLO_ETH_LEN + len);
	put16(ether + 12, ipv6 ? METLO_ETH_P_IPV6 : METLO_ETH_P_IPV4);
	if (ipv6) {
		ip[0] = 0x60;
		put16(ip + 4, d->len);
		ip[6] = d->proto;
		memcpy(ip + 8, rec->saddr, 16);
		memcpy(ip + 24, rec->daddr, 16);
	} else {
		ip[0] = 0x45;
		put16(ip + 2, METLO_IPV4_LEN + d->len);
		ip[9] = d->proto;
		memcpy(ip + 12, rec->saddr + 12, 4);
		memcpy(ip + 16, rec->daddr + 12, 4);
		write_checksum(ip, d->bad_sum);
	}
	return METLO_ETH_LEN + len;
}

enum metlo_outcome decode_datagram(const struct decode_datagram *d,
				   decode_emit emit, void *ctx)
{
	uint32_t headers = write_headers(d);
	struct metlo_stats unused = {0};
	struct metlo_env env = {
		.config = d->config,
		.stats = &unused,
		.frame = d->data - headers,
		.frame_len = headers + d->captured,
		.ts_ns = d->fragment->ts_ns,
		.emit = emit,
		.ctx = ctx,
	};
	struct metlo_frame frame = {
		.data = env.frame,
		.len = headers + d->captured,
		.avail = headers + d->captured,
		.wire_len = headers + d->len,
	};
	struct metlo_packet pkt = {
		.vxlan = 1, .vni_valid = 1, .vni = d->fragment->vni};

	return metlo_process_inner(&env, &frame, &pkt, 0);
}
