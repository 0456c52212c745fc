// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The XDP program: finds mirrored TCP segments in VXLAN packets and copies them
 * into ring buffers. include/metlo_process.h decides what happens to a frame;
 * this file has the maps and everything that only exists in the kernel.
 *
 * Helper calls dominate the cost; an unwanted packet makes none besides array
 * lookups. README.md lists measured costs, and tests/bpf/test_cost prints those
 * of the machine it runs on.
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

/*
 * Shows the verifier that 1 <= v <= max, which always holds; max is a constant.
 * A single asm statement, because clang may keep using a copy of v made before
 * a check, and 6.1 does not apply the check to that copy. It compares v - 1
 * because on 6.1 v != 0 does not raise the lower bound of v.
 */
#define ONE_TO(v, max)                                                   \
	do {                                                             \
		(v)--;                                                   \
		asm volatile("if %0 <= %1 goto +1\n\t%0 = %1\n\t%0 += 1" \
			     : "+r"(v)                                   \
			     : "i"((max)-1));                            \
	} while (0)

/* A record without payload. */
METLO_INLINE int emit_bare(void *ring, const struct metlo_rec *rec)
{
	struct metlo_rec *to = bpf_ringbuf_reserve(ring, sizeof(*rec), 0);

	if (!to)
		return 0;
	*to = *rec;
	bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP);
	return 1;
}

/* n is a constant and a multiple of 8. Unrolled in part only: completely
 * unrolled, the copies of all sizes take 20 KiB of machine code and run no
 * faster. */
METLO_INLINE void copy_words(void *to, const void *from, const __u64 n)
{
	__u64 i = 0;

	METLO_NO_UNROLL
	for (; i + 64 <= n; i += 64) {
		/* keeps clang from comparing pointers instead of i, which the
		 * verifier rejects */
		METLO_OPAQUE(i);
		METLO_UNROLL
		for (int j = 0; j < 64; j += 8)
			*(__u64 *)(to + i + j) = *(const __u64 *)(from + i + j);
	}
	METLO_UNROLL
	for (i = n / 64 * 64; i < n; i += 8)
		*(__u64 *)(to + i) = *(const __u64 *)(from + i);
}

#define NOT_LINEAR -1

/*
 * Emits a record of size bytes whose payload does not fit into one of smaller
 * bytes. Both are constants; they differ by at most 256, or 128 if smaller is
 * 0. NOT_LINEAR if the payload is not entirely in the frame's first buffer. off
 * is the end of the headers and so fits into the mask.
 *
 * The program copies the packet itself, word by word. A helper would use "rep
 * movsb", which takes 100 ns to start on memory that is not in the cache, and
 * the ring's never is.
 *
 * The copy does not branch on the length: first come the head bytes that every
 * record of this size has, then tail bytes that end with the payload and may
 * overlap the head. In the smallest record the tail starts before the payload;
 * the record's header then overwrites the excess.
 */
METLO_INLINE int emit_copied(struct xdp_md *ctx, void *ring,
			     const struct metlo_rec *rec, __u64 off, __u64 len,
			     const __u64 smaller, const __u64 size)
{
	const __u64 head = smaller ? smaller - sizeof(*rec) : 0;
	const __u64 room = size - sizeof(*rec) - head;
	const __u64 tail = room > 64 ? room : 64;
	const __u8 *data = (const __u8 *)(long)ctx->data;
	const __u8 *end = (const __u8 *)(long)ctx->data_end;
	__u64 tail_off;
	__u8 *to;

	len -= head;
	ONE_TO(len, room);
	tail_off = off + head + len - tail;
	METLO_OPAQUE(tail_off);
	tail_off &= 2 * METLO_OFFSET_MASK + 1;
	off &= METLO_OFFSET_MASK;
	if (data + off + head > end || data + tail_off + tail > end)
		return NOT_LINEAR;
	to = bpf_ringbuf_reserve(ring, size, 0);
	if (!to)
		return 0;
	copy_words(to + sizeof(*rec), data + off, head);
	copy_words(to + sizeof(*rec) + head - tail + len, data + tail_off,
		   tail);
	*(struct metlo_rec *)to = *rec;
	bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP);
	return 1;
}

/* Emits a record of size bytes, a constant; its payload may lie in any of the
 * frame's buffers. */
