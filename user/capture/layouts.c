/* SPDX-License-Identifier: MIT */
/*
 * Released layouts are frozen here, as copies of what metlo_record.h said at
 * the time. Values are converted member by member, so that a member that moves,
 * widens or gets a neighbour needs no change of the rows that exist.
 */
#include <string.h>

#include "capture/layouts.h"

/* --- layout 2: 0.1.0 -------------------------------------------------------- */

struct rec_v2 {
	__u64 ts_ns;
	__u8 saddr[16];
	__u8 daddr[16];
	__u32 hash;
	__u32 seq;
	__u32 ack;
	__u32 vni;
	__u32 len;
	__u32 wire_len;
	__u16 sport;
	__u16 dport;
	__u16 urg;
	__u8 tcp_flags;
	__u8 flags;
};
#define REC_V2(X)    \
	X(ts_ns)     \
	X(saddr)     \
	X(daddr)     \
	X(hash)      \
	X(seq)       \
	X(ack)       \
	X(vni)       \
	X(len)       \
	X(wire_len)  \
	X(sport)     \
	X(dport)     \
	X(urg)       \
	X(tcp_flags) \
	X(flags)

struct stats_v2 {
	__u64 packets, bytes, pass_not_vxlan, bad_outer, bad_vxlan, vni_miss,
		bad_inner, not_tcp, fragment, port_miss, no_payload,
		sampled_out, shunted, ring_full, delivered, delivered_bytes,
		truncated_bytes, sampled_out_bytes, shunted_bytes,
		ring_full_bytes, records;
};
#define STATS_V2(X)          \
	X(packets)           \
	X(bytes)             \
	X(pass_not_vxlan)    \
	X(bad_outer)         \
	X(bad_vxlan)         \
	X(vni_miss)          \
	X(bad_inner)         \
	X(not_tcp)           \
	X(fragment)          \
	X(port_miss)         \
	X(no_payload)        \
	X(sampled_out)       \
	X(shunted)           \
	X(ring_full)         \
	X(delivered)         \
	X(delivered_bytes)   \
	X(truncated_bytes)   \
	X(sampled_out_bytes) \
	X(shunted_bytes)     \
	X(ring_full_bytes)   \
	X(records)

struct config_v2 {
	__u64 port_bits[1024];
	__u32 any_port;
	__u32 vni_filter;
	__u32 vxlan_port;
	__u32 pass_vxlan;
	__u32 ring_mask;
	__u32 _zero;
	__u64 hash_seed;
	__u32 sample_out;
	__u32 dump; /* was padding in 2 */
};
#define CONFIG_V2(X)  \
	X(port_bits)  \
	X(any_port)   \
	X(vni_filter) \
	X(vxlan_port) \
	X(pass_vxlan) \
	X(ring_mask)  \
	X(_zero)      \
	X(hash_seed)  \
	X(sample_out) \
	X(dump)

/* --- layout 3: timestamps, sums, UDP; configuration as in 2 ----------------- */

struct rec_v3 {
	__u64 ts_ns;
	__u8 saddr[16];
	__u8 daddr[16];
	__u32 hash;
	__u32 seq;
	__u32 ack;
	__u32 vni;
	__u32 len;
	__u32 wire_len;
	__u16 sport;
	__u16 dport;
	__u16 urg;
	__u8 tcp_flags;
	__u8 flags;
	__u32 tsval;
	__u32 tsecr;
	__u32 sum;
	__u8 sums;
	__u8 proto;
	__u8 _pad[2];
};
#define REC_V3(X) \
	REC_V2(X) \
	X(tsval)  \
	X(tsecr)  \
	X(sum)    \
	X(sums)   \
	X(proto)  \
	X(_pad)

struct stats_v3 {
	__u64 packets, bytes, pass_not_vxlan, bad_outer, bad_vxlan, vni_miss,
		bad_inner, not_tcp, udp, fragment, port_miss, no_payload,
		sampled_out, shunted, ring_full, delivered, delivered_bytes,
		truncated_bytes, sampled_out_bytes, shunted_bytes,
		ring_full_bytes, records;
};
#define STATS_V3(X) \
	STATS_V2(X) \
	X(udp)

/* --- conversion ------------------------------------------------------------ */

/* The lists name every member. */
#define SIZE_REC_V2(name)   +sizeof(((struct rec_v2 *)0)->name)
#define SIZE_REC_V3(name)   +sizeof(((struct rec_v3 *)0)->name)
#define SIZE_STATS_V2(name) +sizeof(((struct stats_v2 *)0)->name)
#define SIZE_STATS_V3(name) +sizeof(((struct stats_v3 *)0)->name)
#define SIZE_CONFIG(name)   +sizeof(((struct config_v2 *)0)->name)
_Static_assert(REC_V2(SIZE_REC_V2) == sizeof(struct rec_v2),
	       "a member is missing");
_Static_assert(REC_V3(SIZE_REC_V3) == sizeof(struct rec_v3),
	       "a member is missing");
_Static_assert(STATS_V2(SIZE_STATS_V2) == sizeof(struct stats_v2),
	       "a member is missing");
