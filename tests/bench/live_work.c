/* SPDX-License-Identifier: MIT */
/*
 * Writes the packets of an expensive input (work.c) as a capture of mirrored
 * traffic, for live_hostile.py: connections that transfer about BYTES each, until
 * there are PACKETS. They have VNI 1, which tells them from mkhttp's.
 *
 *	live_work SCENARIO BYTES PACKETS OUT.pcap
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "../gen/gen.h"
#include "work.h"

/* Clients have other addresses than mkhttp's. */
#define FIRST_ID (0x8000u << 14)

struct capture {
	struct gen gen;
	struct gen_conn conn;
	const struct work_feed *feed;
	uint64_t wanted;
};

static void on_record(void *capture, const struct metlo_rec *rec, const void *p)
{
	struct capture *c = capture;
	int from = !(rec->flags & METLO_REC_DPORT);

	if (c->gen.packets == c->wanted)
		return;
	c->conn.id = FIRST_ID + c->feed->number;
	c->conn.seq[from] = rec->seq;
	c->conn.seq[!from] = rec->ack;
	segment(&c->gen, &c->conn, from, rec->tcp_flags, p, rec->len);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 10);

	if (!v || *end)
		errx(2, "%s: not a positive number", text);
	return v;
}

int main(int argc, char **argv)
{
	static const uint32_t header[6] = {0xa1b23c4d, 4 << 16 | 2, 0,
					   0,	       FRAME_MAX,   1};
	static struct capture c = {.conn = {.vni = 1, .port = 80}};
	struct work_feed feed = {.record = on_record, .ctx = &c};
	const struct work_scenario *s = work_scenarios;
	uint64_t bytes;

	if (argc != 5)
		errx(2, "usage: live_work SCENARIO BYTES PACKETS OUT.pcap");
	while (s->name && strcmp(s->name, argv[1]) != 0)
		s++;
	if (!s->name)
		errx(2, "%s: no such scenario", argv[1]);
	bytes = number(argv[2]);
	c.wanted = number(argv[3]);
	c.feed = &feed;
	c.gen.o.out = argv[4];
	c.gen.out = fopen(argv[4], "w");
	if (!c.gen.out || fwrite(header, sizeof(header), 1, c.gen.out) != 1)
		err(1, "%s", argv[4]);
	while (c.gen.packets < c.wanted) {
		work_open(&feed);
		s->run(&feed, bytes);
		work_close(&feed);
	}
	if (fclose(c.gen.out))
		err(1, "%s", argv[4]);
	return 0;
}
