/* SPDX-License-Identifier: MIT */
/*
 * Measures the cost of a packet in the XDP program by outcome and size, compared
 * with an empty program. Prints results without asserting any, because machines
 * differ.
 *
 * The two programs alternate, a few milliseconds at a time. "over empty" is the
 * difference of their minima, which other load on the machine disturbs least;
 * the medians show how much of it there was. The frame is in the cache, the
 * ring's memory is not.
 *
 * With --bench, or METLO_BENCH in the environment, also prints lines for
 * programs, "bench NAME VALUE UNIT":
 *
 *   bench xdp.delivered_800 96 ns_over_empty
 *
 * Any other argument restricts the cases to those whose name starts with it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "both.h"
#include "verdict_cases.h"

#define RING_SIZE  (16u << 20)
#define ROUNDS	   21
#define REPEAT_MAX 20000u

struct cost_case {
	const char *name;
	struct frame_spec spec;
	enum metlo_outcome outcome;
	bool vni_filter;
};

/* clang-format off: a table */
static const struct cost_case cases[] = {
	{"not_ip",
	 {.outer = {.ether_type = SET(0x0806)}},
	 .outcome = METLO_pass_not_vxlan},
	{"tcp_not_vxlan",
	 {.outer = {.protocol = SET(6)}, .payload = 700},
	 .outcome = METLO_pass_not_vxlan},
	{"other_udp_port",
	 {.udp_dport = SET(53), .payload = 700},
	 .outcome = METLO_pass_not_vxlan},
	{"vni_not_wanted",
	 {.payload = 700, .vni = 9},
	 .outcome = METLO_vni_miss,
	 .vni_filter = true},
	{"inner_icmp",
	 {.inner = {.protocol = SET(1)}, .payload = 700},
	 .outcome = METLO_not_tcp},
	{"inner_udp",
	 {.inner = {.protocol = SET(17)}, .dport = 443, .payload = 700},
	 .outcome = METLO_not_tcp},
	{"inner_udp_port",
	 {.inner = {.protocol = SET(17)}, .payload = 700},
	 .outcome = METLO_udp},
	{"other_tcp_port",
	 {.dport = 443, .payload = 700},
	 .outcome = METLO_port_miss},
	{"other_tcp_port_ipv6",
	 {.outer = {.ipv6 = true},
	  .inner = {.ipv6 = true},
	  .dport = 443,
	  .payload = 700},
	 .outcome = METLO_port_miss},
	{"pure_ack", {.tcp_options = 12}, .outcome = METLO_no_payload},
	{"fin",
	 {.tcp_flags = 0x11, .tcp_options = 12},
	 .outcome = METLO_delivered},
	{"delivered_20",
	 {.tcp_options = 12, .payload = 20},
	 .outcome = METLO_delivered},
	{"delivered_148",
	 {.tcp_options = 12, .payload = 148},
	 .outcome = METLO_delivered},
	{"delivered_300",
	 {.tcp_options = 12, .payload = 300},
	 .outcome = METLO_delivered},
	{"delivered_800",
	 {.tcp_options = 12, .payload = 800},
	 .outcome = METLO_delivered},
	{"delivered_800_ipv6",
	 {.inner = {.ipv6 = true}, .tcp_options = 12, .payload = 800},
	 .outcome = METLO_delivered},
	{"delivered_1448",
	 {.tcp_options = 12, .payload = 1448},
	 .outcome = METLO_delivered},
	{"delivered_2900",
	 {.tcp_options = 12, .payload = 2900},
	 .outcome = METLO_delivered},
	{"delivered_8898",
	 {.tcp_options = 12, .payload = 8898},
	 .outcome = METLO_delivered},
	{"delivered_60000",
	 {.tcp_options = 12, .payload = 60000},
	 .outcome = METLO_delivered},
	{"ring_full_800",
	 {.tcp_options = 12, .payload = 800},
	 .outcome = METLO_ring_full},
	{"shunted_800",
	 {.tcp_options = 12, .payload = 800},
	 .outcome = METLO_shunted},
};
/* clang-format on */

struct cost_fixture {
	bool loaded;
	int empty; /* program that does nothing */
	uint64_t *vni_allow;
	struct testrun *run;
	struct frame frame;
};

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int cost_empty(const struct cost_fixture *fix, uint32_t repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = fix->frame.data,
		    .data_size_in = (uint32_t)fix->frame.len,
		    .repeat = (int)repeat);

	assert_return_code(bpf_prog_test_run_opts(fix->empty, &opts), errno);
	return (int)opts.duration;
}

