/* SPDX-License-Identifier: MIT */
/* The client that lines name if proxies are trusted. */
#include "trace_kit.h"

static const char *const proxies[] = {"10.0.0.0/8", "192.0.2.0/24",
				      "2001:db8:ffff::/48"};
static const struct trace_options trusting = {.trusted = proxies,
					      .n_trusted = 3};

/* A request with these fields, "Name: value" each, from trace_example's client,
 * which is 10.1.0.5. */
struct request {
	const char *fields[6];
	unsigned int trailers;
};

static void fill(struct http_message *m, struct http_field f[6],
		 const struct request *r)
{
	*m = trace_get;
	m->fields = f;
	m->n_fields = 0;
	m->n_trailers = r->trailers;
	for (size_t i = 0; i < 6 && r->fields[i]; i++) {
		const uint8_t *text = (const uint8_t *)r->fields[i];
		const uint8_t *colon = memchr(text, ':', strlen(r->fields[i]));

		f[m->n_fields].name =
			(struct http_span){text, (uint32_t)(colon - text)};
		f[m->n_fields++].value = (struct http_span){
			colon + 2, (uint32_t)strlen((const char *)colon + 2)};
	}
}

static void expect(const struct http_transaction *from,
		   const struct trace_options *o, const struct request *r,
		   const char *source, const char *rest)
{
	struct http_transaction t = *from;
	struct http_message m;
	struct http_field f[6];
	char *part;

	fill(&m, f, r);
	m.head_partial = from->request->head_partial;
	t.request = &m;
	assert_true(asprintf(&part, "\"incoming\":true,\"source\":\"%s,\"dest",
			     source) > 0);
	expect_part(&t, o, part);
	free(part);
	expect_part(&t, o, rest);
}

#define PEER "10.1.0.5\",\"sourcePort\":20147"
#define NONE "\"vni\":7000,\"sourceFrom\":\"peer\",\"req"
#define XFF                                         \
	"\"vni\":7000,\"peer\":\"10.1.0.5:20147\"," \
	"\"sourceFrom\":\"x-forwarded-for\",\"req"
#define FORWARDED                                   \
	"\"vni\":7000,\"peer\":\"10.1.0.5:20147\"," \
	"\"sourceFrom\":\"forwarded\",\"req"
#define AT(address) address "\",\"sourcePort\":0"
#define AMBIGUOUS   "\"flags\":[\"source-ambiguous\"]"

struct chain {
	const char *fields[6];
	const char *source, *rest;
};

static void expect_all(const struct chain *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct request r = {{0}, 0};

		memcpy(r.fields, c[i].fields, sizeof(r.fields));
		expect(&trace_example, &trusting, &r, c[i].source, c[i].rest);
	}
}

static void test_x_forwarded_for(void **state)
{
	static const struct chain chains[] = {
		{{"X-Forwarded-For: 198.51.100.1"}, AT("198.51.100.1"), XFF},
		/* Forged from the left, in the same line and another one. */
		{{"X-Forwarded-For: 6.6.6.6, 198.51.100.1, 192.0.2.7"},
		 AT("198.51.100.1"),
		 XFF},
		{{"X-Forwarded-For: 6.6.6.6", "x-forwarded-FOR: 198.51.100.2"},
		 AT("198.51.100.2"),
		 XFF},
		{{"X-Forwarded-For: 198.51.100.2,10.9.9.9", "A: 1",
		  "X-Forwarded-For: 10.0.0.7"},
		 AT("198.51.100.2"),
		 XFF},
		{{"X-Forwarded-For: 6.6.6.6, 10.0.0.9,198.51.100.3:4711"},
		 "198.51.100.3\",\"sourcePort\":4711",
		 XFF},
		{{"X-Forwarded-For: [2001:db8::5]:443,2001:db8:ffff::1"},
		 "2001:db8::5\",\"sourcePort\":443",
		 XFF},
		{{"X-Forwarded-For: 2001:db8::5"}, AT("2001:db8::5"), XFF},
		{{"X-Forwarded-For: [2001:db8::5]"}, AT("2001:db8::5"), XFF},
		{{"X-Forwarded-For: ::ffff:198.51.100.8"},
		 AT("198.51.100.8"),
		 XFF},
		{{"X-Forwarded-For: 198.51.100.1, ::ffff:10.0.0.1"},
		 AT("198.51.100.1"),
		 XFF},
		{{"X-Forwarded-For: ,\t, 198.51.100.6 ,,"},
		 AT("198.51.100.6"),
		 XFF},
		{{"X-Forwarded-For: 198.51.100.6", "X-Forwarded-For: "},
		 AT("198.51.100.6"),
		 XFF},
		/* All are trusted: the one that is farthest away. */
		{{"X-Forwarded-For: 10.0.0.1, 10.0.0.2"}, AT("10.0.0.1"), XFF},
		/* Not an address: the last hop that is known. */
		{{"X-Forwarded-For: 198.51.100.4, unknown, 10.0.0.8"},
		 AT("10.0.0.8"),
		 XFF},
	};

	(void)state;
	expect_all(chains, sizeof(chains) / sizeof(*chains));
}

