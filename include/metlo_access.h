/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Checked access to the bytes of a frame, in the forms that the kernel's
 * verifier and a C compiler each need. All that differs between the two
 * builds of the decoder is here.
 */
#ifndef METLO_ACCESS_H
#define METLO_ACCESS_H

/* Bounds on a hostile chain of IPv6 extension headers, for each IP header. */
#define METLO_EXT_MAX	    8
#define METLO_EXT_BYTES_MAX 512
/* So all headers that are looked at lie within this many bytes. */
#define METLO_HEADERS_MAX 1280
#define METLO_OFFSET_MASK 2047 /* the next power of two, less one */

#ifdef __bpf__

#define METLO_INLINE	static __attribute__((always_inline)) inline
#define METLO_UNROLL	_Pragma("unroll")
#define METLO_NO_UNROLL _Pragma("nounroll")
/* Packets are readable at any alignment in XDP. */
#define METLO_LOAD(type, p) (*(const type *)(p))
/* Keeps clang from taking v apart: the verifier connects a check with a later
 * use only where both are of the same register. */
#define METLO_OPAQUE(v) asm volatile("" : "+r"(v))

#else

#include <string.h>

#define METLO_INLINE static inline __attribute__((always_inline, unused))
#define METLO_UNROLL
#define METLO_NO_UNROLL
#define METLO_OPAQUE(v) ((void)(v))
#define METLO_LOAD(type, p)                                       \
	({                                                        \
		type metlo_value_;                                \
		memcpy(&metlo_value_, (p), sizeof(metlo_value_)); \
		metlo_value_;                                     \
	})

#endif

#define METLO_UNUSED	  __attribute__((unused))
#define METLO_LIKELY(x)	  __builtin_expect(!!(x), 1)
#define METLO_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* What can be seen of a frame. */
struct metlo_view {
	const __u8 *data;
	__u64 len;	/* of the frame, as far as it is there */
	__u64 wire_len; /* of the frame on the wire */
	__u64 avail;	/* where what is there of the packet looked at ends */
#ifdef __bpf__
	const __u8 *end; /* of what is readable at data */
	__u64 copied;	 /* not 0: data is a copy of this many bytes */
	__u64 zero;	 /* is 0, but the verifier cannot know */
	void *ctx;
#endif
};

/*
 * A frame of several buffers is longer than what is readable at data, but to
 * ask for its length costs as much as decoding it. So the length starts as
 * that of the first buffer, and this is called unless the IP packet ends
 * there. (A frame whose second buffer is only a trailer counts without it.)
 */
METLO_INLINE void metlo_view_whole(struct metlo_view *v METLO_UNUSED)
{
#ifdef __bpf__
	v->len = v->wire_len = v->avail = bpf_xdp_get_buff_len(v->ctx);
#endif
}

/*
 * Header lengths vary, and the verifier follows every combination of them to
 * the end of the program. This makes it forget which one led here, so that it
 * follows them all as one: off is now anything up to a bound, end anything.
 * The bound is a mask and not a comparison because clang may keep the value
 * of before a comparison, of which 6.1 does not know that it was compared.
 * False when off is beyond METLO_HEADERS_MAX.
 */
METLO_INLINE int metlo_merge_paths(struct metlo_view *v METLO_UNUSED,
				   __u64 *off, __u64 *end METLO_UNUSED)
{
	if (METLO_UNLIKELY(*off > METLO_HEADERS_MAX))
		return 0;
#ifdef __bpf__
	*off ^= v->zero;
	*end ^= v->zero;
	v->len ^= v->zero;
	METLO_OPAQUE(*off);
	*off &= METLO_OFFSET_MASK;
#endif
	return 1;
}

/* Are n bytes at off readable? Then *p points to them. n is a constant. */
METLO_INLINE int metlo_at(const struct metlo_view *v, __u64 off, __u64 n,
			  const __u8 **p)
{
#ifdef __bpf__
	const __u8 *at;

	if (v->copied) {
		METLO_OPAQUE(off);
		if (off > METLO_HEADERS_MAX - n || off + n > v->copied)
			return 0;
		METLO_OPAQUE(off);
		*p = v->data + off;
		return 1;
	}
	at = v->data + off;
	METLO_OPAQUE(at);
	if (at + n > v->end)
		return 0;
	*p = at;
	return 1;
#else
	if (off + n > v->len)
		return 0;
	*p = v->data + off;
	return 1;
#endif
}

METLO_INLINE __u16 metlo_be16(const __u8 *p)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap16(METLO_LOAD(__u16, p));
#else
	return METLO_LOAD(__u16, p);
#endif
}

METLO_INLINE __u32 metlo_be32(const __u8 *p)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap32(METLO_LOAD(__u32, p));
#else
	return METLO_LOAD(__u32, p);
#endif
}

#endif