METLO_INLINE int emit_loaded(struct xdp_md *ctx, void *ring,
			     const struct metlo_rec *rec, __u64 off, __u64 len,
			     const __u64 size)
{
	struct metlo_rec *to;

	to = bpf_ringbuf_reserve(ring, size, 0);
	if (!to)
		return 0;
	*to = *rec;
	ONE_TO(len, size - sizeof(*rec));
	if (bpf_xdp_load_bytes(ctx, (__u32)off, to + 1, (__u32)len)) {
		bpf_ringbuf_discard(to, BPF_RB_NO_WAKEUP);
		return 0;
	}
	bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP);
	return 1;
}

/* Emits records that are large enough for the helper to be as fast, slices, and
 * payload that is not entirely in the first buffer. */
static __attribute__((noinline)) int emit_large(struct xdp_md *ctx, void *ring,
						const struct metlo_rec *rec,
						__u64 off, __u64 len)
{
	__u64 size = sizeof(*rec) + len;

#define EMIT(n)          \
	if (size <= (n)) \
	return emit_loaded(ctx, ring, rec, off, len, n)

	EMIT(128);
	EMIT(256);
	EMIT(512);
	EMIT(768);
	EMIT(1024);
	EMIT(1280);
	EMIT(1536);
	EMIT(2048);
	EMIT(3072);
	EMIT(4096);
	EMIT(6144);
	EMIT(9216);
	EMIT(12288);
#undef EMIT
	return emit_loaded(ctx, ring, rec, off, len,
			   sizeof(*rec) + METLO_REC_PAYLOAD_MAX);
}

METLO_INLINE void *ring_of(const struct metlo_env *env,
			   const struct metlo_rec *rec)
{
	__u32 index = rec->hash & env->config->ring_mask;

	return bpf_map_lookup_elem(&metlo_rings, &index);
}

/*
 * Puts the record's header and len bytes at off of the frame into the ring.
 *
 * The payload is copied once, from the packet to where the worker reads it.
 * bpf_ringbuf_reserve() needs a size known to the verifier, hence the ladder of
 * sizes, with small steps where most packets are; rounding up wastes a tenth of
 * the ring. Records of exact size, built in per-CPU memory and passed to
 * bpf_ringbuf_output(), cost 100 ns more because helpers copy them twice. No
 * wakeup is sent: it would cost several microseconds here, and the workers
 * poll.
 */
METLO_INLINE int metlo_env_emit(struct metlo_env *env,
				const struct metlo_rec *rec, __u64 off,
				__u64 len)
{
	void *ring = ring_of(env, rec);
	__u64 size = sizeof(*rec) + len;
	int done = NOT_LINEAR;

	if (!ring)
		return 0;
	if (!len)
		return emit_bare(ring, rec);
#define EMIT(smaller, n)                                                       \
	if (size <= (n)) {                                                     \
		done = emit_copied(env->ctx, ring, rec, off, len, smaller, n); \
		break;                                                         \
	}

	do {
		if (size <= 768) {
			EMIT(0, 128);
			EMIT(128, 192);
			EMIT(192, 256);
			EMIT(256, 384);
			EMIT(384, 512);
			EMIT(512, 640);
			EMIT(640, 768);
		}
		EMIT(768, 896);
		EMIT(896, 1024);
		EMIT(1024, 1152);
		EMIT(1152, 1280);
		EMIT(1280, 1408);
		EMIT(1408, 1536);
		EMIT(1536, 1792);
		EMIT(1792, 2048);
	} while (0);
#undef EMIT
	if (METLO_LIKELY(done != NOT_LINEAR))
		return done;
	return emit_large(env->ctx, ring, rec, off, len);
}

METLO_INLINE int metlo_env_emit_slice(struct metlo_env *env,
				      const struct metlo_rec *rec, __u64 off,
				      __u64 len)
{
	void *ring = ring_of(env, rec);

	return ring ? emit_large(env->ctx, ring, rec, off, len) : 0;
}

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

METLO_INLINE enum metlo_outcome
metlo_env_fragment(struct metlo_env *env,
		   const struct metlo_frame *frame METLO_UNUSED,
		   struct metlo_packet *pkt)
{
	int outcome;

	if (!metlo_env_record(env))
		return METLO_ring_full;
	env->scratch->pkt = *pkt;
	outcome = metlo_xdp_fragment(env->ctx);
	return outcome == METLO_UNDECIDED ? metlo_xdp_deliver(env->ctx)
					  : outcome;
}

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
