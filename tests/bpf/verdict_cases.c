/* SPDX-License-Identifier: MIT */
#include "verdict_cases.h"

/* clang-format off: a table */
#define FRAME(...) .spec = { __VA_ARGS__ }
#define OUTER(...) .outer = { __VA_ARGS__ }
#define INNER(...) .inner = { __VA_ARGS__ }
#define PASS(what) .outcome = METLO_##what, .passes = true
#define DROP(what) .outcome = METLO_##what
#define RECORD(n, wire, f) \
	.outcome = METLO_delivered, .len = (n), .wire_len = (wire), \
	.flags = METLO_REC_DPORT | (f)
#define WHOLE(n) RECORD(n, n, 0)
#define CUT(n, wire) RECORD(n, wire, METLO_REC_TRUNCATED)
#define V6 METLO_REC_IPV6

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define URG 0x20

const struct verdict_case verdict_cases[] = {
	/* delivered: the header variants */
	{ "plain", FRAME(.payload = 100, .vni = 7000, .seq = 1, .ack = 2), WHOLE(100) },
	{ "one byte", FRAME(.payload = 1), WHOLE(1) },
	{ "full segment", FRAME(.payload = 1448, .tcp_options = 12), WHOLE(1448) },
	{ "highest VNI", FRAME(.payload = 5, .vni = 0xffffff), WHOLE(5) },
	{ "all TCP options", FRAME(.payload = 5, .tcp_options = 40), WHOLE(5) },
	{ "outer VLAN", FRAME(OUTER(.vlans = 1), .payload = 5), WHOLE(5) },
	{ "outer QinQ", FRAME(OUTER(.vlans = 2, .vlan_type = 0x88a8), .payload = 5), WHOLE(5) },
	{ "outer VLAN 0x9100", FRAME(OUTER(.vlans = 2, .vlan_type = 0x9100), .payload = 5), WHOLE(5) },
	{ "inner VLAN", FRAME(INNER(.vlans = 1), .payload = 5), WHOLE(5) },
	{ "inner QinQ", FRAME(INNER(.vlans = 2, .vlan_type = 0x88a8), .payload = 5), WHOLE(5) },
	{ "tags on both levels", FRAME(OUTER(.vlans = 2), INNER(.vlans = 2), .payload = 5), WHOLE(5) },
	{ "outer IP options", FRAME(OUTER(.options = 40), .payload = 5), WHOLE(5) },
	{ "inner IP options", FRAME(INNER(.options = 12), .payload = 5), WHOLE(5) },
	{ "outer IPv6", FRAME(OUTER(.ipv6 = true), .payload = 5), WHOLE(5) },
	{ "inner IPv6", FRAME(INNER(.ipv6 = true), .payload = 5), RECORD(5, 5, V6) },
	{ "IPv6 on both levels", FRAME(OUTER(.ipv6 = true), INNER(.ipv6 = true), .payload = 99), RECORD(99, 99, V6) },
	{ "outer hop-by-hop", FRAME(OUTER(.ipv6 = true, .ext = { EXT_HBH }), .payload = 5), WHOLE(5) },
	{ "outer extension headers", FRAME(OUTER(.ipv6 = true, .ext = { EXT_HBH, EXT_DSTOPTS, EXT_ROUTING, EXT_AH }), .payload = 5), WHOLE(5) },
	{ "inner hop-by-hop", FRAME(INNER(.ipv6 = true, .ext = { EXT_HBH }), .payload = 5), RECORD(5, 5, V6) },
	{ "inner routing header", FRAME(INNER(.ipv6 = true, .ext = { EXT_ROUTING }, .ext_len = 4), .payload = 5), RECORD(5, 5, V6) },
	{ "inner destination options", FRAME(INNER(.ipv6 = true, .ext = { EXT_DSTOPTS }), .payload = 5), RECORD(5, 5, V6) },
	{ "inner AH", FRAME(INNER(.ipv6 = true, .ext = { EXT_AH }), .payload = 5), RECORD(5, 5, V6) },
	{ "inner atomic fragment", FRAME(INNER(.ipv6 = true, .ext = { EXT_FRAGMENT }), .payload = 5), RECORD(5, 5, V6) },
	{ "outer atomic fragment", FRAME(OUTER(.ipv6 = true, .ext = { EXT_FRAGMENT }), .payload = 5), WHOLE(5) },
	{ "seven extension headers", FRAME(INNER(.ipv6 = true, .ext = { EXT_HBH, EXT_DSTOPTS, EXT_ROUTING, EXT_AH, EXT_AH, EXT_DSTOPTS, EXT_DSTOPTS }), .payload = 5), RECORD(5, 5, V6) },
	{ "longest routing header", FRAME(INNER(.ipv6 = true, .ext = { EXT_ROUTING }, .ext_len = 63), .payload = 5), RECORD(5, 5, V6) },
	{ "VXLAN reserved bits", FRAME(.vxlan_flags = SET(0xff), .payload = 5), WHOLE(5) },
	{ "DF bit is no fragment", FRAME(INNER(.frag = 0x4000), .payload = 5), WHOLE(5) },
	{ "reserved bit is no fragment", FRAME(INNER(.frag = 0x8000), .payload = 5), WHOLE(5) },
	{ "outer DF bit", FRAME(OUTER(.frag = 0x4000), .payload = 5), WHOLE(5) },
	{ "padded to 60 bytes", FRAME(.payload = 1, .padding = 5), WHOLE(1) },
	{ "trailer behind the outer packet", FRAME(.payload = 9, .outer_padding = 12), WHOLE(9) },
	{ "trailer behind both", FRAME(.payload = 9, .outer_padding = 4, .padding = 4), WHOLE(9) },
	{ "padded, no payload", FRAME(.padding = 6), DROP(no_payload) },
	{ "request, source port unknown", FRAME(.sport = 8001, .dport = 8001, .payload = 1), RECORD(1, 1, METLO_REC_SPORT) },
	{ "response", FRAME(INNER(.swap = true), .payload = 77), .outcome = METLO_delivered, .flags = METLO_REC_SPORT, .len = 77, .wire_len = 77 },
	{ "port range, first", FRAME(.dport = 8000, .payload = 1), WHOLE(1) },
	{ "port range, last", FRAME(.dport = 8100, .payload = 1), WHOLE(1) },
	{ "urgent data", FRAME(.tcp_flags = ACK | URG | PSH, .urg = 3, .payload = 8), WHOLE(8) },
	{ "ECN bits are left out", FRAME(.tcp_flags = 0xc0 | ACK | PSH, .payload = 8), WHOLE(8) },
	{ "seq wraps", FRAME(.seq = 0xfffffff0, .payload = 64), WHOLE(64) },

	/* bare headers */
	{ "SYN", FRAME(.tcp_flags = SYN, .tcp_options = 20), WHOLE(0) },
	{ "SYN-ACK", FRAME(.tcp_flags = SYN | ACK, .tcp_options = 20), WHOLE(0) },
	{ "FIN", FRAME(.tcp_flags = FIN | ACK), WHOLE(0) },
	{ "RST", FRAME(.tcp_flags = RST), WHOLE(0) },
	{ "SYN with data (Fast Open)", FRAME(.tcp_flags = SYN, .payload = 50), WHOLE(50) },
	{ "FIN with data", FRAME(.tcp_flags = FIN | PSH | ACK, .payload = 50), WHOLE(50) },
	{ "IPv6 FIN", FRAME(INNER(.ipv6 = true), .tcp_flags = FIN | ACK), RECORD(0, 0, V6) },

	/* lengths that say 0: segmentation offload */
	{ "inner total length 0", FRAME(INNER(.total_len = SET(0)), .payload = 3000), WHOLE(3000) },
	{ "outer and inner total length 0", FRAME(OUTER(.total_len = SET(0)), INNER(.total_len = SET(0)), .udp_len = SET(0), .payload = 3000), WHOLE(3000) },
	{ "outer total length 0, UDP length right", FRAME(OUTER(.total_len = SET(0)), .payload = 30), WHOLE(30) },
	{ "inner IPv6 payload length 0", FRAME(INNER(.ipv6 = true, .total_len = SET(0)), .payload = 300), RECORD(300, 300, V6) },
	{ "outer IPv6 payload length 0", FRAME(OUTER(.ipv6 = true, .total_len = SET(0)), .payload = 300), WHOLE(300) },
	{ "inner total length 0 with trailer of outer", FRAME(INNER(.total_len = SET(0)), .payload = 30, .outer_padding = 9), WHOLE(30) },

	/* larger than a record */
	{ "exactly one record", FRAME(.payload = 16384), WHOLE(16384) },
	{ "one byte more", FRAME(.payload = 16385), WHOLE(16385), .records = 2 },
	{ "two records", FRAME(.payload = 32768), WHOLE(32768), .records = 2 },
	{ "jumbo frame of 8964", FRAME(.payload = 8910 - 12, .tcp_options = 12), WHOLE(8898) },
	{ "super-packet", FRAME(.payload = 65000), WHOLE(65000), .records = 4 },
	{ "super-packet, FIN and URG at its end", FRAME(.tcp_flags = FIN | ACK | PSH | URG, .urg = 9, .payload = 40000), WHOLE(40000), .records = 3 },
	{ "super-packet with SYN", FRAME(.tcp_flags = SYN, .payload = 20000, .seq = 0xffffff00), WHOLE(20000), .records = 2 },
	{ "super-packet, lengths wrapped", FRAME(OUTER(.total_len = SET(0)), INNER(.total_len = SET(0)), .payload = 65536), WHOLE(65536), .records = 4 },
	{ "super-packet, UDP length 0", FRAME(OUTER(.total_len = SET(0)), INNER(.total_len = SET(0)), .udp_len = SET(0), .payload = 65536), WHOLE(65536), .records = 4 },
	{ "BIG TCP over IPv6", FRAME(OUTER(.ipv6 = true, .total_len = SET(0)), INNER(.ipv6 = true, .total_len = SET(0)), .payload = 65530), RECORD(65530, 65530, V6), .records = 4 },
	{ "larger than is delivered", FRAME(OUTER(.total_len = SET(0)), INNER(.total_len = SET(0)), .payload = 70000), CUT(65536, 70000), .records = 4 },

	/* cut by the mirror (inner length beyond the datagram) or the capture */
	{ "mirror cut the payload", FRAME(INNER(.total_len = SET(1040)), .payload = 200), CUT(200, 1000) },
	{ "mirror cut all payload", FRAME(INNER(.total_len = SET(1040))), CUT(0, 1000) },
	{ "mirror cut a super-packet", FRAME(INNER(.total_len = SET(60040)), .payload = 20000), CUT(20000, 60000), .records = 2 },
	{ "mirror cut IPv6", FRAME(INNER(.ipv6 = true, .total_len = SET(1020)), .payload = 10), RECORD(10, 1000, V6 | METLO_REC_TRUNCATED) },
	{ "mirror cut, padding is not payload", FRAME(INNER(.total_len = SET(1040)), .payload = 10, .outer_padding = 100), CUT(10, 1000) },
	{ "capture cut the payload", FRAME(.payload = 500), .cut_after = CUT_PAYLOAD, .keep = 123, CUT(123, 500) },
	{ "capture cut before the payload", FRAME(.payload = 500), .cut_after = CUT_PAYLOAD, .keep = 0, CUT(0, 500) },
	{ "cut in the TCP options", FRAME(.payload = 500, .tcp_options = 12), .cut_after = CUT_TCP, .keep = 21, CUT(0, 500) },
	{ "cut behind the fixed TCP header", FRAME(.payload = 500, .tcp_options = 12), .cut_after = CUT_TCP, .keep = 20, CUT(0, 500) },
	{ "cut, FIN is still told", FRAME(.tcp_flags = FIN | ACK, .payload = 500), .cut_after = CUT_PAYLOAD, .keep = 1, CUT(1, 500) },
	{ "cut in the TCP header", FRAME(.payload = 500), .cut_after = CUT_TCP, .keep = 19, DROP(bad_inner) },
	{ "cut in the ports", FRAME(.payload = 500), .cut_after = CUT_TCP, .keep = 3, DROP(bad_inner) },
	{ "cut in the inner IP header", FRAME(.payload = 500), .cut_after = CUT_INNER_IP, .keep = 19, DROP(bad_inner) },
	{ "cut in the inner Ethernet header", FRAME(.payload = 500), .cut_after = CUT_INNER_ETH, .keep = 13, DROP(bad_inner) },
	{ "nothing inside", FRAME(.payload = 500), .cut_after = CUT_INNER_ETH, .keep = 0, DROP(bad_inner) },
	{ "cut in the inner VLAN tag", FRAME(INNER(.vlans = 1), .payload = 5), .cut_after = CUT_INNER_ETH, .keep = 17, DROP(bad_inner) },
	{ "cut in the VXLAN header", FRAME(.payload = 500), .cut_after = CUT_VXLAN, .keep = 7, DROP(bad_vxlan) },
	{ "cut behind the UDP header", FRAME(.payload = 500), .cut_after = CUT_VXLAN, .keep = 0, DROP(bad_vxlan) },
	{ "cut in the UDP header", FRAME(.payload = 500), .cut_after = CUT_UDP, .keep = 7, PASS(bad_outer) },
	{ "cut in the outer IP header", FRAME(.payload = 500), .cut_after = CUT_OUTER_IP, .keep = 19, PASS(bad_outer) },
	{ "Ethernet header only", FRAME(.payload = 5), .cut_after = CUT_FRAME, .keep = 14, PASS(bad_outer) },
	{ "cut in the outer VLAN tag", FRAME(OUTER(.vlans = 1), .payload = 5), .cut_after = CUT_FRAME, .keep = 16, PASS(bad_outer) },

	/* not ours */
	{ "ARP", FRAME(OUTER(.ether_type = SET(0x0806)), .payload = 5), PASS(pass_not_vxlan) },
	{ "three VLAN tags", FRAME(OUTER(.vlans = 3), .payload = 5), PASS(pass_not_vxlan) },
	{ "outer TCP", FRAME(OUTER(.protocol = SET(6)), .payload = 5), PASS(pass_not_vxlan) },
	{ "outer ICMP over IPv6", FRAME(OUTER(.ipv6 = true, .protocol = SET(58)), .payload = 5), PASS(pass_not_vxlan) },
	{ "outer no next header", FRAME(OUTER(.ipv6 = true, .protocol = SET(59)), .payload = 5), PASS(pass_not_vxlan) },
	{ "another UDP port", FRAME(.udp_dport = SET(53), .payload = 5), PASS(pass_not_vxlan) },
	{ "another UDP port, bad length", FRAME(.udp_dport = SET(53), .udp_len = SET(3), .payload = 5), PASS(pass_not_vxlan) },
	{ "port 4789 while 8472 is ours", FRAME(.payload = 5), .vxlan_port = 8472, PASS(pass_not_vxlan) },
	{ "port 8472", FRAME(.udp_dport = SET(8472), .payload = 5), .vxlan_port = 8472, WHOLE(5) },
	{ "outer TCP fragment", FRAME(OUTER(.protocol = SET(6), .frag = 0x2000), .payload = 5), PASS(pass_not_vxlan) },

	/* bad outer headers */
	{ "outer IP version 5", FRAME(OUTER(.version = 5), .payload = 5), PASS(bad_outer) },
	{ "outer IPv6 version 4", FRAME(OUTER(.ipv6 = true, .version = 4), .payload = 5), PASS(bad_outer) },
	{ "outer header length 4 words", FRAME(OUTER(.ihl = SET(4)), .payload = 5), PASS(bad_outer) },
	{ "outer header length 0", FRAME(OUTER(.ihl = SET(0)), .payload = 5), PASS(bad_outer) },
	{ "outer total length below header", FRAME(OUTER(.total_len = SET(19)), .payload = 5), PASS(bad_outer) },
	{ "outer total length without UDP", FRAME(OUTER(.total_len = SET(27)), .payload = 5), PASS(bad_outer) },
	{ "UDP length 7", FRAME(.udp_len = SET(7), .payload = 5), PASS(bad_outer) },
	{ "UDP length 0", FRAME(.udp_len = SET(0), .payload = 5), PASS(bad_outer) },
	{ "UDP length beyond the packet", FRAME(.udp_len = SET(1000), .payload = 5), PASS(bad_outer) },
	{ "nine outer extension headers", FRAME(OUTER(.ipv6 = true, .ext = { EXT_HBH, EXT_DSTOPTS, EXT_DSTOPTS, EXT_DSTOPTS, EXT_DSTOPTS, EXT_DSTOPTS, EXT_DSTOPTS, EXT_DSTOPTS, EXT_DSTOPTS }), .payload = 5), PASS(bad_outer) },
	{ "outer extension headers of 520 bytes", FRAME(OUTER(.ipv6 = true, .ext = { EXT_ROUTING }, .ext_len = 64), .payload = 5), PASS(bad_outer) },
	{ "outer extension header beyond the packet", FRAME(OUTER(.ipv6 = true, .ext = { EXT_HBH }, .total_len = SET(7)), .payload = 5), PASS(bad_outer) },

	/* fragments */
	{ "outer first fragment", FRAME(OUTER(.frag = 0x2000), .payload = 5), PASS(fragment) },
	{ "outer later fragment", FRAME(OUTER(.frag = 0x0003), .payload = 5), PASS(fragment) },
	{ "outer IPv6 fragment", FRAME(OUTER(.ipv6 = true, .ext = { EXT_FRAGMENT }, .ext_frag = 0x0001), .payload = 5), PASS(fragment) },
	{ "inner first fragment", FRAME(INNER(.frag = 0x2000), .payload = 5), DROP(fragment) },
	{ "inner later fragment", FRAME(INNER(.frag = 0x1fff), .payload = 5), DROP(fragment) },
	{ "inner IPv6 fragment", FRAME(INNER(.ipv6 = true, .ext = { EXT_FRAGMENT }, .ext_frag = 0x0100), .payload = 5), DROP(fragment) },
	{ "inner IPv6 fragment of options", FRAME(INNER(.ipv6 = true, .ext = { EXT_FRAGMENT, EXT_DSTOPTS }, .ext_frag = 0x0009), .payload = 5), DROP(fragment) },
	{ "inner fragment of UDP", FRAME(INNER(.protocol = SET(17), .frag = 0x2000), .payload = 5), DROP(not_tcp) },
	{ "outer fragment in pass mode", FRAME(OUTER(.frag = 0x2000), .payload = 5), .pass_vxlan = true, PASS(fragment) },

	/* bad VXLAN, VNIs */
	{ "VXLAN without the I flag", FRAME(.vxlan_flags = SET(0xf7), .payload = 5), DROP(bad_vxlan) },
	{ "datagram without VXLAN header", FRAME(.udp_len = SET(15), .payload = 5), DROP(bad_vxlan) },
	{ "empty datagram", FRAME(.udp_len = SET(8), .payload = 5), DROP(bad_vxlan) },
	{ "VNI on the list", FRAME(.vni = 7, .payload = 5), .vni_filter = true, WHOLE(5) },
	{ "high VNI on the list", FRAME(.vni = 0xfffffe, .payload = 5), .vni_filter = true, WHOLE(5) },
	{ "VNI not on the list", FRAME(.vni = 8, .payload = 5), .vni_filter = true, DROP(vni_miss) },
	{ "VNI not on the list, rest bad", FRAME(.vni = 8, .payload = 5), .vni_filter = true, .cut_after = CUT_INNER_ETH, .keep = 1, DROP(vni_miss) },

	/* bad or foreign inner packets */
	{ "inner ARP", FRAME(INNER(.ether_type = SET(0x0806)), .payload = 5), DROP(not_tcp) },
	{ "inner UDP", FRAME(INNER(.protocol = SET(17)), .payload = 5), DROP(not_tcp) },
	{ "inner ICMPv6", FRAME(INNER(.ipv6 = true, .protocol = SET(58)), .payload = 5), DROP(not_tcp) },
	{ "inner ESP", FRAME(INNER(.ipv6 = true, .ext = { EXT_HBH }, .protocol = SET(50)), .payload = 5), DROP(not_tcp) },
	{ "three inner VLAN tags", FRAME(INNER(.vlans = 3), .payload = 5), DROP(not_tcp) },
	{ "inner IP version 6 in IPv4", FRAME(INNER(.version = 6), .payload = 5), DROP(bad_inner) },
	{ "inner header length 3 words", FRAME(INNER(.ihl = SET(3)), .payload = 5), DROP(bad_inner) },
	{ "inner header length beyond total", FRAME(INNER(.ihl = SET(15), .total_len = SET(44)), .payload = 5), DROP(bad_inner) },
	{ "inner total length below header", FRAME(INNER(.total_len = SET(19)), .payload = 5), DROP(bad_inner) },
	{ "inner total length without TCP", FRAME(INNER(.total_len = SET(20)), .payload = 5), DROP(bad_inner) },
	{ "inner total length cuts TCP", FRAME(INNER(.total_len = SET(39)), .payload = 5), DROP(bad_inner) },
	{ "inner total length cuts TCP options", FRAME(INNER(.total_len = SET(50)), .tcp_options = 12, .payload = 5), DROP(bad_inner) },
	{ "TCP header length 4 words", FRAME(.doff = SET(4), .payload = 5), DROP(bad_inner) },
	{ "TCP header length 0", FRAME(.doff = SET(0), .payload = 5), DROP(bad_inner) },
	{ "TCP header length beyond the packet", FRAME(.doff = SET(15), .payload = 5), DROP(bad_inner) },
	{ "UDP length ends in the TCP header", FRAME(.udp_len = SET(16 + 14 + 20 + 19), .payload = 5), DROP(bad_inner) },
	{ "UDP length ends in the inner Ethernet header", FRAME(.udp_len = SET(16 + 13), .payload = 5), DROP(bad_inner) },
	{ "UDP length ends in the payload", FRAME(.udp_len = SET(16 + 14 + 40 + 3), .payload = 5), CUT(3, 5) },
	{ "nine inner extension headers", FRAME(INNER(.ipv6 = true, .ext = { EXT_HBH, EXT_AH, EXT_AH, EXT_AH, EXT_AH, EXT_AH, EXT_AH, EXT_AH, EXT_AH }), .payload = 5), DROP(bad_inner) },
	{ "inner extension header beyond the packet", FRAME(INNER(.ipv6 = true, .ext = { EXT_DSTOPTS }, .total_len = SET(4)), .payload = 5), DROP(bad_inner) },

	/* ports, no payload */
	{ "no configured port", FRAME(.dport = 443, .payload = 5), DROP(port_miss) },
	{ "port below the range", FRAME(.dport = 7999, .payload = 5), DROP(port_miss) },
	{ "port above the range", FRAME(.dport = 8101, .payload = 5), DROP(port_miss) },
	{ "port 0 and 65535", FRAME(.sport = 65535, .dport = 1, .payload = 5), DROP(port_miss) },
	{ "any port", FRAME(.dport = 443, .payload = 5), .any_port = true, .outcome = METLO_delivered, .len = 5, .wire_len = 5 },
	{ "any port, a configured one", FRAME(.payload = 5), .any_port = true, WHOLE(5) },
	{ "SYN on another port", FRAME(.dport = 443, .tcp_flags = SYN), DROP(port_miss) },
	{ "pure ACK", FRAME(.tcp_flags = ACK), DROP(no_payload) },
	{ "PSH without payload", FRAME(.tcp_flags = ACK | PSH), DROP(no_payload) },
	{ "pure ACK over IPv6", FRAME(INNER(.ipv6 = true)), DROP(no_payload) },

	/* --pass */
	{ "pass mode, delivered", FRAME(.payload = 5), .pass_vxlan = true, .passes = true, WHOLE(5) },
	{ "pass mode, port miss", FRAME(.dport = 443, .payload = 5), .pass_vxlan = true, PASS(port_miss) },
	{ "pass mode, bad VXLAN", FRAME(.vxlan_flags = SET(0), .payload = 5), .pass_vxlan = true, PASS(bad_vxlan) },

	/* shunts; the payload ends at seq + length (+ 1 for a SYN) */
	{ "shunt all", FRAME(.payload = 5), .shunt = METLO_SHUNT_ALL, DROP(shunted), .wire_len = 5 },
	{ "shunt all, IPv6", FRAME(INNER(.ipv6 = true), .payload = 5), .shunt = METLO_SHUNT_ALL, DROP(shunted), .wire_len = 5 },
	{ "shunt all, super-packet", FRAME(.payload = 60000), .shunt = METLO_SHUNT_ALL, DROP(shunted), .wire_len = 60000 },
	{ "shunt all, truncated", FRAME(INNER(.total_len = SET(1040)), .payload = 5), .shunt = METLO_SHUNT_ALL, DROP(shunted), .wire_len = 1000 },
	{ "shunt until, ends there", FRAME(.seq = 1000, .payload = 500), .shunt = METLO_SHUNT_UNTIL, .shunt_until = 1500, DROP(shunted), .wire_len = 500 },
	{ "shunt until, ends before", FRAME(.seq = 1000, .payload = 500), .shunt = METLO_SHUNT_UNTIL, .shunt_until = 90000, DROP(shunted), .wire_len = 500 },
	{ "shunt until, one byte beyond", FRAME(.seq = 1000, .payload = 501), .shunt = METLO_SHUNT_UNTIL, .shunt_until = 1500, WHOLE(501) },
	{ "shunt until, seq wraps", FRAME(.seq = 0xffffff00, .payload = 500), .shunt = METLO_SHUNT_UNTIL, .shunt_until = 244, DROP(shunted), .wire_len = 500 },
	{ "shunt until, wraps, one byte beyond", FRAME(.seq = 0xffffff00, .payload = 501), .shunt = METLO_SHUNT_UNTIL, .shunt_until = 244, WHOLE(501) },
	{ "shunt until, truncated beyond it", FRAME(INNER(.total_len = SET(1041)), .seq = 0, .payload = 5), .shunt = METLO_SHUNT_UNTIL, .shunt_until = 1000, CUT(5, 1001) },
	{ "shunt until, SYN takes a number", FRAME(.tcp_flags = SYN, .seq = 100, .payload = 5), .shunt = METLO_SHUNT_UNTIL, .shunt_until = 105, WHOLE(5) },
	{ "shunt of another VNI", FRAME(.payload = 5), .shunt = METLO_SHUNT_ALL, .shunt_other_vni = 1, WHOLE(5) },
	{ "shunt of the other direction", FRAME(.payload = 5), .shunt = METLO_SHUNT_ALL, .shunt_other_direction = true, WHOLE(5) },
	{ "shunted FIN goes up bare", FRAME(.tcp_flags = FIN | ACK, .payload = 5), .shunt = METLO_SHUNT_ALL, RECORD(0, 5, METLO_REC_SHUNTED) },
	{ "shunted RST goes up bare", FRAME(.tcp_flags = RST | ACK, .payload = 5), .shunt = METLO_SHUNT_ALL, RECORD(0, 5, METLO_REC_SHUNTED) },
	{ "shunted SYN goes up bare", FRAME(.tcp_flags = SYN, .payload = 5), .shunt = METLO_SHUNT_ALL, RECORD(0, 5, METLO_REC_SHUNTED) },
	{ "shunted FIN of a super-packet", FRAME(.tcp_flags = FIN | ACK, .payload = 60000), .shunt = METLO_SHUNT_ALL, RECORD(0, 60000, METLO_REC_SHUNTED) },
	{ "FIN without payload is not shunted", FRAME(.tcp_flags = FIN | ACK), .shunt = METLO_SHUNT_ALL, WHOLE(0) },
	{ "pure ACK is not shunted", FRAME(.tcp_flags = ACK), .shunt = METLO_SHUNT_ALL, DROP(no_payload) },

	/* without VXLAN around it (replay --raw) */
	{ "raw", FRAME(.raw = true, .payload = 100), WHOLE(100) },
	{ "raw IPv6 with a tag", FRAME(.raw = true, INNER(.ipv6 = true, .vlans = 1), .payload = 100), RECORD(100, 100, V6) },
	{ "raw, padded", FRAME(.raw = true, .payload = 1, .padding = 5), WHOLE(1) },
	{ "raw, another port", FRAME(.raw = true, .dport = 443, .payload = 1), DROP(port_miss) },
	{ "raw, cut", FRAME(.raw = true, .payload = 100), .cut_after = CUT_PAYLOAD, .keep = 7, CUT(7, 100) },
	{ "raw, VNI 0 is not on the list", FRAME(.raw = true, .payload = 100), .vni_filter = true, DROP(vni_miss) },
};
/* clang-format on */

const size_t verdict_case_count =
	sizeof(verdict_cases) / sizeof(verdict_cases[0]);

void verdict_ignore(void *ctx, const struct metlo_rec *rec,
		    const uint8_t *payload)
{
	(void)ctx;
	(void)rec;
	(void)payload;
}
