/* SPDX-License-Identifier: MIT */
/*
 * The user-space build of the decoder: supplies the metlo_env functions that
 * include/metlo_process.h needs, backed by ordinary memory instead of maps.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcap/frames.h"
#include "metlo_checks.h"
#include "metlo_decode.h"
#include "metlo_shunt.h"

/* METLO_VNI_MAX entries, set-associative; each set evicts its LRU entry. */
#define VNI_WAYS 8
#define VNI_SETS (METLO_VNI_MAX / VNI_WAYS)

struct vni_entry {
	struct metlo_vni_stats stats;
	uint64_t last; /* number of the last packet, for LRU */
	uint32_t vni;
};

struct frames {
	struct frames_conf conf;
	struct metlo_stats stats;
	struct metlo_shunt *shunts;
	bool passed;
	struct vni_entry vnis[VNI_SETS][VNI_WAYS];
};

/* The environment that include/metlo_process.h requires. */
struct metlo_env {
	const struct metlo_config *config;
	struct metlo_stats *stats;
	struct frames *frames;
	const uint8_t *frame;
	size_t frame_len;
	struct metlo_rec rec;
	uint64_t ts_ns;
	frames_emit emit;
	void *ctx;
};

METLO_INLINE int metlo_env_vni_allowed(const struct metlo_env *env, __u32 vni)
{
	const uint64_t *bits = env->frames->conf.vni_allow;

	return bits && bits[vni >> 6] >> (vni & 63) & 1;
}

METLO_INLINE void metlo_env_count_vni(struct metlo_env *env, __u32 vni,
				      __u64 bytes)
{
	struct vni_entry *set = env->frames->vnis[(vni ^ vni >> 9) % VNI_SETS];
	struct vni_entry *e = NULL, *oldest = set;

	for (size_t i = 0; i < VNI_WAYS && !e; i++) {
		if (set[i].stats.packets && set[i].vni == vni)
			e = &set[i];
		else if (set[i].last < oldest->last)
			oldest = &set[i];
	}
	if (!e) {
		e = oldest;
		*e = (struct vni_entry){.vni = vni};
	}
	e->stats.packets++;
	e->stats.bytes += bytes;
	e->last = env->stats->packets;
}

METLO_INLINE struct metlo_rec *metlo_env_record(struct metlo_env *env)
{
	return &env->rec;
}

METLO_INLINE __u64 metlo_env_now(const struct metlo_env *env)
{
	return env->ts_ns;
}

METLO_INLINE struct metlo_shunt *metlo_env_shunt(const struct metlo_env *env,
						 __u32 index)
{
	return &env->frames->shunts[index];
}

METLO_INLINE int metlo_env_emit(struct metlo_env *env,
				const struct metlo_rec *rec, __u64 off,
				__u64 len)
{
	env->emit(env->ctx, rec, len ? env->frame + off : env->frame);
	return 1;
}

#include "metlo_user_env.h"

/* As in the kernel. */
METLO_INLINE __u64 metlo_env_payload_sum(const struct metlo_env *env, __u64 off,
					 __u64 len)
{
	(void)env;
	(void)off;
	(void)len;
	return METLO_NO_SUM;
}

METLO_INLINE enum metlo_outcome metlo_env_deliver(struct metlo_env *env,
						  struct metlo_packet *pkt,
						  struct metlo_rec *rec);

METLO_INLINE enum metlo_outcome
metlo_env_fragment(struct metlo_env *env, const struct metlo_frame *frame,
		   const struct metlo_packet *pkt);

METLO_INLINE enum metlo_outcome
metlo_env_datagram(struct metlo_env *env, const struct metlo_frame *frame,
		   const struct metlo_packet *pkt);

#include "metlo_process.h"

METLO_INLINE enum metlo_outcome metlo_env_deliver(struct metlo_env *env,
						  struct metlo_packet *pkt,
						  struct metlo_rec *rec)
{
	return metlo_deliver(env, pkt, rec);
}

