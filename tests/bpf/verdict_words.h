/* SPDX-License-Identifier: MIT */
/* What the rows of verdict_cases.c are made of. */
#ifndef TESTS_VERDICT_WORDS_H
#define TESTS_VERDICT_WORDS_H

#include "verdict_cases.h"

/* clang-format off: a table */
#define FRAME(...) .spec = {__VA_ARGS__}
#define OUTER(...) .outer = {__VA_ARGS__}
#define INNER(...) .inner = {__VA_ARGS__}
#define PASS(what) .outcome = METLO_##what, .passes = true
#define DROP(what) .outcome = METLO_##what
#define RECORD(n, wire, f)                                          \
	.outcome = METLO_delivered, .len = (n), .wire_len = (wire), \
	.flags = METLO_REC_DPORT | (f)
#define FRAGMENT(n, wire, more)                                     \
	.outcome = METLO_delivered, .len = (n), .wire_len = (wire), \
	.flags = METLO_REC_FRAGMENT | (more)
#define WHOLE(n) RECORD(n, n, 0)
#define ANY_DATAGRAM(n, wire, f)                                    \
	.outcome = METLO_delivered, .len = (n), .wire_len = (wire), \
	.flags = METLO_REC_FRAGMENT | (f)
#define DATAGRAM(n, wire, f) ANY_DATAGRAM(n, wire, METLO_REC_DPORT | (f))
/* QUIC versions */
#define V1	     0x00000001
#define V2	     0x6b3343cf
#define CUT(n, wire) RECORD(n, wire, METLO_REC_TRUNCATED)
#define V6	     METLO_REC_IPV6
#define QUIC(byte, of_version, ...)                                  \
	FRAME(.udp = true, .first = (byte), .version = (of_version), \
	      __VA_ARGS__)

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define URG 0x20
/* clang-format on */

#endif
