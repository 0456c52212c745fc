/* SPDX-License-Identifier: MIT */
/* Builds mirrored frames for tests, both valid and deliberately broken ones. */
#ifndef TESTS_FRAME_BUILD_H
#define TESTS_FRAME_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX     73000 /* maximum of BPF_PROG_TEST_RUN */
#define FRAME_EXT_MAX 12

/* For fields in which 0 means "the correct value": SET(n) writes n instead. */
#define SET(n) ((n) + 1)

/* Ethernet, VLAN tags and IP of one level. All zero is untagged IPv4. */
struct frame_ip {
	uint8_t vlans;	     /* tags */
	uint16_t vlan_type;  /* of the first tag, 0: 802.1Q */
	uint32_t ether_type; /* SET() */
	bool ipv6;
	uint8_t version;    /* 0: the correct one */
	uint8_t options;    /* IPv4: bytes of options, multiple of 4 */
	uint8_t option;	    /* the first of them, else a NOP */
	uint8_t ihl;	    /* IPv4: SET() words */
	uint32_t total_len; /* SET(): IPv4 total, IPv6 payload length */
	uint16_t frag;	    /* IPv4: flags and offset, host order */
	uint16_t protocol;  /* SET() */
	/* IPv6: extension headers in order, terminated by 0; hop-by-hop, whose
	 * number is 0, is written as EXT_HBH. */
	uint8_t ext[FRAME_EXT_MAX];
	uint16_t ext_frag;  /* offset and flags of a fragment header */
	uint8_t ext_len;    /* length field of routing headers */
	uint32_t addr_salt; /* changes both addresses */
	bool swap;	    /* swap addresses and ports */
};

#define EXT_HBH	     255
#define EXT_ROUTING  43
#define EXT_FRAGMENT 44
#define EXT_AH	     51
#define EXT_DSTOPTS  60

struct frame_spec {
	struct frame_ip outer, inner;
	uint32_t udp_dport;   /* SET(), 0: 4789 */
	uint32_t udp_len;     /* SET() */
	uint32_t vxlan_flags; /* SET() first byte */
	uint32_t vni;
	uint16_t sport, dport; /* 0: 40000, 80 */
	uint32_t seq, ack;
	uint8_t tcp_flags; /* 0: ACK, or PSH and ACK with payload */
	/* Bytes, multiple of 4: NOPs, and the timestamps ~seq and ~ack if they
	 * fit, aligned unless stamps_at says how many NOPs precede them. */
	uint8_t tcp_options;
	uint8_t stamps_at;   /* SET() */
	uint8_t options[40]; /* instead of those, if not 0 */
	uint16_t bad_ip;  /* added to the checksum of the inner IPv4 header */
	bool partial;	  /* the TCP checksum is the sum of the pseudo header */
	uint16_t bad_tcp; /* added to the TCP checksum */
	uint32_t doff;	  /* SET() words */
	uint16_t urg;
	/* A UDP datagram instead of a TCP segment. Its payload begins with these,
	 * which are not part of payload. */
	bool udp;
	uint8_t first;	       /* byte */
	uint32_t version;      /* 0: neither */
	uint32_t datagram_len; /* SET() */
	uint32_t payload;
	uint32_t padding;	/* bytes after the inner IP packet */
	uint32_t outer_padding; /* bytes after the outer IP packet */
	bool raw;		/* only the inner frame */
};

/* A frame and the offsets of its layers. */
struct frame {
	uint8_t *data; /* FRAME_MAX bytes */
	size_t len;
	size_t outer_ip, udp, vxlan, inner_eth, inner_ip, tcp, payload;
	uint8_t saddr[16], daddr[16]; /* inner, IPv4-mapped */
	uint16_t sport, dport;
	uint8_t tcp_flags;
	bool stamped; /* with the timestamps ~seq and ~ack */
};

/* f->data is allocated by frame_alloc(). */
void frame_alloc(struct frame *f);
void frame_free(struct frame *f);
void frame_build(struct frame *f, const struct frame_spec *spec);
/* The byte that frame_build() writes at position i of the payload. */
uint8_t frame_payload_byte(size_t i);

/* xorshift64*, so that a seed yields the same frames everywhere. */
uint64_t frame_rand(uint64_t *state);
/* A random frame, mostly valid. */
void frame_random_spec(struct frame_spec *spec, uint64_t *state);
/* Changes, truncates or lengthens the frame. */
void frame_mutate(struct frame *f, uint64_t *state);

#endif
