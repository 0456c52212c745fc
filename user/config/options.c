/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

#include "base/listen.h"
#include "base/exit.h"
#include "base/parse.h"
#include "config/options.h"
#include "config/redact.h"
#include "config/sink_table.h"
#include "metlo_record.h"
#include "trace/filter.h"

#define VNI_MAX ((1u << 24) - 1)

static const char *const mode_names[] = {"auto", "native", "skb", NULL};
static const char *const speed_names[] = {"max", "real", NULL};

_Static_assert(sizeof(enum attach_mode) == sizeof(int) &&
		       sizeof(enum replay_speed) == sizeof(int),
	       "OPT_ENUM sets an int");
_Static_assert(ATTACH_SKB == 2 && REPLAY_REAL == 1, "as in the names");

static bool set_ports(void *settings, const char *text, struct parse_error *err)
{
	struct settings *s = settings;

	if (!strcmp(text, "any")) {
		s->any_port = true;
		memset(s->ports, 0, sizeof(s->ports));
		return true;
	}
	if (!parse_ranges(text, "port", 1, 65535, s->ports, err)) {
		size_t n = strlen(err->text);

		snprintf(err->text + n, sizeof(err->text) - n, ", or any");
		return false;
	}
	s->any_port = false;
	return true;
}

static bool set_vnis(void *settings, const char *text, struct parse_error *err)
{
	struct settings *s = settings;

	if (!s->vni_allow)
		s->vni_allow = calloc((VNI_MAX + 1) / 64, sizeof(uint64_t));
	if (!s->vni_allow)
		return parse_refuse(err, "%s", strerror(ENOMEM));
	return parse_ranges(text, "VNI", 0, VNI_MAX, s->vni_allow, err);
}

/* Filled in by settings_options(). */
static char sink_usage[400], output_help[sizeof(sink_usage) + 40];

static bool check_output(void *settings, const char *text,
			 struct parse_error *err)
{
	(void)settings;
	if (sink_table_accepts(text))
		return true;
	return parse_refuse(err, "\"%.60s\" is not an output; use %s", text,
			    sink_usage);
}

static bool check_name(void *settings, const char *text,
		       struct parse_error *err)
{
	(void)settings;
	return *text ? true : parse_refuse(err, "the name is empty");
}

static bool check_header(void *settings, const char *text,
			 struct parse_error *err)
{
	struct redact_name name;

	(void)settings;
	return redact_parse(text, true, &name, err);
}

static bool check_field(void *settings, const char *text,
			struct parse_error *err)
{
	struct redact_name name;

	(void)settings;
	return redact_parse(text, false, &name, err);
}

static bool check_filter(void *settings, const char *text,
			 struct parse_error *err)
{
	(void)settings;
	return filter_check(text, err);
}

static bool check_listen(void *settings, const char *text,
			 struct parse_error *err)
{
	struct listen_address at;

	(void)settings;
	return listen_parse(text, &at, err);
}

#define BOTH	      (CMD_ATTACH | CMD_REPLAY)
#define ALL	      (BOTH | CMD_DETACH | CMD_STATUS | CMD_DOCTOR)
#define FIELD(member) .offset = offsetof(struct settings, member)

static const struct opt options[] = {
	{"ports", .type = OPT_CUSTOM, .parse = set_ports, .flags = OPT_LIVE,
	 .scope = BOTH, .initial = "80,3000,5000,8000,8080", .metavar = "LIST",
	 .help = "TCP ports of servers, such as 80,8000-8100, or any"},
	{"vxlan-port", .type = OPT_U16, FIELD(vxlan_port), .flags = OPT_LIVE,
	 .min = 1, .max = 65535, .scope = BOTH, .initial = "4789",
	 .metavar = "PORT", .help = "UDP port that mirrored packets arrive at"},
	{"vni", .type = OPT_CUSTOM, .parse = set_vnis, .flags = OPT_LIVE,
	 .scope = BOTH, .metavar = "LIST", .example = "7000,7100-7199",
	 .help = "take only these VXLAN network identifiers, such as 7000,7100-7199 (default all)"},
	{"body-limit", .type = OPT_SIZE, FIELD(body_limit), .flags = OPT_LIVE,
	 .min = 0, .max = 64 << 20, .scope = BOTH, .initial = "64KiB",
	 .metavar = "SIZE",
	 .help = "bytes of each decoded body that are reported"},
	{"body-hash", .type = OPT_FLAG, FIELD(body_hash), .flags = OPT_LIVE,
	 .scope = BOTH,
	 .help = "report the SHA-256 of the full decoded bodies"},
	{"output", .type = OPT_LIST, FIELD(outputs), .parse = check_output,
	 .scope = BOTH, .initial = "ndjson:-", .metavar = "DEST",
	 .help = output_help},
	{.name = NULL},
};

