/* SPDX-License-Identifier: MIT */
/*
 * Link headers, as described at tcpdump.org/linktypes.html. The decoder reads
 * Ethernet II only, so that whatever else says which protocol follows is replaced
 * by an Ethernet header. Reading in place saves a copy of each packet: the header
 * of its record lies before it and is not needed any more.
 */
#include <string.h>

#include <pcap/dlt.h>
#include <pcap/pcap.h>

#include "pcap/link.h"

#define ETHER_HEADER   14u
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_MIN  0x0600 /* below: a length (IEEE 802.3) */
#define SLL_802_2      4      /* LINUX_SLL_P_802_2: LLC follows */
#define VLAN_TAGS_MAX  2u

enum {
	LINK_NULL = 0,
	LINK_RAW_BSD = 12, /* DLT_RAW where it was written to files as it is */
	LINK_RAW_OPENBSD = 14,
	LINK_ATM_LLC = 100,
	LINK_RAW = 101,
	LINK_LOOP = 108,
	LINK_SLL = 113,
	LINK_PPI = 192,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_NFLOG = 239,
	LINK_SLL2 = 276,
};

/* What lies behind the link headers parsed so far. */
struct payload {
	const uint8_t *p;
	size_t len; /* captured */
	size_t wire_len;
	uint16_t type; /* EtherType; 0: unknown */
	bool ethernet; /* it is an Ethernet frame; type means nothing */
};

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

bool pcap_link_supported(uint32_t link)
{
	switch (link) {
	case PCAP_LINK_ETHERNET:
	case LINK_NULL:
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
	case LINK_ATM_LLC:
	case LINK_RAW:
	case LINK_LOOP:
	case LINK_SLL:
	case LINK_PPI:
	case LINK_IPV4:
	case LINK_IPV6:
	case LINK_NFLOG:
	case LINK_SLL2:
		return true;
	default:
		return false;
	}
}

void pcap_link_refuse(uint32_t link, char error[PCAP_ERROR_SIZE])
{
	const char *name =
		link <= INT32_MAX ? pcap_datalink_val_to_name((int)link) : NULL;

	snprintf(
		error, PCAP_ERROR_SIZE,
		"link type %s (%u) is not supported: capture on an Ethernet interface, or with tcpdump -y EN10MB",
		name ? name : "unknown", link);
}

/* The EtherType for the address family in a BSD loopback header. IPv4 is 2 on
 * every system, IPv6 is 10, 24, 28 or 30. The family is in the byte order of the
 * capturing host; since it fits into one byte, ORing the bytes finds it. */
static uint16_t family_ethertype(const uint8_t *p)
{
	uint8_t family = p[0] | p[1] | p[2] | p[3];

	if (family == 2)
		return ETHERTYPE_IPV4;
	if (family == 10 || family == 24 || family == 28 || family == 30)
		return ETHERTYPE_IPV6;
	return 0;
}

static uint16_t ip_ethertype(const uint8_t *p, size_t len)
{
	if (len && p[0] >> 4 == 6)
		return ETHERTYPE_IPV6;
	return len && p[0] >> 4 == 4 ? ETHERTYPE_IPV4 : 0;
}

static void advance(struct payload *y, size_t n)
{
	y->p += n;
	y->len -= n;
	y->wire_len -= n;
}

/* Steps over LLC and SNAP (IEEE 802) if they carry an EtherType. */
static void step_over_snap(struct payload *y)
{
	const uint8_t *p = y->p;

	if (y->len < 8 || p[0] != 0xaa || p[1] != 0xaa || p[2] != 3 || p[3] ||
	    p[4] || (p[5] && p[5] != 0xf8))
		return;
	y->type = be16(p + 6);
	advance(y, 8);
}

/* The payload attribute of an NFLOG packet. Lengths and types of attributes are
 * in the byte order of the capturing host, that is of the file. */
static void find_nflog(bool big_endian, struct payload *y)
{
	enum { HEADER = 4, ATTRIBUTE = 4, NFULA_PAYLOAD = 9 };
	size_t at = HEADER, len, type;

	while (y->len >= at + ATTRIBUTE) {
		const uint8_t *p = y->p + at;

		len = big_endian ? be16(p) : le16(p);
		type = big_endian ? be16(p + 2) : le16(p + 2);
		if (len < ATTRIBUTE)
			return;
		if ((type & 0x7fff) == NFULA_PAYLOAD) {
			advance(y, at + ATTRIBUTE);
			y->wire_len = len - ATTRIBUTE;
			if (y->len > y->wire_len)
				y->len = y->wire_len;
			y->type = ip_ethertype(y->p, y->len);
			return;
		}
		at += (len + 3) & ~(size_t)3;
	}
}

