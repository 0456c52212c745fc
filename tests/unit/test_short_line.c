/* SPDX-License-Identifier: MIT */
/* Short lines: what they show of each kind of transaction, at any width, and that hostile
 * text takes no more than its place. The lines are those of trace_write(). */
#include <locale.h>
#include <time.h>
#include <wchar.h>

#include "base/control.h"
#include "base/log.h"
#include "output/short_line.h"
#include "trace_kit.h"

static const struct short_style plain = {false, true, 0};

/* The short form of a line as a C string; the caller frees it. */
static char *shorten(const struct short_style *style, const char *line,
		     size_t n)
{
	struct buf out = {0};

	short_line(&out, style, (const uint8_t *)line, n);
	buf_add(&out, "", 1);
	assert_false(out.failed);
	return (char *)out.p;
}

static void expect_short(const struct short_style *style,
			 const struct http_transaction *t, const char *want)
{
	char *line = line_of(t, NULL),
	     *got = shorten(style, line, strcspn(line, "\n"));

	assert_string_equal(got, want);
	free(line);
	free(got);
}

/* --- what is shown -------------------------------------------------------- */

static void test_transactions(void **state)
{
	struct http_transaction t = trace_example;
	struct http_message q = trace_get, r = trace_ok;
	struct short_style style = plain;

	(void)state;
	t.request = &q;
	t.response = &r;
	expect_short(
		&plain, &t,
		"22:13:20.000 10.1.0.5        GET    api.example.com/v1/users/7?n=0 200 2.31ms 0B/11B\n");
	style.columns = 70;
	expect_short(
		&style, &t,
		"22:13:20.000 10.1.0.5        GET    api.e.../v1/u... 200 2.31ms 0B/11B\n");
	style = plain;
	style.colour = true;
	r.status = 404;
	expect_short(
		&style, &t,
		"\033[2m22:13:20.000\033[0m 10.1.0.5        \033[1mGET    \033[0mapi.example.com/v1/users/7?n=0 \033[33m404\033[0m 2.31ms 0B/11B\033[0m\n");
	t.flags = HTTP_F_MALFORMED | HTTP_F_TRUNCATED;
	r.body.total = 1234567;
	q.body.total = 999;
	expect_short(
		&plain, &t,
		"22:13:20.000 10.1.0.5        GET    api.example.com/v1/users/7?n=0 404 2.31ms 999B/1.2MB [truncated,malformed]\n");
}

static void test_halves(void **state)
{
	struct http_transaction t = trace_example;

	(void)state;
	t.response = NULL;
	expect_short(
		&plain, &t,
		"22:13:20.000 10.1.0.5        GET    api.example.com/v1/users/7?n=0 no response seen - 0B/-\n");
	t = trace_example;
	t.request = NULL;
	expect_short(
		&plain, &t,
		"22:13:20.000 10.1.0.5        request not seen, to 10.2.0.1 port 80 200 - -/11B\n");
}

static void test_streams(void **state)
{
	struct http_transaction t = trace_example;

	(void)state;
	t.progress = HTTP_STARTED;
	expect_short(
		&plain, &t,
		"22:13:20.000 10.1.0.5        GET    api.example.com/v1/users/7?n=0 200 streaming 0B/11B\n");
}

/* HTTP/2: what was not captured. */
static void test_unknown(void **state)
{
	static const struct {
		const char *request, *status, *want;
	} cases[] = {
		{"\"method\":null,\"url\":{\"host\":null,\"path\":\"/a\"}",
		 "200", "-      -/a 200 "},
		{"\"method\":\"GET\",\"url\":{\"host\":\"h\",\"path\":null}",
		 "null", "GET    h - - "},
		{"\"method\":\"GET\",\"url\":{\"host\":null,\"path\":null}",
		 "200", "GET    - 200 "},
		{"\"method\":\"GET\",\"url\":{\"host\":\"null\",\"path\":\"null\"}",
		 "200", "GET    nullnull 200 "},
	};
	char line[512], *got;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(
			line, sizeof(line),
			"{\"request\":{%s},\"response\":{\"status\":%s},\"meta\":{\"source\":\"10.1.0.5\"},\"capture\":{\"kind\":\"http\",\"target\":null,\"flags\":[]}}",
			cases[i].request, cases[i].status);
		got = shorten(&plain, line, strlen(line));
		if (!strstr(got, cases[i].want))
			fail_msg("%s is not in %s", cases[i].want, got);
		free(got);
	}
}

