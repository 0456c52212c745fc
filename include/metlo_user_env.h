/* SPDX-License-Identifier: MIT */
/*
 * What the user-space environments of metlo_process.h have in common. Include it
 * after metlo_env_emit(); struct metlo_env has frame and frame_len.
 */
#ifndef METLO_USER_ENV_H
#define METLO_USER_ENV_H

#include <string.h>

#include "metlo_checks.h"

METLO_INLINE int metlo_env_emit_slice(struct metlo_env *env,
				      const struct metlo_rec *rec, __u64 off,
				      __u64 len)
{
	return metlo_env_emit(env, rec, off, len);
}

/* Headers that metlo_record_checks() leaves. */
static __attribute__((noinline)) void
odd_headers(const struct metlo_frame *f, const struct metlo_packet *pkt,
	    struct metlo_rec *rec)
{
	struct metlo_headers h = {0};

	if (pkt->payload_off > f->len)
		return;
	if (!(pkt->rec_flags & METLO_REC_IPV6))
		memcpy(h.ip, f->data + pkt->ip_off, pkt->tcp_off - pkt->ip_off);
	memcpy(h.tcp, f->data + pkt->tcp_off, pkt->payload_off - pkt->tcp_off);
	metlo_record_odd(&h, pkt, rec);
}

METLO_INLINE void metlo_env_checks(const struct metlo_env *env,
				   const struct metlo_packet *pkt,
				   struct metlo_rec *rec)
{
	struct metlo_frame f = {.data = env->frame, .len = env->frame_len};

	if (!metlo_record_checks(&f, pkt, rec))
		odd_headers(&f, pkt, rec);
}

#endif
