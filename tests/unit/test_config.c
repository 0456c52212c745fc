/* SPDX-License-Identifier: MIT */
/* The example configuration, rereading a configuration file, and the help. */
#include <fcntl.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/exit.h"
#include "cli/help.h"
#include "config/options.h"

#define EXAMPLE "user/config/metlo-xdp.conf"

static const struct command attach = {"attach", CMD_ATTACH, NULL, "IFACE",
				      true,	"",	    NULL};
static const struct command replay = {"replay", CMD_REPLAY, NULL, "FILE",
				      true,	"",	    NULL};

/* An invocation that reads a configuration file; its log goes to *logged. */
struct reread {
	struct invocation inv;
	char option[64];
	char *argv[5];
	char *logged;
	size_t n_logged;
};

static int start(struct reread *r, const struct command *c, const char *path)
{
	bool help;

	*r = (struct reread){
		.inv.log = {.program = "metlo-xdp", .level = LOG_LEVEL_INFO}};
	r->inv.log.out = open_memstream(&r->logged, &r->n_logged);
	assert_non_null(r->inv.log.out);
	snprintf(r->option, sizeof(r->option), "--config=%s", path);
	r->argv[0] = (char *)(uintptr_t)c->name;
	r->argv[1] = r->option;
	r->argv[2] = (char *)(uintptr_t) "--memory=32MiB";
	r->argv[3] = (char *)(uintptr_t) "subject";
	return options_read(&r->inv, c, 4, r->argv, &help);
}

static void end(struct reread *r)
{
	settings_free(&r->inv.settings);
	if (r->inv.config_fd)
		close(r->inv.config_fd);
	fclose(r->inv.log.out);
	free(r->logged);
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 16);

	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 16) - 1, f) > 0);
	fclose(f);
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* --- the example ----------------------------------------------------------- */

static void test_example_is_current(void **state)
{
	char *delivered = read_file(EXAMPLE), *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	help_print_config(f);
	fclose(f);
	if (strcmp(text, delivered) != 0)
		fail_msg("%s is out of date: build/metlo-xdp help config >%s",
			 EXAMPLE, EXAMPLE);
	free(text);
	free(delivered);
}

static void test_example_has_all(void **state)
{
	char *text = read_file(EXAMPLE), line[64];
	const struct opt *o;

	(void)state;
	for (o = settings_options(); o->name; o++) {
		snprintf(line, sizeof(line), "\n#%s = ", o->name);
		if (!strstr(text, line) != !!(o->flags & OPT_NOT_IN_FILE))
			fail_msg("%s", o->name);
	}
	free(text);
}

/* Every commented-out line is valid when uncommented. */
static void test_example_is_valid(void **state)
{
	char path[] = "/tmp/test_config_XXXXXX";
	char *text = read_file(EXAMPLE), *p;
	int fd = mkstemp(path);
	struct reread r;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (p = text; (p = strstr(p, "\n#")); p++)
		if (p[2] >= 'a' && p[2] <= 'z')
			p[1] = ' ';
	write_file(path, text);
	if (start(&r, &attach, path) != 0)
		fail_msg("%s", (fflush(r.inv.log.out), r.logged));
	assert_int_equal(r.inv.settings.redact_fields.n, 1);
	assert_string_equal(r.inv.settings.user, "metlo-xdp");
	end(&r);
	assert_int_equal(start(&r, &replay, path), 0);
	end(&r);
	unlink(path);
	free(text);
}

/* --- rereading -------------------------------------------------------------- */

static void test_reread(void **state)
{
	char path[] = "/tmp/test_config_XXXXXX", other[64];
	int fd = mkstemp(path);
	struct settings s;
	struct reread r;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(other, sizeof(other), "%s.new", path);
	write_file(path, "ports = 80\nredact-field = one\nmemory = 64MiB\n");
	assert_int_equal(start(&r, &attach, path), 0);
	assert_true(bit_test(r.inv.settings.ports, 80));

	/* Options removed from the file return to their defaults; the command
	 * line still overrides. */
	write_file(path, "sample = 5%\nmemory = 99MiB\n");
	assert_int_equal(options_reread(&r.inv, &s), 0);
	assert_true(bit_test(s.ports, 8080));
	assert_int_equal(s.redact_fields.n, 0);
	assert_true(s.sample == 5);
	assert_int_equal(s.memory, 32 << 20);
	assert_string_equal(s.subject, "subject");
	settings_free(&s);
	/* The first settings are unchanged. */
	assert_false(bit_test(r.inv.settings.ports, 8080));
	assert_string_equal(r.inv.settings.redact_fields.item[0], "one");

	/* Replaced by another file, as editors do. */
	write_file(other, "ports = 81\n");
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(options_reread(&r.inv, &s), 0);
	assert_true(bit_test(s.ports, 81));
	settings_free(&s);
	fflush(r.inv.log.out);
	assert_string_equal(r.logged, "");

	write_file(path, "ports = 82\nsampel = 1%\n");
	assert_int_equal(options_reread(&r.inv, &s), -EINVAL);
	settings_free(&s);
	fflush(r.inv.log.out);
	assert_non_null(strstr(r.logged, path));
	assert_non_null(
		strstr(r.logged,
		       ":2: unknown key \"sampel\": did you mean \"sample\"?"));
	unlink(path);
	assert_int_equal(options_reread(&r.inv, &s), -EINVAL);
	settings_free(&s);
	fflush(r.inv.log.out);
	assert_non_null(strstr(r.logged, "No such file"));
	end(&r);
}

