/* SPDX-License-Identifier: MIT */
/* Filters: the rules accept exactly the packets that the spec describes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "model/filter.h"
#include "base/list.h"
#include "model/filter_text.h"
#include "model/filter_build.h"

static uint64_t rng = 0x9e3779b97f4a7c15ull;

static uint32_t below(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)((rng >> 32) % n);
}

struct packet {
	bool egress;
	int protocol;
	uint16_t from_port, to_port;
	struct cidr from, to; /* single addresses */
};

/* --- how AWS evaluates rules --- */

static bool in_range(bool has, const struct port_range *r, uint16_t port)
{
	return !has || (r->from <= port && port <= r->to);
}

static bool accepted(const struct filter_rules *rules, const struct packet *p)
{
	const struct filter_rule *hit = NULL;

	FOREACH(r, rules) {
		if (r->egress != p->egress ||
		    (hit && r->number > hit->number) ||
		    (r->protocol >= 0 && r->protocol != p->protocol) ||
		    !in_range(r->has_from_ports, &r->from_ports,
			      p->from_port) ||
		    !in_range(r->has_to_ports, &r->to_ports, p->to_port) ||
		    !cidr_contains(&r->from, &p->from) ||
		    !cidr_contains(&r->to, &p->to))
			continue;
		hit = r;
	}
	return hit && !hit->reject;
}

/* --- what the spec asks for --- */

static bool listed(const struct port_list *l, uint16_t port)
{
	FOREACH(item, l)
		if (item->from <= port && port <= item->to)
			return true;
	return false;
}

static bool meant(const struct filter_spec *s, const struct packet *p)
{
	const struct cidr *peer = p->egress ? &p->to : &p->from;
	uint16_t own = p->egress ? p->from_port : p->to_port;
	uint16_t other = p->egress ? p->to_port : p->from_port;
	bool peer_fits = !s->peers.n;

	if (!(s->families & (peer->ipv6 ? FILTER_IPV6 : FILTER_IPV4)))
		return false;
	if (s->protocol >= 0 && s->protocol != p->protocol)
		return false;
	FOREACH(item, &s->peers)
		peer_fits |= cidr_contains(item, peer);
	if (!peer_fits)
		return false;
	if (!s->ports.n)
		return true;
	return (s->side & FILTER_SERVER && listed(&s->ports, own)) ||
	       (s->side & FILTER_CLIENT && listed(&s->ports, other));
}

/* Ports at the edges of the ranges, where off-by-one errors show. */
static uint16_t some_port(const struct filter_spec *s)
{
	const struct port_range *r;

	if (!s->ports.n || !below(3))
		return (uint16_t)below(65536);
	r = &s->ports.items[below((uint32_t)s->ports.n)];
	return (uint16_t)((below(2) ? r->from : r->to) + below(3) - 1);
}

static struct cidr some_address(const struct filter_spec *s)
{
	struct cidr c = {.ipv6 = below(2)};

	if (s->peers.n && below(3))
		c = s->peers.items[below((uint32_t)s->peers.n)];
	for (unsigned int i = c.len; i < 128; i++)
		if (below(2))
			c.addr[i / 8] |= (uint8_t)(0x80u >> (i % 8));
	if (!below(4))
		c.addr[below(2)] ^= (uint8_t)(1u << below(8));
	if (!c.ipv6)
		memset(c.addr + 4, 0, 12);
	c.len = c.ipv6 ? 128 : 32;
	return c;
}

static void check_packets(const struct filter_spec *s,
			  const struct filter_rules *rules, unsigned int n)
{
	while (n--) {
		struct packet p = {.egress = below(2),
				   .protocol =
					   below(4) ? FILTER_TCP : FILTER_UDP,
				   .from_port = some_port(s),
				   .to_port = some_port(s),
				   .from = some_address(s)};

		p.to = cidr_any(p.from.ipv6);
		p.to.len = p.from.ipv6 ? 128 : 32;
		p.to.addr[0] = 10;
		if (p.egress) {
			struct cidr swap = p.to;

			p.to = p.from;
			p.from = swap;
		}
		assert_int_equal(accepted(rules, &p), meant(s, &p));
	}
}

