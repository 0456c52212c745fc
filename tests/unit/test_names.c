/* SPDX-License-Identifier: MIT */
/* The file of --names: what it may contain, which mapping wins, and the line. */
#include <errno.h>
#include <unistd.h>

#include "trace_kit.h"

#include "trace/names_file.h"

static struct name_table *parsed(const char *text)
{
	struct names_error err;
	struct name_table *n = names_parse(text, strlen(text), &err);

	if (!n)
		fail_msg("line %u: %s", err.line, err.why.text);
	return n;
}

static void refused(const char *text, unsigned int line, const char *why)
{
	struct names_error err;

	if (names_parse(text, strlen(text), &err))
		fail_msg("%s is accepted", text);
	assert_int_equal(err.line, line);
	if (!strstr(err.why.text, why))
		fail_msg("%s: \"%s\" lacks \"%s\"", text, err.why.text, why);
}

#define OK_LINE "{\"address\":\"10.0.0.1\",\"name\":\"a\"}\n"

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} lines[] = {
		{"{", "the name of a member must be a string"},
		{"[]", "'{' is expected at column 1"},
		{"{}", "the name of a member must be a string"},
		{"{\"address\":\"10.0.0.2\"}", "it has no name"},
		{"{\"name\":\"a\"}", "it has no address"},
		{"{\"name\":\"a\",\"address\":\"10.0.0.2\"",
		 "the line ends where '}' is expected"},
		{"{\"name\":\"a\",\"address\":\"10.0.0", "within a string"},
		{"{\"name\":\"a\",\"address\":\"10.0.0.2\",}",
		 "must be a string"},
		{"{\"name\":\"a\",\"address\":\"10.0.0.2\"} {",
		 "something follows"},
		{"{\"name\":\"a\",\"address\":\"10.0.0.256\"}",
		 "neither an address nor a network"},
		{"{\"name\":\"a\",\"address\":\"10.0.0.2/24\"}",
		 "use 10.0.0.0/24"},
		{"{\"name\":\"a\",\"address\":\"10.0.0.2\\u0000\"}",
		 "neither an"},
		{"{\"name\":\"\",\"address\":\"10.0.0.2\"}",
		 "from 1 to 1024 bytes"},
		{"{\"name\":1,\"address\":\"10.0.0.2\"}",
		 "name must be a string"},
		{"{\"name\":\"a\",\"name\":\"b\"}", "name is there twice"},
		{"{\"nmae\":\"a\"}", "unknown member \"nmae\""},
		{"{\"vni\":16777216}",
		 "vni must be a number from 0 to 16777215"},
		{"{\"vni\":\"7\"}", "vni must be a number"},
		{"{\"vni\":-1}", "vni must be a number"},
		{"{\"vni\":07}", "vni must be a number"},
		{"{\"vni\":1.5}", "'}' is expected"},
		{"{\"vni\":99999999999999999999}", "vni must be a number"},
		{"{\"labels\":{\"a\":1}}", "a label must be a string"},
		{"{\"labels\":[]}", "'{' is expected"},
		{"{\"labels\":{\"a\":\"1\",\"a\":\"2\"}}",
		 "a label is there twice"},
		{"{\"name\":\"\xff\"}", "not UTF-8"},
		{"{\"name\":\"a\tb\"}", "control character"},
		{"{\"name\":\"\\x\"}", "an escape is not valid"},
		{"{\"name\":\"\\ud800\"}", "not a character"},
		{"{\"name\":\"\\ud800\\u0041\"}", "not a character"},
		{"{\"name\":\"\\u12g4\"}", "not a character"},
		{"{\"address\":\"10.0.0.1\",\"name\":\"b\"}",
		 "another name in line 1"},
		{"\xef\xbb\xbf{", "'{' is expected"},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		snprintf(text, sizeof(text), OK_LINE "\n%s\n", lines[i].text);
		refused(text, 3, lines[i].why);
	}
	refused("\n \r\n" OK_LINE "\n{\"address\":\"10.0.0.1\",\"name\":\"b\"}",
		5, "another name in line 3");
	refused("", 0, "no mapping");
	refused("\n \r\n", 0, "no mapping");
}

/* A text of n bytes between two others, in a line. */
static void refused_long(const char *before, const char *part, unsigned int n,
			 const char *after, const char *why)
{
	char *text = malloc(strlen(before) + n * strlen(part) + 100 +
			    strlen(after)),
	     *w;

	assert_non_null(text);
	w = stpcpy(text, before);
	while (n--)
		w = stpcpy(w, part);
	strcpy(w, after);
	refused(text, 1, why);
	free(text);
}

