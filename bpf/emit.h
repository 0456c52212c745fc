/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Puts records into the rings. Included by metlo_xdp.bpf.c after struct metlo_env
 * and the maps, which it uses.
 */
#ifndef METLO_EMIT_H
#define METLO_EMIT_H

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

#endif
