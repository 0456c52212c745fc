/* SPDX-License-Identifier: MIT */
/*
 * Measures the cost of a transaction and the memory of a connection as the
 * number of connections grows ("make bench-growth"). The real pipeline (stream,
 * HTTP, NDJSON lines to /dev/null) consumes a ring of records; each transaction
 * uses a random one of N keep-alive connections. All sizes alternate, so that
 * other load affects them equally; times are CPU times of the worker's thread.
 * Finally compares one worker with two in parallel.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pages.h"
#include "capture/ring.h"
#include "output/ndjson.h"
#include "run/pipeline.h"

#define RING_SIZE (16u << 20)
#define CHUNK	  4096u /* transactions per measurement */
#define LAG	  64u	/* concurrent transactions */
#define SIZES_MAX 8u
#define REQUEST	  300u
#define ANSWER	  800u
/* Half a response of this size leaves a connection in the middle of a body. */
#define LARGE	  1600u
#define MID_BODY  100000u
#define RECORD_NS 1250u /* between records: 400,000 transactions per second */

struct feed {
	struct ring ring;
	unsigned long *consumer, *producer;
	uint8_t *data;
	uint8_t request[REQUEST], answer[ANSWER], large[ANSWER];
	uint64_t random;
	uint64_t now;
};

struct size {
	uint32_t connections;
	uint32_t *done; /* transactions of each connection */
	struct pipeline *pipeline;
	double chunk_ns[256];
	unsigned int n_chunks;
	bool watch;	       /* time each batch of records */
	double worst_stall_ns; /* slowest batch while opening connections */
	double idle_bytes, midbody_bytes;
};

static void die(const char *what)
{
	fprintf(stderr, "bench_growth: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t next_random(struct feed *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return f->random;
}

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Resident anonymous memory of the process, which excludes the ring. */
static double anon_bytes(void)
{
	unsigned long kib = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");

	if (!f)
		die("/proc/self/status");
	while (fgets(line, sizeof(line), f) &&
	       sscanf(line, "RssAnon: %lu", &kib) != 1)
		;
	fclose(f);
	return (double)kib * 1024;
}

/* On a virtual machine the first touch of a page may wait milliseconds for the
 * host, which must not be measured. */
static void warm_up(const struct size *sizes, unsigned int n)
{
	size_t bytes = 64u << 20;
	void *p;

	for (unsigned int i = 0; i < n; i++)
		bytes += (size_t)sizes[i].connections * 300;
	p = pages_new(bytes, true);
	if (!p)
		die("memory");
	memset(p, 1, bytes);
	pages_free(p, bytes);
}

/* --- records --------------------------------------------------------------- */

static void fill(uint8_t *p, size_t size, const char *head)
{
	memset(p, 'x', size);
	memcpy(p, head, strlen(head));
}

static void make_messages(struct feed *f)
{
	char head[512];
	int n;

	fill(f->request, sizeof(f->request),
	     "GET /api/v1/items/12345?page=2 HTTP/1.1\r\n"
	     "Host: shop.example.com\r\nAccept: application/json\r\n"
	     "User-Agent: bench/1.0\r\nX-Padding: ");
	memcpy(f->request + REQUEST - 4, "\r\n\r\n", 4);
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t *p = i ? f->large : f->answer;
		const char *format = "HTTP/1.1 200 OK\r\nServer: bench\r\n"
				     "Content-Type: application/json\r\n"
				     "Content-Length: %04u\r\n\r\n";
		unsigned int size = i ? LARGE : ANSWER;

		n = snprintf(head, sizeof(head), format, 0u);
		snprintf(head, sizeof(head), format, size - (unsigned int)n);
		fill(p, ANSWER, head);
	}
}

static void open_feed(struct feed *f, uint64_t seed)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = 2 * page + 2 * (size_t)RING_SIZE;
	int fd = memfd_create("ring", MFD_CLOEXEC);
	uint8_t *p;

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		die("memory file");
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED || ring_open(&f->ring, fd, RING_SIZE) < 0)
		die("ring");
	close(fd);
	f->consumer = (unsigned long *)p;
	f->producer = (unsigned long *)(p + page);
	f->data = p + 2 * page;
	f->random = seed * 0x9e3779b97f4a7c15 + 1;
	f->now = 1700000000 * NSEC_PER_SEC;
	make_messages(f);
}

/* Restarts the empty ring at its beginning, so that no record wraps around. */
static void rewind_feed(struct feed *f)
{
	*f->consumer = *f->producer = 0;
}