static void expect_connection(const struct short_style *style,
			      const char *members, const char *want)
{
	char line[1024], *got;

	snprintf(
		line, sizeof(line),
		"{\"request\":null,\"response\":null,%s,\"meta\":{\"source\":\"10.1.0.5\",\"destination\":\"fd00::1\",\"destinationPort\":443},\"capture\":{\"kind\":\"%s\",\"protocol\":\"%s\",\"target\":null,\"startUs\":1700000000000000,\"endUs\":1700000000552479,\"durationUs\":552479,\"flags\":[\"partial\"]}}",
		members, strstr(members, "\"tls\":") ? "tls" : "quic",
		strstr(members, "\"tls\":") ? "TLS 1.3" : "QUIC");
	got = shorten(style, line, strlen(line));
	assert_string_equal(got, want);
	free(got);
}

static void test_connections(void **state)
{
	struct short_style style = plain;

	(void)state;
	expect_connection(
		&plain,
		"\"tls\":{\"sni\":\"www.shop.test\",\"alpn\":\"h2\",\"handshakeComplete\":true,\"clientBytes\":3476,\"serverBytes\":1897}",
		"22:13:20.000 10.1.0.5        TLS    www.shop.test:443 TLS 1.3 h2 552ms 3.5kB/1.9kB [partial]\n");
	expect_connection(
		&plain,
		"\"tls\":{\"sni\":null,\"alpn\":null,\"handshakeComplete\":false,\"clientBytes\":517,\"serverBytes\":7}",
		"22:13:20.000 10.1.0.5        TLS    [fd00::1]:443 TLS 1.3 handshake failed 552ms 517B/7B [partial]\n");
	expect_connection(
		&plain,
		"\"tls\":{\"sni\":\"a\",\"alpn\":null,\"handshakeComplete\":null,\"clientBytes\":517,\"serverBytes\":0}",
		"22:13:20.000 10.1.0.5        TLS    a:443 TLS 1.3 552ms 517B/0B [partial]\n");
	expect_connection(
		&plain, "\"quic\":{\"version\":1,\"sni\":\"q.example\"}",
		"22:13:20.000 10.1.0.5        QUIC   q.example:443 QUIC 552ms [partial]\n");
	style.columns = 60;
	expect_connection(
		&style,
		"\"tls\":{\"sni\":\"a.very.long.name.of.a.server.example\",\"handshakeComplete\":true}",
		"22:13:20.000 10.1.0.5        TLS    a.very.long.name....:443\n");
}

/* What is not a line of this kind is shown as it is. */
static void test_others(void **state)
{
	static const char *const lines[] = {
		"{\"capture\":{\"kind\":\"other\",\"a\":1}}",
		"",
		"{",
		"null",
		"{\"capture\":[]}",
		"\xff\x1b[31m",
	};
	const struct short_style style = {true, true, 20};
	char *got;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		got = shorten(&style, lines[i], strlen(lines[i]));
		assert_int_equal(strcspn(got, "\n") + 1, strlen(got));
		free(got);
	}
	got = shorten(&style, lines[0], strlen(lines[0]));
	assert_string_equal(got, "{\"capture\":{\"kind...\033[0m\n");
	free(got);
	/* Escapes that JSON does not have. */
	got = shorten(&plain, "\\u00\xa4[2 \\\x1b \\", 12);
	assert_string_equal(got, "\\u00?[2 \\? \\\n");
	free(got);
	got = shorten(&plain, lines[5], strlen(lines[5]));
	assert_string_equal(got, "??[31m\n");
	free(got);
}