static void test_limits(void **state)
{
	char key[32];
	struct buf b = {0};

	(void)state;
	refused_long("{\"address\":\"::\",\"name\":\"", "x", 1025, "\"}",
		     "name must have");
	refused_long("{\"address\":\"::\",\"name\":\"", "xxxxxxxx", 8192, "\"}",
		     "longer than 65536 bytes");
	refused_long("{\"labels\":{\"x\":\"", "\\u2028", 6000, "\"}}",
		     "the labels are longer than 32768 bytes");
	buf_add_str(&b, "{\"labels\":{\"x\":\"\"");
	for (int i = 0; i < 64; i++) {
		snprintf(key, sizeof(key), ",\"%d\":\"\"", i);
		buf_add_str(&b, key);
	}
	buf_add(&b, "", 1);
	refused((const char *)b.p, 1, "more than 64 labels");
	buf_free(&b);
}

static void expect_name(const struct name_table *n, uint32_t vni,
			const char *address, const char *name)
{
	struct address_name found;
	uint8_t addr[16];
	bool ipv6;

	assert_true(network_address(address, strlen(address), addr, &ipv6));
	if (!names_find(n, vni, addr, ipv6, &found)) {
		if (name)
			fail_msg("%s has no name", address);
		return;
	}
	if (!name || found.len != strlen(name) ||
	    memcmp(found.text, name, found.len) != 0)
		fail_msg("%s is %.*s", address, (int)found.len, found.text);
}

static void test_longest_prefix(void **state)
{
	struct name_table *n = parsed(
		"{\"address\":\"0.0.0.0/0\",\"name\":\"all\"}\n"
		"{\"address\":\"10.0.0.0/8\",\"name\":\"ten\"}\r\n"
		"  {\"name\" : \"host\" , \"address\" : \"10.1.2.3\"} \n"
		"{\"address\":\"10.1.2.0/24\",\"name\":\"net\"}\n"
		"{\"address\":\"10.1.2.0/23\",\"name\":\"net23\",\"vni\":8}\n"
		"{\"address\":\"10.1.2.0/24\",\"name\":\"net\"}\n"
		"{\"address\":\"::/0\",\"name\":\"six\",\"labels\":{}}\n"
		"{\"address\":\"2001:db8::1\",\"name\":\"one\"}\n"
		"{\"address\":\"::ffff:172.16.0.0/108\",\"name\":\"mapped\"}");

	(void)state;
	assert_int_equal(names_count(n), 8);
	expect_name(n, 7, "192.0.2.1", "all");
	expect_name(n, 7, "10.200.0.1", "ten");
	expect_name(n, 7, "10.1.2.3", "host");
	expect_name(n, 7, "10.1.2.4", "net");
	expect_name(n, 7, "10.1.3.4", "ten");
	/* Those of the VNI come first, whatever their length. */
	expect_name(n, 8, "10.1.2.3", "net23");
	expect_name(n, 8, "10.1.4.3", "ten");
	expect_name(n, 7, "2001:db8::1", "one");
	expect_name(n, 7, "2001:db8::2", "six");
	expect_name(n, 7, "172.17.1.1", "mapped");
	names_free(n);
}

/* Random networks, compared with a search of all of them. */
static void test_against_search(void **state)
{
	enum { N = 3000 };
	static struct ip_network net[N];
	static uint32_t vni[N];
	struct name_table *n = names_new();
	uint32_t ignored;
	char text[16];

	(void)state;
	srand(1);
	for (int i = 0; i < N; i++) {
		struct names_mapping m = {.name.text = (uint8_t *)text};

		net[i] = (struct ip_network){
			.addr = {[10] = 0xff, 0xff, 10},
			.bits = (uint8_t)(104 + rand() % 25)};
		for (int k = 13; k < 16; k++)
			net[i].addr[k] = (uint8_t)(rand() % 6 * 50);
		network_clear(net[i].addr, net[i].bits);
		vni[i] = rand() % 2 ? NAMES_ANY_VNI : (uint32_t)rand() % 3;
		m.net = net[i];
		m.vni = vni[i];
		m.name.len = (uint32_t)sprintf(text, "%d", i);
		if (names_add(n, &m, &ignored) == -EEXIST)
			net[i].bits = 255; /* another one has its key */
	}
	for (int i = 0; i < 20000; i++) {
		uint8_t addr[16] = {[10] = 0xff, 0xff, 10};
		const uint32_t of = (uint32_t)rand() % 4;
		struct address_name found;
		int best = -1;

		for (int k = 13; k < 16; k++)
			addr[k] = (uint8_t)(rand() % 6 * 50 + rand() % 2);
		for (int k = 0; k < N; k++)
			if (net[k].bits != 255 &&
			    (vni[k] == of || vni[k] == NAMES_ANY_VNI) &&
			    network_has(&net[k], addr, false) &&
			    (best < 0 ||
			     (vni[k] != vni[best]
				      ? vni[k] == of
				      : net[k].bits > net[best].bits)))
				best = k;
		if (!names_find(n, of, addr, false, &found)) {
			assert_int_equal(best, -1);
			continue;
		}
		assert_true(best >= 0);
		sprintf(text, "%d", best);
		assert_int_equal(found.len, strlen(text));
		assert_memory_equal(found.text, text, found.len);
	}
	names_free(n);
}