static struct metlo_rec record(struct feed *f, uint32_t i, unsigned int dir)
{
	struct metlo_rec rec = {
		.ts_ns = f->now += RECORD_NS,
		.hash = i * 0x9e3779b1u,
		.vni = 1 + i % 4,
		.sport = dir ? 80 : (uint16_t)(1024 + i % 60000),
		.dport = dir ? (uint16_t)(1024 + i % 60000) : 80,
		.tcp_flags = METLO_TCP_ACK,
		.flags = dir ? METLO_REC_SPORT : METLO_REC_DPORT,
	};
	__u8 *client = dir ? rec.daddr : rec.saddr;
	__u8 *server = dir ? rec.saddr : rec.daddr;

	memset(rec.saddr + 10, 0xff, 2);
	memset(rec.daddr + 10, 0xff, 2);
	client[12] = 10;
	client[14] = (uint8_t)(i / 60000);
	client[15] = 1;
	server[12] = 172;
	server[13] = 16;
	server[15] = 1;
	return rec;
}

static void put(struct feed *f, const struct metlo_rec *rec,
		const uint8_t *payload)
{
	uint32_t head = (uint32_t)sizeof(*rec) + rec->len;
	unsigned long pos = *f->producer;
	uint8_t *p = f->data + pos;

	memcpy(p, &head, sizeof(head));
	memcpy(p + BPF_RINGBUF_HDR_SZ, rec, sizeof(*rec));
	if (rec->len)
		memcpy(p + BPF_RINGBUF_HDR_SZ + sizeof(*rec), payload,
		       rec->len);
	*f->producer = pos + ((head + BPF_RINGBUF_HDR_SZ + 7) & ~7ul);
}

static void put_data(struct feed *f, uint32_t i, unsigned int dir,
		     uint32_t done, const uint8_t *payload, uint32_t len)
{
	struct metlo_rec rec = record(f, i, dir);
	uint32_t request = i + 1 + done * REQUEST;
	uint32_t answer = ~i + 1 + done * ANSWER;

	rec.seq = dir ? answer : request;
	rec.ack = dir ? request + REQUEST : answer;
	rec.len = rec.wire_len = len;
	put(f, &rec, payload);
}

static void put_handshake(struct feed *f, uint32_t i)
{
	struct metlo_rec rec = record(f, i, 0);

	rec.seq = i;
	rec.tcp_flags = METLO_TCP_SYN;
	put(f, &rec, NULL);
	rec = record(f, i, 1);
	rec.seq = ~i;
	rec.ack = i + 1;
	rec.tcp_flags |= METLO_TCP_SYN;
	put(f, &rec, NULL);
}

/* --- the worker ------------------------------------------------------------ */

static void on_records(void *ctx, const struct ring_record *v, unsigned int n)
{
	struct metlo_rec rec[RING_RECORDS];
	struct stream_input in[RING_RECORDS];

	struct size *s = ctx;
	double start = s->watch ? cpu_ns() : 0, took;

	/* A worker modifies the time stamp as well. */
	for (unsigned int i = 0; i < n; i++) {
		rec[i] = *v[i].rec;
		in[i] = (struct stream_input){&rec[i], v[i].payload};
	}
	pipeline_records(s->pipeline, in, n);
	took = s->watch ? cpu_ns() - start : 0;
	if (took > s->worst_stall_ns)
		s->worst_stall_ns = took;
}

/* Empties the ring as a worker does; returns the CPU time in ns. */
static double consume(struct feed *f, struct size *s)
{
	double start = cpu_ns();

	while (ring_consume(&f->ring, 1 << 20, on_records, s))
		pipeline_tick(s->pipeline, f->now);
	return cpu_ns() - start;
}

/* Runs transactions on random connections, LAG of them concurrently. */
static double run_chunk(struct feed *f, struct size *s)
{
	uint32_t way[LAG] = {0};

	rewind_feed(f);
	for (uint32_t n = 0; n < CHUNK + LAG; n++) {
		uint32_t *place = &way[n % LAG], i, k;

		if (n >= LAG) {
			i = *place - 1;
			put_data(f, i, 1, s->done[i]++, f->answer, ANSWER);
			*place = 0;
		}
		if (n >= CHUNK)
			continue;
		do {
			i = (uint32_t)(next_random(f) % s->connections);
			for (k = 0; k < LAG && way[k] != i + 1; k++)
				;
		} while (k < LAG);
		*place = i + 1;
		put_data(f, i, 0, s->done[i], f->request, REQUEST);
	}
	return consume(f, s) / CHUNK;
}

static struct output *open_output(unsigned int workers, const struct log *log)
{
	static const struct output_sink null = {
		.ops = &ndjson_sink, .destination = "ndjson:/dev/null"};
	const struct output_conf conf = {
		.sinks = &null,
		.n_sinks = 1,
		.workers = workers,
		.queue_limit = workers * (4u << 20),
		.blocking = true,
		.log = log,
	};
	struct output *o = output_new(&conf);

