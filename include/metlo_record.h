/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The interface between the XDP program and user space: ring records,
 * counters, run-time configuration, shunt table. Compiled for the bpf target
 * and for the host; the includer provides the types __u8 to __u64 (vmlinux.h
 * or <linux/types.h>).
 *
 * When a layout in this file changes, increment METLO_LAYOUT_VERSION: the next
 * version takes over pinned maps and rings of earlier ones. README.md has the
 * steps.
 */
#ifndef METLO_RECORD_H
#define METLO_RECORD_H

#define METLO_LAYOUT_VERSION 3

/* Maximum payload of one record; larger packets become several records. */
#define METLO_REC_PAYLOAD_MAX 16384u
/* Maximum inner TCP payload that is delivered (a 64 KiB super-packet). */
#define METLO_PACKET_PAYLOAD_MAX 65536u
/* Maximum number of rings, and of workers: there is one worker per ring. The
 * number in use is always a power of two. */
#define METLO_RINGS_MAX 64u

/* struct metlo_rec.flags */
#define METLO_REC_IPV6	    0x01 /* addresses are IPv6, else IPv4-mapped */
#define METLO_REC_TRUNCATED 0x02 /* the mirror cut off wire_len - len bytes */
#define METLO_REC_SHUNTED   0x04 /* payload omitted at user space's request */
#define METLO_REC_CONTINUED 0x08 /* not the first record of its packet */
#define METLO_REC_DPORT	    0x10 /* the destination port is a configured one */
#define METLO_REC_SPORT	    0x20 /* the source port is a configured one */
#define METLO_REC_FRAGMENT  0x40 /* no TCP segment, see below */
#define METLO_REC_STAMPED   0x80 /* tsval and tsecr are valid */

/* struct metlo_rec.proto */
#define METLO_REC_UDP 17

/* struct metlo_rec.sums */
#define METLO_SUM_TCP	  0x01 /* sum is valid */
#define METLO_SUM_PAYLOAD 0x02 /* sum includes the payload, of all slices */
#define METLO_SUM_BAD_IP  0x04 /* the checksum of the IPv4 header is wrong */
/* The checksum is that of the pseudo header, for hardware to complete. */
#define METLO_SUM_PARTIAL 0x08
/* No sum: options that most hosts drop a segment for, see metlo_checks.h. */
#define METLO_SUM_OPTIONS 0x10

/*
 * Header of one record, followed by len bytes of TCP payload. Numbers are in
 * host byte order, addresses in network byte order (IPv4 as ::ffff:a.b.c.d,
 * RFC 4291 section 2.5.5.2).
 *
 * A large packet is split into slices, one record each. seq is the sequence
 * number of the slice: that of the TCP header in the first one, that of the
 * first payload byte in later ones. If SYN is set, the first payload byte has
 * sequence number seq + 1 (RFC 9293 section 3.4). SYN is set in the first slice
 * only; FIN, RST, PSH and URG in the last only.
 *
 * With METLO_REC_FRAGMENT, the payload is a fragment of an IP packet from its IP
 * header on, at most METLO_REC_PAYLOAD_MAX bytes of it; seq is its ID, the other
 * members of the TCP header are 0. hash is that of addresses and ID: all
 * fragments of a packet are in one ring. If proto is METLO_REC_UDP, though, the
 * payload is that of a UDP datagram, at most METLO_REC_PAYLOAD_MAX bytes of it,
 * and seq is 0.
 *
 * METLO_SUM_TCP is set where user space can verify the TCP checksum: the packet
 * is complete and either in one record, whose payload is added to sum, or, with
 * METLO_SUM_PAYLOAD, has been summed.
 */
