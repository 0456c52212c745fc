/* SPDX-License-Identifier: MIT */
/* Compares the number of instructions that the verifier processes with
 * insn_budget.txt: a change that multiplies it may not load on other kernels. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <cmocka.h>
#include <bpf/libbpf.h>

#include "both.h"
#include "metlo_xdp.skel.h"

#define BUDGET	  "tests/bpf/insn_budget.txt"
#define LOG_STATS 4

/* The number at the end of the verifier log, 0 if it is missing. */
static unsigned long verified_insns(void)
{
	static char log[1 << 16];
	struct metlo_xdp *skel = metlo_xdp__open();
	unsigned long insns = 0;
	const char *p;

	assert_non_null(skel);
	bpf_program__set_log_level(skel->progs.metlo_xdp, LOG_STATS);
	bpf_program__set_log_buf(skel->progs.metlo_xdp, log, sizeof(log));
	assert_return_code(metlo_xdp__load(skel), 0);
	p = strstr(log, "processed ");
	if (p)
		insns = strtoul(p + strlen("processed "), NULL, 10);
	metlo_xdp__destroy(skel);
	return insns;
}

/* The budget for this kernel's major.minor version, 0 if none is listed. */
static unsigned long budget(const char *path, const char *release)
{
	unsigned int major, minor, want_major, want_minor;
	unsigned long insns, found = 0;
	char line[256];
	FILE *f = fopen(path, "r");

	if (!f) {
		fail_msg("%s: %s (run from the top folder)", path,
			 strerror(errno));
		return 0;
	}
	assert_int_equal(sscanf(release, "%u.%u", &want_major, &want_minor), 2);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%u.%u %lu", &major, &minor, &insns) == 3 &&
		    major == want_major && minor == want_minor)
			found = insns;
	}
	fclose(f);
	return found;
}

static void test_budget(void **state)
{
	const char *path = getenv("INSN_BUDGET");
	unsigned long insns, allowed;
	struct utsname os;

	(void)state;
	if (!can_load())
		skip();
	assert_return_code(uname(&os), errno);
	insns = verified_insns();
	assert_true(insns > 0);
	allowed = budget(path ? path : BUDGET, os.release);
	printf("# show: %lu instructions verified, budget %lu\n", insns,
	       allowed);
	if (!allowed) {
		print_message("# no budget for Linux %s in %s\n", os.release,
			      path ? path : BUDGET);
		skip();
	}
	if (insns > allowed + allowed / 10)
		fail_msg("%lu instructions verified, budget %lu", insns,
			 allowed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_budget)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