/* The line with these names, with masks o; the caller frees it. */
static char *named(const struct http_transaction *t, const char *text,
		   const struct trace_options *o)
{
	struct name_table *n = parsed(text);
	struct trace_conf *c = trace_conf_new(o);
	struct buf b = {0};

	assert_non_null(c);
	c->names = n;
	trace_write(&b, t, c);
	trace_conf_free(c);
	names_free(n);
	buf_add(&b, "", 1);
	assert_false(b.failed);
	return (char *)b.p;
}

static void expect_meta(const char *text, const struct trace_options *o,
			const char *part)
{
	char *line = named(&trace_example, text, o);

	if (!strstr(line, part))
		fail_msg("\"%s\" is not in %s", part, line);
	free(line);
}

#define END "\"metloSource\":\"metlo-xdp\""

static void test_line(void **state)
{
	static const struct trace_options none;
	static const char *const fields[] = {"token"};
	const struct trace_options masks = {
		.fields = fields, .n_fields = 1, .classes = ~0u};

	(void)state;
	expect_meta("{\"address\":\"192.0.2.1\",\"name\":\"x\"}", &none,
		    END "},\"capture\"");
	expect_meta(
		"{\"address\":\"10.1.0.5\",\"name\":\"\\u0022web\\u2028\\ud83d\\ude00\"}\n"
		"{\"vni\":7000,\"address\":\"10.2.0.0/16\",\"name\":\"db\",\"labels\":{\"team\":\"\\\"a\",\"\":\"\"}}",
		&none,
		END ",\"sourceName\":\"\\\"web\\u2028\xf0\x9f\x98\x80\","
		    "\"destinationName\":\"db\",\"destinationLabels\":"
		    "{\"team\":\"\\\"a\",\"\":\"\"}},\"capture\"");
	/* Masks apply to names and labels, too. */
	expect_meta(
		"{\"address\":\"10.1.0.5\",\"name\":\"jo@example.com\",\"labels\":{\"token\":\"SECRET\",\"owner\":\"jo@example.com\",\"a\":\"b\"}}",
		&masks,
		END
		",\"sourceName\":\"[redacted:email]\",\"sourceLabels\":"
		"{\"token\":\"[redacted]\",\"owner\":\"[redacted:email]\",\"a\":\"b\"}}");
}

/* The name is that of the client in meta. */
static void test_client_name(void **state)
{
	static const char *const proxies[] = {"10.1.0.0/16"};
	static const struct http_field fields[] = {
		FIELD("X-Forwarded-For", "203.0.113.7")};
	const struct trace_options o = {.trusted = proxies, .n_trusted = 1};
	struct http_transaction t = trace_example;
	struct http_message m = trace_get;
	char *line;

	(void)state;
	m.fields = fields;
	m.n_fields = 1;
	t.request = &m;
	line = named(&t,
		     "{\"address\":\"10.1.0.5\",\"name\":\"proxy\"}\n"
		     "{\"address\":\"203.0.113.7\",\"name\":\"client\"}",
		     &o);
	assert_non_null(strstr(line, "\"sourceName\":\"client\"}"));
	free(line);
}

static void test_files(void **state)
{
	char path[] = "/tmp/test_names_XXXXXX";
	int fd = mkstemp(path);
	struct log log = {stderr, "test", LOG_LEVEL_ERROR};
	struct name_table *n;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, OK_LINE, strlen(OK_LINE)), strlen(OK_LINE));
	assert_int_equal(names_read(path, &n, &log), 0);
	names_free(n);
	assert_int_equal(write(fd, "{", 1), 1);
	assert_int_equal(names_read(path, &n, &log), -EINVAL);
	assert_null(n);
	/* Larger than any file may be; it takes no space. */
	assert_int_equal(ftruncate(fd, NAMES_FILE_MAX + 1), 0);
	assert_int_equal(names_read(path, &n, &log), -EFBIG);
	close(fd);
	unlink(path);
	assert_int_equal(names_read(path, &n, &log), -ENOENT);
	assert_int_equal(names_read("/dev/null", &n, &log), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_longest_prefix),
		cmocka_unit_test(test_against_search),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_client_name),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
