// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The XDP program: finds mirrored TCP segments in VXLAN packets and copies them
 * into ring buffers. include/metlo_process.h decides what happens to a frame;
 * this file has the maps and everything that only exists in the kernel.
 *
 * Helper calls dominate the cost; an unwanted packet makes none besides array
 * lookups. README.md lists costs, and tests/bpf/test_cost measures them.
 *
 * Loads on Linux 6.1 and later when built with clang 14, 16 or 19.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "metlo_checks.h"
#include "metlo_decode.h"
#include "metlo_hash.h"
#include "metlo_record.h"
#include "metlo_shunt.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct metlo_stats);
} metlo_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, METLO_VNI_MAX);
	__type(key, __u32);
	__type(value, struct metlo_vni_stats);
} metlo_vni SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct metlo_vni_cpu);
} metlo_vni_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct metlo_config);
} metlo_config SEC(".maps");

/* One bit for each of the 2^24 VNIs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << 18);
	__type(key, __u32);
	__type(value, __u64);
} metlo_vni_allow SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, METLO_SHUNT_SLOTS);
	__type(key, __u32);
	__type(value, struct metlo_shunt);
} metlo_shunt SEC(".maps");

/* User space creates the rings and chooses their number and size. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, METLO_RINGS_MAX);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_RINGBUF);
			__uint(max_entries, 1 << 16);
		});
} metlo_rings SEC(".maps");

/* Space to build a record in, and for a copy of the headers if a multi-buffer
 * frame does not have them all in its first buffer. */
struct scratch {
	struct metlo_rec rec;
	__u8 headers[METLO_HEADERS_MAX];
	struct metlo_headers odd; /* of unusual length */
	struct metlo_packet pkt;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} metlo_scratch SEC(".maps");

struct metlo_env {
	struct xdp_md *ctx;
	const struct metlo_config *config;
	struct metlo_stats *stats;
	struct scratch *scratch;
};

METLO_INLINE int metlo_env_vni_allowed(const struct metlo_env *env METLO_UNUSED,
				       __u32 vni)
{
	__u32 word = vni >> 6;
	const __u64 *bits = bpf_map_lookup_elem(&metlo_vni_allow, &word);

	return bits && *bits >> (vni & 63) & 1;
}

/* Adds the counts of a slot to metlo_vni. */
static __attribute__((noinline)) int vni_move(struct metlo_vni_cpu *cpu,
					      struct metlo_vni_slot *slot)
{
	struct metlo_vni_stats *sum, start;
	__u32 vni;

	if (!cpu || !slot)
		return 0;
	vni = (__u32)slot->vni;
	cpu->moves++;
	sum = bpf_map_lookup_elem(&metlo_vni, &vni);
	if (sum) {
		sum->packets += slot->packets;
		sum->bytes += slot->bytes;
		return 0;
	}
	start.packets = slot->packets;
	start.bytes = slot->bytes;
	if (bpf_map_update_elem(&metlo_vni, &vni, &start, BPF_ANY))
		cpu->lost += slot->packets;
	return 0;
}

METLO_INLINE void metlo_env_count_vni(struct metlo_env *env METLO_UNUSED,
				      __u32 vni, __u64 bytes)
{
	struct metlo_vni_slot *slot;
	struct metlo_vni_cpu *cpu;
	__u32 zero = 0;

	cpu = bpf_map_lookup_elem(&metlo_vni_cpu, &zero);
	if (!cpu)
		return;
	slot = &cpu->slot[(vni ^ vni >> 10) & (METLO_VNI_SLOTS - 1)];
	if (METLO_UNLIKELY(slot->vni != vni)) {
		if (slot->packets)
			vni_move(cpu, slot);
		slot->vni = vni;
		slot->packets = 0;
		slot->bytes = 0;
	}
	slot->packets++;
	slot->bytes += bytes;
}

METLO_INLINE struct metlo_rec *metlo_env_record(struct metlo_env *env)
{
	__u32 zero = 0;

	env->scratch = bpf_map_lookup_elem(&metlo_scratch, &zero);
	return env->scratch ? &env->scratch->rec : NULL;
}