	if (!o)
		die("output");
	return o;
}

/* The pipeline and the output are freed with the process. */
static void open_pipeline(struct size *s, struct output *output,
			  unsigned int worker)
{
	struct settings *settings = calloc(1, sizeof(*settings));
	struct rules_views views;
	struct pipeline_conf conf = {
		.settings = settings,
		.workers = 1,
		.seed = {0x243f6a8885a308d3, 0x13198a2e03707344},
		.output = output,
		.worker = worker,
	};

	if (!settings)
		die("settings");
	settings->body_limit = 64 << 10;
	settings->max_flows = s->connections + MID_BODY;
	settings->memory = 8ull << 30;
	settings->idle_timeout = 300;
	settings->outputs = (struct string_list){{"ndjson:/dev/null"}, 1};
	rules_views(&views, settings);
	conf.rules = rules_new(settings, &views, 1);
	s->pipeline = conf.rules ? pipeline_new(&conf) : NULL;
	s->done = malloc(s->connections * sizeof(*s->done));
	if (!s->pipeline || !s->done)
		die("pipeline");
	memset(s->done, 0, s->connections * sizeof(*s->done));
}

/* Opens all connections and completes one transaction on each. */
static void connect_all(struct feed *f, struct size *s)
{
	double before = anon_bytes();

	s->watch = true;
	for (uint32_t i = 0; i < s->connections;) {
		rewind_feed(f);
		for (uint32_t k = 0; k < CHUNK && i < s->connections;
		     k++, i++) {
			put_handshake(f, i);
			put_data(f, i, 0, 0, f->request, REQUEST);
			put_data(f, i, 1, 0, f->answer, ANSWER);
			s->done[i] = 1;
		}
		consume(f, s);
	}
	s->watch = false;
	s->idle_bytes = (anon_bytes() - before) / s->connections;
}

/* Opens further connections and sends half of a response on each. */
static void leave_in_midbody(struct feed *f, struct size *s)
{
	double before = anon_bytes();

	for (uint32_t i = 0; i < MID_BODY;) {
		rewind_feed(f);
		for (uint32_t k = 0; k < CHUNK && i < MID_BODY; k++, i++) {
			put_handshake(f, s->connections + i);
			put_data(f, s->connections + i, 0, 0, f->request,
				 REQUEST);
			put_data(f, s->connections + i, 1, 0, f->large, ANSWER);
		}
		consume(f, s);
	}
	s->midbody_bytes = (anon_bytes() - before) / MID_BODY;
}

/* --- several workers -------------------------------------------------------- */

struct one_worker {
	struct feed feed;
	struct size size;
	unsigned int rounds;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct one_worker *w = arg;
	struct size *s = &w->size;

	connect_all(&w->feed, s);
	while (s->n_chunks < w->rounds)
		s->chunk_ns[s->n_chunks++] = run_chunk(&w->feed, s);
	return NULL;
}

static double median(struct size *s);

/* Transactions per second of n workers in parallel, each with 10,000 connections
 * of its own, all sharing one output. */
static double run_workers(unsigned int n, unsigned int rounds, uint64_t seed,
			  const struct log *log)
{
	struct one_worker *w = calloc(n, sizeof(*w));
	struct output *output = open_output(n, log);
	double rate = 0;

	if (!w)
		die("memory");
	for (unsigned int i = 0; i < n; i++) {
		w[i].rounds = rounds;
		w[i].size.connections = 10000;
		open_feed(&w[i].feed, seed + i);
		open_pipeline(&w[i].size, output, i);
		if (pthread_create(&w[i].thread, NULL, work, &w[i]))
			die("thread");
	}
	for (unsigned int i = 0; i < n; i++) {
		pthread_join(w[i].thread, NULL);
		rate += 1e9 / median(&w[i].size);
	}
	return rate;
}

static void print_workers(unsigned int rounds, uint64_t seed, bool bench,
			  const struct log *log)
{
	double one = 0, two = 0, rate;

	/* Alternate and keep the best of each: other load only slows down. */
	for (unsigned int i = 0; i < 3; i++) {
		rate = run_workers(1, rounds, seed, log);
		one = rate > one ? rate : one;
		rate = run_workers(2, rounds, seed, log);
		two = rate > two ? rate : two;
	}
	if (!bench) {
		printf("1 worker: %.0f transactions per CPU second; 2 workers: %.0f, a factor of %.2f\n",
		       one, two, two / one);
		return;
	}
	printf("bench workers.1.txn_per_s %.0f 1/s\n", one);
	printf("bench workers.2.txn_per_s %.0f 1/s\n", two);
	printf("bench workers.2.ratio %.3f x\n", two / one);
}

