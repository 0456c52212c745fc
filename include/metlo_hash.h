/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The flow hash, which selects the ring and the slot of the shunt table. */
#ifndef METLO_HASH_H
#define METLO_HASH_H

#include "metlo_access.h"

/* Odd constants with roughly equal numbers of one and zero bits. */
#define METLO_HASH_K1 0x9e3779b97f4a7c15ull /* 2^64 / golden ratio */
#define METLO_HASH_K2 0xd6e8feb86659fd93ull
#define METLO_HASH_K3 0xa0761d6478bd642full

/* Hashes one endpoint. Each of the two multiplications is followed by a shift,
 * so that which sums of endpoints collide depends on the secret seed and not on
 * the addresses alone: senders cannot aim their connections at one ring. */
METLO_INLINE __u64 metlo_hash_endpoint(__u64 seed, const __u8 *addr, __u64 port)
{
	__u64 h = (METLO_LOAD(__u64, addr + 8) ^ seed) * METLO_HASH_K1;

	h ^= h >> 32;
	h = (h ^ METLO_LOAD(__u64, addr) ^ port) * METLO_HASH_K2;
	return h ^ h >> 29;
}

/* The same for both directions of a connection. Addresses are 16 bytes, ports
 * in host byte order. */
METLO_INLINE __u32 metlo_flow_hash(__u64 seed, const __u8 *saddr,
				   const __u8 *daddr, __u16 sport, __u16 dport)
{
	__u64 h = metlo_hash_endpoint(seed, saddr, sport) +
		  metlo_hash_endpoint(seed, daddr, dport);

	h = (h ^ h >> 32) * METLO_HASH_K3;
	return (__u32)(h >> 32);
}

/* 0 for one direction of a connection and 1 for the other (the same for both
 * if the two endpoints are equal). Branchless, because a branch would be
 * mispredicted half of the time. */
METLO_INLINE __u32 metlo_flow_direction(const __u8 *saddr, const __u8 *daddr,
					__u16 sport, __u16 dport)
{
	__u64 s = METLO_LOAD(__u64, saddr + 8) + sport * METLO_HASH_K1;
	__u64 d = METLO_LOAD(__u64, daddr + 8) + dport * METLO_HASH_K1;

	return (__u32)((s - d) >> 63);
}

#endif
