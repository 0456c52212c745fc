/* SPDX-License-Identifier: MIT */
/* The lines of replay -vv: which events of a flow become lines, and their text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "run/explain.h"
#include "stream_kit.h"

struct lines {
	struct kit *kit;
	struct explain *explain;
	FILE *out;
	char *text;
	size_t len;
};

static int setup(void **state)
{
	struct lines *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	assert_int_equal(kit_setup((void **)&l->kit), 0);
	l->out = open_memstream(&l->text, &l->len);
	assert_non_null(l->out);
	l->explain = explain_new(l->out);
	assert_non_null(l->explain);
	l->kit->conf.event = explain_event;
	l->kit->conf.event_ctx = l->explain;
	kit_start(l->kit);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct lines *l = *state;

	kit_teardown((void **)&l->kit);
	explain_free(l->explain);
	fclose(l->out);
	free(l->text);
	free(l);
	return 0;
}

/* All lines since the last call, without their times. */
static void expect(struct lines *l, const char *want)
{
	char got[4096] = "", *to = got, *line, *save = NULL;

	fflush(l->out);
	l->text[l->len] = 0;
	for (line = strtok_r(l->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *flow = strstr(line, " flow ");

		assert_non_null(flow);
		to += snprintf(to, (size_t)(got + sizeof(got) - to), "%s\n",
			       flow + 1);
	}
	assert_string_equal(got, want);
	rewind(l->out);
	l->text[0] = 0;
}

static void test_gap(void **state)
{
	struct lines *l = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(l->kit, &c);
	kit_data(l->kit, &c, C2S, 0, 100, 0);
	expect(l,
	       "flow 1: new: 10.1.0.0:40000 > 10.2.0.1:80, VNI 7: SYN\n"
	       "flow 1: open: client 10.1.0.0:40000 > 10.2.0.1:80: the handshake shows the client\n");
	kit_data(l->kit, &c, C2S, 150, 100, 0);
	kit_wait(l->kit, 1100 * KIT_MS);
	expect(l,
	       "flow 1: gap: 10.1.0.0:40000: 50 bytes at offset 100 are missing: not filled within the timeout\n");
	kit_flush(l->kit);
	expect(l, "flow 1: close: end of input\n");
}

static void test_vni(void **state)
{
	struct lines *l = *state;
	struct kit_conn c = kit_conn(0), copy = c, tenant = kit_conn(0);

	kit_handshake(l->kit, &c);
	kit_data(l->kit, &c, C2S, 0, 100, 0);
	copy.vni[C2S] = 8;
	kit_data(l->kit, &copy, C2S, 0, 100, 0);
	tenant.vni[C2S] = tenant.vni[S2C] = 9;
	tenant.isn[C2S] += 1u << 30;
	kit_flags(l->kit, &tenant, C2S, 0, 0, SYN);
	expect(l,
	       "flow 1: new: 10.1.0.0:40000 > 10.2.0.1:80, VNI 7: SYN\n"
	       "flow 1: open: client 10.1.0.0:40000 > 10.2.0.1:80: the handshake shows the client\n"
	       "flow 1: vni: 10.1.0.0:40000 sends under VNI 8: the sequence number was seen before\n"
	       "flow 2: new: 10.1.0.0:40000 > 10.2.0.1:80, VNI 9: SYN; its number fits no flow of the tuple\n");
}

static void test_midstream(void **state)
{
	struct lines *l = *state;
	struct kit_conn c = kit_conn(0);

	c.ipv6 = true;
	kit_data(l->kit, &c, S2C, 1000, 100, 500);
	kit_wait(l->kit, 1100 * KIT_MS);
	expect(l,
	       "flow 1: new: [2001::a02:1]:80 > [2001::a01:0]:40000, VNI 7: no SYN; joined midstream\n"
	       "flow 1: hold: [2001::a02:1]:80: no SYN yet: data is held until the start is known\n"
	       "flow 1: start: [2001::a02:1]:80: no acknowledgment: the lowest byte seen\n"
	       "flow 1: open: client [2001::a01:0]:40000 > [2001::a02:1]:80: no SYN: the server has the configured port\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_gap),
		TEST(test_vni),
		TEST(test_midstream),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
