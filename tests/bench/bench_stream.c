/* SPDX-License-Identifier: MIT */
/*
 * Measures the cost of a record in reassembly, with a protocol that only counts.
 * Connections take turns in a scattered order, so that with many of them each
 * record's flow is out of the cache. Reports the best of several rounds. "make
 * bench-stream".
 */
#include "stage.h"
#include "stream/stream.h"

#define ROUNDS 5

static uint64_t seen;

static void *on_open(void *ctx, struct stream_flow *flow,
		     const struct stream_tuple *tuple)
{
	(void)flow;
	(void)tuple;
	return ctx;
}

static void on_data(void *proto, enum stream_dir dir,
		    const struct stream_chunk *chunk)
{
	(void)proto;
	(void)dir;
	seen += chunk->len;
}

static void on_gap(void *proto, enum stream_dir dir, uint64_t len,
		   enum stream_gap_kind kind, uint64_t ts_ns)
{
	(void)proto;
	(void)dir;
	(void)len;
	(void)kind;
	(void)ts_ns;
}

static void on_fin(void *proto, enum stream_dir dir, uint64_t ts_ns)
{
	(void)proto;
	(void)dir;
	(void)ts_ns;
}

static void on_close(void *proto, enum stream_end why, uint64_t ts_ns)
{
	(void)proto;
	(void)why;
	(void)ts_ns;
}

static const struct stream_protocol counting = {
	.open = on_open,
	.data = on_data,
	.gap = on_gap,
	.fin = on_fin,
	.close = on_close,
};

struct bench {
	struct stream_table *table;
	uint32_t flows;
	uint32_t *next; /* position of each direction of each flow */
	uint64_t now;
	uint8_t payload[16384];
};

static struct metlo_rec record(const struct bench *b, uint32_t flow,
			       unsigned int dir, uint32_t len)
{
	struct metlo_rec rec = {
		.ts_ns = b->now,
		.hash = flow * 0x9e3779b1u,
		.seq = b->next[flow * 2 + dir],
		.ack = b->next[flow * 2 + !dir],
		.vni = 7,
		.len = len,
		.wire_len = len,
		.sport = dir ? 80 : (uint16_t)flow,
		.dport = dir ? (uint16_t)flow : 80,
		.tcp_flags = METLO_TCP_ACK,
		.flags = dir ? METLO_REC_SPORT : METLO_REC_DPORT,
	};
	__u8 *client = dir ? rec.daddr : rec.saddr;
	__u8 *server = dir ? rec.saddr : rec.daddr;

	memset(rec.saddr + 10, 0xff, 2);
	memset(rec.daddr + 10, 0xff, 2);
	client[12] = 10;
	client[13] = (uint8_t)(flow >> 16);
	server[12] = 172;
	server[15] = 1;
	return rec;
}

static void send_one(struct bench *b, uint32_t flow, unsigned int dir,
		     uint32_t len)
{
	struct metlo_rec rec = record(b, flow, dir, len);

	b->next[flow * 2 + dir] += len;
	b->now += 300;
	stream_record(b->table, &rec, b->payload);
}

static void begin(struct bench *b, uint32_t flows)
{
	struct stream_conf conf = {
		.max_flows = flows,
		.ooo_limit = 64 << 20,
		.ooo_flow_limit = 1 << 20,
		.gap_timeout_ns = NSEC_PER_SEC,
		.idle_timeout_ns = 3600 * NSEC_PER_SEC,
		.shunt_min = 65536,
		.seed = {0x243f6a8885a308d3, 0x13198a2e03707344},
		.protocols = {{&counting, b}},
		.n_protocols = 1,
	};

	b->flows = flows;
	b->now = NSEC_PER_SEC;
	b->next = calloc(flows, 2 * sizeof(*b->next));
	b->table = stream_new(&conf);
	if (!b->next || !b->table)
		abort();
	for (uint32_t i = 0; i < flows; i++) {
		struct metlo_rec rec = record(b, i, 0, 0);

		rec.tcp_flags = METLO_TCP_SYN;
		stream_record(b->table, &rec, NULL);
		rec = record(b, i, 1, 0);
		rec.tcp_flags |= METLO_TCP_SYN;
		rec.ack++;
		stream_record(b->table, &rec, NULL);
		b->next[i * 2]++;
		b->next[i * 2 + 1]++;
		send_one(b, i, 0, 100);
	}
}

static void end(struct bench *b)
{
	stream_flush(b->table, b->now);
	stream_free(b->table);
	free(b->next);
}

/* Nanoseconds per record when the connections take turns: either 256 at a time
 * are busy for several records each, as with mirrored keep-alive connections, or
 * each record belongs to another connection. */
static double turns(struct bench *b, uint32_t len, uint32_t busy)
{
	uint32_t n = b->flows > 1000000 ? b->flows : 1000000;
	double best = 1e9;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint32_t state = round;
		uint64_t from = clock_mono_ns();

		for (uint32_t i = 0; i < n; i++) {
			uint32_t flow;

			state = state * 1664525 + 1013904223;
			if (busy)
				flow = (i / (busy * 20) * busy +
					(state >> 8) % busy) %
				       b->flows;
			else
				flow = (uint32_t)((uint64_t)state * b->flows >>
						  32);
			send_one(b, flow, state >> 30 & 1, len);
			if (i % 256 == 0)
				stream_tick(b->table, b->now);
		}
		double ns = (double)(clock_mono_ns() - from) / n;

		best = ns < best ? ns : best;
	}
	return best;
}

