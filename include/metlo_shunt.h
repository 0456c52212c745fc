/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The shunt table. User space writes a request to omit the payload of one
 * direction of one connection; the decoder looks the direction up.
 *
 * The table is direct-mapped. The low bits of the index are those of the flow
 * hash, which also select the ring, and the top bit distinguishes the
 * directions. All connections that share a slot therefore belong to one
 * worker, and each slot has a single writer, besides metlo_shunt_end().
 *
 * METLO_SHUNT_UNTIL compares sequence numbers modulo 2^32 (RFC 9293 section
 * 3.4). The writer must withdraw or renew the request before the direction has
 * moved 2^31 bytes past until_seq.
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

/* Whether slot requests that a payload ending just before sequence number end
 * be omitted. rec holds the tuple and the VNI. */
METLO_INLINE int metlo_shunt_matches(const volatile struct metlo_shunt *slot,
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
 * The same, safe against a concurrent writer (a seqlock). The first check is
 * unordered: most slots are empty, and a false miss only means that payload is
 * delivered needlessly. A hit is confirmed between two reads of the version.
 * These are atomic additions of 0 because BPF has no cheaper load barrier.
 */
METLO_INLINE int metlo_shunted(struct metlo_shunt *slot,
			       const struct metlo_rec *rec, __u32 end)
{
	__u32 version;

	if (METLO_LIKELY(!metlo_shunt_matches(slot, rec, end)))
		return 0;
	version = __sync_fetch_and_add(&slot->version, 0);
	return !(version & 1) && metlo_shunt_matches(slot, rec, end) &&
	       __sync_fetch_and_add(&slot->version, 0) == version;
}

/*
 * A SYN of the tuple: a request outlives no connection, so it is dropped here,
 * before user space knows of the SYN. Not a second writer in the sense of the
 * seqlock: mode is one word, and OFF is right whatever the other words are. A
 * request that user space is writing for the old connection may survive; it
 * withdraws that when it gets the SYN.
 */
METLO_INLINE void metlo_shunt_end(volatile struct metlo_shunt *slot,
				  const struct metlo_rec *rec)
{
	if (slot->mode != METLO_SHUNT_OFF && slot->vni == rec->vni &&
	    slot->sport == rec->sport && slot->dport == rec->dport &&
	    metlo_addr_equal((const __u8 *)slot->saddr, rec->saddr) &&
	    metlo_addr_equal((const __u8 *)slot->daddr, rec->daddr))
		slot->mode = METLO_SHUNT_OFF;
}

#ifndef __bpf__

/*
 * Writes the request in want (tuple, vni, mode and until_seq); hash is that of
 * the connection's records. Only the thread that owns the connection's ring
 * may call this. METLO_SHUNT_OFF withdraws the request of this tuple and leaves
 * the slot alone if it holds that of another connection.
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
	/* odd in either case: an earlier writer may have died halfway */
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
