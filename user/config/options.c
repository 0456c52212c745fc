/* SPDX-License-Identifier: MIT */
/*
 * The option table. One row per option gives its type, limits, default, help
 * and the commands that accept it; parsing (base/opt.c), --help, the example
 * configuration and shell completion all work from these rows. README.md here
 * has the steps for adding an option.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

#include "base/listen.h"
#include "base/parse.h"
#include "config/file.h"
#include "config/options.h"
#include "config/redact.h"
#include "config/sink_table.h"
#include "metlo_record.h"
#include "trace/filter.h"
#include "trace/trace_conf.h"

#define VNI_MAX ((1u << 24) - 1)

static const char *const mode_names[] = {"auto", "native", "skb", NULL};
static const char *const speed_names[] = {"max", "real", NULL};
static const char *const format_names[] = {"auto", "json", "text", "har", NULL};
static const char *const client_names[] = {"auto", "x-forwarded-for",
					   "forwarded", NULL};
static const char *const record_completions[] = {"http,tls,quic", "http", "tls",
						 "quic", NULL};
static const char *const bodies_names[] = {"all", "text", "none", NULL};
static const char *const grpc_names[] = {"base64", "wire", NULL};

_Static_assert(sizeof(enum attach_mode) == sizeof(int) &&
		       sizeof(enum replay_speed) == sizeof(int) &&
		       sizeof(enum line_format) == sizeof(int) &&
		       sizeof(enum body_mode) == sizeof(int) &&
		       sizeof(enum grpc_decode) == sizeof(int) &&
		       sizeof(enum client_field) == sizeof(int),
	       "OPT_ENUM sets an int");
_Static_assert(ATTACH_SKB == 2 && REPLAY_REAL == 1 && FORMAT_TEXT == 2 &&
		       FORMAT_HAR == 3 && BODIES_NONE == 2 &&
		       CLIENT_FORWARDED == 2,
	       "the order of the name tables");

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

static bool check_records(void *settings, const char *text,
			  struct parse_error *err)
{
	unsigned int kinds;

	(void)settings;
	if (settings_parse_records(text, &kinds))
		return true;
	return parse_refuse(
		err,
		"\"%.60s\" is no list of records; use http, tls and quic, separated by commas",
		text);
}

/* Built by settings_options(). */
static char sink_usage[400], output_help[sizeof(sink_usage) + 40];
static const char *sink_completions[SINK_COMPLETIONS_MAX];

static bool check_output(void *settings, const char *text,
			 struct parse_error *err)
{
	(void)settings;
	if (sink_table_accepts(text))
		return true;
	return parse_refuse(err, "\"%.60s\" is not an output; use %s", text,
			    sink_usage);
}

static bool check_mode(void *settings, const char *text,
		       struct parse_error *err)
{
	(void)settings;
	if (settings_file_mode(text))
		return true;
	return parse_refuse(
		err,
		"\"%.60s\" is not the mode of a file, from 600 to 664 in octal: its owner must read and write it, others must not write it, nobody execute it",
		text);
}

static bool check_name(void *settings, const char *text,
		       struct parse_error *err)
{
	(void)settings;
	return *text ? true : parse_refuse(err, "the name is empty");
}

static bool check_label(void *settings, const char *text,
			struct parse_error *err)
{
	(void)settings;
	if (*text && strlen(text) <= TRACE_NAME_MAX)
		return true;
	return parse_refuse(err, "the name must have 1 to %u bytes",
			    TRACE_NAME_MAX);
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

static bool check_classes(void *settings, const char *text,
			  struct parse_error *err)
{
	struct redact_classes classes;

	(void)settings;
	return redact_parse_classes(text, &classes, err);
}

static bool check_filter(void *settings, const char *text,
			 struct parse_error *err)
{
	(void)settings;
	return filter_check(text, err);
}

static bool check_body_type(void *settings, const char *text,
			    struct parse_error *err)
{
	(void)settings;
	return body_choice_check(text, err);
}

static bool check_network(void *settings, const char *text,
			  struct parse_error *err)
{
	struct ip_network net;

	(void)settings;
	return network_parse(text, strlen(text), &net, err);
}

static bool check_host(void *settings, const char *text,
		       struct parse_error *err)
{
	struct ip_network net;