/* The options of each sink follow, then these. */
static const struct opt more_options[] = {
	{"redact-header", .type = OPT_LIST, FIELD(redact_headers),
	 .parse = check_header, .flags = OPT_ADDS | OPT_LIVE, .scope = BOTH,
	 .metavar = "NAME", .example = "X-Session",
	 .help = "mask the values of this header field too, besides Authorization, Proxy-Authorization, Cookie, Set-Cookie and X-Api-Key; TYPE:NAME for outputs of one type only, such as ndjson:NAME"},
	{"redact-field", .type = OPT_LIST, FIELD(redact_fields),
	 .parse = check_field, .flags = OPT_ADDS | OPT_LIVE, .scope = BOTH,
	 .metavar = "NAME", .example = "password",
	 .help = "mask the values of this JSON, form or query field, at any depth; TYPE:NAME for outputs of one type only, such as ndjson:NAME"},
	{"no-redact", .type = OPT_FLAG, FIELD(no_redact), .flags = OPT_LIVE,
	 .scope = BOTH, .help = "mask nothing"},
	{"include", .type = OPT_LIST, FIELD(include), .parse = check_filter,
	 .flags = OPT_LIVE, .scope = BOTH, .metavar = "GLOB",
	 .example = "api.example.com/v1/*",
	 .help = "report only requests to such a HOST, HOST/PATH or /PATH, in which * is any text and ? any character, such as api.example.com/v1/*"},
	{"exclude", .type = OPT_LIST, FIELD(exclude), .parse = check_filter,
	 .flags = OPT_LIVE, .scope = BOTH, .metavar = "GLOB",
	 .example = "/health*",
	 .help = "report no requests to these; wins over --include"},
	{"sample", .type = OPT_PERCENT, FIELD(sample), .flags = OPT_LIVE,
	 .scope = BOTH, .initial = "100%", .metavar = "N%",
	 .help = "take this part of the connections, chosen by a hash of their addresses and ports; the others are dropped in the kernel"},
	{"rate-limit", .type = OPT_RATE, FIELD(rate_limit), .flags = OPT_LIVE,
	 .scope = BOTH, .initial = "0", .metavar = "N/s",
	 .help = "report at most so many transactions a second, or N/m, N/h; each worker has its share; 0: no limit"},
	{"rate-limit-endpoint", .type = OPT_RATE, FIELD(rate_limit_endpoint),
	 .flags = OPT_LIVE, .scope = BOTH, .initial = "0", .metavar = "N/s",
	 .help = "the same for each method, host and path, in which numbers and identifiers count as equal"},
	{"max-flows", .type = OPT_U32, FIELD(max_flows), .min = 16,
	 .max = 1 << 26, .scope = BOTH, .initial = "262144", .metavar = "N",
	 .help = "TCP connections that are followed at a time, all workers"},
	{"memory", .type = OPT_SIZE, FIELD(memory), .min = 16 << 20,
	 .max = 1ull << 40, .scope = BOTH, .initial = "512MiB",
	 .metavar = "SIZE",
	 .help = "limit of the data that is held: segments out of order, heads, bodies and queues, all workers"},
	{"idle-timeout", .type = OPT_SECONDS, FIELD(idle_timeout), .min = 1,
	 .max = 86400, .scope = BOTH, .initial = "300", .metavar = "S",
	 .help = "seconds after which a silent connection is forgotten"},
	{"mode", .type = OPT_ENUM, FIELD(mode), .names = mode_names,
	 .scope = CMD_ATTACH, .initial = "auto", .metavar = "MODE",
	 .help = "auto: native if the driver can, else skb with a warning; native; skb"},
	{"pass", .type = OPT_FLAG, FIELD(pass), .flags = OPT_LIVE,
	 .scope = CMD_ATTACH,
	 .help = "hand mirrored packets on to the network stack as well"},
	{"workers", .type = OPT_U32, FIELD(workers), .min = 0, .max = 64,
	 .scope = CMD_ATTACH, .initial = "0", .metavar = "N",
	 .help = "threads, a power of two; 0: as many as the CPUs allow"},
	{"ring-size", .type = OPT_SIZE, FIELD(ring_size), .min = 64 << 10,
	 .max = 1 << 30, .scope = CMD_ATTACH, .initial = "16MiB",
	 .metavar = "SIZE",
	 .help = "ring buffer between kernel and each worker, a power of two"},
	{"user", .type = OPT_TEXT, FIELD(user), .scope = CMD_ATTACH,
	 .metavar = "NAME", .example = "metlo-xdp",
	 .help = "become this user once everything is attached (default metlo-xdp if there is such a user, else nobody)"},
	{"health", .type = OPT_TEXT, FIELD(health), .parse = check_listen,
	 .scope = CMD_ATTACH | CMD_DOCTOR, .initial = "0.0.0.0:4789",
	 .metavar = "ADDR:PORT",
	 .help = "answer health checks there: TCP, and HTTP on /healthz; off: nowhere"},
	{"metrics", .type = OPT_TEXT, FIELD(metrics), .parse = check_listen,
	 .scope = CMD_ATTACH | CMD_DOCTOR, .initial = "127.0.0.1:9789",
	 .metavar = "ADDR:PORT",
	 .help = "serve Prometheus metrics there on /metrics; off: nowhere"},
	{"detach-on-exit", .type = OPT_FLAG, FIELD(detach_on_exit),
	 .scope = CMD_ATTACH,
	 .help = "remove the program and its maps at the end"},
	{"raw", .type = OPT_FLAG, FIELD(raw), .scope = CMD_REPLAY,
	 .help = "the frames are not VXLAN: take them as they are"},
	{"kernel", .type = OPT_FLAG, FIELD(kernel), .scope = CMD_REPLAY,
	 .help = "put every frame through the XDP program, which needs root, instead of the same code in user space"},
	{"speed", .type = OPT_ENUM, FIELD(speed), .names = speed_names,
	 .scope = CMD_REPLAY, .initial = "max", .metavar = "SPEED",
	 .help = "max, or real: as fast as the packets were captured"},
	{"json", .type = OPT_FLAG, FIELD(json), .flags = OPT_NOT_IN_FILE,
	 .scope = CMD_STATUS, .help = "one JSON object on standard output"},
	{"summary", .type = OPT_TEXT, FIELD(summary), .parse = check_name,
	 .scope = BOTH, .metavar = "FILE", .example = "/run/metlo-xdp.json",
	 .help = "write all counters at the end as one JSON object; - is standard output"},
	{"config", .type = OPT_TEXT, FIELD(config), .flags = OPT_NOT_IN_FILE,
	 .parse = check_name, .scope = BOTH, .metavar = "FILE",
	 .help = "read options from a file with lines \"name = value\"; the command line wins"},
	{"verbose", 'v', .type = OPT_COUNT, FIELD(verbose), .scope = ALL,
	 .help = "say more on standard error"},
	{.name = NULL},
};

