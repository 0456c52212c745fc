/* SPDX-License-Identifier: MIT */
/*
 * The loaded program and the user-space build of the same decoder must agree on
 * verdict, counters, records and payload, for every frame of the corpus, for
 * generated frames and for mutated ones. For each frame, packets must equal the
 * sum of the outcomes, and the payload the sum of the payload counters.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <glob.h>
#include <pcap/pcap.h>

#include "both.h"
#include "metlo_hash.h"
#include "metlo_shunt.h"

#define GENERATED      20000
#define MUTATED	       100000
#define MISMATCHES_MAX 5
#define TOOLS	       "../shared/tools"
#define CORPUS	       "../shared/corpus"

struct differential_fixture {
	struct both both;
	uint64_t frames_run, outcomes[METLO_OUTCOME_MAX];
	uint64_t trailers; /* bytes that only user space counted */
	unsigned int mismatches;
};

/* Runs one frame through both builds; linear as in testrun_push(). */
static void compare(struct differential_fixture *fix, const uint8_t *data,
		    size_t len, size_t linear)
{
	enum metlo_outcome outcome;
	const char *what;

	if (len < 14 || len > FRAME_MAX)
		return;
	feed_kernel(fix->both.kernel, data, len, linear,
		    &fix->both.from_kernel);
	feed_user(fix->both.user, data, len, &fix->both.from_user);
	fix->frames_run++;
	/* See metlo_frame_whole(). */
	if (linear && fix->both.from_kernel.stats.bytes == linear) {
		fix->both.from_kernel.stats.bytes = len;
		fix->trailers += len - linear;
	}
	outcome = result_outcome(&fix->both.from_kernel, len);
	what = result_difference(&fix->both.from_kernel, &fix->both.from_user);
	if (!what && outcome == METLO_OUTCOME_MAX)
		what = "sum of the outcomes";
	if (what) {
		fprintf(stderr,
			"# different %s: kernel %s %d, user space %s %d, first buffer %zu\n",
			what, outcome_name(outcome),
			fix->both.from_kernel.verdict,
			outcome_name(result_outcome(&fix->both.from_user, len)),
			fix->both.from_user.verdict, linear);
		dump_frame("frame", data, len);
		if (++fix->mismatches >= MISMATCHES_MAX)
			fail_msg("too many differences");
		return;
	}
	fix->outcomes[outcome]++;
}

static void report(struct differential_fixture *fix, const char *what)
{
	printf("# show: %s: %llu frames the same:", what,
	       (unsigned long long)fix->frames_run);
	for (int i = 0; i < METLO_OUTCOME_MAX; i++) {
		if (fix->outcomes[i])
			printf(" %s %llu", outcome_name(i),
			       (unsigned long long)fix->outcomes[i]);
	}
	printf("\n");
	fix->frames_run = 0;
	memset(fix->outcomes, 0, sizeof(fix->outcomes));
	assert_int_equal(fix->mismatches, 0);
}

/* Writes the same request, for the frame's tuple, into both shunt tables. */
static void random_shunt(struct differential_fixture *fix, uint32_t vni,
			 uint64_t *state)
{
	const struct frame *f = &fix->both.frame;
	uint64_t r = frame_rand(state);
	struct metlo_shunt want = {.mode = (uint32_t)(r % 3),
				   .until_seq = (uint32_t)(r >> 8),
				   .vni = vni,
				   .sport = f->sport,
				   .dport = f->dport};
	uint32_t hash =
		metlo_flow_hash(testrun_config(fix->both.kernel)->hash_seed,
				f->saddr, f->daddr, f->sport, f->dport);

	memcpy(want.saddr, f->saddr, 16);
	memcpy(want.daddr, f->daddr, 16);
	metlo_shunt_set(testrun_shunts(fix->both.kernel), hash, &want);
	metlo_shunt_set(frames_shunts(fix->both.user), hash, &want);
}

