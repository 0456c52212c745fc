/* SPDX-License-Identifier: MIT */
/* The command line, configuration files and the value parsers below them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/types.h>

#include "config/options.h"
#include "metlo_record.h"

static int run_nothing(struct invocation *inv)
{
	(void)inv;
	return 0;
}

static const struct command replay = {"replay", CMD_REPLAY, run_nothing, "FILE",
				      true,	"",	    NULL};
static const struct command attach = {
	"attach", CMD_ATTACH, run_nothing, "IFACE", true, "", NULL};
static const struct command status = {
	"status", CMD_STATUS, run_nothing, "IFACE", false, "", NULL};

#define ARGS_MAX 80

/* The result of parsing a command line, and what it logged. */
struct parsed {
	struct invocation inv;
	char *logged;
	size_t n_logged;
	bool help;
	int code;
};

static void parse_line(struct parsed *r, const struct command *c,
		       const char *const *args)
{
	char *argv[ARGS_MAX] = {(char *)(uintptr_t)c->name};
	int argc = 1;

	*r = (struct parsed){
		.inv.log = {.program = "metlo-xdp", .level = LOG_LEVEL_INFO}};
	for (; *args; args++) {
		assert_true(argc < ARGS_MAX);
		argv[argc++] = (char *)(uintptr_t)*args;
	}
	r->inv.log.out = open_memstream(&r->logged, &r->n_logged);
	assert_non_null(r->inv.log.out);
	r->code = options_read(&r->inv, c, argc, argv, &r->help);
	fclose(r->inv.log.out);
}