/* Steps over a link header of n bytes. False: the packet is shorter, and nothing
 * of it is left. */
static bool step_over(struct payload *y, size_t n, uint16_t type)
{
	if (y->len < n) {
		advance(y, y->len);
		return false;
	}
	y->type = type;
	advance(y, n);
	return true;
}

/* Linux cooked headers, whose protocol may be LLC instead of an EtherType. */
static void find_sll(struct payload *y, size_t header, size_t protocol)
{
	uint16_t type = y->len >= header ? be16(y->p + protocol) : 0;

	if (step_over(y, header, type) && type == SLL_802_2)
		step_over_snap(y);
}

/* All link headers but PPI, which may contain any of them. */
static void find_payload(uint32_t link, bool big_endian, struct payload *y)
{
	switch (link) {
	case PCAP_LINK_ETHERNET:
		y->ethernet = true;
		break;
	case LINK_NULL:
	case LINK_LOOP:
		step_over(y, 4, y->len >= 4 ? family_ethertype(y->p) : 0);
		break;
	case LINK_SLL:
		find_sll(y, 16, 14);
		break;
	case LINK_SLL2:
		find_sll(y, 20, 0);
		break;
	case LINK_ATM_LLC:
		step_over_snap(y);
		break;
	case LINK_NFLOG:
		find_nflog(big_endian, y);
		break;
	default: /* raw IP */
		y->type = ip_ethertype(y->p, y->len);
		break;
	}
}

/* Steps over the PPI header. Returns the link type of what follows it, or
 * LINK_PPI if there is nothing that can be read. */
static uint32_t find_ppi(struct payload *y)
{
	uint32_t link;
	size_t len;

	if (y->len < 8)
		return LINK_PPI;
	len = le16(y->p + 2);
	link = (uint32_t)le16(y->p + 6) << 16 | le16(y->p + 4);
	if (len < 8 || !step_over(y, len, 0))
		return LINK_PPI;
	return pcap_link_supported(link) ? link : LINK_PPI;
}

/* Turns IEEE 802.3 with SNAP, behind VLAN tags or not, into Ethernet II: moves
 * what comes before the length up to the EtherType that ends SNAP. */
static void snap_to_ethernet(struct pcap_frame *f)
{
	enum { ADDRESSES = 12, LENGTH = 2, TAG = 4, SNAP = 8 };
	size_t at = ADDRESSES;
	struct payload y = {0};
	uint8_t *p = (uint8_t *)(uintptr_t)f->data;

	for (unsigned int i = 0; i < VLAN_TAGS_MAX && f->caplen >= at + TAG;
	     i++) {
		uint16_t type = be16(p + at);

		if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
			break;
		at += TAG;
	}
	if (f->caplen < at + LENGTH + SNAP || be16(p + at) >= ETHERTYPE_MIN)
		return;
	y.p = p + at + LENGTH;
	y.len = y.wire_len = SNAP;
	step_over_snap(&y);
	if (y.len)
		return;
	memmove(p + SNAP, p, at);
	f->data += SNAP;
	f->caplen -= SNAP;
	f->wire_len -= SNAP;
}

void pcap_link_to_ethernet(uint32_t link, bool swapped, struct pcap_frame *f)
{
	const bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	struct payload y = {
		.p = f->data, .len = f->caplen, .wire_len = f->wire_len};
	uint8_t *header;

	if (link == LINK_PPI)
		link = find_ppi(&y);
	if (link != LINK_PPI)
		find_payload(link, swapped == little, &y);
	f->data = y.p;
	f->caplen = y.len;
	f->wire_len = y.wire_len > y.len ? y.wire_len : y.len;
	if (y.ethernet) {
		snap_to_ethernet(f);
		return;
	}
	/* PCAP_HEADROOM guarantees that this lies within the buffer. */
	header = (uint8_t *)(uintptr_t)y.p - ETHER_HEADER;
	memset(header, 0, ETHER_HEADER - 2);
	header[12] = (uint8_t)(y.type >> 8);
	header[13] = (uint8_t)y.type;
	f->data = header;
	f->caplen += ETHER_HEADER;
	f->wire_len += ETHER_HEADER;
}
