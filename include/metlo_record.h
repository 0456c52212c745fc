/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the XDP program and user space agree on: the record in a ring, the
 * counters, the run-time configuration, the shunt table and the map names.
 * Compiled for the bpf target and for the host; the includer provides the
 * __u8 ... __u64 types (vmlinux.h or <linux/types.h>).
 *
 * Any change of a layout here must change METLO_LAYOUT_VERSION: pinned maps
 * of another version are never reused.
 */
#ifndef METLO_RECORD_H
#define METLO_RECORD_H

#define METLO_LAYOUT_VERSION 2

/* Most payload bytes in one record; larger packets become several records. */
#define METLO_REC_PAYLOAD_MAX 16384u
/* Largest inner TCP payload that is delivered (a 64 KiB super-packet). */
#define METLO_PACKET_PAYLOAD_MAX 65536u
/* Upper bound of rings = workers; always a power of two in use. */
#define METLO_RINGS_MAX 64u

/* struct metlo_rec.flags */
#define METLO_REC_IPV6	    0x01 /* addresses are IPv6, else IPv4-mapped */
#define METLO_REC_TRUNCATED 0x02 /* the mirror cut wire_len - len bytes off */
#define METLO_REC_SHUNTED   0x04 /* payload left out on request of user space */
#define METLO_REC_CONTINUED 0x08 /* not the first record of its packet */
#define METLO_REC_DPORT	    0x10 /* the destination port is a configured one */
#define METLO_REC_SPORT	    0x20 /* the source port is a configured one */

/*
 * One record: this header, then len bytes of TCP payload. Numbers are in host
 * byte order, addresses in network order (IPv4 as ::ffff:a.b.c.d, RFC 4291
 * section 2.5.5.2).
 *
 * seq is the sequence number of the TCP header plus, in a later piece of the
 * same packet, what precedes the piece; in a piece with SYN the first payload
 * byte has seq + 1 (RFC 9293 section 3.4). SYN is set in the first piece only;
 * FIN, RST, PSH and URG in the last only.
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
};

#define METLO_TCP_FIN 0x01
#define METLO_TCP_SYN 0x02
#define METLO_TCP_RST 0x04
#define METLO_TCP_PSH 0x08
#define METLO_TCP_ACK 0x10
#define METLO_TCP_URG 0x20

/*
 * What becomes of a packet: exactly one of these for each. The names are the
 * fields of struct metlo_stats, of the JSON summaries and of the metrics.
 */
#define METLO_OUTCOMES(X)                                                      \
	X(pass_not_vxlan) /* not UDP to the VXLAN port: left to the stack */   \
	X(bad_outer)   /* outer headers malformed or cut: left to the stack */ \
	X(bad_vxlan)   /* no I flag or header cut (RFC 7348 section 5) */      \
	X(vni_miss)    /* VNI not on the allow list */                         \
	X(bad_inner)   /* inner headers malformed or cut */                    \
	X(not_tcp)     /* inner packet is not TCP */                           \
	X(fragment)    /* outer or inner IP fragment */                        \
	X(port_miss)   /* neither port is configured */                        \
	X(no_payload)  /* pure ACK: of no use to reassembly */                 \
	X(sampled_out) /* of a connection that is not in the sample */         \
	X(shunted)     /* user space asked to skip these bytes */              \
	X(ring_full)   /* lost: (part of) it found no room in the ring */      \
	X(delivered)   /* in a ring */

enum metlo_outcome {
#define METLO_OUTCOME_ENUM(name) METLO_##name,
	METLO_OUTCOMES(METLO_OUTCOME_ENUM)
#undef METLO_OUTCOME_ENUM
		METLO_OUTCOME_MAX
};

/* Value of the PERCPU_ARRAY metlo_stats; packets = sum of the outcomes. */
struct metlo_stats {
	__u64 packets;
	__u64 bytes; /* frame lengths, outer headers included */
#define METLO_OUTCOME_FIELD(name) __u64 name;
	METLO_OUTCOMES(METLO_OUTCOME_FIELD)
#undef METLO_OUTCOME_FIELD
	/* TCP payload bytes */
	__u64 delivered_bytes; /* copied into rings */
	__u64 truncated_bytes; /* on the wire, but cut off by the mirror */
	__u64 sampled_out_bytes;
	__u64 shunted_bytes;
	__u64 ring_full_bytes; /* lost for want of room */
	__u64 records;	       /* submitted to rings */
};

/* Value of metlo_vni (per CPU), key __u32 VNI: packets with a valid VXLAN
 * header. What was seen is the sum of this and of metlo_vni_cpu. */
struct metlo_vni_stats {
	__u64 packets;
	__u64 bytes; /* frame lengths */
};

/* VNIs that metlo_vni holds; beyond that the least recently used is dropped. */
#define METLO_VNI_MAX 4096u

/*
 * Value of metlo_vni_cpu, a PERCPU_ARRAY of one element: a direct-mapped
 * table in front of metlo_vni, because a look-up in a hash for every packet
 * costs as much as all other work for one that is not wanted. A slot is added
 * to metlo_vni when another VNI takes it over. packets is 0 in an empty one.
 */
#define METLO_VNI_SLOTS 1024u
struct metlo_vni_slot {
	__u64 packets;
	__u64 bytes;
	__u64 vni;
};
struct metlo_vni_cpu {
	__u64 moves; /* slots moved to metlo_vni: read again if it changed */
	__u64 lost;  /* packets of slots that metlo_vni had no room for */
	struct metlo_vni_slot slot[METLO_VNI_SLOTS];
};

/*
 * Run-time configuration: one element of the mmapable array metlo_config.
 * User space changes it in place with plain word stores while packets flow.
 */
struct metlo_config {
	__u64 port_bits[1024]; /* bit p % 64 of word p / 64 */
	__u32 any_port;	       /* take all TCP */
	__u32 vni_filter;      /* only VNIs in metlo_vni_allow */
	__u32 vxlan_port;      /* UDP, host order */
	__u32 pass_vxlan;      /* hand VXLAN packets on to the stack (--pass) */
	__u32 ring_mask;       /* rings in use - 1 */
	__u32 _zero;	       /* must be 0, see metlo_merge_paths() */
	__u64 hash_seed;       /* secret of this start, flow hash and shunts */
	/* Connections whose flow hash is below this are left out; 0: none. A
	 * lower value takes more of them, and all that it took before. */
	__u32 sample_out;
	__u32 _pad;
};

/*
 * Shunt table: mmapable array of METLO_SHUNT_SLOTS, direct mapped by a seeded
 * hash of the *directed* tuple. Only the worker that owns the flow's ring
 * writes a slot (the symmetric hash gives the low bits of the index), so
 * there is one writer; version is odd while it writes. A slot that is taken
 * over by another flow only means that more bytes are delivered.
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

/* Object names (at most 15 bytes) and where they are pinned:
 * METLO_PIN_ROOT/v<METLO_LAYOUT_VERSION>/<interface>/<name>. */
#define METLO_PIN_ROOT "/sys/fs/bpf/metlo-xdp"

#endif