static void test_no_address(void **state)
{
	static const char *const values[] = {
		"X-Forwarded-For: ",
		"X-Forwarded-For: ,",
		"X-Forwarded-For: unknown",
		"X-Forwarded-For: 6.6.6.6, unknown",
		"X-Forwarded-For: 6.6.6.6, 198.51.100.300",
		"X-Forwarded-For: 6.6.6.6, 198.51.100.1:x",
		"X-Forwarded-For: 6.6.6.6, 198.51.100.1:",
		"X-Forwarded-For: 6.6.6.6, 198.51.100.1:65536",
		"X-Forwarded-For: 6.6.6.6, 198.51.100.1:000080",
		"X-Forwarded-For: 6.6.6.6, 198.51.100.1 198.51.100.2",
		"X-Forwarded-For: 6.6.6.6, [2001:db8::5",
		"X-Forwarded-For: 6.6.6.6, [2001:db8::5]x",
		"X-Forwarded-For: 6.6.6.6, [198.51.100.1]:80",
		"X-Forwarded-For: 6.6.6.6, fe80::1%eth0",
		"X-Forwarded-For: 6.6.6.6, unix:",
		"X-Forwarded-For: 6.6.6.6, [redacted]",
		"X-Forwarded: 6.6.6.6",
		"X_Forwarded_For: 6.6.6.6",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		expect(&trace_example, &trusting,
		       &(struct request){{values[i]}, 0}, PEER, NONE);
}

static void test_forwarded(void **state)
{
	static const struct chain chains[] = {
		{{"Forwarded: for=198.51.100.1"},
		 AT("198.51.100.1"),
		 FORWARDED},
		{{"Forwarded: for=6.6.6.6, proto=https;FOR=198.51.100.1;by=_x"},
		 AT("198.51.100.1"),
		 FORWARDED},
		{{"Forwarded: for=\"[2001:db8:cafe::17]:4711\"",
		  "forwarded: for=10.0.0.4;by=10.0.0.5"},
		 "2001:db8:cafe::17\",\"sourcePort\":4711",
		 FORWARDED},
		{{"Forwarded: for=\"198.51.100.1:_http\""},
		 AT("198.51.100.1"),
		 FORWARDED},
		{{"Forwarded: for=198.51.100.1:80"},
		 "198.51.100.1\",\"sourcePort\":80",
		 FORWARDED},
		{{"Forwarded: for=\"198.5\\1.100.\\1\" ; proto=http"},
		 AT("198.51.100.1"),
		 FORWARDED},
		{{"Forwarded: ,for=198.51.100.1;host=\"a,for=6.6.6.6\","},
		 AT("198.51.100.1"),
		 FORWARDED},
		{{"Forwarded: for=198.51.100.1;host=\"a\\\",for=6.6.6.6\""},
		 AT("198.51.100.1"),
		 FORWARDED},
		/* A client that tries to quote what proxies append. */
		{{"Forwarded: for=6.6.6.6;x=\", for=198.51.100.1"},
		 AT("198.51.100.1"),
		 FORWARDED},
		{{"Forwarded: for=\"6.6.6.6", "Forwarded: for=198.51.100.1"},
		 AT("198.51.100.1"),
		 FORWARDED},
		{{"Forwarded: x=\", for=\"[2001:db8::5]\";host=\"h\""},
		 AT("2001:db8::5"),
		 FORWARDED},
		{{"Forwarded: for=6.6.6.6;x=\\, for=198.51.100.1"},
		 AT("198.51.100.1"),
		 FORWARDED},
	};
	static const char *const unknown[] = {
		"Forwarded: for=6.6.6.6, for=unknown",
		"Forwarded: for=6.6.6.6, for=_hidden",
		"Forwarded: for=6.6.6.6, for=\"_gazonk:80\"",
		"Forwarded: for=6.6.6.6, proto=https",
		"Forwarded: for=6.6.6.6, for=",
		"Forwarded: for=6.6.6.6, for=\"\"",
		"Forwarded: for=6.6.6.6, for",
		"Forwarded: for=6.6.6.6, for=1.2.3.4;for=1.2.3.5",
		"Forwarded: for=6.6.6.6, for=\"1.2.3.4\"x",
		"Forwarded: for=6.6.6.6, for=1.2.3.4 x",
		"Forwarded: for=6.6.6.6, for = 1.2.3.4",
		"Forwarded: for=6.6.6.6, for=1.2.3.4;\"",
		"Forwarded: for=6.6.6.6, for=\"2001:db8::5]\"",
		"Forwarded: for=6.6.6.6, for=\"0123456789012345678901234567890123456789012345678901234567890123456789\"",
	};

	(void)state;
	expect_all(chains, sizeof(chains) / sizeof(*chains));
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		expect(&trace_example, &trusting,
		       &(struct request){{unknown[i]}, 0}, PEER, NONE);
}

static void test_both_fields(void **state)
{
	struct trace_options o = trusting;
	static const struct request differ = {
		{"Forwarded: for=6.6.6.6", "X-Forwarded-For: 198.51.100.1"}, 0};

	(void)state;
	expect(&trace_example, &o,
	       &(struct request){{"Forwarded: for=\"198.51.100.1:80\"",
				  "X-Forwarded-For: 198.51.100.1"},
				 0},
	       "198.51.100.1\",\"sourcePort\":80", FORWARDED);
	/* A proxy passes on what it does not write: one of them is forged. */
	expect(&trace_example, &o, &differ, PEER, NONE);
	expect(&trace_example, &o, &differ, PEER, AMBIGUOUS);
	o.client_field = CLIENT_X_FORWARDED_FOR;
	expect(&trace_example, &o, &differ, AT("198.51.100.1"), XFF);
	o.client_field = CLIENT_FORWARDED;
	expect(&trace_example, &o, &differ, AT("6.6.6.6"), FORWARDED);
	expect(&trace_example, &o,
	       &(struct request){{"X-Forwarded-For: 198.51.100.1"}, 0}, PEER,
	       NONE);
}

static void test_who_is_asked(void **state)
{
	static const struct request forged = {{"X-Forwarded-For: 6.6.6.6"}, 0};
	struct http_transaction t = trace_example;
	struct http_message partial = trace_get;
	struct trace_options o = trusting;

	(void)state;
	/* No peer is trusted. */
	o.n_trusted = 0;
	expect(&t, &o, &forged, PEER, "\"vni\":7000,\"req");
	/* A peer that is not. */
	t.client_addr[12] = 11;
	expect(&t, &trusting, &forged, "11.1.0.5\",\"sourcePort\":20147", NONE);
	t = trace_example;
	/* What a client could append after the proxy, or hide. */
	expect(&t, &trusting,
	       &(struct request){{"X-Forwarded-For: 198.51.100.1",
				  "X-Forwarded-For: 6.6.6.6"},
				 1},
	       AT("198.51.100.1"), XFF);
	partial.head_partial = true;
	t.request = &partial;
	expect(&t, &trusting, &forged, PEER, NONE);
}

static void test_proxy_protocol(void **state)
{
	static const struct request r = {
		{"X-Forwarded-For: 6.6.6.6, 198.51.100.1"}, 0};
	struct http_transaction t = trace_example;

	(void)state;
	t.proxied = true;
	t.source_port = 99;
	memcpy(t.source_addr, t.client_addr, 16);
	/* The source of the PROXY header is trusted, and then is not. */
	t.source_addr[15] = 77;
	expect(&t, &trusting, &r, AT("198.51.100.1"), XFF);
	t.source_addr[12] = 203;
	expect(&t, &trusting, &r, "203.1.0.77\",\"sourcePort\":99",
	       "\"peer\":\"10.1.0.5:20147\",\"sourceFrom\":\"proxy-protocol\"");
	/* Unconfirmed: either the header is forged, or the fields may be. */
	t.proxied = false;
	t.flags = HTTP_F_PROXY_UNCONFIRMED;
	expect(&t, &trusting, &r, PEER, NONE);
}

/* What is masked in the head does not appear in meta. */
static void test_masked(void **state)
{
	static const char *const xff[] = {"X-Forwarded-For"};
	static const struct request both = {{"X-Forwarded-For: 198.51.100.1",
					     "Forwarded: for=198.51.100.1"},
					    0};
	struct trace_options o = trusting;

	(void)state;
	o.headers = xff;
	o.n_headers = 1;
	expect(&trace_example, &o,
	       &(struct request){{"X-Forwarded-For: 198.51.100.1"}, 0}, PEER,
	       NONE);
	o.client_field = CLIENT_FORWARDED;
	expect(&trace_example, &o, &both, AT("198.51.100.1"), FORWARDED);
	o.client_field = CLIENT_AUTO;
	o.no_redact = true;
	expect(&trace_example, &o, &both, AT("198.51.100.1"), XFF);
}

static void test_response_only(void **state)
{
	struct http_transaction t = trace_example;

	(void)state;
	t.request = NULL;
	expect_part(&t, &trusting, PEER);
	expect_part(&t, &trusting, NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x_forwarded_for),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_forwarded),
		cmocka_unit_test(test_both_fields),
		cmocka_unit_test(test_who_is_asked),
		cmocka_unit_test(test_proxy_protocol),
		cmocka_unit_test(test_masked),
		cmocka_unit_test(test_response_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