	(void)settings;
	if (!strchr(text, '/') && network_parse(text, strlen(text), &net, err))
		return true;
	return parse_refuse(err, "\"%.60s\" is not an IP address", text);
}

static bool check_listen(void *settings, const char *text,
			 struct parse_error *err)
{
	struct listen_address at;

	(void)settings;
	return listen_parse(text, &at, err);
}

#define BOTH	      (CMD_ATTACH | CMD_REPLAY)
#define ALL	      (BOTH | CMD_DETACH | CMD_STATUS | CMD_DOCTOR | CMD_DUMP)
#define FIELD(member) .offset = offsetof(struct settings, member)

static const struct opt options[] = {
	{"ports", .type = OPT_CUSTOM, .parse = set_ports, .flags = OPT_LIVE,
	 .scope = BOTH, .initial = "80,443,3000,5000,8000,8080,8443",
	 .metavar = "LIST",
	 .help = "TCP server ports, such as 80,8000-8100, or any"},
	{"vxlan-port", .type = OPT_U16, FIELD(vxlan_port), .flags = OPT_LIVE,
	 .min = 1, .max = 65535, .scope = BOTH, .initial = "4789",
	 .metavar = "PORT",
	 .help = "UDP port on which mirrored packets arrive"},
	{"vni", .type = OPT_CUSTOM, .parse = set_vnis, .flags = OPT_LIVE,
	 .scope = BOTH | CMD_DUMP, .metavar = "LIST",
	 .example = "7000,7100-7199",
	 .help = "accept only these VXLAN network identifiers, such as 7000,7100-7199 (default all)"},
	{"records", .type = OPT_TEXT, FIELD(records), .parse = check_records,
	 .scope = BOTH, .names = record_completions, .initial = "http,tls,quic",
	 .metavar = "KIND,...",
	 .help = "what to report: http, transactions; tls and quic, connections, by what their handshakes show without keys. Metlo gets http only"},
	{"tls-keys", .type = OPT_TEXT, FIELD(tls_keys), .parse = check_name,
	 .scope = BOTH, .metavar = "FILE", .example = "/run/metlo-xdp/tls.keys",
	 .help = "decrypt TLS with the secrets in this NSS key log, as they arrive: a file that grows, a FIFO, or a socket that is created there; replay also uses those in the capture"},
	{"tls-wait", .type = OPT_SECONDS, FIELD(tls_wait), .min = 0, .max = 60,
	 .scope = BOTH, .initial = "5", .metavar = "S",
	 .help = "seconds that encrypted data waits for its secrets, up to 1 MiB per connection"},
	{"body-limit", .type = OPT_SIZE, FIELD(body_limit), .flags = OPT_LIVE,
	 .min = 0, .max = 64 << 20, .scope = BOTH, .initial = "64KiB",
	 .metavar = "SIZE", .help = "bytes of each decoded body to report"},
	{"body-hash", .type = OPT_FLAG, FIELD(body_hash), .flags = OPT_LIVE,
	 .scope = BOTH,
	 .help = "report the SHA-256 of each complete decoded body"},
	{"bodies", .type = OPT_ENUM, FIELD(bodies), .names = bodies_names,
	 .flags = OPT_LIVE, .scope = BOTH, .initial = "all", .metavar = "WHICH",
	 .help = "which bodies to report: all, as base64 if they are binary; text, only those that are UTF-8; none. The others are only counted and hashed, which implies --body-hash"},
	{"body-type", .type = OPT_LIST, FIELD(body_types),
	 .parse = check_body_type, .flags = OPT_LIVE, .scope = BOTH,
	 .metavar = "PATTERN", .example = "application/*json",
	 .help = "report only bodies whose media type matches this, such as text/* or application/*json; others are counted and hashed as with --bodies"},
	{"proto-descriptors", .type = OPT_TEXT, FIELD(proto_descriptors),
	 .parse = check_name, .flags = OPT_LIVE, .scope = BOTH,
	 .metavar = "FILE", .example = "/etc/metlo-xdp/api.binpb",
	 .help = "report gRPC messages as JSON, by the types in this FileDescriptorSet, such as protoc writes with --include_imports --descriptor_set_out=FILE; SIGHUP reads it again"},
	{"grpc-decode", .type = OPT_ENUM, FIELD(grpc_decode),
	 .names = grpc_names, .flags = OPT_LIVE, .scope = BOTH,
	 .initial = "base64", .metavar = "FORM",
	 .help = "how to report gRPC messages whose type is not known: base64; wire, as JSON with the numbers of fields and what the encoding tells about values"},
	{"output", .type = OPT_LIST, FIELD(outputs), .parse = check_output,
	 .scope = BOTH, .initial = "ndjson:-", .metavar = "DEST",
	 .names = sink_completions, .help = output_help},
	{"format", .type = OPT_ENUM, FIELD(format), .names = format_names,
	 .scope = BOTH, .initial = "auto", .metavar = "FORMAT",
	 .help = "json: a line of NDJSON per transaction; text: a short line on standard output, NDJSON in files; auto: text if standard output is a terminal, else json; har, of replay: one HTTP Archive 1.2, for browsers and other tools"},
	{"file-mode", .type = OPT_TEXT, FIELD(file_mode), .parse = check_mode,
	 .scope = BOTH, .metavar = "MODE", .example = "0640",
	 .help = "permissions of output files and what they are rotated to, such as 0640 (default 0600 for new files)"},
	{"file-group", .type = OPT_TEXT, FIELD(file_group), .parse = check_name,
	 .scope = BOTH, .metavar = "GROUP", .example = "adm",
	 .help = "group of output files and what they are rotated to, by name or number, such as that of a log shipper"},
	{.name = NULL},
};

/* The options of the sinks come between these two tables. */
static const struct opt
	more_options
		[] =
			{
				{"redact-header", .type = OPT_LIST,
				 FIELD(redact_headers), .parse = check_header,
				 .flags = OPT_ADDS | OPT_LIVE, .scope = BOTH,
				 .metavar = "NAME", .example = "X-Session",
				 .help = "mask this header field too, besides Authorization, Proxy-Authorization, Cookie, Set-Cookie, Cookie2, Set-Cookie2 and X-Api-Key; TYPE:NAME, such as ndjson:NAME, masks it for outputs of that type only"},
				{"redact-field", .type = OPT_LIST,
				 FIELD(redact_fields), .parse = check_field,
				 .flags = OPT_ADDS | OPT_LIVE, .scope = BOTH,
				 .metavar = "NAME", .example = "password",
				 .help = "mask this JSON, form or query field, at any depth; TYPE:NAME, such as ndjson:NAME, masks it for outputs of that type only"},
				{"redact-class", .type = OPT_LIST,
				 FIELD(redact_classes), .parse = check_classes,
				 .flags = OPT_ADDS | OPT_LIVE, .scope = BOTH,
				 .metavar = "CLASS,...",
				 .example = "card,iban,email",
				 .help = "mask values of these classes wherever they are: card, iban, ssn, jwt, aws-key, email, or all; this costs 12 to 20 instructions per byte of text; TYPE:CLASS,... masks them for outputs of that type only"},
				{"no-redact", .type = OPT_FLAG,
				 FIELD(no_redact), .flags = OPT_LIVE,
				 .scope = BOTH,
				 .help = "mask no names, neither the default ones nor those given: only --redact-class still masks"},
				{"trusted-proxies", .type = OPT_LIST,
				 FIELD(trusted_proxies), .parse = check_network,
				 .flags = OPT_LIVE, .scope = BOTH,
				 .metavar = "CIDR", .example = "10.0.0.0/8",
				 .help = "believe these proxies, such as 10.0.0.0/8, about the client: it is the last address in X-Forwarded-For or Forwarded that is not one of them"},
				{"client-field", .type = OPT_ENUM,
				 FIELD(client_field), .names = client_names,
				 .flags = OPT_LIVE, .scope = BOTH,
				 .initial = "auto", .metavar = "FIELD",
				 .help = "the field that --trusted-proxies write; auto: either, and none where both are present and differ"},
				{"names", .type = OPT_TEXT, FIELD(names),
				 .parse = check_name, .flags = OPT_LIVE,
				 .scope = BOTH, .metavar = "FILE",
				 .example = "/etc/metlo-xdp/names.json",
				 .help = "add the names of addresses from this file, a JSON object per line: {\"address\": \"10.0.0.0/24\", \"name\": \"web\"}, with \"vni\" and \"labels\" if needed; SIGHUP reads it again"},
				{"include", .type = OPT_LIST, FIELD(include),
				 .parse = check_filter, .flags = OPT_LIVE,
				 .scope = BOTH, .metavar = "GLOB",
				 .example = "api.example.com/v1/*",
				 .help = "report only requests that match this HOST, HOST/PATH or /PATH, where * is any text and ? any character, such as api.example.com/v1/*"},
				{"exclude", .type = OPT_LIST, FIELD(exclude),
				 .parse = check_filter, .flags = OPT_LIVE,
				 .scope = BOTH, .metavar = "GLOB",
				 .example = "/health*",
				 .help = "do not report requests that match this; overrides --include"},
				{"sample", .type = OPT_PERCENT, FIELD(sample),
				 .flags = OPT_LIVE, .scope = BOTH,
				 .initial = "100%", .metavar = "N%",
				 .help = "capture this share of connections, chosen by a hash of addresses and ports; the kernel drops the rest"},
				{"rate-limit", .type = OPT_RATE,
				 FIELD(rate_limit), .flags = OPT_LIVE,
				 .scope = BOTH, .initial = "0",
				 .metavar = "N/s",
				 .help = "report at most this many transactions per second (or N/m, N/h), divided among the workers; 0: no limit"},
				{"rate-limit-endpoint", .type = OPT_RATE,
				 FIELD(rate_limit_endpoint), .flags = OPT_LIVE,
				 .scope = BOTH, .initial = "0",
				 .metavar = "N/s",
				 .help = "the same for each method, host and path, treating numbers and identifiers in the path as equal"},
				{"environment", .type = OPT_TEXT,
				 FIELD(environment), .parse = check_label,
				 .flags = OPT_LIVE, .scope = BOTH,
				 .initial = "production", .metavar = "NAME",
				 .help = "environment that each transaction names, also to Metlo"},
				{"collector", .type = OPT_TEXT,
				 FIELD(collector), .parse = check_label,
				 .scope = BOTH, .metavar = "NAME",
				 .example = "collector-1",
				 .help = "collector that each transaction names and its id depends on (default the host name; of replay: replay)"},
				{"max-flows", .type = OPT_U32, FIELD(max_flows),
				 .min = 16, .max = 1 << 26, .scope = BOTH,
				 .initial = "262144",
				 .metavar = "N", .help = "TCP connections tracked at a time, across all workers"},
				{"memory", .type = OPT_SIZE, FIELD(memory),
				 .min = 16 << 20, .max = 1ull << 40,
				 .scope = BOTH, .initial = "512MiB",
				 .metavar = "SIZE",
				 .help = "limit on buffered data: out-of-order segments, heads, bodies and queues, across all workers"},
				{"idle-timeout", .type = OPT_SECONDS,
				 FIELD(idle_timeout), .min = 1,
				 .max = 86400, .scope = BOTH, .initial = "300",
				 .metavar = "S", .help = "seconds after which an idle connection is dropped"},
				{"response-timeout", .type = OPT_SECONDS,
				 FIELD(response_timeout),
				 .min = 0, .max = 86400, .scope = BOTH, .initial = "0", .metavar = "S", .help = "seconds to wait for a response before its request is reported alone; 0 waits while the connection lives, at most a day, even if it is idle"},
				{"progress-interval", .type = OPT_SECONDS,
				 FIELD(progress_interval), .min = 0,
				 .max = 86400, .scope = BOTH,
				 .initial = "0", .metavar = "S", .help = "report a response that has streamed for this long at once, without bodies, and again when it ends; ndjson only; 0: only at its end"},
				{"mode", .type = OPT_ENUM, FIELD(mode),
				 .names = mode_names, .scope = CMD_ATTACH,
				 .initial = "auto", .metavar = "MODE",
				 .help = "auto: native if the driver supports it, else skb with a warning; native; skb"},
				{"pass", .type = OPT_FLAG, FIELD(pass),
				 .flags = OPT_LIVE, .scope = CMD_ATTACH,
				 .help = "also pass mirrored packets on to the network stack"},
				{"workers", .type = OPT_U32,
				 FIELD(workers), .min = 0, .max = 64,
				 .scope = CMD_ATTACH,
				 .initial = "0", .metavar = "N", .help = "worker threads, a power of two; 0: derived from the number of CPUs"},
				{"ring-size", .type = OPT_SIZE,
				 FIELD(ring_size), .min = 64 << 10,
				 .max = 1 << 30, .scope = CMD_ATTACH,
				 .initial = "16MiB", .metavar = "SIZE",
				 .help = "size of the ring buffer between the kernel and each worker, a power of two"},
				{"user", .type = OPT_TEXT, FIELD(user),
				 .scope = CMD_ATTACH, .metavar = "NAME",
				 .example = "metlo-xdp", .help = "switch to this user once attached (default metlo-xdp if that user exists, else an unused numeric user)"},
				{"health", .type = OPT_TEXT, FIELD(health),
				 .parse = check_listen,
				 .scope = CMD_ATTACH | CMD_DOCTOR,
				 .initial = "0.0.0.0:4789",
				 .metavar = "ADDR:PORT", .help = "answer TCP and HTTP (/healthz) health checks here; off: disabled"},
				{"metrics", .type = OPT_TEXT,
				 FIELD(metrics), .parse = check_listen,
				 .scope = CMD_ATTACH | CMD_DOCTOR,
				 .initial = "127.0.0.1:9789",
				 .metavar = "ADDR:PORT", .help = "serve Prometheus metrics (/metrics) here; off: disabled"},
				{"silent-after", .type = OPT_SECONDS,
				 FIELD(silent_after), .min = 0,
				 .max = 86400, .scope = CMD_ATTACH,
				 .initial = "60",
				 .metavar = "S", .help = "report a source (VNI) that used to send as silent after this many seconds without a packet, and three times its longest recent pause; 0: never"},
				{"detach-on-exit", .type = OPT_FLAG,
				 FIELD(detach_on_exit), .scope = CMD_ATTACH,
				 .help = "remove the XDP program and its maps on exit"},
				{"attach-only", .type = OPT_FLAG,
				 FIELD(attach_only), .flags = OPT_NOT_IN_FILE,
				 .scope = CMD_ATTACH,
				 .help = "attach, give the pins to --user and exit: attach without this option then needs no capabilities as that user; packets wait in the rings meanwhile"},
				{"no-seccomp", .type = OPT_FLAG,
				 FIELD(no_seccomp), .scope = BOTH,
				 .help = "do not restrict the system calls that the process may use"},
				{"raw", .type = OPT_FLAG, FIELD(raw),
				 .scope = CMD_REPLAY,
				 .help = "the frames are not VXLAN: decode them directly"},
				{"kernel", .type = OPT_FLAG, FIELD(kernel),
				 .scope = CMD_REPLAY,
				 .help = "run every frame through the XDP program in the kernel, which needs root, instead of its user-space build"},
				{"speed", .type = OPT_ENUM, FIELD(speed),
				 .names = speed_names, .scope = CMD_REPLAY,
				 .initial = "max", .metavar = "SPEED",
				 .help = "max, or real: at the pace of the capture"},
				{"json", .type = OPT_FLAG, FIELD(json),
				 .flags = OPT_NOT_IN_FILE, .scope = CMD_STATUS,
				 .help = "print one JSON object"},
				{"sources", .type = OPT_FLAG, FIELD(sources),
				 .flags = OPT_NOT_IN_FILE, .scope = CMD_STATUS,
				 .help = "list the sources of mirrored traffic by VNI: packets, connections, transactions, first and last seen, and which are silent or one-sided"},
				{"host", .type = OPT_TEXT, FIELD(host),
				 .parse = check_host, .flags = OPT_NOT_IN_FILE,
				 .scope = CMD_DUMP, .metavar = "ADDR",
				 .help = "only packets from or to this address, of the mirrored connection"},
				{"port", .type = OPT_U16, FIELD(port),
				 .flags = OPT_NOT_IN_FILE, .min = 1,
				 .max = 65535, .scope = CMD_DUMP,
				 .metavar = "PORT",
				 .help = "only packets from or to this TCP or UDP port, and all IP fragments"},
				{"count", 'c', .type = OPT_U32, FIELD(count),
				 .flags = OPT_NOT_IN_FILE, .min = 1,
				 .max = UINT32_MAX, .scope = CMD_DUMP,
				 .metavar = "N",
				 .help = "end after this many packets"},
				{"write", 'w', .type = OPT_TEXT, FIELD(write),
				 .parse = check_name, .flags = OPT_NOT_IN_FILE,
				 .scope = CMD_DUMP, .metavar = "FILE",
				 .help = "write to this file instead of standard output, which must be a pipe or a file"},
				{"max-rate", .type = OPT_RATE, FIELD(max_rate),
				 .flags = OPT_NOT_IN_FILE, .scope = CMD_DUMP,
				 .initial = "20000/s", .metavar = "N/s",
				 .help = "packets per second; the others are counted; 0: no limit"},
				{"max-size", .type = OPT_SIZE, FIELD(max_size),
				 .flags = OPT_NOT_IN_FILE, .min = 0,
				 .max = 1ull << 40, .scope = CMD_DUMP,
				 .initial = "1GiB", .metavar = "SIZE",
				 .help = "end when the output has this size; 0: no limit"},
				{"max-time", .type = OPT_SECONDS,
				 FIELD(max_time), .flags = OPT_NOT_IN_FILE,
				 .min = 0, .max = 31 * 86400, .scope = CMD_DUMP,
				 .initial = "600", .metavar = "S",
				 .help = "end after this many seconds; 0: no limit"},
				{"summary", .type = OPT_TEXT, FIELD(summary),
				 .parse = check_name, .scope = BOTH,
				 .metavar = "FILE",
				 .example = "/run/metlo-xdp.json",
				 .help = "write all counters on exit as one JSON object; - is standard output"},
				{"config", .type = OPT_TEXT, FIELD(config),
				 .flags = OPT_NOT_IN_FILE, .parse = check_name,
				 .scope = BOTH, .metavar = "FILE",
				 .help = "read options from a file of \"name = value\" lines; the command line overrides it"},
				{"verbose", 'v', .type = OPT_COUNT,
				 FIELD(verbose), .scope = ALL,
				 .help = "log more on standard error; replay -vv explains each decision about a connection"},
				{.name = NULL},
};

static void append(struct opt *to, size_t *n, const struct opt *from)
{
	for (; from->name && *n < OPT_TABLE_MAX; from++)
		to[(*n)++] = *from;
}

/* A sink's offsets are relative to its own slot in struct settings. */
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
	static struct opt
		table[OPT_TABLE_MAX + 1]; /* the last one stays zero */
	size_t n = 0;