/* Out of line, with copies: fragments are rare, and what has no address stays in
 * registers. */
static __attribute__((noinline)) enum metlo_outcome
deliver_fragment(struct metlo_env *env, struct metlo_frame frame,
		 struct metlo_packet pkt)
{
	enum metlo_outcome outcome =
		metlo_process_fragment(env, &frame, pkt.ip_off, &pkt);

	return outcome == METLO_UNDECIDED ? metlo_deliver(env, &pkt, &env->rec)
					  : outcome;
}

METLO_INLINE enum metlo_outcome
metlo_env_fragment(struct metlo_env *env, const struct metlo_frame *frame,
		   const struct metlo_packet *pkt)
{
	return deliver_fragment(env, *frame, *pkt);
}

static __attribute__((noinline)) enum metlo_outcome
deliver_datagram(struct metlo_env *env, struct metlo_frame frame,
		 struct metlo_packet pkt)
{
	return metlo_user_datagram(env, &frame, &pkt);
}

METLO_INLINE enum metlo_outcome
metlo_env_datagram(struct metlo_env *env, const struct metlo_frame *frame,
		   const struct metlo_packet *pkt)
{
	return deliver_datagram(env, *frame, *pkt);
}

struct frames *frames_new(const struct frames_conf *conf)
{
	struct frames *f;

	if (conf->config.vni_filter && !conf->vni_allow) {
		errno = EINVAL;
		return NULL;
	}
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->conf = *conf;
	f->shunts = calloc(METLO_SHUNT_SLOTS, sizeof(*f->shunts));
	if (!f->shunts) {
		free(f);
		return NULL;
	}
	return f;
}

void frames_free(struct frames *f)
{
	if (!f)
		return;
	free(f->shunts);
	free(f);
}

enum metlo_outcome frames_feed(struct frames *f, const uint8_t *frame,
			       size_t caplen, size_t wire_len, uint64_t ts_ns,
			       frames_emit emit, void *ctx)
{
	struct metlo_env env;
	struct metlo_frame mf = {
		.data = frame,
		.len = caplen,
		.avail = caplen,
		.wire_len = wire_len > caplen ? wire_len : caplen,
	};
	struct metlo_packet pkt = {0};
	uint64_t bytes = mf.wire_len;
	enum metlo_outcome outcome;

	/* As in the kernel, rec is not initialized: metlo_process() fills it in,
	 * except for what is 0 in every TCP segment. */
	env.rec.proto = 0;
	env.rec._pad[0] = env.rec._pad[1] = 0;
	env.config = &f->conf.config;
	env.stats = &f->stats;
	env.frames = f;
	env.frame = frame;
	env.frame_len = caplen;
	env.ts_ns = ts_ns;
	env.emit = emit;
	env.ctx = ctx;
	if (f->conf.raw) {
		pkt.vxlan = pkt.vni_valid = 1;
		outcome = metlo_process_inner(&env, &mf, &pkt, 0);
	} else {
		outcome = metlo_process(&env, &mf, &pkt);
	}
	metlo_count(&env, &pkt, outcome, bytes);
	f->passed = metlo_is_passed(&f->conf.config, &pkt);
	return outcome;
}

bool frames_passed(const struct frames *f)
{
	return f->passed;
}

struct metlo_shunt *frames_shunts(struct frames *f)
{
	return f->shunts;
}

const struct metlo_stats *frames_stats(const struct frames *f)
{
	return &f->stats;
}

void frames_each_vni(const struct frames *f,
		     void (*fn)(void *ctx, uint32_t vni,
				const struct metlo_vni_stats *s),
		     void *ctx)
{
	for (size_t i = 0; i < VNI_SETS; i++) {
		for (size_t j = 0; j < VNI_WAYS; j++) {
			const struct vni_entry *e = &f->vnis[i][j];

			if (e->stats.packets)
				fn(ctx, e->vni, &e->stats);
		}
	}
}