static void parsed_free(struct parsed *r)
{
	settings_free(&r->inv.settings);
	if (r->inv.config_fd)
		close(r->inv.config_fd);
	free(r->logged);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_defaults(void **state)
{
	const struct settings *s;
	struct parsed r;
	unsigned int p, n = 0;

	(void)state;
	parse_line(&r, &attach, ARGS("eth0"));
	s = &r.inv.settings;
	assert_int_equal(r.code, 0);
	assert_string_equal(r.logged, "");
	assert_string_equal(s->subject, "eth0");
	for (p = 0; p < 65536; p++)
		n += bit_test(s->ports, p);
	assert_int_equal(n, 7);
	assert_true(bit_test(s->ports, 80) && bit_test(s->ports, 443) &&
		    bit_test(s->ports, 3000) && bit_test(s->ports, 5000) &&
		    bit_test(s->ports, 8000) && bit_test(s->ports, 8080) &&
		    bit_test(s->ports, 8443));
	assert_false(s->any_port);
	assert_int_equal(s->vxlan_port, 4789);
	assert_null(s->vni_allow);
	assert_int_equal(s->body_limit, 65536);
	assert_int_equal(s->outputs.n, 1);
	assert_string_equal(s->outputs.item[0], "ndjson:-");
	assert_int_equal(s->redact_headers.n, 0);
	assert_false(s->no_redact);
	assert_int_equal(s->memory, 512u << 20);
	assert_int_equal(s->mode, ATTACH_AUTO);
	assert_null(s->user);
	assert_null(s->summary);
	assert_string_equal(s->health, "0.0.0.0:4789");
	assert_string_equal(s->metrics, "127.0.0.1:9789");
	parsed_free(&r);
}

static void test_values(void **state)
{
	const struct settings *s;
	struct parsed r;

	(void)state;
	parse_line(&r, &replay,
		   ARGS("--ports", "1,100-102,65535", "--vxlan-port=8472",
			"--vni", "0,7000-7001,16777215", "--body-limit", "1M",
			"--output", "ndjson:/tmp/x", "--output=ndjson:-",
			"--redact-header", "X-A", "--redact-header=X-B",
			"--redact-field", "pin", "--no-redact", "--body-hash",
			"--max-flows", "1000", "--memory", "64MiB",
			"--idle-timeout", "1.5", "--summary", "-", "--raw",
			"--speed", "real", "-vv", "-"));
	s = &r.inv.settings;
	assert_string_equal(r.logged, "");
	assert_int_equal(r.code, 0);
	assert_true(bit_test(s->ports, 1) && bit_test(s->ports, 65535));
	assert_true(bit_test(s->ports, 100) && bit_test(s->ports, 102));
	assert_false(bit_test(s->ports, 99) || bit_test(s->ports, 103) ||
		     bit_test(s->ports, 80));
	assert_int_equal(s->vxlan_port, 8472);
	assert_true(bit_test(s->vni_allow, 0) && bit_test(s->vni_allow, 7001));
	assert_true(bit_test(s->vni_allow, 16777215));
	assert_false(bit_test(s->vni_allow, 7002));
	assert_int_equal(s->body_limit, 1 << 20);
	assert_int_equal(s->outputs.n, 2);
	assert_string_equal(s->outputs.item[1], "ndjson:-");
	assert_int_equal(s->redact_headers.n, 2);
	assert_int_equal(s->redact_fields.n, 1);
	assert_true(s->no_redact && s->body_hash && s->raw);
	assert_int_equal(s->max_flows, 1000);
	assert_int_equal(s->memory, 64 << 20);
	assert_true(s->idle_timeout == 1.5);
	assert_string_equal(s->summary, "-");
	assert_int_equal(s->speed, REPLAY_REAL);
	assert_int_equal(s->verbose, 2);
	assert_int_equal(r.inv.log.level, LOG_LEVEL_DEBUG);
	assert_string_equal(s->subject, "-");
	parsed_free(&r);
}

static void test_ports_any(void **state)
{
	struct metlo_config c = {0};
	struct parsed r;

	(void)state;
	parse_line(&r, &replay, ARGS("x", "--ports", "any"));
	assert_int_equal(r.code, 0);
	assert_true(r.inv.settings.any_port);
	settings_to_config(&r.inv.settings, &c);
	assert_int_equal(c.any_port, 1);
	parsed_free(&r);
	parse_line(&r, &replay, ARGS("x", "--ports=any", "--ports=81"));
	settings_to_config(&r.inv.settings, &c);
	assert_int_equal(c.any_port, 0);
	assert_int_equal(c.port_bits[1], 1ull << 17);
	assert_int_equal(c.vxlan_port, 4789);
	assert_int_equal(c.vni_filter, 0);
	parsed_free(&r);
}

static void test_flag_values(void **state)
{
	struct parsed r;

	(void)state;
	parse_line(&r, &replay,
		   ARGS("--raw=false", "--body-hash=yes", "--", "--file"));
	assert_int_equal(r.code, 0);
	assert_false(r.inv.settings.raw);
	assert_true(r.inv.settings.body_hash);
	assert_string_equal(r.inv.settings.subject, "--file");
	parsed_free(&r);
}

static void test_help_asked(void **state)
{
	static const char *const forms[] = {"--help", "-h", "-vh"};
	struct parsed r;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		parse_line(&r, &replay, ARGS(forms[i]));
		assert_int_equal(r.code, 0);
		assert_true(r.help);
		parsed_free(&r);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *args[4], *logged; /* part of the message */
	} cases[] = {
		{{"x", "--port", "80"}, "did you mean --ports?"},
		{{"x", "--boddy-limit=1"}, "did you mean --body-limit?"},
		{{"x", "--body"}, "did you mean --body-"},
		{{"x", "--zzzzzzzz"}, "unknown option --zzzzzzzz; see"},
		{{"x", "--mode", "skb"}, "--mode is not an option of replay"},
		{{"x", "--metlo-host=h"}, "is not a URL such as https"},
		{{"x", "--metlo-key=k"}, "unknown option --metlo-key"},
		{{"x", "-q"}, "unknown option -q"},
		{{"x", "--ports"}, "--ports needs a value: --ports LIST"},
		{{"x", "--ports", "--raw"}, "--ports needs a value"},
		{{"x", "--ports="}, "is not a list of ports from 1 to 65535"},
		{{"x", "--ports=0"}, "is not a list of ports"},
		{{"x", "--ports=65536"}, "or any"},
		{{"x", "--ports=90-80"}, "is not a list of ports"},
		{{"x", "--ports=80,"}, "is not a list of ports"},
		{{"x", "--ports=80;81"}, "is not a list of ports"},
		{{"x", "--ports=99999999999999999999"}, "is not a list"},
		{{"x", "--vxlan-port=0"}, "is not a number from 1 to 65535"},
		{{"x", "--vxlan-port=+1"}, "is not a number"},
		{{"x", "--vxlan-port=1x"}, "is not a number"},
		{{"x", "--vni=16777216"}, "VNIs from 0 to 16777215"},
		{{"x", "--body-limit=-1"}, "is not a size"},
		{{"x", "--body-limit=1Q"}, "is not a size from 0 to 64MiB"},
		{{"x", "--body-limit=65MiB"}, "is not a size"},
		{{"x", "--memory=99999999999G"}, "is not a size"},
		{{"x", "--memory=1"}, "is not a size from 16MiB to 1TiB"},
		{{"x", "--idle-timeout=0"}, "is not a time from 1 to 86400"},
		{{"x", "--idle-timeout=nan"}, "is not a time"},
		{{"x", "--idle-timeout=1e3"}, "is not a time"},
		{{"x", "--speed=fast"}, "is not one of max, real"},
		{{"x", "--output=metol"}, "use ndjson:- (standard"},
		{{"x", "--output=ndjson:"}, "is not an output"},
		{{"x", "--output=kafka:a/b"}, "is not an output"},
		{{"x", "--output=metlo:x"}, "is not an output"},
		{{"x", "--raw=maybe"}, "is neither true nor false"},
		{{"x", "--redact-field="}, "the name is empty"},
		{{"x", "--redact-field=metlo:"}, "the name is empty"},
		{{"x", "--redact-field=metol:pin"}, "did you mean metlo:pin?"},
		{{"x", "--redact-header=ndjsn:X-A"}, "ndjson:X-A"},
		{{"x", "--redact-header=X-A:"}, "name of a header field"},
		{{"x", "--redact-header=X A"}, "name of a header field"},
		{{"x", "--sample=0"},
		 "is not a percentage from 0.001% to 100%"},
		{{"x", "--sample=101%"}, "is not a percentage"},
		{{"x", "--sample=10 %"}, "is not a percentage"},
		{{"x", "--sample=-1%"}, "is not a percentage"},
		{{"x", "--rate-limit=5/w"}, "is not a rate such as 100/s"},
		{{"x", "--rate-limit=1.5G"}, "is not a rate"},
		{{"x", "--rate-limit-endpoint=0.1/d"}, "is not a rate"},
		{{"x", "--rate-limit=2000000000"}, "is not a rate"},
		{{"x", "--include=http://a/b"}, "omit the scheme"},
		{{"x", "--exclude=a:80/b"}, "omit the port"},
		{{"x", "--exclude="}, "the pattern is empty"},
		{{"x", "--exlude=a"}, "did you mean --exclude?"},
		{{"x", "y"}, "unexpected argument \"y\""},
		{{NULL}, "missing FILE"},
	};
	struct parsed r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse_line(&r, &replay, cases[i].args);
		if (r.code != -EINVAL || !strstr(r.logged, cases[i].logged))
			fail_msg("case %zu: error %d, \"%s\"", i, r.code,
				 r.logged);
		/* The message is a single line. */
		assert_ptr_equal(strchr(r.logged, '\n'),
				 r.logged + r.n_logged - 1);
		parsed_free(&r);
	}
}