static struct filter_spec random_spec(struct arena *a)
{
	struct filter_spec s = {
		.side = 1 + below(3),
		.families = 1 + below(3),
		.protocol = below(8) ? FILTER_TCP : FILTER_UDP,
	};
	unsigned int port = 1, n = below(6);

	while (n--) {
		struct port_range *r = ARENA_ADD(a, &s.ports);

		port += 1 + below(3) * below(9000);
		r->from = (uint16_t)port;
		port += below(3) * below(500);
		r->to = (uint16_t)port;
		port++;
	}
	for (n = below(4); n; n--) {
		struct cidr *c = ARENA_ADD(a, &s.peers);
		uint8_t byte = (uint8_t)(10 + below(4));

		c->ipv6 = below(2);
		c->addr[0] = c->ipv6 ? 0x20 : byte;
		c->addr[1] = (uint8_t)(c->ipv6 ? byte : below(4));
		c->len = 16;
	}
	if (!s.ports.n && below(2))
		s.protocol = FILTER_ANY_PROTOCOL;
	return s;
}

static void test_exactly_what_is_meant(void **state)
{
	unsigned int fit = 0, too_many = 0, offered = 0;

	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		struct arena a = {0};
		struct filter_spec s = random_spec(&a);
		struct filter_rules rules = {0};
		struct filter_advice advice;
		int rc = filter_build(&a, &s, &rules, &advice);

		assert_false(a.failed);
		if (!rc) {
			fit++;
			assert_in_range(rules.n, 1, FILTER_RULES_MAX);
			check_packets(&s, &rules, 200);
		} else if (rc == -E2BIG) {
			too_many++;
			assert_true(advice.needed > FILTER_RULES_MAX);
			assert_non_null(strstr(advice.text, "AWS allows 10"));
		} else {
			struct packet none = {.protocol = s.protocol,
					      .from = cidr_any(false)};

			assert_int_equal(rc, -EINVAL);
			none.from.len = 32;
			none.to = none.from;
			assert_false(meant(&s, &none));
		}
		/* Each choice fits and does what its text says. */
		FOREACH(c, &advice.choices) {
			offered++;
			memset(&rules, 0, sizeof(rules));
			assert_int_equal(
				filter_build(&a, &c->spec, &rules, &advice), 0);
			assert_int_equal(rules.n, c->rules);
			check_packets(&c->spec, &rules, 50);
			break;
		}
		arena_free(&a);
	}
	/* The random specs cover all outcomes. */
	assert_true(fit > 500 && too_many > 200 && offered > 200);
}

/* The rules as "ingress 100: ..." lines, for comparison. */
static const char *texts(struct arena *a, const struct filter_rules *rules)
{
	const char *all = "";

	FOREACH(rule, rules)
		all = arena_printf(a, "%s%s\n", all, filter_rule_text(a, rule));
	return all;
}