_Static_assert(STATS_V3(SIZE_STATS_V3) == sizeof(struct stats_v3),
	       "a member is missing");
_Static_assert(CONFIG_V2(SIZE_CONFIG) == sizeof(struct config_v2),
	       "a member is missing");
#undef SIZE_REC_V2
#undef SIZE_REC_V3
#undef SIZE_STATS_V2
#undef SIZE_STATS_V3
#undef SIZE_CONFIG

/* A record need not be aligned for this version's types. */
#define COPY(name)                                                     \
	_Static_assert(sizeof(to->name) == sizeof(from.name),          \
		       #name " changed its size: convert it by hand"); \
	memcpy(&to->name, &from.name, sizeof(to->name));

static void convert_rec_v2(struct metlo_rec *to, const void *p)
{
	struct rec_v2 from;

	memcpy(&from, p, sizeof(from));
	memset(to, 0, sizeof(*to));
	REC_V2(COPY)
}

static void convert_rec_v3(struct metlo_rec *to, const void *p)
{
	struct rec_v3 from;

	memcpy(&from, p, sizeof(from));
	memset(to, 0, sizeof(*to));
	REC_V3(COPY)
}

static void convert_stats_v2(struct metlo_stats *to, const void *p)
{
	struct stats_v2 from;

	memcpy(&from, p, sizeof(from));
	memset(to, 0, sizeof(*to));
	STATS_V2(COPY)
}

static void convert_stats_v3(struct metlo_stats *to, const void *p)
{
	struct stats_v3 from;

	memcpy(&from, p, sizeof(from));
	memset(to, 0, sizeof(*to));
	STATS_V3(COPY)
}

static void convert_config_v2(struct metlo_config *to, const void *p)
{
	struct config_v2 from;

	memcpy(&from, p, sizeof(from));
	memset(to, 0, sizeof(*to));
	CONFIG_V2(COPY)
}
#undef COPY

/* Whoever changes a struct without a new layout version is stopped here. */
#if METLO_LAYOUT_VERSION == 3
#define NEEDS_VERSION "a change of layout needs a new METLO_LAYOUT_VERSION"
#define SAME_REC(name)                                           \
	_Static_assert(offsetof(struct rec_v3, name) ==          \
			       offsetof(struct metlo_rec, name), \
		       #name " moved: " NEEDS_VERSION);
#define SAME_STATS(name)                                           \
	_Static_assert(offsetof(struct stats_v3, name) ==          \
			       offsetof(struct metlo_stats, name), \
		       #name " moved: " NEEDS_VERSION);
#define SAME_CONFIG(name)                                           \
	_Static_assert(offsetof(struct config_v2, name) ==          \
			       offsetof(struct metlo_config, name), \
		       #name " moved: " NEEDS_VERSION);
REC_V3(SAME_REC)
STATS_V3(SAME_STATS)
CONFIG_V2(SAME_CONFIG)
_Static_assert(sizeof(struct rec_v3) == sizeof(struct metlo_rec),
	       NEEDS_VERSION);
_Static_assert(sizeof(struct stats_v3) == sizeof(struct metlo_stats),
	       NEEDS_VERSION);
_Static_assert(sizeof(struct config_v2) == sizeof(struct metlo_config),
	       NEEDS_VERSION);
_Static_assert(sizeof(struct metlo_shunt) == 64, NEEDS_VERSION);
#undef SAME_REC
#undef SAME_STATS
#undef SAME_CONFIG
#endif

/* All layouts share the maps of the VNI counters; see takeover.c. */
_Static_assert(sizeof(struct metlo_vni_stats) == 16 &&
		       sizeof(struct metlo_vni_cpu) ==
			       16 + METLO_VNI_SLOTS * 24,
	       "a change of the VNI counters needs maps of another name");

/* --- the table -------------------------------------------------------------- */

/* A layout may share structs with one before it. */
#define LAYOUT(version, rec, stats, config)                      \
	{                                                        \
		version, sizeof(struct rec), convert_##rec,      \
			sizeof(struct stats), convert_##stats,   \
			sizeof(struct config), convert_##config, \
	}

const struct layout record_layouts[] = {
	LAYOUT(2, rec_v2, stats_v2, config_v2),
	LAYOUT(3, rec_v3, stats_v3, config_v2),
	{0},
};

const struct layout layout_current = {
	.version = METLO_LAYOUT_VERSION,
	.rec_size = sizeof(struct metlo_rec),
	.stats_size = sizeof(struct metlo_stats),
	.config_size = sizeof(struct metlo_config),
};

const struct layout *layout_earlier(size_t i)
{
	const size_t n = sizeof(record_layouts) / sizeof(*record_layouts) - 1;

	return i < n && record_layouts[i].version < METLO_LAYOUT_VERSION
		       ? &record_layouts[i]
		       : NULL;
}

const struct layout *layout_find(int version)
{
	const struct layout *l;

	if (version == METLO_LAYOUT_VERSION)
		return &layout_current;
	for (size_t i = 0; (l = layout_earlier(i)); i++)
		if (l->version == version)
			return l;
	return NULL;
}