/*
 * CLOCK_MONOTONIC, read once per delivered packet. Request latencies are
 * reported in microseconds, which rules out the alternatives: the coarse clock
 * advances every 4 ms, and a worker wakes up as much as 1 ms late. With
 * kvm-clock this costs about 34 ns, the coarse clock 18 ns.
 */
METLO_INLINE __u64 metlo_env_now(const struct metlo_env *env METLO_UNUSED)
{
	return bpf_ktime_get_ns();
}

METLO_INLINE struct metlo_shunt *
metlo_env_shunt(const struct metlo_env *env METLO_UNUSED, __u32 index)
{
	return bpf_map_lookup_elem(&metlo_shunt, &index);
}

#include "emit.h"

/* Loads n bytes of headers, 1 to max, a constant. */
METLO_INLINE int load_headers(struct xdp_md *ctx, void *to, __u64 off, __u64 n,
			      const __u64 max)
{
	if (n > max)
		return 0;
	ONE_TO(n, max);
	return !bpf_xdp_load_bytes(ctx, (__u32)off, to, (__u32)n);
}

/* Fills in timestamps and sums of scratch->rec for headers of any length. A
 * global function, so that the verifier checks it once. Always 0. */
__attribute__((noinline)) int metlo_xdp_headers(struct xdp_md *ctx)
{
	struct metlo_packet *pkt;
	struct scratch *scratch;
	__u32 zero = 0;

	scratch = bpf_map_lookup_elem(&metlo_scratch, &zero);
	if (!scratch)
		return 0;
	pkt = &scratch->pkt;
	__builtin_memset(&scratch->odd, 0, sizeof(scratch->odd));
	if ((pkt->rec_flags & METLO_REC_IPV6 ||
	     load_headers(ctx, scratch->odd.ip, pkt->ip_off,
			  pkt->tcp_off - pkt->ip_off, METLO_IPV4_LEN_MAX)) &&
	    load_headers(ctx, scratch->odd.tcp, pkt->tcp_off,
			 pkt->payload_off - pkt->tcp_off, METLO_TCP_LEN_MAX))
		metlo_record_odd(&scratch->odd, pkt, &scratch->rec);
	return 0;
}

METLO_INLINE void metlo_env_checks(struct metlo_env *env,
				   const struct metlo_packet *pkt,
				   struct metlo_rec *rec)
{
	struct metlo_frame first = {
		.data = (const __u8 *)(long)env->ctx->data,
		.end = (const __u8 *)(long)env->ctx->data_end,
	};

	if (METLO_UNLIKELY(!metlo_record_checks(&first, pkt, rec)))
		metlo_xdp_headers(env->ctx);
}

/* Too dear here, and a packet of several records has no real checksum. */
METLO_INLINE __u64
metlo_env_payload_sum(const struct metlo_env *env METLO_UNUSED,
		      __u64 off METLO_UNUSED, __u64 len METLO_UNUSED)
{
	return METLO_NO_SUM;
}

METLO_INLINE enum metlo_outcome metlo_env_deliver(struct metlo_env *env,
						  struct metlo_packet *pkt,
						  struct metlo_rec *rec);
METLO_INLINE enum metlo_outcome
metlo_env_fragment(struct metlo_env *env, const struct metlo_frame *frame,
		   struct metlo_packet *pkt);
METLO_INLINE enum metlo_outcome
metlo_env_datagram(struct metlo_env *env, const struct metlo_frame *frame,
		   struct metlo_packet *pkt);

#include "metlo_process.h"

/*
 * Delivers scratch->pkt, whose record was started in scratch->rec. A global
 * function, so that the verifier checks it once rather than for each possible
 * layout of a packet.
 */
__attribute__((noinline)) int metlo_xdp_deliver(struct xdp_md *ctx)
{
	struct metlo_env env = {.ctx = ctx};
	__u32 zero = 0;

	env.config = bpf_map_lookup_elem(&metlo_config, &zero);
	env.stats = bpf_map_lookup_elem(&metlo_stats, &zero);
	env.scratch = bpf_map_lookup_elem(&metlo_scratch, &zero);
	if (!env.config || !env.stats || !env.scratch)
		return METLO_ring_full;
	return metlo_deliver(&env, &env.scratch->pkt, &env.scratch->rec);
}