static void test_generated(void **state)
{
	struct differential_fixture *fix = *state;
	struct frame_spec spec;
	uint64_t seed = 20261123;

	if (!fix->both.loaded)
		skip();
	for (int i = 0; i < GENERATED; i++) {
		frame_random_spec(&spec, &seed);
		frame_build(&fix->both.frame, &spec);
		if (i % 4 == 0)
			random_shunt(fix, spec.vni, &seed);
		compare(fix, fix->both.frame.data, fix->both.frame.len, 0);
	}
	report(fix, "generated");
}

static void test_mutated(void **state)
{
	struct differential_fixture *fix = *state;
	struct frame_spec spec;
	uint64_t seed = 4789;

	if (!fix->both.loaded)
		skip();
	for (int i = 0; i < MUTATED; i++) {
		frame_random_spec(&spec, &seed);
		frame_build(&fix->both.frame, &spec);
		if (i % 16 == 0)
			random_shunt(fix, spec.vni, &seed);
		frame_mutate(&fix->both.frame, &seed);
		compare(fix, fix->both.frame.data, fix->both.frame.len, 0);
	}
	report(fix, "mutated");
}

/* Headers spread over several buffers, if the kernel can build such frames. */
static void test_frags(void **state)
{
	struct differential_fixture *fix = *state;
	struct frame_spec spec;
	uint64_t seed = 3498;

	if (!fix->both.loaded)
		skip();
	memset(&spec, 0, sizeof(spec));
	frame_build(&fix->both.frame, &spec);
	if (testrun_push(fix->both.kernel, fix->both.frame.data,
			 fix->both.frame.len, 20) == -EINVAL) {
		print_message("# this kernel cannot split a test frame\n");
		skip();
	}
	feed_user(fix->both.user, fix->both.frame.data, fix->both.frame.len,
		  &fix->both.from_user);
	for (int i = 0; i < GENERATED; i++) {
		size_t linear;

		frame_random_spec(&spec, &seed);
		frame_build(&fix->both.frame, &spec);
		if (i % 2)
			frame_mutate(&fix->both.frame, &seed);
		linear = 14 + frame_rand(&seed) % 150;
		if (linear >= fix->both.frame.len)
			linear = 0;
		compare(fix, fix->both.frame.data, fix->both.frame.len, linear);
	}
	report(fix, "in several buffers");
}

/* Compares the Ethernet frames of one capture. */
static void compare_capture(struct differential_fixture *fix, const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, error);
	const u_char *data;
	struct pcap_pkthdr *header;

	if (!pcap) {
		fprintf(stderr, "# %s\n", error);
		fix->mismatches++;
		return;
	}
	while (pcap_next_ex(pcap, &header, &data) == 1)
		compare(fix, data, header->caplen, 0);
	pcap_close(pcap);
}

/* Wraps all captures in VXLAN, in a single process: one per capture would take
 * minutes. */
static const char wrap_all[] =
	"import glob, os, sys\n"
	"corpus, tools, out = sys.argv[1:]\n"
	"sys.path.insert(0, tools)\n"
	"sys.dont_write_bytecode = True\n"
	"import vxlanwrap\n"
	"names = glob.glob(corpus + '/captures/**/*.*cap*', recursive=True)\n"
	"for i, name in enumerate(sorted(names)):\n"
	"    try:\n"
	"        vxlanwrap.main([name, out + '/%d.pcap' % i])\n"
	"    except (SystemExit, Exception) as e:\n"
	"        if e.args not in ((), (0,), (None,)):\n"
	"            print('# not wrapped:', name, e, file=sys.stderr)\n";