static void test_samples_and_rates(void **state)
{
	static const struct {
		const char *sample;
		uint32_t out;
	} samples[] = {
		{"--sample=100%", 0},
		{"--sample=100", 0},
		{"--sample=50%", UINT32_MAX / 2},
		{"--sample=25.0%", UINT32_MAX / 4 * 3 + 2},
		{"--sample=0.001%", UINT32_MAX - 42950},
	};
	static const struct {
		const char *rate;
		double per_second;
	} rates[] = {
		{"--rate-limit=100/s", 100}, {"--rate-limit=0.5", 0.5},
		{"--rate-limit=30/m", 0.5},  {"--rate-limit=90/min", 1.5},
		{"--rate-limit=7200/h", 2},  {"--rate-limit=86400/d", 1},
		{"--rate-limit=0", 0},	     {"--rate-limit=0/s", 0},
	};
	struct metlo_config c;
	struct parsed r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		parse_line(&r, &replay, ARGS("x", samples[i].sample));
		assert_int_equal(r.code, 0);
		settings_to_config(&r.inv.settings, &c);
		assert_int_equal(c.sample_out, samples[i].out);
		parsed_free(&r);
	}
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		parse_line(&r, &attach, ARGS("x", rates[i].rate));
		assert_int_equal(r.code, 0);
		assert_true(r.inv.settings.rate_limit == rates[i].per_second);
		parsed_free(&r);
	}
}

static void test_name_too_long(void **state)
{
	char option[300] = "--redact-field=";
	struct parsed r;

	(void)state;
	memset(option + 15, 'a', 255);
	parse_line(&r, &replay, ARGS("x", option));
	assert_int_equal(r.code, 0);
	parsed_free(&r);
	option[15 + 255] = 'a';
	parse_line(&r, &replay, ARGS("x", option));
	assert_int_equal(r.code, -EINVAL);
	assert_non_null(strstr(r.logged, "longer than 255 bytes"));
	parsed_free(&r);
}