METLO_INLINE enum metlo_outcome
metlo_env_deliver(struct metlo_env *env, struct metlo_packet *pkt,
		  struct metlo_rec *rec METLO_UNUSED)
{
	env->scratch->pkt = *pkt;
	return metlo_xdp_deliver(env->ctx);
}

/* Prepares the delivery of the fragment in scratch->pkt. A global function, for
 * the same reason; it copies the IP header because it knows no frame. */
__attribute__((noinline)) int metlo_xdp_fragment(struct xdp_md *ctx)
{
	struct metlo_env env = {.ctx = ctx};
	struct metlo_frame frame = {};
	struct scratch *scratch;
	__u32 zero = 0, off;

	env.config = bpf_map_lookup_elem(&metlo_config, &zero);
	env.stats = bpf_map_lookup_elem(&metlo_stats, &zero);
	scratch = bpf_map_lookup_elem(&metlo_scratch, &zero);
	if (!env.config || !env.stats || !scratch)
		return METLO_ring_full;
	off = (__u32)scratch->pkt.ip_off;
	frame.copied = scratch->pkt.rec_flags & METLO_REC_IPV6 ? METLO_IPV6_LEN
							       : METLO_IPV4_LEN;
	if (bpf_xdp_load_bytes(ctx, off, scratch->headers, (__u32)frame.copied))
		return METLO_bad_inner;
	frame.data = scratch->headers;
	return metlo_process_fragment(&env, &frame, 0, &scratch->pkt);
}

/* The same for the UDP datagram in scratch->pkt. */
__attribute__((noinline)) int metlo_xdp_datagram(struct xdp_md *ctx)
{
	struct metlo_env env = {.ctx = ctx};
	struct metlo_frame frame = {};
	struct metlo_packet *pkt;
	struct scratch *scratch;
	__u32 zero = 0;
	__u8 *udp;

	env.config = bpf_map_lookup_elem(&metlo_config, &zero);
	env.stats = bpf_map_lookup_elem(&metlo_stats, &zero);
	scratch = bpf_map_lookup_elem(&metlo_scratch, &zero);
	if (!env.config || !env.stats || !scratch)
		return METLO_ring_full;
	pkt = &scratch->pkt;
	udp = scratch->headers + METLO_IPV6_LEN;
	__builtin_memset(udp, 0, METLO_DATAGRAM_HEAD);
	frame.copied = pkt->rec_flags & METLO_REC_IPV6 ? METLO_IPV6_LEN
						       : METLO_IPV4_LEN;
	if (bpf_xdp_load_bytes(ctx, (__u32)pkt->ip_off, scratch->headers,
			       (__u32)frame.copied) ||
	    pkt->len < METLO_UDP_LEN ||
	    bpf_xdp_load_bytes(ctx, (__u32)pkt->payload_off, udp,
			       pkt->len < METLO_DATAGRAM_HEAD
				       ? METLO_UDP_LEN
				       : METLO_DATAGRAM_HEAD))
		return METLO_bad_inner;
	frame.data = scratch->headers;
	return metlo_process_datagram(&env, &frame, 0, udp, pkt);
}

/* Passes on a packet that is no TCP segment to the function that prepares it. */
METLO_INLINE enum metlo_outcome deliver_other(struct metlo_env *env,
					      const struct metlo_packet *pkt,
					      int prepare(struct xdp_md *ctx))
{
	int outcome;

	if (!metlo_env_record(env))
		return METLO_ring_full;
	env->scratch->pkt = *pkt;
	outcome = prepare(env->ctx);
	return outcome == METLO_UNDECIDED ? metlo_xdp_deliver(env->ctx)
					  : outcome;
}

METLO_INLINE enum metlo_outcome
metlo_env_fragment(struct metlo_env *env,
		   const struct metlo_frame *frame METLO_UNUSED,
		   struct metlo_packet *pkt)
{
	return deliver_other(env, pkt, metlo_xdp_fragment);
}

