/* SPDX-License-Identifier: MIT */
/*
 * Names of addresses and networks, optionally of one VNI only. A line costs two
 * look-ups, each a hash probe per prefix length in use.
 */
#ifndef TRACE_NAMES_H
#define TRACE_NAMES_H

#include "base/network.h"

#define NAMES_ANY_VNI UINT32_MAX
#define NAMES_MAX     1000000u /* mappings */
/* Bytes of names and labels: offsets have 32 bits, and memory must be bounded. */
#define NAMES_TEXT_MAX (256u << 20)

/* What an address maps to. */
struct address_name {
	const uint8_t *text;
	uint32_t len;
	const uint8_t *labels; /* a JSON object, */
	uint32_t labels_len;   /* or empty */
};

/* One mapping, to be added. */
struct names_mapping {
	struct ip_network net;
	uint32_t vni; /* or NAMES_ANY_VNI */
	struct address_name name;
};

struct name_table; /* immutable once complete, shared by threads */

/* NULL with errno on failure. */
struct name_table *names_new(void);
void names_free(struct name_table *n);

/* Copies m. 0, -ENOMEM, -E2BIG at a limit, or -EEXIST if the same network has
 * another name: *earlier is its number. Numbers count calls from 0. */
int names_add(struct name_table *n, const struct names_mapping *m,
	      uint32_t *earlier);

uint32_t names_count(const struct name_table *n);

/*
 * Sets *out to the name of an address. Mappings of the VNI come before those of any
 * VNI, as networks of different VNIs may overlap; among each the longest prefix
 * wins. false: it has none.
 */
bool names_find(const struct name_table *n, uint32_t vni,
		const uint8_t addr[16], bool ipv6, struct address_name *out);

#endif
