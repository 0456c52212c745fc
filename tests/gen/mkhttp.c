/* SPDX-License-Identifier: MIT */
/*
 * Writes VXLAN-mirrored HTTP/1.1 traffic as a pcap file, the same bytes for the
 * same seed, and the expected transactions ("truth"), one per line. See usage()
 * for the options.
 */
#include <err.h>
#include <inttypes.h>
#include <string.h>

#include "gen.h"

int main(int argc, char **argv)
{
	static struct gen g = {
		.o = {.transactions = 1000,
		      .connections = 10,
		      .per_connection = 10,
		      .vnis = 1,
		      .mss = 1448,
		      .body_min = 20,
		      .body_max = 2000,
		      .reorder_distance = 8,
		      .gap_ns = 10000,
		      .seed = 1},
		.ns = 1700000000000000000ull,
	};
	static const uint32_t head[6] = {0xa1b23c4d, 2 | 4 << 16, 0,
					 0,	     262144,	  1};

	parse_options(&g.o, argc, argv);
	g.random = g.o.seed * 0x9e3779b97f4a7c15ull + 0x632be59bd9b4e019ull;
	if (!g.random)
		g.random = 1;
	g.next_conn = g.next_noise = g.next_tx = g.o.first;
	g.end_tx = g.o.first + g.o.transactions;
	g.out = strcmp(g.o.out, "-") ? fopen(g.o.out, "wb") : stdout;
	if (!g.out)
		err(1, "%s", g.o.out);
	if (g.o.truth && !(g.truth = fopen(g.o.truth, "w")))
		err(1, "%s", g.o.truth);
	if (fwrite(head, sizeof(head), 1, g.out) != 1)
		err(1, "%s", g.o.out);
	generate(&g);
	if (fclose(g.out) || (g.truth && fclose(g.truth)))
		err(1, "%s", g.o.out);
	fprintf(stderr,
		"%" PRIu64 " transactions, %" PRIu64 " connections, %" PRIu64
		" packets, %" PRIu64 " lost\n",
		g.next_tx - g.o.first, g.next_conn - g.o.first, g.packets,
		g.lost);
	return 0;
}