static void test_corpus(void **state)
{
	char out[] = "/tmp/metlo-wrap-XXXXXX", command[4096], pattern[64];
	const char *corpus = getenv("METLO_CORPUS");
	struct differential_fixture *fix = *state;
	glob_t files = {0};
	int err;

	if (!fix->both.loaded)
		skip();
	corpus = corpus ? corpus : CORPUS;
	if (access(TOOLS "/vxlanwrap.py", R_OK) || access(corpus, R_OK)) {
		print_message("# no corpus or no " TOOLS "/vxlanwrap.py\n");
		skip();
	}
	assert_non_null(mkdtemp(out));
	snprintf(command, sizeof(command),
		 "python3 -c \"%s\" '%s' '" TOOLS "' %s >/dev/null 2>&1",
		 wrap_all, corpus, out);
	err = system(command);
	snprintf(pattern, sizeof(pattern), "%s/*.pcap", out);
	if (!err && !glob(pattern, 0, NULL, &files)) {
		for (size_t i = 0; i < files.gl_pathc; i++)
			compare_capture(fix, files.gl_pathv[i]);
	}
	printf("# show: %zu captures\n", files.gl_pathc);
	snprintf(command, sizeof(command), "rm -rf %s", out);
	assert_int_equal(system(command), 0);
	assert_int_equal(err, 0);
	assert_true(files.gl_pathc > 0);
	globfree(&files);
	report(fix, "corpus");
}

static void add_vni(void *ctx, uint32_t vni, const struct metlo_vni_stats *s)
{
	struct metlo_vni_stats *sum = ctx;

	(void)vni;
	sum->packets += s->packets;
	sum->bytes += s->bytes;
}

static void add_low_vni(void *ctx, uint32_t vni,
			const struct metlo_vni_stats *s)
{
	uint64_t *packets = ctx;

	if (vni < 8)
		packets[vni] += s->packets;
}

/* Checks the totals of all tests above. */
static void test_conservation(void **state)
{
	struct differential_fixture *fix = *state;
	uint64_t kernel_vnis[8] = {0}, user_vnis[8] = {0};
	struct metlo_vni_stats all = {0};
	const struct metlo_stats *user = frames_stats(fix->both.user);
	struct metlo_stats s;
	uint64_t sum = 0, outside;

	if (!fix->both.loaded)
		skip();
	assert_return_code(testrun_stats(fix->both.kernel, &s), 0);
	s.bytes += fix->trailers;
	assert_memory_equal(&s, user, sizeof(s));
#define ADD(name, ...) sum += s.name;
	METLO_OUTCOMES(ADD)
#undef ADD
	assert_int_equal(s.packets, sum);
	assert_true(s.packets > MUTATED);
	/* Each packet with a valid VXLAN header belongs to a VNI; fragments may
	 * be outer ones, which do not. There were more VNIs than metlo_vni
	 * holds, so only those never evicted have exact counts. */
	outside = s.pass_not_vxlan + s.bad_outer + s.bad_vxlan;
	assert_return_code(testrun_each_vni(fix->both.kernel, add_vni, &all),
			   0);
	assert_true(all.packets <= s.packets - outside);
	assert_return_code(
		testrun_each_vni(fix->both.kernel, add_low_vni, kernel_vnis),
		0);
	frames_each_vni(fix->both.user, add_low_vni, user_vnis);
	assert_memory_equal(kernel_vnis, user_vnis, sizeof(user_vnis));
	assert_true(user_vnis[3] > 1000);
}

static int set_up(void **state)
{
	struct differential_fixture *fix = calloc(1, sizeof(*fix));
	struct metlo_config config;

	if (!fix)
		return -1;
	*state = fix;
	/* All but VNI 5. */
	both_allow_vnis(&fix->both, 0xff);
	fix->both.vni_allow[0] &= ~(1ull << 5);
	config_default(&config);
	config.vni_filter = 1;
	config.sample_out = UINT32_MAX / 16; /* one connection in 16 */
	return both_open(&fix->both, &config);
}

static int tear_down(void **state)
{
	struct differential_fixture *fix = *state;

	both_close(&fix->both);
	free(fix);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_frags),
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_conservation),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
