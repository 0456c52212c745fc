/* SPDX-License-Identifier: MIT */
/*
 * Sends the frames of a capture on an interface at a paced rate, as BPF live
 * frames: up to several million packets per second from one CPU, without a
 * socket. Prints its results as a JSON object. See usage().
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/types.h>

/* Both libraries have a struct bpf_insn. */
#define PCAP_DONT_INCLUDE_PCAP_BPF_H
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <sys/mman.h>

#include "live_gen.h"

#define OUTER_LEN  50 /* Ethernet, IPv4, UDP, VXLAN */
#define BATCH	   64
#define LOOK_NS	   2000000
#define GROW	   (64u << 20)
#define DUE_SECOND (1000000000ull << LIVE_NS_SHIFT)

struct inject {
	const char *object, *iface, *file;
	uint64_t rate; /* packets per second; 0: as fast as possible */
	uint64_t count, passes, burst;
	int cpu;
	/* The capture in the layout of the maps. */
	uint8_t *data;
	size_t len, cap;
	struct live_frame *frame;
	size_t n, n_cap, largest;
	struct bpf_object *bpf;
	struct live_state *state;
	int prog;
	pthread_t sender;
	bool done;
};

static void usage(FILE *to)
{
	fprintf(to,
		"live_inject --object FILE --iface NAME [options] CAPTURE\n"
		"  --object FILE   live_gen.bpf.o\n"
		"  --iface NAME    interface to send on\n"
		"  --rate N        packets per second (as fast as possible)\n"
		"  --count N       number of packets, or\n"
		"  --passes N      number of passes over the capture (1, at most 256);\n"
		"                  each uses other inner addresses, so new connections\n"
		"  --burst N       packets sent without reading the clock (64)\n"
		"  --cpu N         CPU to run on\n");
}

static uint64_t number(const char *name, const char *text, uint64_t min,
		       uint64_t max)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno || end == text || *end || v < min || v > max)
		errx(2, "--%s %s: not a number from %" PRIu64 " to %" PRIu64,
		     name, text, min, max);
	return v;
}

static void parse(struct inject *in, int argc, char **argv)
{
	static const struct option options[] = {
		{"object", required_argument, NULL, 'o'},
		{"iface", required_argument, NULL, 'i'},
		{"rate", required_argument, NULL, 'r'},
		{"count", required_argument, NULL, 'n'},
		{"passes", required_argument, NULL, 'p'},
		{"burst", required_argument, NULL, 'b'},
		{"cpu", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'o')
			in->object = optarg;
		else if (c == 'i')
			in->iface = optarg;
		else if (c == 'r')
			in->rate = number("rate", optarg, 1, 1000000000);
		else if (c == 'n')
			in->count = number("count", optarg, 1, UINT32_MAX);
		else if (c == 'p')
			in->passes = number("passes", optarg, 1, 256);
		else if (c == 'b')
			in->burst = number("burst", optarg, 1, 1 << 16);
		else if (c == 'c')
			in->cpu = (int)number("cpu", optarg, 0, CPU_SETSIZE);
		else
			break;
	}
	if (c == 'h') {
		usage(stdout);
		exit(0);
	}
	if (c != -1 || optind + 1 != argc || !in->object || !in->iface) {
		usage(stderr);
		exit(2);
	}
	in->file = argv[optind];
}

/* --- the capture ---------------------------------------------------------- */

static void *grown(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p)
		err(1, "no memory for the capture");
	return p;
}

/* Finds the second byte of each inner IPv4 address, or the third of each IPv6
 * address. */
static void find_addresses(struct live_frame *f, const uint8_t *p)
{
	const uint8_t *eth = p + OUTER_LEN;

	if (f->len < OUTER_LEN + 14 + 40 || p[12] != 8 || p[23] != 17)
		return;
	if (eth[12] == 8 && !eth[13]) {
		f->flip[0] = OUTER_LEN + 14 + 12 + 1;
		f->flip[1] = OUTER_LEN + 14 + 16 + 1;
	} else if (eth[12] == 0x86 && eth[13] == 0xdd) {
		f->flip[0] = OUTER_LEN + 14 + 8 + 2;
		f->flip[1] = OUTER_LEN + 14 + 24 + 2;
	}
}

static void add_frame(struct inject *in, const uint8_t *p, size_t len)
{
	size_t padded = len < LIVE_FRAME_MIN ? LIVE_FRAME_MIN : len;
	struct live_frame *f;

	if (len > LIVE_FRAME_MAX)
		errx(1, "%s: frame of %zu bytes exceeds the maximum of %u",
		     in->file, len, LIVE_FRAME_MAX);
	if (in->len % LIVE_CHUNK > LIVE_CHUNK - LIVE_FRAME_MAX)
		in->len += LIVE_CHUNK - in->len % LIVE_CHUNK;
	if (in->cap < in->len + LIVE_CHUNK) {
		in->cap += GROW;
		in->data = grown(in->data, in->cap);
	}
	if (in->n == in->n_cap) {
		in->n_cap = in->n_cap ? in->n_cap * 2 : 1 << 16;
		in->frame = grown(in->frame, in->n_cap * sizeof(*in->frame));
	}
	f = &in->frame[in->n++];
	*f = (struct live_frame){
		.chunk = (uint32_t)(in->len / LIVE_CHUNK),
		.off = (uint32_t)(in->len % LIVE_CHUNK),
		.len = (uint16_t)padded,
	};
	memcpy(in->data + in->len, p, len);
	memset(in->data + in->len + len, 0, padded - len);
	find_addresses(f, in->data + in->len);
	in->len += padded;
	if (padded > in->largest)
		in->largest = padded;
}

