/* SPDX-License-Identifier: MIT */
/* Link headers that say more than which protocol follows. test_pcap_source has
 * the simple ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pcap/link.h"

#define IP4 0x45, 1, 2, 3

struct link_case {
	uint32_t link;
	bool big_endian; /* the file's byte order */
	uint8_t in[64];
	size_t n;
	uint8_t out[64]; /* from the EtherType on */
	size_t n_out;
};

static void convert(const struct link_case *c, size_t n, struct pcap_frame *f,
		    uint8_t *buf)
{
	const bool host_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	memset(buf, 0xee, PCAP_HEADROOM);
	memcpy(buf + PCAP_HEADROOM, c->in, n);
	*f = (struct pcap_frame){
		.data = buf + PCAP_HEADROOM, .caplen = n, .wire_len = n + 100};
	pcap_link_normalize(c->link, c->big_endian != host_big, f);
	assert_true(f->data >= buf);
	assert_true(f->data + f->caplen <= buf + PCAP_HEADROOM + n ||
		    f->caplen == 14);
	assert_true(f->wire_len >= f->caplen);
}

static void run(const struct link_case *cases, size_t count)
{
	uint8_t buf[PCAP_HEADROOM + 64];
	struct pcap_frame f;

	for (size_t i = 0; i < count; i++) {
		const struct link_case *c = &cases[i];

		convert(c, c->n, &f, buf);
		if (f.caplen != 12 + c->n_out ||
		    memcmp(f.data + 12, c->out, c->n_out))
			fail_msg("case %zu: %zu bytes, EtherType %02x%02x", i,
				 f.caplen, f.data[12], f.data[13]);
		for (size_t cut = 0; cut < c->n; cut++)
			convert(c, cut, &f, buf);
	}
}

static void test_nflog(void **state)
{
	static const struct link_case cases[] = {
		/* payload alone */
		{239,
		 false,
		 {2, 0, 0, 1, 8, 0, 9, 0, IP4},
		 12,
		 {0x08, 0x00, IP4},
		 6},
		/* behind a prefix of 5 bytes, padded */
		{239,
		 false,
		 {2,   0, 0, 1, 9, 0, 10, 0, 'a', 'b', 'c',
		  'd', 0, 0, 0, 0, 8, 0,  9, 0,	  IP4},
		 24,
		 {0x08, 0x00, IP4},
		 6},
		{239,
		 true,
		 {10, 0, 0, 1, 0, 8, 0, 9, 0x60, 1, 2, 3},
		 12,
		 {0x86, 0xdd, 0x60, 1, 2, 3},
		 6},
		/* more follows the payload */
		{239,
		 false,
		 {2, 0, 0, 1, 7, 0, 9, 0, 0x45, 1, 2, 0, 4, 0, 1, 0},
		 16,
		 {0x08, 0x00, 0x45, 1, 2},
		 5},
		/* an attribute that never ends: no payload */
		{239,
		 false,
		 {2, 0, 0, 1, 0, 0, 9, 0},
		 8,
		 {0, 0, 2, 0, 0, 1, 0, 0, 9, 0},
		 10},
	};

	(void)state;
	run(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_ppi(void **state)
{
	static const struct link_case cases[] = {
		{192,
		 false,
		 {0, 0, 8, 0, 101, 0, 0, 0, IP4},
		 12,
		 {0x08, 0x00, IP4},
		 6},
		{192,
		 true,
		 {0, 0, 8, 0, 12, 0, 0, 0, IP4},
		 12,
		 {0x08, 0x00, IP4},
		 6},
		/* with a field of 4 bytes, then Ethernet */
		{192,
		 false,
		 {0, 0, 12, 0, 1, 0, 0, 0, 1, 2, 3,    4,    2,	 2,
		  2, 2, 2,  2, 3, 3, 3, 3, 3, 3, 0x08, 0x00, IP4},
		 30,
		 {0x08, 0x00, IP4},
		 6},
		/* 802.11, PPI again, a length beyond the packet */
		{192,
		 false,
		 {0, 0, 8, 0, 105, 0, 0, 0, IP4},
		 12,
		 {0, 0, IP4},
		 6},
		{192,
		 false,
		 {0, 0, 8, 0, 192, 0, 0, 0, IP4},
		 12,
		 {0, 0, IP4},
		 6},
		{192, false, {0, 0, 99, 0, 101, 0, 0, 0, IP4}, 12, {0, 0}, 2},
	};

	(void)state;
	run(cases, sizeof(cases) / sizeof(cases[0]));
}

#define MACS 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3

static void test_snap(void **state)
{
	static const struct link_case cases[] = {
		{1,
		 false,
		 {MACS, 0, 12, 0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00, IP4},
		 26,
		 {0x08, 0x00, IP4},
		 6},
		/* bridge-tunnel encapsulation */
		{1,
		 false,
		 {MACS, 0, 12, 0xaa, 0xaa, 3, 0, 0, 0xf8, 0x08, 0x00, IP4},
		 26,
		 {0x08, 0x00, IP4},
		 6},
		/* behind one and two VLAN tags */
		{1,
		 false,
		 {MACS, 0x81, 0, 0, 5, 0, 12, 0xaa, 0xaa, 3, 0, 0, 0, 0x08,
		  0x00, IP4},
		 30,
		 {0x81, 0, 0, 5, 0x08, 0x00, IP4},
		 10},
		{1,
		 false,
		 {MACS, 0x88, 0xa8, 0, 5, 0x81, 0, 0,	 6,    0,
		  12,	0xaa, 0xaa, 3, 0, 0,	0, 0x08, 0x00, IP4},
		 34,
		 {0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x08, 0x00, IP4},
		 14},
		/* LLC without SNAP, another vendor's SNAP, VLAN without LLC */
		{1,
		 false,
		 {MACS, 0, 7, 0x42, 0x42, 3, IP4},
		 21,
		 {0, 7, 0x42, 0x42, 3, IP4},
		 9},
		{1,
		 false,
		 {MACS, 0, 12, 0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0x00, IP4},
		 26,
		 {0, 12, 0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0x00, IP4},
		 14},
		{1,
		 false,
		 {MACS, 0x81, 0, 0, 5, 0x08, 0x00, IP4},
		 22,
		 {0x81, 0, 0, 5, 0x08, 0x00, IP4},
		 10},
		/* RFC 1483, and Linux cooked with 802.2 */
		{100,
		 false,
		 {0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd, 0x60, 1},
		 10,
		 {0x86, 0xdd, 0x60, 1},
		 4},
		{113,
		 false,
		 {[15] = 4, 0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00, IP4},
		 28,
		 {0x08, 0x00, IP4},
		 6},
		{276,
		 false,
		 {[1] = 4, [20] = 0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00, IP4},
		 32,
		 {0x08, 0x00, IP4},
		 6},
	};

	(void)state;
	run(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nflog),
		cmocka_unit_test(test_ppi),
		cmocka_unit_test(test_snap),
	};

	return cmocka_run_group_tests_name("pcap_link", tests, NULL, NULL);
}