struct metlo_rec {
	__u64 ts_ns; /* CLOCK_MONOTONIC in XDP; capture time in replay */
	__u8 saddr[16];
	__u8 daddr[16];
	__u32 hash; /* seeded, equal in both directions; selects the ring */
	__u32 seq;
	__u32 ack;
	__u32 vni;
	__u32 len;	/* payload bytes in this record */
	__u32 wire_len; /* payload bytes it stands for, >= len */
	__u16 sport;
	__u16 dport;
	__u16 urg;	/* urgent pointer, valid with the URG flag */
	__u8 tcp_flags; /* FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32 */
	__u8 flags;	/* METLO_REC_* */
	__u32 tsval;	/* of the timestamps option (RFC 7323), */
	__u32 tsecr;	/* with METLO_REC_STAMPED */
	/* Sum, not folded, of the 16-bit words of pseudo header and TCP header
	 * in the order of this machine. With that of the payload it is -0 if the
	 * checksum is right (RFC 1071). */
	__u32 sum;
	__u8 sums;  /* METLO_SUM_* */
	__u8 proto; /* METLO_REC_UDP or 0, with METLO_REC_FRAGMENT */
	__u8 _pad[2];
};

#define METLO_TCP_FIN 0x01
#define METLO_TCP_SYN 0x02
#define METLO_TCP_RST 0x04
#define METLO_TCP_PSH 0x08
#define METLO_TCP_ACK 0x10
#define METLO_TCP_URG 0x20

/*
 * Counters: X(name, type, help). The name is that of the member of struct
 * metlo_stats, of the JSON summaries and, with a prefix, of the metric; type is
 * COUNTER or GAUGE; help is the HELP text and the description in the man page.
 *
 * Each packet has exactly one outcome, so packets is the sum of the outcomes.
 */
#define METLO_OUTCOMES(X)                                                                         \
	X(pass_not_vxlan, COUNTER,                                                                \
	  "Packets other than UDP to the VXLAN port, passed to the network stack.")               \
	X(bad_outer, COUNTER,                                                                     \
	  "Packets with malformed or truncated outer headers, passed to the network stack.")      \
	X(bad_vxlan, COUNTER,                                                                     \
	  "Packets with a truncated VXLAN header or without its I flag (RFC 7348).")              \
	X(vni_miss, COUNTER, "Packets with a VNI that is not in --vni.")                          \
	X(bad_inner, COUNTER,                                                                     \
	  "Packets with malformed or truncated inner headers.")                                   \
	X(not_tcp, COUNTER,                                                                       \
	  "Mirrored packets that are neither TCP nor UDP with a port in --ports.")                \
	X(udp, COUNTER,                                                                           \
	  "Mirrored UDP packets with a port in --ports that are no QUIC Initial packets.")        \
	X(fragment, COUNTER,                                                                      \
	  "Packets that are IP fragments outside VXLAN, passed to the network stack.")            \
	X(port_miss, COUNTER, "Mirrored TCP packets with no port in --ports.")                    \
	X(no_payload, COUNTER,                                                                    \
	  "Bare acknowledgments, of no use to reassembly.")                                       \
	X(sampled_out, COUNTER,                                                                   \
	  "Packets of connections that --sample leaves out.")                                     \
	X(shunted, COUNTER,                                                                       \
	  "Packets dropped in the kernel because user space does not need their payload.")        \
	X(ring_full, COUNTER,                                                                     \
	  "Packets lost, in whole or in part, because a ring was full: user space was too slow.") \
	X(delivered, COUNTER, "Packets copied into a ring.")

enum metlo_outcome {
#define METLO_OUTCOME_ENUM(name, ...) METLO_##name,
	METLO_OUTCOMES(METLO_OUTCOME_ENUM)
#undef METLO_OUTCOME_ENUM
		METLO_OUTCOME_MAX
};

/* Bytes are frame lengths including the outer headers, or TCP payload. */
#define METLO_COUNTERS(X)                                                             \
	X(packets, COUNTER, "Packets that arrived at the interface.")                 \
	X(bytes, COUNTER, "Bytes of the frames that arrived.")                        \
	METLO_OUTCOMES(X)                                                             \
	X(delivered_bytes, COUNTER, "Bytes of TCP payload copied into rings.")        \
	X(truncated_bytes, COUNTER,                                                   \
	  "Bytes of TCP payload that the mirror cut off.")                            \
	X(sampled_out_bytes, COUNTER,                                                 \
	  "Bytes of TCP payload of connections that --sample leaves out.")            \
	X(shunted_bytes, COUNTER,                                                     \
	  "Bytes of TCP payload dropped in the kernel at the request of user space.") \
	X(ring_full_bytes, COUNTER,                                                   \
	  "Bytes of TCP payload lost because a ring was full.")                       \
	X(records, COUNTER, "Records submitted to rings.")