static void load_capture(struct inject *in)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(in->file, text);
	struct pcap_pkthdr *head;
	const u_char *p;

	if (!pcap)
		errx(1, "%s", text);
	while (pcap_next_ex(pcap, &head, &p) == 1)
		add_frame(in, p, head->caplen);
	pcap_close(pcap);
	if (!in->n)
		errx(1, "%s: no frames", in->file);
}

/* --- the kernel ----------------------------------------------------------- */

static struct bpf_map *map_of(struct inject *in, const char *name,
			      size_t entries)
{
	struct bpf_map *map = bpf_object__find_map_by_name(in->bpf, name);

	if (!map || bpf_map__set_max_entries(map, (uint32_t)entries))
		errx(1, "%s: no map %s", in->object, name);
	return map;
}

/* Maps an array map, whose elements are rounded up to 8 bytes each. */
static void *mapped(const struct bpf_map *map, size_t len)
{
	size_t page = 4096;
	void *p = mmap(NULL, (len + page - 1) & ~(page - 1),
		       PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (p == MAP_FAILED)
		err(1, "mmap of %s", bpf_map__name(map));
	return p;
}

static void load_bpf(struct inject *in)
{
	struct bpf_map *chunks, *frames, *state;
	struct bpf_program *prog;

	_Static_assert(sizeof(struct live_frame) % 8 == 0, "array elements");
	in->bpf = bpf_object__open_file(in->object, NULL);
	if (!in->bpf)
		err(1, "%s", in->object);
	chunks = map_of(in, "live_chunks", in->len / LIVE_CHUNK + 1);
	frames = map_of(in, "live_frames", in->n);
	state = map_of(in, "live_state", 1);
	prog = bpf_object__find_program_by_name(in->bpf, "live_gen");
	if (!prog || bpf_object__load(in->bpf))
		err(1, "cannot load %s", in->object);
	in->prog = bpf_program__fd(prog);
	memcpy(mapped(chunks, in->len), in->data, in->len);
	memcpy(mapped(frames, in->n * sizeof(*in->frame)), in->frame,
	       in->n * sizeof(*in->frame));
	in->state = mapped(state, sizeof(*in->state));
	free(in->data);
	free(in->frame);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Interrupts the kernel's runs, which only a signal can end, once all frames are
 * sent. */
static void *watch(void *arg)
{
	const struct timespec look = {.tv_nsec = LOOK_NS};
	const struct inject *in = arg;
	volatile const struct live_state *s = in->state;

	while (s->sent < s->want)
		nanosleep(&look, NULL);
	while (!__atomic_load_n(&in->done, __ATOMIC_RELAXED)) {
		pthread_kill(in->sender, SIGUSR1);
		nanosleep(&look, NULL);
	}
	return NULL;
}

static void run(struct inject *in)
{
	uint8_t room[LIVE_FRAME_MAX] = {0};
	struct xdp_md ctx = {
		.data_end = (uint32_t)in->largest,
		.ingress_ifindex = if_nametoindex(in->iface),
	};
	/* A single call, because each patches kernel code, which takes about
	 * 50 ms. */
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = room,
		    .data_size_in = (uint32_t)in->largest, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = INT32_MAX,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);
	volatile struct live_state *s = in->state;

	if (!ctx.ingress_ifindex)
		err(1, "%s", in->iface);
	while (s->sent < s->want)
		if (bpf_prog_test_run_opts(in->prog, &o) && errno != EINTR)
			err(1,
			    "cannot send live frames, which need Linux 5.18");
}

static void send_all(struct inject *in)
{
	struct sigaction action = {.sa_handler = on_signal};
	volatile struct live_state *s = in->state;
	pthread_t watcher;

	s->frames = in->n;
	s->room = in->largest;
	s->burst = in->burst;
	s->burst_time = in->rate ? in->burst * DUE_SECOND / in->rate : 0;
	s->want = in->count ? in->count : in->n * in->passes;
	in->sender = pthread_self();
	if (sigaction(SIGUSR1, &action, NULL) ||
	    pthread_create(&watcher, NULL, watch, in))
		err(1, "cannot start a thread");
	run(in);
	__atomic_store_n(&in->done, true, __ATOMIC_RELAXED);
	pthread_join(watcher, NULL);
	if (s->failed)
		errx(1, "a frame could not be built");
}

static void report(const struct inject *in)
{
	const struct live_state *s = in->state;
	double seconds = (double)s->took_ns / 1e9;
	/* No interval follows the last burst. */
	double intervals = (double)(s->sent - s->sent % in->burst);

	if (s->sent % in->burst == 0)
		intervals -= (double)in->burst;
	printf("{\"frames\":%zu,\"sent\":%llu,\"bytes\":%llu,\"passes\":%.3f,\"seconds\":%.6f,\"rate\":%.0f,\"asked\":%" PRIu64
	       ",\"late_ns\":%llu,\"idle_runs\":%llu}\n",
	       in->n, s->sent, s->bytes, (double)s->sent / (double)in->n,
	       seconds, seconds > 0 ? intervals / seconds : 0, in->rate,
	       s->late_ns, s->idle);
}

int main(int argc, char **argv)
{
	struct inject in = {.passes = 1, .burst = 64, .cpu = -1};

	parse(&in, argc, argv);
	if (in.cpu >= 0) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(in.cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			err(1, "--cpu %d", in.cpu);
	}
	load_capture(&in);
	load_bpf(&in);
	send_all(&in);
	report(&in);
	bpf_object__close(in.bpf);
	return 0;
}
