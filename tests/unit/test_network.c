/* SPDX-License-Identifier: MIT */
/* Addresses and networks: what is accepted, and what they contain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/network.h"

static bool parse(const char *text, struct ip_network *net)
{
	struct parse_error err;

	return network_parse(text, strlen(text), net, &err);
}

static void refused(const char *text, const char *why)
{
	struct parse_error err = {""};
	struct ip_network net;

	if (network_parse(text, strlen(text), &net, &err))
		fail_msg("%s is accepted", text);
	if (!strstr(err.text, why))
		fail_msg("%s: \"%s\" lacks \"%s\"", text, err.text, why);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",	     "/",	  "/8",	   "10.0.0",	 "10.0.0.256",
		"010.0.0.1", "10.0.0.1 ", "a",	   "[::1]",	 "::1%lo",
		"fe80::1%2", "1.2.3.4:5", "::1::", "10.0.0.0.0",
	};
	static const char *const lengths[] = {
		"10.0.0.0/",	"10.0.0.0/33",
		"10.0.0.0/-1",	"10.0.0.0/8 ",
		"10.0.0.0/08",	"::/129",
		"::/1x",	"10.0.0.0/8/8",
		"10.0.0.0/256", "::ffff:10.0.0.0/95",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused(bad[i], "is neither an address nor a network");
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		refused(lengths[i], "the prefix length must be");
	refused("10.1.2.3/8", "use 10.0.0.0/8");
	refused("2001:db8::1/32", "use 2001:db8::/32");
	refused("::ffff:10.1.2.3/104", "use 10.0.0.0/8");
}

static bool has(const char *network, const char *address)
{
	struct ip_network net;
	uint8_t addr[16];
	bool ipv6;

	assert_true(parse(network, &net));
	assert_true(network_address(address, strlen(address), addr, &ipv6));
	return network_has(&net, addr, ipv6);
}

static void test_contains(void **state)
{
	static const struct {
		const char *network, *address;
		bool has;
	} cases[] = {
		{"10.0.0.0/8", "10.255.255.255", true},
		{"10.0.0.0/8", "11.0.0.0", false},
		{"10.0.0.0/8", "::ffff:10.1.2.3", true},
		{"10.0.0.0/8", "::10.1.2.3", false},
		{"10.128.0.0/9", "10.127.0.1", false},
		{"10.128.0.0/9", "10.129.0.1", true},
		{"192.0.2.64/30", "192.0.2.67", true},
		{"192.0.2.64/30", "192.0.2.68", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1/32", "192.0.2.2", false},
		{"0.0.0.0/0", "255.1.2.3", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		/* Trusting all of IPv6 does not trust IPv4. */
		{"::/0", "2001:db8::1", true},
		{"::/0", "192.0.2.1", false},
		{"::ffff:0:0/96", "192.0.2.1", true},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"2001:db8::1/128", "2001:db8::1", true},
		{"2001:db8::1", "2001:db8::2", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (has(cases[i].network, cases[i].address) != cases[i].has)
			fail_msg("%s, %s", cases[i].network, cases[i].address);
}

static void test_bytes(void **state)
{
	uint8_t addr[16];
	bool ipv6;

	(void)state;
	assert_false(network_address("1.2.3.4\0", 8, addr, &ipv6));
	assert_true(network_address("1.2.3.45", 7, addr, &ipv6));
	assert_int_equal(addr[15], 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_contains),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