/* Opening a FIFO would wait for its writer, reading a device might never end. */
static void test_fifo(void **state)
{
	static const char fifo[] = "/tmp/metlo-config-fifo";
	const char *const paths[] = {fifo, "/dev/zero", "/dev/null"};
	struct reread r;

	(void)state;
	unlink(fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		assert_int_not_equal(start(&r, &attach, paths[i]), 0);
		fflush(r.inv.log.out);
		assert_non_null(strstr(r.logged, paths[i]));
		assert_non_null(strstr(r.logged, "not a regular file"));
		end(&r);
	}
	unlink(fifo);
}

/* Rereads in a child process as nobody. Returns true if the result is want
 * and, if given, the log contains part or the settings contain port. */
static bool reread_as_nobody(struct reread *r, int want, const char *part,
			     unsigned int port)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		struct settings s;
		int code;

		if (setgid(65534) || setuid(65534))
			_exit(9);
		code = options_reread(&r->inv, &s);
		fflush(r->inv.log.out);
		_exit(code != want			  ? 1
		      : part && !strstr(r->logged, part)  ? 2
		      : !code && !bit_test(s.ports, port) ? 3
							  : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_without_privileges(void **state)
{
	char dir[] = "/tmp/test_config_XXXXXX", path[64], other[64];
	struct reread r;

	(void)state;
	if (geteuid())
		skip();
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	snprintf(path, sizeof(path), "%s/conf", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	write_file(path, "ports = 80\n");
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(start(&r, &attach, path), 0);
	/* Edited in place: same inode. */
	write_file(path, "ports = 81\n");
	assert_true(reread_as_nobody(&r, 0, NULL, 81));
	assert_true(reread_as_nobody(&r, 0, NULL, 81));
	/* Replaced by a file that nobody cannot read. */
	write_file(other, "ports = 82\n");
	assert_int_equal(chmod(other, 0600), 0);
	assert_int_equal(rename(other, path), 0);
	assert_true(reread_as_nobody(
		&r, -EINVAL, "permission denied, and this is not the file", 0));
	assert_int_equal(chmod(path, 0644), 0);
	assert_true(reread_as_nobody(&r, 0, NULL, 82));
	end(&r);
	unlink(path);
	rmdir(dir);
}

/* --- differences ------------------------------------------------------------ */

static void test_differs(void **state)
{
	static const struct {
		const char *name, *value;
	} cases[] = {
		{"--vxlan-port", "8472"}, {"--body-limit", "1KiB"},
		{"--body-hash", "1"},	  {"--output", "ndjson:/tmp/x"},
		{"--max-flows", "1000"},  {"--idle-timeout", "5"},
		{"--mode", "skb"},	  {"--user", "root"},
		{"--sample", "50%"},	  {"--rate-limit", "5/m"},
		{"--exclude", "x"},	  {"--verbose", "1"},
	};
	struct invocation a = {.log = {.out = stderr}}, b = a;
	char *argv[] = {(char *)(uintptr_t) "attach", NULL,
			(char *)(uintptr_t) "x"};
	const struct opt *o;
	char option[64];
	bool help;
	size_t i;

	(void)state;
	argv[1] = (char *)(uintptr_t) "x";
	assert_int_equal(options_read(&a, &attach, 2, argv, &help), 0);
	argv[1] = option;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(option, sizeof(option), "%s=%s", cases[i].name,
			 cases[i].value);
		b.settings = (struct settings){0};
		assert_int_equal(options_read(&b, &attach, 3, argv, &help), 0);
		for (o = settings_options(); o->name; o++) {
			bool want = !strcmp(o->name, cases[i].name + 2);

			if (o->type != OPT_CUSTOM &&
			    opt_differs(o, &a.settings, &b.settings) != want)
				fail_msg("%s: %s", option, o->name);
		}
		settings_free(&b.settings);
	}
	/* Options that cannot be compared must be live. */
	for (o = settings_options(); o->name; o++)
		assert_true(o->type != OPT_CUSTOM || o->flags & OPT_LIVE);
	settings_free(&a.settings);
}

/* --- help ------------------------------------------------------------------ */

static void test_help(void **state)
{
	const struct command commands[] = {attach, replay, {0}};
	const struct log log = {.out = stderr, .program = "metlo-xdp"};
	const struct opt *o;
	char *text, name[64];
	size_t n;
	FILE *f;

	(void)state;
	f = open_memstream(&text, &n);
	assert_int_equal(help_print(f, commands, "attach", &log), EXIT_DONE);
	fclose(f);
	for (o = settings_options(); o->name; o++) {
		snprintf(name, sizeof(name), "--%s%s", o->name,
			 o->metavar ? " " : "");
		if (o->scope & CMD_ATTACH)
			assert_non_null(strstr(text, name));
		else
			assert_null(strstr(text, name));
		/* Options with a value name it. */
		assert_true((o->metavar != NULL) ==
			    (o->type != OPT_FLAG && o->type != OPT_COUNT));
	}
	assert_non_null(strstr(text, "(default 64KiB)"));
	/* A key on a command line would be visible in /proc. */
	assert_null(strstr(text, "--metlo-key "));
	free(text);
}

/* What the first line of a daemon says it captures. */
static void test_scope(void **state)
{
	struct settings s = {.any_port = true, .sample = 100};
	char text[64];

	(void)state;
	settings_scope_text(text, sizeof(text), &s);
	assert_string_equal(text, "any");
	s.sample = 0.5;
	settings_scope_text(text, sizeof(text), &s);
	assert_string_equal(text, "any, 0.5 % of connections");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example_is_current),
		cmocka_unit_test(test_example_has_all),
		cmocka_unit_test(test_example_is_valid),
		cmocka_unit_test(test_reread),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_without_privileges),
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_scope),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