/* Value of the PERCPU_ARRAY metlo_stats. */
struct metlo_stats {
#define METLO_COUNTER_MEMBER(name, ...) __u64 name;
	METLO_COUNTERS(METLO_COUNTER_MEMBER)
#undef METLO_COUNTER_MEMBER
};

/* Value of metlo_vni (per CPU; the key is a __u32 VNI): packets with a valid
 * VXLAN header. The total of a VNI is the sum of this and of its slots in
 * metlo_vni_cpu. */
struct metlo_vni_stats {
	__u64 packets;
	__u64 bytes; /* frame lengths */
};

/* Capacity of metlo_vni; beyond it, the least recently used VNI is evicted. A map that an
 * earlier version has pinned may be smaller. */
#define METLO_VNI_MAX 16384u

/*
 * Value of metlo_vni_cpu, a PERCPU_ARRAY of one element: a direct-mapped cache
 * in front of metlo_vni, because a hash lookup per packet costs as much as all
 * other work for an unwanted packet. When another VNI needs a slot, its counts
 * are first added to metlo_vni. An empty slot has packets == 0.
 */
#define METLO_VNI_SLOTS 1024u
struct metlo_vni_slot {
	__u64 packets;
	__u64 bytes;
	__u64 vni;
};
struct metlo_vni_cpu {
	__u64 moves; /* slots moved to metlo_vni; if it changes, read again */
	__u64 lost;  /* packets whose slot could not be added to metlo_vni */
	struct metlo_vni_slot slot[METLO_VNI_SLOTS];
};

/*
 * Run-time configuration: the single element of the mmapable array
 * metlo_config. User space changes it in place, word by word, while packets
 * flow.
 */
struct metlo_config {
	__u64 port_bits[1024]; /* bit p % 64 of word p / 64 */
	__u32 any_port;	       /* capture all TCP ports */
	__u32 vni_filter;      /* only VNIs in metlo_vni_allow */
	__u32 vxlan_port;      /* UDP, host order */
	__u32 pass_vxlan;      /* pass VXLAN packets to the stack (--pass) */
	__u32 ring_mask;       /* rings in use - 1 */
	__u32 _zero;	       /* must be 0, see metlo_merge_paths() */
	__u64 hash_seed;       /* secret; of the flow hash, so of the shunts */
	/* Connections whose flow hash is below this are not captured; 0 captures
	 * all. Lowering it adds connections and drops none. */
	__u32 sample_out;
	__u32 dump; /* copy packets as struct metlo_dump says */
};

/*
 * Shunt table: an mmapable array of METLO_SHUNT_SLOTS, direct-mapped by a
 * seeded hash of the *directed* tuple. Only the worker that owns the flow's
 * ring writes a slot (the symmetric hash supplies the low bits of the index),
 * so each slot has one writer; version is odd during a write. If another flow
 * takes over a slot, more bytes than necessary are delivered and nothing is
 * lost.
 */
#define METLO_SHUNT_SLOTS 65536u

enum metlo_shunt_mode {
	METLO_SHUNT_OFF,
	METLO_SHUNT_UNTIL, /* payload that ends at or before until_seq */
	METLO_SHUNT_ALL,   /* all payload of the direction */
};

struct metlo_shunt {
	__u32 version;
	__u32 mode; /* enum metlo_shunt_mode */
	__u32 until_seq;
	__u32 vni;
	__u8 saddr[16];
	__u8 daddr[16];
	__u16 sport;
	__u16 dport;
	__u32 _pad[3];
};

/* Pins are METLO_PIN_ROOT/v<METLO_LAYOUT_VERSION>/<interface>/<name>, where name
 * is that of the map (see MAPS_LIST in user/capture/maps.h), "link", or that of
 * a ring (see user/capture/rings.c). Retired rings are in
 * METLO_PIN_ROOT/retired/<interface>/. The kernel limits the names of maps to 15
 * bytes. */
#define METLO_PIN_ROOT "/sys/fs/bpf/metlo-xdp"

#endif