static void test_too_many_values(void **state)
{
	const char *args[ARGS_MAX] = {"x"};
	struct parsed r;
	unsigned int i;

	(void)state;
	for (i = 1; i <= OPT_LIST_MAX; i++)
		args[i] = "--redact-field=a";
	parse_line(&r, &replay, args);
	assert_int_equal(r.code, 0);
	parsed_free(&r);
	args[i] = "--redact-field=a";
	parse_line(&r, &replay, args);
	assert_int_equal(r.code, -EINVAL);
	assert_non_null(strstr(r.logged, "at most 64 times"));
	parsed_free(&r);
}

/* --- configuration files --------------------------------------------------- */

static void read_with_file(struct parsed *r, const struct command *c,
			   const char *text, size_t len,
			   const char *const *args)
{
	char path[] = "/tmp/test_options_XXXXXX", option[64];
	const char *all[ARGS_MAX] = {option};
	int fd = mkstemp(path), i;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	snprintf(option, sizeof(option), "--config=%s", path);
	for (i = 0; args[i]; i++)
		all[i + 1] = args[i];
	parse_line(r, c, all);
	unlink(path);
}

static void test_file(void **state)
{
	static const char text[] =
		"# a comment\n"
		"\n"
		"  ports = 81,82\t\r\n"
		"body-limit=1KiB\n"
		"output = ndjson:/tmp/a b\n"
		"output = ndjson:/tmp/c\n"
		"redact-field = one\n"
		"redact-header=H\n"
		"body-hash = true\n"
		"no-redact = no\n"
		"mode = skb\n" /* an option of another command */
		"user = #1=2";
	const struct settings *s;
	struct parsed r;

	(void)state;
	read_with_file(&r, &replay, text, sizeof(text) - 1, ARGS("x"));
	s = &r.inv.settings;
	assert_string_equal(r.logged, "");
	assert_int_equal(r.code, 0);
	assert_true(bit_test(s->ports, 81) && !bit_test(s->ports, 80));
	assert_int_equal(s->body_limit, 1024);
	assert_int_equal(s->outputs.n, 2);
	assert_string_equal(s->outputs.item[0], "ndjson:/tmp/a b");
	assert_true(s->body_hash && !s->no_redact);
	assert_int_equal(s->mode, ATTACH_SKB);
	assert_string_equal(s->user, "#1=2");
	parsed_free(&r);
}

static void test_command_line_wins(void **state)
{
	static const char text[] = "ports = 81\nbody-limit = 1\n"
				   "output = ndjson:/tmp/a\n"
				   "redact-field = one\nbody-hash = true\n";
	const struct settings *s;
	struct parsed r;

	(void)state;
	read_with_file(&r, &replay, text, sizeof(text) - 1,
		       ARGS("x", "--ports", "82", "--output", "ndjson:-",
			    "--redact-field", "two", "--body-hash=false"));
	s = &r.inv.settings;
	assert_int_equal(r.code, 0);
	assert_true(bit_test(s->ports, 82) && !bit_test(s->ports, 81));
	assert_int_equal(s->body_limit, 1);
	assert_int_equal(s->outputs.n, 1);
	assert_string_equal(s->outputs.item[0], "ndjson:-");
	/* Masks accumulate. */
	assert_int_equal(s->redact_fields.n, 2);
	assert_false(s->body_hash);
	parsed_free(&r);
}

static void test_file_refused(void **state)
{
	static const struct {
		const char *text, *logged;
	} cases[] = {
		{"prots = 80\n",
		 ":1: unknown key \"prots\": did you mean \"ports\"?"},
		{"\n# x\nports = 0\n", ":3: ports: \"0\" is not a list"},
		{"ports\n", ":1: \"ports\" is not of the form"},
		{"= 5\n", ":1: unknown key \"\""},
		{"ports =\n", ":1: \"ports\" has no value"},
		{"raw = perhaps\n", ":1: raw: \"perhaps\" is neither"},
		{"ports = 1\nports = 2\n",
		 ":2: \"ports\" is already set in line 1"},
		{"config = x\n", ":1: not allowed in a file: \"config\""},
		{"speed = warp", ":1: speed: \"warp\" is not one of max, real"},
	};
	struct parsed r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_with_file(&r, &replay, cases[i].text,
			       strlen(cases[i].text), ARGS("x"));
		if (r.code != -EINVAL || !strstr(r.logged, cases[i].logged))
			fail_msg("case %zu: error %d, \"%s\"", i, r.code,
				 r.logged);
		parsed_free(&r);
	}
	read_with_file(&r, &replay, "a\0b\n", 4, ARGS("x"));
	assert_int_equal(r.code, -EINVAL);
	assert_non_null(strstr(r.logged, ":1: the line contains a NUL byte"));
	parsed_free(&r);
	parse_line(&r, &replay, ARGS("x", "--config", "/nonexistent/file"));
	assert_int_equal(r.code, -EINVAL);
	assert_non_null(strstr(r.logged, "/nonexistent/file: No such file"));
	parsed_free(&r);
	parse_line(&r, &status, ARGS("--config", "/nonexistent/file"));
	assert_non_null(
		strstr(r.logged, "--config is not an option of status"));
	parsed_free(&r);
}