/* --- hostile text --------------------------------------------------------- */

static uint64_t seed = 1;

static unsigned int pick(unsigned int n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned int)(seed >> 33) % n;
}

/* Text of up to max bytes: control characters, quotation marks, UTF-8 of all planes and
 * what is not UTF-8. */
static struct http_span hostile(uint8_t *to, size_t max)
{
	static const char *const pieces[] = {
		"\033[2J",
		"\n",
		"\r",
		"\x7f",
		"\\",
		"\"",
		"\xc2\x9b",
		"\xe2\x80\xae",
		"\xd8\x9c",
		"\xe2\x81\xa6",
		"\xe2\x80\x8b",
		"\xf3\xa0\x81\x81",
		"e\xcc\x81",
		"\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
		"\xe4\xbd\xa0",
		"\xf0\x9f\x98\x80",
		"\xff",
		"\xed\xa0\x80",
		"a",
		"/",
		"%00",
		"\xef\xbb\xbf",
		"\xd8\x9c",
	};
	const unsigned int n = pick(12);
	struct http_span s = {to, 0};

	for (unsigned int i = 0; i < n; i++) {
		const char *piece =
			pieces[pick(sizeof(pieces) / sizeof(pieces[0]))];

		if (s.len + strlen(piece) > max)
			break;
		memcpy(to + s.len, piece, strlen(piece));
		s.len += (uint32_t)strlen(piece);
	}
	return s;
}

/* Nothing but characters that are shown, one line, and no more columns than there are. */
static void check(const struct short_style *style, const char *text)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text) - 1;
	unsigned int columns = 0, n;
	wchar_t c;

	assert_int_equal(*end, '\n');
	for (; p < end; p += n) {
		n = utf8_sequence(p, end);
		if (!n || control_length(p, end) || (n > 1 && !style->utf8))
			fail_msg("not to be shown: %s", text);
		if (n == 1) {
			columns++;
			continue;
		}
		assert_int_equal(mbrtowc(&c, (const char *)p, n, NULL), n);
		assert_true(wcwidth(c) >= 0 && c != 0x200b && c < 0xe0000);
		columns += (unsigned int)wcwidth(c);
	}
	if (style->columns && columns > style->columns)
		fail_msg("%u of %u columns: %s", columns, style->columns, text);
}

static void test_hostile(void **state)
{
	uint8_t text[4][64];
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;

	(void)state;
	t.request = &q;
	for (unsigned int round = 0; round < 20000; round++) {
		const struct short_style style = {false, pick(2),
						  pick(2) ? 20 + pick(150) : 0};
		char *line, *got;
		size_t n;

		q.method = hostile(text[0], sizeof(text[0]));
		q.host = hostile(text[1], sizeof(text[1]));
		q.path = hostile(text[2], sizeof(text[2]));
		q.target = hostile(text[3], sizeof(text[3]));
		q.readable = NULL;
		line = line_of(&t, NULL);
		/* Truncated, too, as none ever is. */
		n = pick(4) ? strcspn(line, "\n")
			    : pick((unsigned int)strlen(line));
		got = shorten(&style, line, n);
		check(&style, got);
		free(got);
		free(line);
	}
}

/* The width is used if there is enough to show. */
static void test_width(void **state)
{
	static uint8_t path[300];
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;
	struct short_style style = plain;

	(void)state;
	t.request = &q;
	memset(path, 'x', sizeof(path));
	q.path = (struct http_span){path, sizeof(path)};
	for (style.columns = 80; style.columns < 250; style.columns++) {
		char *line = line_of(&t, NULL),
		     *got = shorten(&style, line, strcspn(line, "\n"));

		assert_int_equal(strlen(got), style.columns + 1);
		assert_non_null(strstr(got, "... 200 2.31ms 0B/11B\n"));
		free(got);
		free(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_halves),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_width),
	};

	setenv("TZ", "UTC", 1);
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests_name("short lines", tests, NULL, NULL);
}
