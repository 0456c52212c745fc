/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Bounds-checked access to the bytes of a frame, in the form that the kernel's
 * verifier or a C compiler needs. Apart from the metlo_env functions (see
 * metlo_process.h), the two builds of the decoder differ only in this file.
 */
#ifndef METLO_ACCESS_H
#define METLO_ACCESS_H

/* Limits on the IPv6 extension headers that follow each IP header: the sender
 * chooses how many there are. */
#define METLO_EXT_MAX	    8
#define METLO_EXT_BYTES_MAX 512
/* With these limits, every header that the decoder reads lies within this many
 * bytes. */
#define METLO_HEADERS_MAX 1280
#define METLO_OFFSET_MASK 2047 /* the next power of two, less one */

#ifdef __bpf__

#define METLO_INLINE	static __attribute__((always_inline)) inline
#define METLO_UNROLL	_Pragma("unroll")
#define METLO_NO_UNROLL _Pragma("nounroll")
/* XDP programs may load packet data at any alignment. */
#define METLO_LOAD(type, p) (*(const type *)(p))
/* Hides the value of v from the optimizer. The verifier applies a bounds check
 * to a later access only if both use the same register. */
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

/* The readable part of a frame, and the packet in it that is being decoded:
 * first the outer one, then the inner one. */
struct metlo_frame {
	const __u8 *data;
	__u64 len;	/* captured bytes of the frame */
	__u64 wire_len; /* offset at which the packet ends on the wire */
	__u64 avail;	/* offset at which its captured bytes end */
#ifdef __bpf__
	const __u8 *end; /* of the bytes readable at data */
	__u64 copied;	 /* if not 0, data is a copy of this many bytes */
	__u64 zero;	 /* always 0, which the verifier cannot know */
	void *ctx;
#endif
};

/*
 * Replaces the length of the first buffer by that of the whole frame. Asking
 * the kernel for it costs as much as decoding the headers, so the decoder
 * starts with the first buffer's length and calls this only if the outer IP
 * packet does not end exactly there. (If the second buffer holds nothing but
 * an Ethernet trailer, the frame is counted without the trailer.)
 */
METLO_INLINE void metlo_frame_whole(struct metlo_frame *f METLO_UNUSED)
{
#ifdef __bpf__
	f->len = f->wire_len = f->avail = bpf_xdp_get_buff_len(f->ctx);
#endif
}

/*
 * Header lengths vary, and the verifier follows every combination of them to
 * the end of the program. This discards what it knows about the path taken so
 * far, so that it verifies the rest once: *off becomes any value up to a bound,
 * *end any value at all. The bound is a mask rather than a comparison because
 * clang may keep using a copy made before the comparison, and 6.1 does not
 * apply the bound to that copy. Returns false if *off exceeds
 * METLO_HEADERS_MAX.
 */
METLO_INLINE int metlo_merge_paths(struct metlo_frame *f METLO_UNUSED,
				   __u64 *off, __u64 *end METLO_UNUSED)
{
	if (METLO_UNLIKELY(*off > METLO_HEADERS_MAX))
		return 0;
#ifdef __bpf__
	*off ^= f->zero;
	*end ^= f->zero;
	f->len ^= f->zero;
	METLO_OPAQUE(*off);
	*off &= METLO_OFFSET_MASK;
#endif
	return 1;
}

/* Points *p at the n bytes at off; false if they are not all readable. n is a
 * compile-time constant. */
METLO_INLINE int metlo_at(const struct metlo_frame *f, __u64 off, __u64 n,
			  const __u8 **p)
{
#ifdef __bpf__
	const __u8 *at;

	if (f->copied) {
		METLO_OPAQUE(off);
		if (off > METLO_HEADERS_MAX - n || off + n > f->copied)
			return 0;
		/* Shows the check again, in the register that is used: 6.1
		 * does not apply it to a copy on the stack. */
		asm volatile("if %0 <= %1 goto +1\n\t%0 = 0"
			     : "+r"(off)
			     : "i"(METLO_HEADERS_MAX - n));
		*p = f->data + off;
		return 1;
	}
	at = f->data + off;
	METLO_OPAQUE(at);
	if (at + n > f->end)
		return 0;
	*p = at;
	return 1;
#else
	if (off + n > f->len)
		return 0;
	*p = f->data + off;
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
