// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A packet generator for BPF live frames. Each run builds the next frame and
 * transmits it on the interface that it nominally arrived on, or drops its input
 * if no frame is due yet.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "live_gen.h"

struct live_chunk {
	__u8 byte[LIVE_CHUNK];
};

/* User space sets the number of entries. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct live_chunk);
} live_chunks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct live_frame);
} live_frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct live_state);
} live_state SEC(".maps");

/* Whether a frame is due. */
static __always_inline int due(struct live_state *s)
{
	__u64 now, late;

	if (s->sent >= s->want) {
		s->idle++;
		return 0;
	}
	if (s->left)
		return 1;
	now = bpf_ktime_get_ns();
	if (!s->first_ns)
		s->first_ns = now;
	now -= s->first_ns;
	if (now << LIVE_NS_SHIFT < s->due) {
		s->idle++;
		return 0;
	}
	late = now - (s->due >> LIVE_NS_SHIFT);
	if (s->burst_time && late > LIVE_LATE_NS) {
		s->late_ns += late;
		s->due = now << LIVE_NS_SHIFT;
	}
	/* Random intervals: with even ones, the timer that samples CPU usage
	 * would always see the same state. */
	s->due += s->burst_time / 2 +
		  (s->burst_time * (bpf_get_prandom_u32() & 0xffff) >> 16);
	s->took_ns = now;
	s->left = s->burst;
	return 1;
}

static __always_inline void flip(struct xdp_md *ctx, __u64 at, __u8 by)
{
	__u8 *data = (__u8 *)(long)ctx->data;
	__u8 *end = (__u8 *)(long)ctx->data_end;

	at &= 0xff;
	if (at && data + at + 1 <= end)
		data[at] ^= by;
}

/* The input of each run has the size of the largest frame. */
static __always_inline int make(struct xdp_md *ctx, const struct live_frame *f,
				const struct live_state *s)
{
	__u32 key = f->chunk;
	struct live_chunk *chunk = bpf_map_lookup_elem(&live_chunks, &key);
	__u64 off = f->off, len = f->len;

	if (!chunk || bpf_xdp_adjust_tail(ctx, (int)len - (int)s->room))
		return 0;
	barrier_var(off);
	if (off > LIVE_CHUNK - LIVE_FRAME_MAX)
		return 0;
	barrier_var(len);
	len -= LIVE_FRAME_MIN;
	barrier_var(len);
	if (len > LIVE_FRAME_MAX - LIVE_FRAME_MIN)
		return 0;
	barrier_var(len);
	len += LIVE_FRAME_MIN;
	if (bpf_xdp_store_bytes(ctx, 0, chunk->byte + off, (__u32)len))
		return 0;
	flip(ctx, f->flip[0], (__u8)s->pass);
	flip(ctx, f->flip[1], (__u8)s->pass);
	return 1;
}

SEC("xdp")
int live_gen(struct xdp_md *ctx)
{
	struct live_frame *f;
	struct live_state *s;
	__u32 key = 0;

	s = bpf_map_lookup_elem(&live_state, &key);
	if (!s || !due(s))
		return XDP_DROP;
	key = (__u32)s->next;
	f = bpf_map_lookup_elem(&live_frames, &key);
	if (!f || !make(ctx, f, s)) {
		s->failed++;
		s->want = 0;
		return XDP_DROP;
	}
	s->left--;
	s->sent++;
	s->bytes += f->len;
	if (++s->next == s->frames) {
		s->next = 0;
		s->pass++;
	}
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