	if (table[0].name)
		return table;
	sink_table_usage(sink_usage, sizeof(sink_usage));
	sink_table_completions(sink_completions);
	snprintf(output_help, sizeof(output_help),
		 "where to send transactions: %s", sink_usage);
	append(table, &n, options);
	for (int id = 0; id < N_SINKS; id++)
		append_sink(table, &n, (enum sink_id)id);
	append(table, &n, more_options);
	return table;
}

/* What depends on the command. A replay gives the same lines everywhere. */
static void set_origin(const struct invocation *inv, struct settings *s)
{
	const bool replay = inv->command->id == CMD_REPLAY;

	if (!s->collector)
		s->collector = replay ? "replay" : inv->host;
	if (inv->command->id == CMD_ATTACH)
		s->interface = s->subject;
}

int options_read(struct invocation *inv, const struct command *command,
		 int argc, char **argv, bool *help)
{
	struct settings *s = &inv->settings;
	struct opt_set set = {settings_options(), s, command->id, {0}, {0}};
	const char *config;
	int n, err;

	inv->command = command;
	inv->argc = argc;
	inv->argv = argv;
	err = opt_defaults(&set, &inv->log);
	if (err)
		return err;
	config = opt_peek(&set, argc, argv, "config");
	if (config && command->id & BOTH &&
	    config_file_read(&set, s, config, &inv->config_fd, &inv->log))
		return -EINVAL;
	n = opt_command_line(&set, argc, argv, &s->subject,
			     command->subject ? 1 : 0, help, &inv->log);
	if (n < 0)
		return -EINVAL;
	if (!*help && command->subject_required && n == 0) {
		log_error(&inv->log, "%s: missing %s; see \"%s help %s\"",
			  command->name, command->subject, inv->log.program,
			  command->name);
		return -EINVAL;
	}
	if (command->id == CMD_ATTACH && s->format == FORMAT_HAR) {
		log_error(
			&inv->log,
			"--format har: the archive of a daemon would have no end: use json, or replay a capture");
		return -EINVAL;
	}
	set_origin(inv, s);
	if (s->verbose)
		inv->log.level = LOG_LEVEL_DEBUG;
	return 0;
}

int options_reread(const struct invocation *inv, struct settings *out)
{
	struct invocation again = {.log = inv->log,
				   .config_fd = inv->config_fd,
				   .host = inv->host};
	bool help;
	int err =
		options_read(&again, inv->command, inv->argc, inv->argv, &help);

	*out = again.settings;
	return err;
}