METLO_INLINE enum metlo_outcome
metlo_env_datagram(struct metlo_env *env, const struct metlo_frame *frame,
		   struct metlo_packet *pkt)
{
	int outcome = METLO_UNDECIDED;
	const __u8 *udp;

	/* Most datagrams are not wanted: those skip the copies. */
	if (pkt->len >= METLO_DATAGRAM_HEAD &&
	    metlo_at(frame, pkt->payload_off, METLO_DATAGRAM_HEAD, &udp))
		outcome = metlo_datagram_wanted(env->config, udp, pkt);
	if (outcome != METLO_UNDECIDED)
		return outcome;
	outcome = deliver_other(env, pkt, metlo_xdp_datagram);
	/* Here rather than for each segment. */
	if (env->scratch)
		env->scratch->rec.proto = 0;
	return outcome;
}

#include "metlo_dump.bpf.h"
#define NEEDS_COPY -1
/* Returns the XDP verdict. frame covers the first buffer or a copy of the
 * headers. NEEDS_COPY if the headers continue beyond the first buffer; nothing
 * has been counted then. */
METLO_INLINE int process(struct xdp_md *ctx, struct metlo_frame *frame)
{
	struct metlo_env env = {.ctx = ctx};
	struct metlo_packet packet = {}, *pkt = &packet;
	enum metlo_outcome outcome;
	__u32 zero = 0;

	env.config = bpf_map_lookup_elem(&metlo_config, &zero);
	env.stats = bpf_map_lookup_elem(&metlo_stats, &zero);
	if (!env.config || !env.stats)
		return XDP_PASS;
	frame->wire_len = frame->avail = frame->len;
	frame->ctx = ctx;
	frame->zero = env.config->_zero;
	/* Keeps pkt in memory. In registers, all of its fields would have to be
	 * carried to the end from each of the many exits, which costs a fifth
	 * of the instructions. */
	asm volatile("" : "+r"(pkt) : : "memory");
	outcome = metlo_process(&env, frame, pkt);
	if (METLO_UNLIKELY(outcome == METLO_bad_outer ||
			   outcome == METLO_bad_vxlan ||
			   outcome == METLO_bad_inner) &&
	    !frame->copied) {
		frame->len = bpf_xdp_get_buff_len(ctx);
		if (frame->len > (__u64)(frame->end - frame->data))
			return NEEDS_COPY;
	}
	metlo_count(&env, pkt, outcome, frame->len);
	if (METLO_UNLIKELY(env.config->dump) && pkt->vxlan)
		metlo_xdp_dump(ctx);
	return metlo_is_passed(env.config, pkt) ? XDP_PASS : XDP_DROP;
}

/* Processes a multi-buffer frame whose headers are not all in the first buffer.
 * A global function, so that the verifier checks it separately. */
__attribute__((noinline)) int metlo_xdp_copy(struct xdp_md *ctx)
{
	struct metlo_frame frame = {.len = bpf_xdp_get_buff_len(ctx)};
	__u64 len = frame.len;
	struct scratch *scratch;
	__u32 zero = 0;

	scratch = bpf_map_lookup_elem(&metlo_scratch, &zero);
	if (!scratch)
		return XDP_PASS;
	if (len > METLO_HEADERS_MAX)
		len = METLO_HEADERS_MAX;
	ONE_TO(len, METLO_HEADERS_MAX);
	if (bpf_xdp_load_bytes(ctx, 0, scratch->headers, (__u32)len))
		return XDP_PASS;
	frame.data = scratch->headers;
	frame.copied = len;
	return process(ctx, &frame);
}

SEC("xdp")
int metlo_xdp(struct xdp_md *ctx)
{
	struct metlo_frame frame = {
		.data = (const __u8 *)(long)ctx->data,
		.end = (const __u8 *)(long)ctx->data_end,
	};
	int verdict;

	frame.len = (__u64)(frame.end - frame.data);
	verdict = process(ctx, &frame);
	return METLO_LIKELY(verdict != NEEDS_COPY) ? verdict
						   : metlo_xdp_copy(ctx);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
