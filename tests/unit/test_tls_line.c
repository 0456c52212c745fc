/* SPDX-License-Identifier: MIT */
/* Lines about TLS connections: what is unknown is null, hostile bytes are escaped. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "trace/tls_line.h"

#define SPAN(text)                                                  \
	{                                                           \
		(const uint8_t *)(text), (uint32_t)sizeof(text) - 1 \
	}

static const char *line_of(struct buf *b, const struct tls_report *r,
			   unsigned int classes)
{
	const struct trace_options o = {.collector = "c", .classes = classes};
	struct trace_conf *c = trace_conf_new(&o);

	assert_non_null(c);
	buf_clear(b);
	tls_line_write(b, r, c);
	assert_false(b->failed);
	buf_add(b, "", 1);
	trace_conf_free(c);
	return (const char *)b->p;
}

static const struct tls_report nothing = {
	.end = "idle",
	.first_ns = 1700000000000001000,
	.last_ns = 1700000000000005999,
	.source_addr = {[10] = 0xff, 0xff, 10, 0, 0, 1},
	.destination_addr = {[10] = 0xff, 0xff, 10, 0, 0, 2},
	.source_port = 40000,
	.destination_port = 443,
	.vni = 7,
	.flags = TLS_F_MIDSTREAM | TLS_F_EVICTED,
};

static void test_nothing(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_string_equal(
		line_of(&b, &nothing, 0),
		"{\"request\":null,\"response\":null,\"tls\":{\"version\":null,\"sni\":null,\"alpn\":null,\"cipher\":null,\"group\":null,\"alpnOffered\":null,\"versionsOffered\":null,\"groupsOffered\":null,\"ja3\":null,\"ja3s\":null,\"ja4\":null,\"ech\":null,\"earlyDataOffered\":null,\"resumed\":null,\"helloRetry\":null,\"clientCertRequested\":null,\"clientCertSent\":null,\"certificates\":null,\"clientCertificates\":null,\"alerts\":[],\"handshakeComplete\":null,\"handshakeUs\":null,\"clientBytes\":0,\"serverBytes\":0,\"end\":\"idle\"},\"meta\":{\"environment\":\"production\",\"incoming\":true,\"source\":\"10.0.0.1\",\"sourcePort\":40000,\"destination\":\"10.0.0.2\",\"destinationPort\":443,\"metloSource\":\"metlo-xdp\"},\"capture\":{\"schema\":2,\"kind\":\"tls\",\"id\":\"00000000000000000000000000000000\",\"connection\":\"00000000000000000000000000\",\"collector\":\"c\",\"interface\":null,\"protocol\":null,\"target\":null,\"vni\":7,\"startUs\":1700000000000001,\"endUs\":1700000000000005,\"durationUs\":4,\"flags\":[\"midstream\",\"evicted\"]}}\n");
	buf_free(&b);
}

static void assert_has(const char *line, const char *part)
{
	if (!strstr(line, part))
		fail_msg("%s is not in %s", part, line);
}

static void test_values(void **state)
{
	const struct cert_name names[] = {
		{CERT_DNS, SPAN("a\"b")},
		{CERT_IP, SPAN("\x0a\0\0\1")},
		{CERT_EMAIL, SPAN("someone@example.com")},
	};
	const struct certificate cert = {.bytes = 9,
					 .parsed = true,
					 .subject = SPAN("CN=\x01"),
					 .issuer = SPAN(""),
					 .serial = SPAN("01"),
					 .not_before = "2026-01-01T00:00:00Z",
					 .key = "RSA",
					 .key_bits = 2048,
					 .names = names,
					 .n_names = 3,
					 .total_names = 5};
	const struct certificate unread = {.bytes = 8};
	struct tls_report r = nothing;
	struct buf b = {0};
	const char *line;

	(void)state;
	r.has_client_hello = r.has_server_hello = true;
	r.client_version = 0x0303;
	r.version = 0x0304;
	r.cipher = 0x1301;
	r.has_group = true;
	r.group = 0x9999;
	r.sni = (struct tls_span)SPAN("a\\\"\n\xff");
	r.alpn = (struct tls_span)SPAN("\2h2\0\1\xab");
	r.groups = (struct tls_span)SPAN("\x0a\x0a\0\x1d");
	r.resumed = TLS_NO;
	r.server_chain = (struct tls_chain){
		.sent = TLS_YES, .n = 2, .cert = {&cert, &unread}};
	r.n_alerts = 1;
	r.alert[0] = (struct tls_alert){true, 2, 99};
	line = line_of(&b, &r, 0);
	assert_has(line, "\"version\":\"TLS 1.3\"");
	assert_has(line, "\"sni\":\"a\\\\\\\"\\n\xc3\xbf\"");
	assert_has(line, "\"cipher\":\"TLS_AES_128_GCM_SHA256\"");
	assert_has(line, "\"group\":\"0x9999\"");
	assert_has(line, "\"alpnOffered\":[\"h2\",\"\",\"\xc2\xab\"]");
	assert_has(line, "\"versionsOffered\":[\"TLS 1.2\"]");
	assert_has(line, "\"groupsOffered\":[\"x25519\"]");
	assert_has(line, "\"ech\":false");
	assert_has(line, "\"resumed\":false");
	assert_has(
		line,
		"{\"bytes\":9,\"sha256\":null,\"subject\":\"CN=\\u0001\",\"issuer\":\"\",\"serial\":\"01\",\"notBefore\":\"2026-01-01T00:00:00Z\",\"notAfter\":null,\"key\":\"RSA\",\"keyBits\":2048,\"curve\":null,\"signature\":null,\"names\":[{\"type\":\"dns\",\"value\":\"a\\\"b\"},{\"type\":\"ip\",\"value\":\"10.0.0.1\"},{\"type\":\"email\",\"value\":\"someone@example.com\"}],\"nameCount\":5}");
	assert_has(
		line,
		"{\"bytes\":8,\"sha256\":null,\"subject\":null,\"issuer\":null,\"serial\":null,\"notBefore\":null,\"notAfter\":null,\"key\":null,\"keyBits\":null,\"curve\":null,\"signature\":null,\"names\":null,\"nameCount\":null}");
	assert_has(
		line,
		"\"alerts\":[{\"from\":\"server\",\"level\":\"fatal\",\"description\":\"0x0063\"}]");
	assert_has(line, "\"obs-text\"]}}\n");
	/* Classes of values are masked everywhere. */
	line = line_of(&b, &r, ~0u);
	assert_null(strstr(line, "someone@example.com"));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