static void test_rules(void **state)
{
	static const struct {
		const char *ports, *peers;
		enum filter_side side;
		unsigned int families;
		int protocol;
		const char *rules;
	} cases[] = {
		{"80", "", FILTER_SERVER, FILTER_IPV4, FILTER_TCP,
		 "ingress 100: accept TCP from any IPv4 to any IPv4 port 80\n"
		 "egress 100: accept TCP from any IPv4 port 80 to any IPv4\n"},
		{"80", "", FILTER_CLIENT, FILTER_IPV4, FILTER_TCP,
		 "ingress 100: accept TCP from any IPv4 port 80 to any IPv4\n"
		 "egress 100: accept TCP from any IPv4 to any IPv4 port 80\n"},
		{"80-82,8080", "10.0.0.0/8", FILTER_SERVER, FILTER_IPV4,
		 FILTER_TCP,
		 "ingress 100: accept TCP from 10.0.0.0/8 to any IPv4 port 80-82\n"
		 "ingress 110: accept TCP from 10.0.0.0/8 to any IPv4 port 8080\n"
		 "egress 100: accept TCP from any IPv4 port 80-82 to 10.0.0.0/8\n"
		 "egress 110: accept TCP from any IPv4 port 8080 to 10.0.0.0/8\n"},
		{"all", "", FILTER_CLIENT, FILTER_IPV4 | FILTER_IPV6,
		 FILTER_ANY_PROTOCOL,
		 "ingress 100: accept everything from any IPv4 to any IPv4\n"
		 "ingress 110: accept everything from any IPv6 to any IPv6\n"
		 "egress 100: accept everything from any IPv4 to any IPv4\n"
		 "egress 110: accept everything from any IPv6 to any IPv6\n"},
		/* 2 peers and 3 ranges: rejecting the gaps takes 8 rules, not
		 * 12 */
		{"80,90,100", "10.0.0.0/8,192.168.0.0/16", FILTER_SERVER,
		 FILTER_IPV4, FILTER_TCP,
		 "ingress 100: reject TCP from any IPv4 to any IPv4 port 81-89\n"
		 "ingress 110: reject TCP from any IPv4 to any IPv4 port 91-99\n"
		 "ingress 120: accept TCP from 10.0.0.0/8 to any IPv4 port 80-100\n"
		 "ingress 130: accept TCP from 192.168.0.0/16 to any IPv4 port 80-100\n"
		 "egress 100: reject TCP from any IPv4 port 81-89 to any IPv4\n"
		 "egress 110: reject TCP from any IPv4 port 91-99 to any IPv4\n"
		 "egress 120: accept TCP from any IPv4 port 80-100 to 10.0.0.0/8\n"
		 "egress 130: accept TCP from any IPv4 port 80-100 to 192.168.0.0/16\n"},
		/* two halves merge into one peer */
		{"80", "10.0.0.0/9,10.128.0.0/9,10.1.0.0/16", FILTER_SERVER,
		 FILTER_IPV4, FILTER_TCP,
		 "ingress 100: accept TCP from 10.0.0.0/8 to any IPv4 port 80\n"
		 "egress 100: accept TCP from any IPv4 port 80 to 10.0.0.0/8\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena a = {0};
		struct filter_spec s = {.side = cases[i].side,
					.families = cases[i].families,
					.protocol = cases[i].protocol};
		struct filter_rules rules = {0};
		struct filter_advice advice;
		struct parse_error err;

		assert_true(
			filter_ports_parse(&a, cases[i].ports, &s.ports, &err));
		assert_true(
			cidr_list_parse(&a, cases[i].peers, &s.peers, &err));
		assert_int_equal(filter_build(&a, &s, &rules, &advice), 0);
		assert_string_equal(texts(&a, &rules), cases[i].rules);
		arena_free(&a);
	}
}

static void test_advice(void **state)
{
	struct arena a = {0};
	struct filter_spec s = {.side = FILTER_SERVER,
				.families = FILTER_IPV4,
				.protocol = FILTER_TCP};
	struct filter_rules rules = {0};
	struct filter_advice advice;
	struct parse_error err;

	(void)state;
	assert_true(filter_ports_parse(&a, "80,443,3000,5000,8000,8080",
				       &s.ports, &err));
	assert_int_equal(filter_build(&a, &s, &rules, &advice), -E2BIG);
	assert_int_equal(rules.n, 0);
	assert_int_equal(advice.needed, 12);
	/* The narrowest gap is closed, and the text tells by how much that
	 * widens the filter. */
	assert_string_equal(
		advice.choices.items[0].text,
		"ports 80,443,3000,5000,8000-8080, which mirrors 79 more ports");
	assert_int_equal(advice.choices.items[0].rules, 10);
	assert_string_equal(advice.choices.items[advice.choices.n - 1].text,
			    "all ports");

	s.protocol = FILTER_ANY_PROTOCOL;
	assert_int_equal(filter_build(&a, &s, &rules, &advice), -EINVAL);
	assert_non_null(strstr(advice.text, "TCP or UDP"));
	arena_free(&a);
}

static void test_ports(void **state)
{
	static const struct {
		const char *text, *canonical; /* NULL: rejected */
	} cases[] = {
		{"80", "80"},
		{"all", "all"},
		{"8000-8100,80,81,8050-8200", "80-81,8000-8200"},
		{"1-65535", "1-65535"},
		{"65535,65534", "65534-65535"},
		{"0", NULL},
		{"65536", NULL},
		{"", NULL},
		{"80-", NULL},
		{"http", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena a = {0};
		struct port_list l = {0};
		struct parse_error err;
		bool ok = filter_ports_parse(&a, cases[i].text, &l, &err);

		assert_int_equal(ok, cases[i].canonical != NULL);
		if (ok)
			assert_string_equal(filter_ports_text(&a, &l),
					    cases[i].canonical);
		arena_free(&a);
	}
}

static void test_same(void **state)
{
	struct arena a = {0};
	struct filter_spec s = {.side = FILTER_BOTH,
				.families = FILTER_IPV4,
				.protocol = FILTER_TCP};
	struct filter_rules x = {0}, y = {0};
	struct filter_rule swap;
	struct filter_advice advice;
	struct parse_error err;

	(void)state;
	assert_true(filter_ports_parse(&a, "80,90", &s.ports, &err));
	assert_int_equal(filter_build(&a, &s, &x, &advice), 0);
	assert_int_equal(filter_build(&a, &s, &y, &advice), 0);
	/* AWS returns rules in any order and may have renumbered them. */
	swap = y.items[0];
	y.items[0] = y.items[y.n - 1];
	y.items[y.n - 1] = swap;
	FOREACH(item, &y)
		item->number *= 7;
	assert_true(filter_rules_same(&x, &y));
	y.items[1].to_ports.to++;
	y.items[1].has_to_ports = true;
	assert_false(filter_rules_same(&x, &y));
	y.n--;
	assert_false(filter_rules_same(&x, &y));
	arena_free(&a);
}

static void test_cidr(void **state)
{
	static const struct {
		const char *text, *canonical; /* NULL: rejected */
	} cases[] = {
		{"10.0.0.0/8", "10.0.0.0/8"},
		{"10.1.2.3", "10.1.2.3/32"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"::/0", "::/0"},
		{"2001:DB8::/32", "2001:db8::/32"},
		{"::1", "::1/128"},
		{"10.0.0.1/8", NULL},
		{"2001:db8::1/32", NULL},
		{"10.0.0.0/33", NULL},
		{"10.0.0.0/", NULL},
		{"10.0.0/8", NULL},
		{"10.0.0.0.0/8", NULL},
		{"", NULL},
		{"/8", NULL},
		{"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/8",
		 NULL},
	};
	struct parse_error err;
	struct cidr c;
	char text[CIDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool ok = cidr_parse(cases[i].text, &c, &err);

		assert_int_equal(ok, cases[i].canonical != NULL);
		if (ok)
			assert_string_equal(cidr_text(&c, text),
					    cases[i].canonical);
	}
	assert_false(cidr_parse("10.9.0.1/16", &c, &err));
	assert_non_null(strstr(err.text, "did you mean 10.9.0.0/16"));
}

/* The merged list covers the same addresses, and no two of its blocks can be
 * merged. */
static void test_cidr_merge(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 500; round++) {
		struct cidr raw[12], merged[12];
		struct cidr_list l = {merged, 1 + below(12)};
		size_t n = l.n;

		for (size_t i = 0; i < n; i++) {
			memset(&raw[i], 0, sizeof(raw[i]));
			raw[i].len = (uint8_t)(4 + below(5));
			raw[i].addr[0] =
				(uint8_t)(below(256) & (0xff00u >> raw[i].len));
			merged[i] = raw[i];
		}
		cidr_list_merge(&l);
		for (unsigned int v = 0; v < 256; v++) {
			struct cidr one = {.addr = {(uint8_t)v}, .len = 32};
			bool before = false;
			unsigned int after = 0;

			for (size_t i = 0; i < n; i++)
				before |= cidr_contains(&raw[i], &one);
			FOREACH(item, &l)
				after += cidr_contains(item, &one);
			assert_int_equal(after, before);
		}
		for (size_t i = 1; i < l.n; i++) {
			struct cidr_list pair = {&merged[i - 1], 2};
			struct cidr keep[2] = {merged[i - 1], merged[i]};

			cidr_list_merge(&pair);
			assert_int_equal(pair.n, 2);
			merged[i - 1] = keep[0];
			merged[i] = keep[1];
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exactly_what_is_meant),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_cidr),
		cmocka_unit_test(test_cidr_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
