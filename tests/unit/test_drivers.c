/* SPDX-License-Identifier: MIT */
/* Messages for refused attachments: each names the reason and the command that
 * helps. Also kernel releases and missing capabilities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "capture/drivers.h"
#include "capture/features.h"
#include "capture/privileges.h"

struct refusal_case {
	const char *name;
	struct netdev dev;
	int error;
	const char *extack;
	bool frags;
	const char *expected[4];
};

#define DEV(drv, size, used, possible)                                      \
	{                                                                   \
		.name = "eth0", .driver = drv, .mtu = size, .queues = used, \
		.queues_max = possible                                      \
	}

static const struct refusal_case cases[] = {
	{"ena, the default MTU of EC2",
	 DEV("ena", 9001, 4, 8),
	 EOPNOTSUPP,
	 "Failed to set xdp program, the current MTU (9001) is larger than the maximum allowed MTU (3498) while xdp is on",
	 false,
	 {"9001", "(3498)", "ip link set dev eth0 mtu 3498"}},
	{"ena, no message from the kernel",
	 DEV("ena", 9001, 4, 8),
	 EINVAL,
	 "",
	 false,
	 {"MTU 9001 exceeds what driver ena supports with XDP (3498)"}},
	{"ena, all queues in use",
	 DEV("ena", 3498, 8, 8),
	 EINVAL,
	 "Failed to set xdp program, the Rx/Tx channel count should be at most half of the maximum allowed channel count",
	 false,
	 {"8 of 8 queues", "ethtool -L eth0 combined 4", "channel count"}},
	{"veth, MTU",
	 DEV("veth", 9000, 1, 1),
	 ERANGE,
	 "Peer MTU is too large to set XDP",
	 false,
	 {"Peer MTU is too large", "(3520)", "ip link set dev eth0 mtu 3520"}},
	{"veth, queues of the peer",
	 DEV("veth", 1500, 1, 8),
	 ENOSPC,
	 "XDP expects number of rx queues not less than peer tx queues",
	 true,
	 {"transmit queues", "ethtool -L eth0 rx"}},
	{"unknown driver, MTU",
	 DEV("foonic", 9000, 1, 1),
	 EINVAL,
	 "MTU too large for XDP",
	 false,
	 {"driver foonic", "ip link set dev eth0 mtu",
	  "MTU too large for XDP"}},
	{"no support for native XDP",
	 DEV("dummy", 1500, 0, 0),
	 EOPNOTSUPP,
	 "",
	 true,
	 {"driver dummy does not support native XDP", "--mode skb",
	  "not supported"}},
	{"unknown driver name",
	 DEV("", 1500, 0, 0),
	 EOPNOTSUPP,
	 "",
	 true,
	 {"(unknown)", "--mode skb"}},
	{"any other error",
	 DEV("foonic", 1500, 2, 4),
	 EIO,
	 "",
	 true,
	 {"Input/output error", "driver foonic, MTU 1500, 2 of 4 queues"}},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct refusal_case *c = &cases[i];
		const struct refusal r = {&c->dev, c->error, c->extack,
					  c->frags};
		char text[1024];

		refusal_explain(&r, text, sizeof(text));
		for (int k = 0; k < 4 && c->expected[k]; k++)
			if (!strstr(text, c->expected[k]))
				fail_msg("%s: \"%s\" is not in: %s", c->name,
					 c->expected[k], text);
	}
}

static void test_other_programs(void **state)
{
	struct netdev d = DEV("ena", 1500, 1, 2);
	char text[256];

	(void)state;
	d.generic = (struct netdev_program){.id = 42, .name = "xdp_filter"};
	drivers_other_program(&d, text, sizeof(text));
	assert_string_equal(
		text,
		"another XDP program is attached, id 42 (xdp_filter), generic mode: remove it with the tool that attached it, or run: ip link set dev eth0 xdpgeneric off");
	d.native = (struct netdev_program){.id = 7, .link_id = 3};
	drivers_other_program(&d, text, sizeof(text));
	assert_string_equal(
		text,
		"another XDP program is attached, id 7 (unknown name), native mode: stop the process that holds bpf_link 3, or run: bpftool link detach id 3");
}

/* The text is NUL-terminated whatever the size of the buffer. */
static void test_small_room(void **state)
{
	const struct refusal r = {&cases[0].dev, cases[0].error,
				  cases[0].extack, false};
	char text[64];

	(void)state;
	for (size_t size = 1; size < sizeof(text); size++) {
		memset(text, 'x', sizeof(text));
		refusal_explain(&r, text, size);
		assert_true(strlen(text) < size);
		memset(text, 'x', sizeof(text));
		drivers_other_program(&cases[0].dev, text, size);
		assert_true(strlen(text) < size);
	}
}

static void test_releases(void **state)
{
	(void)state;
	assert_true(features_release_at_least("6.1.0-13-amd64", 6, 1));
	assert_true(features_release_at_least("6.12.94", 6, 1));
	assert_true(features_release_at_least("7.0", 6, 1));
	assert_true(features_release_at_least("10.0.1", 6, 1));
	assert_false(features_release_at_least("5.15.0-91-generic", 6, 1));
	assert_false(features_release_at_least("6.0.19", 6, 1));
	assert_false(features_release_at_least("unknown", 6, 1));
}

static void test_capabilities(void **state)
{
	const uint64_t net_admin = 1ull << 12, sys_admin = 1ull << 21,
		       perfmon = 1ull << 38, bpf = 1ull << 39;
	char text[64];

	(void)state;
	assert_false(privileges_missing(net_admin | perfmon | bpf, text,
					sizeof(text)));
	assert_string_equal(text, "");
	assert_false(
		privileges_missing(net_admin | sys_admin, text, sizeof(text)));
	assert_true(privileges_missing(net_admin | bpf, text, sizeof(text)));
	assert_string_equal(text, "CAP_PERFMON");
	assert_true(privileges_missing(0, text, sizeof(text)));
	assert_string_equal(text, "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON");
	assert_true(privileges_missing(sys_admin, text, sizeof(text)));
	assert_string_equal(text, "CAP_NET_ADMIN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_other_programs),
		cmocka_unit_test(test_small_room),
		cmocka_unit_test(test_releases),
		cmocka_unit_test(test_capabilities),
	};

	return cmocka_run_group_tests_name("drivers", tests, NULL, NULL);
}