static void set_shunt(struct cost_fixture *fix, bool on)
{
	struct metlo_shunt *slots = testrun_shunts(fix->run);

	/* Fill every slot: all cases use the same tuple. */
	for (size_t i = 0; i < METLO_SHUNT_SLOTS; i++) {
		slots[i].mode = on ? METLO_SHUNT_ALL : METLO_SHUNT_OFF;
		slots[i].vni = 0;
		memcpy(slots[i].saddr, fix->frame.saddr, 16);
		memcpy(slots[i].daddr, fix->frame.daddr, 16);
		slots[i].sport = fix->frame.sport;
		slots[i].dport = fix->frame.dport;
	}
}

/* A number of packets that certainly fits into the ring. */
static uint32_t repeats(const struct cost_case *c)
{
	uint32_t n = RING_SIZE / 2 / (c->spec.payload + 256);

	if (c->outcome != METLO_delivered)
		return REPEAT_MAX;
	return n < REPEAT_MAX ? n : REPEAT_MAX;
}

static void measure(struct cost_fixture *fix, const struct cost_case *c)
{
	struct metlo_config *config = testrun_config(fix->run);
	int ours[ROUNDS], empty[ROUNDS], ring_full = 0;
	uint32_t repeat = repeats(c);
	struct metlo_stats before, after;
	struct frame *f = &fix->frame;
	const __u64 *b = &before.pass_not_vxlan;
	const __u64 *a = &after.pass_not_vxlan;

	frame_build(f, &c->spec);
	config->vni_filter = c->vni_filter;
	set_shunt(fix, c->outcome == METLO_shunted);
	if (c->outcome == METLO_ring_full)
		ring_full = testrun_cost(fix->run, f->data, f->len,
					 RING_SIZE / 800);
	assert_return_code(ring_full, -ring_full);
	assert_return_code(testrun_stats(fix->run, &before), 0);
	for (int i = 0; i < ROUNDS; i++) {
		ours[i] = testrun_cost(fix->run, f->data, f->len, repeat);
		assert_return_code(ours[i], -ours[i]);
		empty[i] = cost_empty(fix, REPEAT_MAX);
		if (c->outcome == METLO_ring_full)
			continue;
		assert_return_code(
			testrun_drain(fix->run, 1, verdict_ignore, NULL), 0);
	}
	assert_return_code(testrun_stats(fix->run, &after), 0);
	/* The packets had the outcome that this case measures. */
	assert_int_equal(a[c->outcome] - b[c->outcome], repeat * ROUNDS);
	assert_return_code(testrun_drain(fix->run, 1, verdict_ignore, NULL), 0);
	qsort(ours, ROUNDS, sizeof(int), by_value);
	qsort(empty, ROUNDS, sizeof(int), by_value);
	printf("# show: %-20s %5d ns, %5d over an empty program, %.1f times; medians %5d, %5d\n",
	       c->name, ours[0], ours[0] - empty[0],
	       (double)ours[0] / (empty[0] ? empty[0] : 1), ours[ROUNDS / 2],
	       ours[ROUNDS / 2] - empty[ROUNDS / 2]);
	if (getenv("METLO_BENCH"))
		printf("bench xdp.%s %d ns_over_empty\n", c->name,
		       ours[0] - empty[0]);
}

static void test_cost(void **state)
{
	const char *only = getenv("METLO_BENCH_ONLY");
	struct cost_fixture *fix = *state;

	if (!fix->loaded)
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!only || !strncmp(cases[i].name, only, strlen(only)))
			measure(fix, &cases[i]);
}

static int load_empty(void)
{
	static const struct bpf_insn drop[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K,
		 .dst_reg = BPF_REG_0,
		 .imm = XDP_DROP},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .prog_flags = BPF_F_XDP_HAS_FRAGS);

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "empty", "GPL", drop, 2, &opts);
}

static int set_up(void **state)
{
	struct cost_fixture *fix = calloc(1, sizeof(*fix));
	struct frames_conf frames = {0};
	struct testrun_conf conf = {.frames = &frames, .ring_size = RING_SIZE};

	if (!fix)
		return -1;
	*state = fix;
	fix->empty = -1;
	frame_alloc(&fix->frame);
	fix->loaded = can_load();
	if (!fix->loaded)
		return 0;
	fix->vni_allow = calloc(1 << 18, sizeof(uint64_t));
	if (!fix->vni_allow)
		return -1;
	frames.vni_allow = fix->vni_allow;
	config_default(&frames.config);
	fix->run = testrun_new(&conf);
	fix->empty = load_empty();
	return fix->run && fix->empty >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	struct cost_fixture *fix = *state;

	testrun_free(fix->run);
	if (fix->empty >= 0)
		close(fix->empty);
	frame_free(&fix->frame);
	free(fix->vni_allow);
	free(fix);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cost)};

	for (int i = 1; i < argc; i++) {
		bool bench = !strcmp(argv[i], "--bench");

		setenv(bench ? "METLO_BENCH" : "METLO_BENCH_ONLY",
		       bench ? "1" : argv[i], 1);
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