/* Every second record arrives one position early. */
static double swapped(struct bench *b, uint32_t len)
{
	uint32_t n = 500000;
	double best = 1e9;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t from = clock_mono_ns();

		for (uint32_t i = 0; i < n; i++) {
			uint32_t flow = i % b->flows;
			struct metlo_rec rec = record(b, flow, 0, len);
			struct metlo_rec early = rec;

			early.seq += len;
			b->next[flow * 2] += 2 * len;
			b->now += 600;
			stream_record(b->table, &early, b->payload);
			stream_record(b->table, &rec, b->payload);
		}
		double ns = (double)(clock_mono_ns() - from) / n / 2;

		best = ns < best ? ns : best;
	}
	return best;
}

/* Whole connections: SYN, SYN-ACK, request, response, FINs. */
static double short_lived(struct bench *b)
{
	static const uint8_t fin = METLO_TCP_FIN | METLO_TCP_ACK;
	uint32_t n = 200000;
	double best = 1e9;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t from = clock_mono_ns();

		for (uint32_t i = 0; i < n; i++) {
			uint32_t flow = i % b->flows;
			struct metlo_rec rec;

			b->next[flow * 2] += 100000007;
			b->next[flow * 2 + 1] += 300000007;
			rec = record(b, flow, 0, 0);
			rec.tcp_flags = METLO_TCP_SYN;
			stream_record(b->table, &rec, NULL);
			rec = record(b, flow, 1, 0);
			rec.tcp_flags |= METLO_TCP_SYN;
			rec.ack++;
			stream_record(b->table, &rec, NULL);
			b->next[flow * 2]++;
			b->next[flow * 2 + 1]++;
			send_one(b, flow, 0, 300);
			send_one(b, flow, 1, 800);
			rec = record(b, flow, 0, 0);
			rec.tcp_flags = fin;
			stream_record(b->table, &rec, NULL);
			rec = record(b, flow, 1, 0);
			rec.tcp_flags = fin;
			stream_record(b->table, &rec, NULL);
			stream_tick(b->table, b->now);
		}
		double ns = (double)(clock_mono_ns() - from) / n;

		best = ns < best ? ns : best;
	}
	return best;
}

static double building(struct bench *b)
{
	double best = 1e9;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct metlo_rec rec;
		uint64_t from = clock_mono_ns();
		uint32_t sum = 0;

		for (uint32_t i = 0; i < 1000000; i++) {
			rec = record(b, i % b->flows, i & 1, 100);
			b->next[i % b->flows] += 0;
			sum += rec.seq;
			__asm__ volatile("" ::"r"(&rec) : "memory");
		}
		seen += sum;
		double ns = (double)(clock_mono_ns() - from) / 1000000;

		best = ns < best ? ns : best;
	}
	return best;
}

/* The figures of a stage with 1000 connections, which fit into the cache, minus
 * the cost of building the records. */
static void stage(struct bench *b, const struct stage_report *r)
{
	double making, ns1448, ns100, early;

	begin(b, 1000);
	making = building(b);
	ns1448 = turns(b, 1448, 256) - making;
	ns100 = turns(b, 100, 256) - making;
	early = swapped(b, 1448) - making;
	end(b);
	stage_report_line(r, "reassembly.1448", "in order", ns1448, 1448);
	stage_report_line(r, "reassembly.100", "in order", ns100, 100);
	stage_report_line(r, "reassembly.early", "every second one early",
			  early, 1448);
	begin(b, 20000);
	stage_report_line(r, "reassembly.connection",
			  "a connection of 6 records",
			  short_lived(b) - 6 * making, 1100);
	end(b);
}

int main(int argc, char **argv)
{
	static const uint32_t flows[] = {1000, 100000, 1000000};
	struct bench *b = calloc(1, sizeof(*b));

	if (!b)
		return 1;
	if (argc > 1) {
		struct stage_report r = stage_begin(argc, argv);

		stage(b, &r);
		free(b);
		return seen ? 0 : 1;
	}
	printf("ns per record       at random          256 busy at a time\n");
	printf("connections     1448 B    100 B         1448 B    100 B\n");
	for (unsigned int i = 0; i < sizeof(flows) / sizeof(*flows); i++) {
		double random1448, random100, busy1448, busy100;

		begin(b, flows[i]);
		random1448 = turns(b, 1448, 0);
		random100 = turns(b, 100, 0);
		busy1448 = turns(b, 1448, 256);
		busy100 = turns(b, 100, 256);
		printf("%11u  %9.1f%9.1f      %9.1f%9.1f\n", flows[i],
		       random1448, random100, busy1448, busy100);
		end(b);
	}
	begin(b, 1000);
	printf("every second 1448 B record early: %.1f ns per record\n",
	       swapped(b, 1448));
	printf("of each of these, building the record: %.1f ns\n", building(b));
	end(b);
	begin(b, 20000);
	printf("a whole connection of 6 records: %.1f ns\n", short_lived(b));
	end(b);
	free(b);
	return seen ? 0 : 1;
}