static void test_seconds_and_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} sizes[] = {{"0", 0},		 {"1.5KiB", 1536},  {"2k", 2048},
		     {"3KB", 3000},	 {"1mib", 1 << 20}, {"1GB", 1000000000},
		     {"2G", 2ull << 30}, {"7B", 7}};
	static const struct {
		const char *text;
		double value;
	} times[] = {{"1", 1},
		     {"1.25s", 1.25},
		     {"1500ms", 1.5},
		     {"2m", 120},
		     {"1h", 3600}};
	struct parse_error err;
	char text[32];
	uint64_t v;
	double d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_true(parse_size(sizes[i].text, 0, UINT64_MAX / 2000, &v,
				       &err));
		assert_int_equal(v, sizes[i].value);
		format_size(text, sizeof(text), v);
		assert_true(parse_size(text, 0, UINT64_MAX / 2000, &v, &err));
		assert_int_equal(v, sizes[i].value);
	}
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_true(parse_seconds(times[i].text, 0, 1e9, &d, &err));
		assert_true(d == times[i].value);
	}
}

struct two {
	bool all;
	const char *one;
};

/* The same name with different meanings for two commands. */
static void test_rows_of_one_name(void **state)
{
	static const struct opt table[] = {
		{.name = "all",
		 .type = OPT_FLAG,
		 .offset = OPT_FIELD(struct two, all),
		 .scope = 1},
		{.name = "all",
		 .type = OPT_TEXT,
		 .offset = OPT_FIELD(struct two, one),
		 .scope = 2,
		 .metavar = "TEXT"},
		{0}};
	char *argv[] = {(char *)"x", (char *)"--all=1"};
	struct log log = {.program = "p", .level = LOG_LEVEL_ERROR};
	const char *none[1];
	bool help;

	(void)state;
	log.out = fopen("/dev/null", "w");
	assert_non_null(log.out);
	for (uint32_t scope = 1; scope <= 4; scope *= 2) {
		struct two to = {0};
		struct opt_set set = {
			.table = table, .settings = &to, .scope = scope};
		int n = opt_command_line(&set, 2, argv, none, 0, &help, &log);

		assert_int_equal(n, scope == 4 ? -EINVAL : 0);
		assert_int_equal(to.all, scope == 1);
		assert_int_equal(to.one && !strcmp(to.one, "1"), scope == 2);
	}
	fclose(log.out);
}

/* Messages may contain captured data, whose control characters must not reach
 * the terminal. */
static void test_log_is_harmless(void **state)
{
	struct log log = {.program = "p", .level = LOG_LEVEL_ERROR};
	char *logged = NULL;
	size_t n = 0;

	(void)state;
	log.out = open_memstream(&logged, &n);
	assert_non_null(log.out);
	log_error(&log, "%s",
		  "a\033[2J\r\x7f\xc2\x9b"
		  "1m\xc3\xa9\n\tb\x9b\xe2\x80\xae\xd8\x9c\xe2\x80\xa8");
	fclose(log.out);
	assert_string_equal(
		logged,
		"p: error: a\\u001b[2J\\u000d\\u007f\\u009b1m\xc3\xa9\n\tb\\x9b\\u202e\\u061c\\u2028\n");
	free(logged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_of_one_name),
		cmocka_unit_test(test_log_is_harmless),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_ports_any),
		cmocka_unit_test(test_flag_values),
		cmocka_unit_test(test_help_asked),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_samples_and_rates),
		cmocka_unit_test(test_name_too_long),
		cmocka_unit_test(test_too_many_values),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_command_line_wins),
		cmocka_unit_test(test_file_refused),
		cmocka_unit_test(test_seconds_and_sizes),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
