// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The XDP program: finds mirrored TCP segments in VXLAN packets and puts them
 * into ring buffers. What it does with a frame is in include/metlo_process.h;
 * here are the maps and what only the kernel has.
 *
 * Helper calls are what costs: a packet that is not wanted makes none. On a
 * shared 2-CPU virtual machine (Zen 4, Linux 6.18, frame in the cache) a
 * packet costs, in ns above an empty program: not VXLAN 7 to 13, another VNI
 * 14, another TCP port 18, shunted 40, bare header 110, 800 bytes delivered
 * 250 to 290 (of it 34 for the time and 120 for writing to a ring that is not
 * in the cache), 800 bytes with the ring full 90. tests/bpf/test_cost prints
 * them for the machine it runs on.
 *
 * It loads on 6.1 and later, built by clang 14, 16 or 19.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

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

/* User space makes the rings, as many and as large as it wants. */
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

/* Where records are put together, and headers that a frame of several
 * buffers does not have in its first one. */
struct scratch {
	struct metlo_rec rec;
	__u8 headers[METLO_HEADERS_MAX];
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

/* Adds a slot to metlo_vni. */
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
 * CLOCK_MONOTONIC, once for each packet that is delivered. Latencies of
 * requests are told in microseconds: the coarse clock moves every 4 ms only,
 * and the time at which the worker wakes up is up to 1 ms late. It costs
 * about 34 ns with kvm-clock, the coarse one 18.
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

/*
 * Tells the verifier that 1 <= v <= max, which is so: max is a constant. In
 * one piece, because clang may keep a copy of the value of before a check,
 * and 6.1 does not know that the copy was checked too; and v - 1 is compared
 * because there v != 0 says nothing about the least value.
 */
#define ONE_TO(v, max)                                                   \
	do {                                                             \
		(v)--;                                                   \
		asm volatile("if %0 <= %1 goto +1\n\t%0 = %1\n\t%0 += 1" \
			     : "+r"(v)                                   \
			     : "i"((max)-1));                            \
	} while (0)

/* A record of at most size bytes; size is a constant. */
METLO_INLINE int emit_sized(struct metlo_env *env, void *ring,
			    const struct metlo_rec *rec, __u64 off, __u64 len,
			    const __u64 size)
{
	struct metlo_rec *to;

	to = bpf_ringbuf_reserve(ring, size, 0);
	if (!to)
		return 0;
	*to = *rec;
	ONE_TO(len, size - sizeof(*rec));
	if (bpf_xdp_load_bytes(env->ctx, (__u32)off, to + 1, (__u32)len)) {
		bpf_ringbuf_discard(to, BPF_RB_NO_WAKEUP);
		return 0;
	}
	bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP);
	return 1;
}

/*
 * len bytes at off of the frame into the ring, with the record's header in
 * front.
 *
 * The bytes go straight to where they are read, which needs sizes that the
 * verifier knows: hence the steps, small where most packets are; a tenth of
 * the ring is lost to them. Records of exact size by way of per-CPU memory
 * and bpf_ringbuf_output() cost a tenth more time, and twice as much when the
 * ring is full, because they copy before they know. Nobody is woken: that
 * would cost several microseconds here, and the worker looks by itself.
 */
METLO_INLINE int metlo_env_emit(struct metlo_env *env,
				const struct metlo_rec *rec, __u64 off,
				__u64 len)
{
	__u32 index = rec->hash & env->config->ring_mask;
	void *ring = bpf_map_lookup_elem(&metlo_rings, &index);
	__u64 size = sizeof(*rec) + len;

	if (!ring)
		return 0;
	if (!len)
		return !bpf_ringbuf_output(ring, env->scratch, sizeof(*rec),
					   BPF_RB_NO_WAKEUP);
#define EMIT(n)          \
	if (size <= (n)) \
	return emit_sized(env, ring, rec, off, len, n)

	if (size <= 768) {
		EMIT(128);
		EMIT(192);
		EMIT(256);
		EMIT(384);
		EMIT(512);
		EMIT(640);
		EMIT(768);
	} else if (size <= 1536) {
		EMIT(896);
		EMIT(1024);
		EMIT(1152);
		EMIT(1280);
		EMIT(1408);
		EMIT(1536);
	}
	EMIT(2048);
	EMIT(3072);
	EMIT(4096);
	EMIT(6144);
	EMIT(9216);
	EMIT(12288);
#undef EMIT
	return emit_sized(env, ring, rec, off, len,
			  sizeof(*rec) + METLO_REC_PAYLOAD_MAX);
}

METLO_INLINE enum metlo_outcome metlo_env_deliver(struct metlo_env *env,
						  struct metlo_packet *pkt,
						  struct metlo_rec *rec);

#include "metlo_process.h"

/*
 * Delivers scratch->pkt, whose record was started in scratch->rec. Global: the
 * verifier looks at it once, and not for each way in which a packet can be
 * laid out.
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

#define LOOK_AGAIN -1

/* The verdict, for a view of the first buffer or of a copy of the headers.
 * LOOK_AGAIN when the view ends before the headers and the frame does not;
 * then nothing was counted. */
METLO_INLINE int process(struct xdp_md *ctx, struct metlo_view *view)
{
	struct metlo_env env = {.ctx = ctx};
	struct metlo_packet pkt = {};
	enum metlo_outcome outcome;
	__u32 zero = 0;

	env.config = bpf_map_lookup_elem(&metlo_config, &zero);
	env.stats = bpf_map_lookup_elem(&metlo_stats, &zero);
	if (!env.config || !env.stats)
		return XDP_PASS;
	view->wire_len = view->avail = view->len;
	view->ctx = ctx;
	view->zero = env.config->_zero;
	outcome = metlo_process(&env, view, &pkt);
	if (METLO_UNLIKELY(outcome == METLO_bad_outer ||
			   outcome == METLO_bad_vxlan ||
			   outcome == METLO_bad_inner) &&
	    !view->copied) {
		view->len = bpf_xdp_get_buff_len(ctx);
		if (view->len > (__u64)(view->end - view->data))
			return LOOK_AGAIN;
	}
	metlo_count(&env, &pkt, outcome, view->len);
	return metlo_passes(env.config, &pkt) ? XDP_PASS : XDP_DROP;
}

/* The frame has several buffers and its headers are not all in the first.
 * Global, so that the verifier looks at it once and not for each caller. */
__attribute__((noinline)) int metlo_xdp_copy(struct xdp_md *ctx)
{
	struct metlo_view view = {.len = bpf_xdp_get_buff_len(ctx)};
	__u64 len = view.len;
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
	view.data = scratch->headers;
	view.copied = len;
	return process(ctx, &view);
}

SEC("xdp")
int metlo_xdp(struct xdp_md *ctx)
{
	struct metlo_view view = {
		.data = (const __u8 *)(long)ctx->data,
		.end = (const __u8 *)(long)ctx->data_end,
	};

	int verdict;

	view.len = (__u64)(view.end - view.data);
	verdict = process(ctx, &view);
	return METLO_LIKELY(verdict != LOOK_AGAIN) ? verdict
						   : metlo_xdp_copy(ctx);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