/* --- results --------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(struct size *s)
{
	qsort(s->chunk_ns, s->n_chunks, sizeof(double), compare);
	return s->chunk_ns[s->n_chunks / 2];
}

static void name_of(uint32_t n, char name[16])
{
	if (n % 1000000 == 0)
		snprintf(name, 16, "%uM", n / 1000000);
	else if (n % 1000 == 0)
		snprintf(name, 16, "%uk", n / 1000);
	else
		snprintf(name, 16, "%u", n);
}

static void print(struct size *sizes, unsigned int n, bool bench)
{
	double base = median(&sizes[0]);
	char name[16];

	if (!bench)
		printf("connections   ns a transaction   ratio   worst stall us   bytes idle   bytes in mid-body\n");
	for (unsigned int i = 0; i < n; i++) {
		struct size *s = &sizes[i];
		double ns = median(s);

		name_of(s->connections, name);
		if (!bench) {
			printf("%11s %18.0f %7.2f %16.0f %12.0f", name, ns,
			       ns / base, s->worst_stall_ns / 1000,
			       s->idle_bytes);
			if (s->midbody_bytes > 0)
				printf(" %19.0f", s->midbody_bytes);
			printf("\n");
			continue;
		}
		printf("bench growth.%s.ns_per_txn %.1f ns\n", name, ns);
		printf("bench growth.%s.ratio %.3f x\n", name, ns / base);
		printf("bench growth.%s.worst_stall %.0f us\n", name,
		       s->worst_stall_ns / 1000);
		if (s->midbody_bytes > 0) {
			printf("bench memory.idle_connection.bytes %.0f bytes\n",
			       s->idle_bytes);
			printf("bench memory.midbody_connection.bytes %.0f bytes\n",
			       s->midbody_bytes);
		}
	}
}

static uint32_t size_from(const char *p, char **end)
{
	unsigned long n = strtoul(p, end, 10);

	if (**end == 'k' || **end == 'M')
		n *= *(*end)++ == 'k' ? 1000 : 1000000;
	if (n <= LAG || n > 15000000) {
		fprintf(stderr, "bench_growth: from %u to 15M connections\n",
			LAG + 1);
		exit(2);
	}
	return (uint32_t)n;
}

static unsigned int parse_sizes(char *list, struct size *sizes)
{
	unsigned int n = 0;
	char *end = list;

	do {
		sizes[n++].connections = size_from(end, &end);
	} while (*end++ == ',' && n < SIZES_MAX);
	return n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"connections", required_argument, NULL, 'c'},
		{"transactions", required_argument, NULL, 't'},
		{"seed", required_argument, NULL, 's'},
		{"bench", no_argument, NULL, 'b'},
		{0},
	};
	static char standard[] = "1k,100k,1M", *list = standard;
	struct log log = {.out = stderr};
	struct size *sizes = calloc(SIZES_MAX, sizeof(*sizes));
	struct feed *f = calloc(1, sizeof(*f));
	unsigned int n, rounds;
	uint64_t transactions = 200000, seed = 1;
	bool bench = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c')
			list = optarg;
		else if (c == 't')
			transactions = strtoull(optarg, NULL, 10);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (c == 'b')
			bench = true;
		else
			return 2;
	}
	if (!f || !sizes)
		die("memory");
	n = parse_sizes(list, sizes);
	rounds = (unsigned int)(transactions / CHUNK) + 1;
	if (rounds > 256)
		rounds = 256;
	warm_up(sizes, n);
	open_feed(f, seed);
	for (unsigned int i = 0; i < n; i++) {
		open_pipeline(&sizes[i], open_output(1, &log), 0);
		connect_all(f, &sizes[i]);
	}
	/* Most connections have been idle for a while when they are used, which
	 * costs more than reusing a connection at once. */
	f->now += 10 * NSEC_PER_SEC;
	for (unsigned int r = 0; r < rounds; r++)
		for (unsigned int i = 0; i < n; i++) {
			struct size *s = &sizes[i];

			run_chunk(f, s); /* warms the caches */
			s->chunk_ns[s->n_chunks++] = run_chunk(f, s);
		}
	/* Measure the memory of the largest size. */
	for (unsigned int i = 0; i < n; i++)
		if (i == n - 1 || sizes[i].connections == 1000000) {
			leave_in_midbody(f, &sizes[i]);
			break;
		}
	print(sizes, n, bench);
	print_workers(rounds, seed, bench, &log);
	return 0;
}