static void append(struct opt *to, size_t *n, const struct opt *from)
{
	for (; from->name && *n < OPT_TABLE_MAX; from++)
		to[(*n)++] = *from;
}

/* The options of a sink are relative to its own settings. */
static void append_sink(struct opt *to, size_t *n, enum sink_id id)
{
	size_t i = *n;

	if (sink_table[id]->options)
		append(to, n, sink_table[id]->options);
	for (; i < *n; i++) {
		to[i].offset += offsetof(struct settings, sink) +
				id * SINK_SETTINGS_MAX;
		to[i].scope = BOTH;
	}
}

const struct opt *settings_options(void)
{
	static struct opt table[OPT_TABLE_MAX + 1]; /* its end has no name */
	size_t n = 0;

	if (table[0].name)
		return table;
	sink_table_usage(sink_usage, sizeof(sink_usage));
	snprintf(output_help, sizeof(output_help), "where transactions go: %s",
		 sink_usage);
	append(table, &n, options);
	for (int id = 0; id < N_SINKS; id++)
		append_sink(table, &n, (enum sink_id)id);
	append(table, &n, more_options);
	return table;
}

int options_read(struct invocation *cli, const struct command *command,
		 int argc, char **argv, bool *help)
{
	struct settings *s = &cli->settings;
	struct opt_set set = {settings_options(), s, command->id, {0}, {0}};
	const char *config;
	int n;

	cli->command = command;
	cli->argc = argc;
	cli->argv = argv;
	if (!opt_defaults(&set, &cli->log))
		return EXIT_FAILED;
	config = opt_peek(&set, argc, argv, "config");
	if (config && command->id & BOTH &&
	    !config_read(&set, s, config, &cli->config_fd, &cli->log))
		return EXIT_USAGE;
	n = opt_command_line(&set, argc, argv, &s->subject,
			     command->subject ? 1 : 0, help, &cli->log);
	if (n < 0)
		return EXIT_USAGE;
	if (!*help && command->subject_required && n == 0) {
		log_error(&cli->log, "%s: %s is missing; see \"%s help %s\"",
			  command->name, command->subject, cli->log.program,
			  command->name);
		return EXIT_USAGE;
	}
	if (s->verbose)
		cli->log.level = LOG_LEVEL_DEBUG;
	return EXIT_DONE;
}

int options_reread(const struct invocation *cli, struct settings *out)
{
	struct invocation again = {.log = cli->log,
				   .config_fd = cli->config_fd};
	bool help;
	int code =
		options_read(&again, cli->command, cli->argc, cli->argv, &help);

	*out = again.settings;
	return code;
}

void settings_to_config(const struct settings *s, struct metlo_config *c)
{
	_Static_assert(sizeof(c->port_bits) == sizeof(s->ports),
		       "the same bitmap");
	memcpy(c->port_bits, s->ports, sizeof(c->port_bits));
	c->any_port = s->any_port;
	c->vni_filter = s->vni_allow != NULL;
	c->vxlan_port = s->vxlan_port;
	c->pass_vxlan = s->pass;
	/* Of 2^32 hashes; at least one is left. */
	c->sample_out = (uint32_t)((100 - s->sample) / 100 * UINT32_MAX);
}

void settings_free(struct settings *s)
{
	free(s->vni_allow);
	free(s->config_text);
	*s = (struct settings){0};
}
