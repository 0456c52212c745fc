/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The shunt table: user space asks to leave out payload of one direction of
 * one connection, the decoder looks it up.
 *
 * Slots are direct mapped. The low bits of the index are those of the flow
 * hash, which also select the ring, and the top bit tells the direction: all
 * connections of a slot belong to one worker, so each slot has one writer.
 *
 * A request UNTIL compares sequence numbers modulo 2^32 (RFC 9293 section
 * 3.4). The writer must forget or renew it before the direction has moved
 * 2^31 bytes away from until_seq.
 */
#ifndef METLO_SHUNT_H
#define METLO_SHUNT_H

#include "metlo_access.h"
#include "metlo_hash.h"
#include "metlo_record.h"

METLO_INLINE __u32 metlo_shunt_index(__u32 hash, const __u8 *saddr,
				     const __u8 *daddr, __u16 sport,
				     __u16 dport)
{
	__u32 direction = metlo_flow_direction(saddr, daddr, sport, dport);

	return (hash ^ direction * (METLO_SHUNT_SLOTS / 2)) &
	       (METLO_SHUNT_SLOTS - 1);
}

METLO_INLINE int metlo_addr_equal(const __u8 *a, const __u8 *b)
{
	return METLO_LOAD(__u64, a) == METLO_LOAD(__u64, b) &&
	       METLO_LOAD(__u64, a + 8) == METLO_LOAD(__u64, b + 8);
}

/* Does slot ask to leave out a payload that ends before sequence number end?
 * rec has the tuple and the VNI. */
METLO_INLINE int metlo_shunt_wants(const volatile struct metlo_shunt *slot,
				   const struct metlo_rec *rec, __u32 end)
{
	__u32 mode = slot->mode;

	return mode != METLO_SHUNT_OFF && slot->vni == rec->vni &&
	       slot->sport == rec->sport && slot->dport == rec->dport &&
	       metlo_addr_equal((const __u8 *)slot->saddr, rec->saddr) &&
	       metlo_addr_equal((const __u8 *)slot->daddr, rec->daddr) &&
	       (mode == METLO_SHUNT_ALL || (__s32)(end - slot->until_seq) <= 0);
}

/*
 * The same, safe against the writer. The first look is unordered: what it
 * wrongly misses is delivered, which does no harm, and most slots are empty.
 * Only a hit is looked at again, between two reads of the version. These are
 * atomic additions of 0 because BPF has no cheaper barrier for loads.
 */
METLO_INLINE int metlo_shunted(struct metlo_shunt *slot,
			       const struct metlo_rec *rec, __u32 end)
{
	__u32 version;

	if (METLO_LIKELY(!metlo_shunt_wants(slot, rec, end)))
		return 0;
	version = __sync_fetch_and_add(&slot->version, 0);
	return !(version & 1) && metlo_shunt_wants(slot, rec, end) &&
	       __sync_fetch_and_add(&slot->version, 0) == version;
}

#ifndef __bpf__

/*
 * Writes a request: the tuple, vni, mode and until_seq of want; hash is that
 * of the connection's records. Only the thread that owns the connection's
 * ring may call it. Mode OFF forgets what the tuple asked for and leaves
 * another connection's request alone.
 */
METLO_INLINE void metlo_shunt_set(struct metlo_shunt *slots, __u32 hash,
				  const struct metlo_shunt *want)
{
	struct metlo_shunt *s = &slots[metlo_shunt_index(
		hash, want->saddr, want->daddr, want->sport, want->dport)];
	__u32 version = s->version;

	if (want->mode == METLO_SHUNT_OFF &&
	    (s->vni != want->vni || s->sport != want->sport ||
	     s->dport != want->dport ||
	     !metlo_addr_equal(s->saddr, want->saddr) ||
	     !metlo_addr_equal(s->daddr, want->daddr)))
		return;
	/* odd even if a writer died in the middle of it */
	__atomic_store_n(&s->version, version | 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	s->mode = want->mode;
	s->until_seq = want->until_seq;
	s->vni = want->vni;
	memcpy(s->saddr, want->saddr, sizeof(s->saddr));
	memcpy(s->daddr, want->daddr, sizeof(s->daddr));
	s->sport = want->sport;
	s->dport = want->dport;
	__atomic_store_n(&s->version, (version | 1) + 1, __ATOMIC_RELEASE);
}

#endif

#endif
