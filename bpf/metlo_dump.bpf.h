/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The part of the XDP program that copies packets for "metlo-xdp dump". Included by
 * metlo_xdp.bpf.c, whose maps it uses. While no dump runs, a packet costs the test of one
 * word that has been loaded anyway.
 */
#ifndef METLO_DUMP_BPF_H
#define METLO_DUMP_BPF_H

#include "metlo_dump.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct metlo_dump);
} metlo_dump SEC(".maps");

/* dump creates the ring. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_RINGBUF);
			__uint(max_entries, 1 << 16);
		});
} metlo_dump_ring SEC(".maps");

METLO_INLINE int dump_same_ipv4(const struct metlo_dump *d, const __u8 *p)
{
	return *(const __u64 *)d->addr == 0 &&
	       *(const __u32 *)(d->addr + 8) == __builtin_bswap32(0xffff) &&
	       *(const __u32 *)(d->addr + 12) == *(const __u32 *)p;
}

METLO_INLINE int dump_same_ipv6(const struct metlo_dump *d, const __u8 *p)
{
	return *(const __u64 *)d->addr == *(const __u64 *)p &&
	       *(const __u64 *)(d->addr + 8) == *(const __u64 *)(p + 8);
}

METLO_INLINE int dump_host_matches(const struct metlo_dump *d,
				   const struct metlo_frame *f,
				   const struct metlo_ip *ip)
{
	const __u8 *p;

	if (!d->has_addr)
		return 1;
	if (ip->ipv6)
		return metlo_at(f, ip->start, METLO_IPV6_LEN, &p) &&
		       (dump_same_ipv6(d, p + 8) || dump_same_ipv6(d, p + 24));
	return metlo_at(f, ip->start, METLO_IPV4_LEN, &p) &&
	       (dump_same_ipv4(d, p + 12) || dump_same_ipv4(d, p + 16));
}

/* Of fragments only the first has ports, so all of them match. */
METLO_INLINE int dump_port_matches(const struct metlo_dump *d,
				   const struct metlo_frame *f,
				   const struct metlo_ip *ip)
{
	const __u8 *p;

	if (!d->port || ip->fragment)
		return 1;
	if ((ip->proto != METLO_IPPROTO_TCP &&
	     ip->proto != METLO_IPPROTO_UDP) ||
	    !metlo_at(f, ip->off, 4, &p))
		return 0;
	return metlo_be16(p) == d->port || metlo_be16(p + 2) == d->port;
}

METLO_INLINE int dump_matches(const struct metlo_dump *d, struct metlo_frame *f,
			      __u64 off, __u32 vni)
{
	struct metlo_ip ip = {};

	if (vni < d->vni_min || vni > d->vni_max)
		return 0;
	if (!d->has_addr && !d->port)
		return 1;
	metlo_parse_ip(f, off, 0, &ip);
	return ip.start && dump_host_matches(d, f, &ip) &&
	       dump_port_matches(d, f, &ip);
}

/* Rounded up to size, a constant, which the ring wastes. */
METLO_INLINE int dump_emit(struct xdp_md *ctx, void *ring,
			   const struct metlo_dump_meta *meta, __u64 len,
			   const __u64 size)
{
	struct metlo_dump_meta *to;

	to = bpf_ringbuf_reserve(ring, sizeof(*meta) + size, 0);
	if (!to)
		return 0;
	*to = *meta;
	ONE_TO(len, size);
	if (bpf_xdp_load_bytes(ctx, 0, to + 1, (__u32)len)) {
		bpf_ringbuf_discard(to, BPF_RB_NO_WAKEUP);
		return 0;
	}
	bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP);
	return 1;
}

METLO_INLINE int dump_copy(struct xdp_md *ctx,
			   const struct metlo_dump_meta *meta)
{
	__u32 zero = 0;
	void *ring = bpf_map_lookup_elem(&metlo_dump_ring, &zero);

	if (!ring)
		return 0;
#define EMIT(n)             \
	if (meta->len <= n) \
	return dump_emit(ctx, ring, meta, meta->len, n)

	EMIT(256);
	EMIT(1664);
	EMIT(9216);
#undef EMIT
	return dump_emit(ctx, ring, meta, meta->len, METLO_DUMP_CAPTURE_MAX);
}

METLO_INLINE int dump_over_rate(struct metlo_dump *d, __u64 now)
{
	const __u64 window = now >> METLO_DUMP_WINDOW_SHIFT;

	if (d->window != window) {
		d->window = window;
		d->in_window = 0;
	}
	return __sync_fetch_and_add(&d->in_window, 1) >= d->per_window;
}

/* A global function, so that the verifier checks it separately. Always 0. */
__attribute__((noinline)) int metlo_xdp_dump(struct xdp_md *ctx)
{
	struct metlo_dump_meta meta = {.ts_ns = bpf_ktime_get_ns()};
	__u64 off = 0, len = bpf_xdp_get_buff_len(ctx);
	struct metlo_packet pkt = {};
	struct metlo_frame frame = {};
	struct metlo_config *config;
	struct scratch *scratch;
	struct metlo_dump *d;
	__u32 zero = 0;

	config = bpf_map_lookup_elem(&metlo_config, &zero);
	d = bpf_map_lookup_elem(&metlo_dump, &zero);
	scratch = bpf_map_lookup_elem(&metlo_scratch, &zero);
	if (!config || !d || !scratch)
		return 0;
	d->version = METLO_DUMP_VERSION;
	if (meta.ts_ns > d->until_ns) {
		config->dump = 0;
		return 0;
	}
	frame.len = frame.wire_len = frame.avail = len;
	meta.wire_len = (__u32)len;
	meta.len = len < METLO_DUMP_CAPTURE_MAX ? (__u32)len
						: METLO_DUMP_CAPTURE_MAX;
	if (len > METLO_HEADERS_MAX)
		len = METLO_HEADERS_MAX;
	ONE_TO(len, METLO_HEADERS_MAX);
	if (bpf_xdp_load_bytes(ctx, 0, scratch->headers, (__u32)len))
		return 0;
	frame.data = scratch->headers;
	frame.copied = len;
	frame.ctx = ctx;
	frame.zero = config->_zero;
	if (metlo_decode_outer(&frame, config, &pkt, &off) != METLO_UNDECIDED ||
	    !dump_matches(d, &frame, off, pkt.vni))
		return 0;
	meta.vni = pkt.vni;
	meta.off = (__u32)off;
	if (dump_over_rate(d, meta.ts_ns))
		__sync_fetch_and_add(&d->limited, 1);
	else if (dump_copy(ctx, &meta))
		__sync_fetch_and_add(&d->captured, 1);
	else
		__sync_fetch_and_add(&d->lost, 1);
	return 0;
}

#endif
