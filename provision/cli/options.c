/* SPDX-License-Identifier: MIT */
/*
 * The table of options. Values are validated while parsing, before any AWS call;
 * the command parses those that need memory again, into its own arena.
 */
#include <string.h>

#include "base/exit.h"
#include "cli/options.h"
#include "cli/request.h"
#include "http/endpoint.h"
#include "model/filter_text.h"
#include "model/limits.h"
#include "model/sessions.h"
#include "model/spec.h"
#include "plan/policy.h"

static const char *const output_names[] = {"apply", "terraform",
					   "cloudformation", NULL};

_Static_assert(sizeof(enum output_format) == sizeof(int),
	       "OPT_ENUM sets an int");
_Static_assert(OUTPUT_CLOUDFORMATION == 2,
	       "output_names in the order of the enum");

/* Offered by shell completion; the parsers may accept more. */
static const char *const side_names[] = {"server", "client", "both", NULL};
static const char *const protocol_names[] = {"tcp", "udp", "any", NULL};
static const char *const ip_names[] = {"4", "6", "46", "auto", NULL};
static const char *const port_names[] = {"auto", "all", NULL};
static const char *const feature_names[] = {"ecs",     "nlb",  "open-groups",
					    "metrics", "none", NULL};

static bool check_name(void *settings, const char *text,
		       struct parse_error *err)
{
	(void)settings;
	return spec_name_check(text, err);
}

static bool check_side(void *settings, const char *text,
		       struct parse_error *err)
{
	enum filter_side unused;

	(void)settings;
	return filter_side_parse(text, &unused, err);
}

static bool check_protocol(void *settings, const char *text,
			   struct parse_error *err)
{
	int unused;

	(void)settings;
	return filter_protocol_parse(text, &unused, err);
}

/* Defines a validator that parses into a temporary arena. */
#define CHECK(name, type, call)                                  \
	static bool name(void *settings, const char *text,       \
			 struct parse_error *err)                \
	{                                                        \
		struct arena a = {0};                            \
		type out = {0};                                  \
		bool ok = call(&a, text, &out, err);             \
                                                                 \
		(void)settings;                                  \
		if (ok && a.failed)                              \
			ok = parse_refuse(err, "out of memory"); \
		arena_free(&a);                                  \
		return ok;                                       \
	}
CHECK(check_source, struct source, source_parse)
CHECK(check_target, struct target_spec, target_parse)
CHECK(check_port_list, struct port_list, filter_ports_parse)
CHECK(check_cidrs, struct cidr_list, cidr_list_parse)
CHECK(check_key_value, struct aws_new_tag, tags_parse)

static bool check_ports(void *settings, const char *text,
			struct parse_error *err)
{
	return !strcmp(text, PORTS_AUTO) ||
	       check_port_list(settings, text, err);
}

static bool check_tag(void *settings, const char *text, struct parse_error *err)
{
	return !strcmp(text, "none") || check_key_value(settings, text, err);
}

static bool check_peer(void *settings, const char *text,
		       struct parse_error *err)
{
	return !strcmp(text, "any") || check_cidrs(settings, text, err);
}

static bool check_ip(void *settings, const char *text, struct parse_error *err)
{
	(void)settings;
	return !strcmp(text, "4") || !strcmp(text, "6") ||
	       !strcmp(text, "46") || !strcmp(text, "auto") ||
	       parse_refuse(err, "\"%.60s\" is not one of 4, 6, 46, auto",
			    text);
}

static bool check_length(void *settings, const char *text,
			 struct parse_error *err)
{
	uint32_t unused;

	(void)settings;
	return request_packet_length(text, &unused, err);
}

static bool check_collector(void *settings, const char *text,
			    struct parse_error *err)
{
	(void)settings;
	return collector_check(text, err);
}

static bool check_subnet(void *settings, const char *text,
			 struct parse_error *err)
{
	(void)settings;
	return spec_is_id(text, "subnet-") ||
	       parse_refuse(err, "\"%.60s\" is not a subnet: use subnet-...",
			    text);
}

static bool check_session(void *settings, const char *text,
			  struct parse_error *err)
{
	(void)settings;
	return spec_is_id(text, "tms-") ||
	       parse_refuse(err,
			    "\"%.60s\" is not a mirror session: use tms-...",
			    text);
}

/* As for the AWS CLI, an empty region or endpoint counts as not given. */
static bool check_region(void *settings, const char *text,
			 struct parse_error *err)
{
	(void)settings;
	return !*text || endpoint_region_valid(text) ||
	       parse_refuse(
		       err,
		       "\"%.60s\" is not the name of a region such as eu-central-1",
		       text);
}

static bool check_endpoint(void *settings, const char *text,
			   struct parse_error *err)
{
	char host[ENDPOINT_MAX], path[ENDPOINT_MAX];

	(void)settings;
	return !*text || !endpoint_split(text, host, path) ||
	       parse_refuse(
		       err,
		       "\"%.80s\" is not the URL of an endpoint: use a form like https://host:port",
		       text);
}

/* A URL of another scheme would be taken for the name of a file. */
static bool check_place(void *settings, const char *text,
			struct parse_error *err)
{
	(void)settings;
	return (*text && !strstr(text, "://")) ||
	       !strncmp(text, "http://", strlen("http://")) ||
	       !strncmp(text, "https://", strlen("https://")) ||
	       parse_refuse(
		       err,
		       "\"%.80s\" is neither a URL of http or https nor a file",
		       text);
}

static bool check_file(void *settings, const char *text,
		       struct parse_error *err)
{
	(void)settings;
	return *text || parse_refuse(err, "the name of the file is empty");
}

static bool check_feature(void *settings, const char *text,
			  struct parse_error *err)
{
	(void)settings;
	return !strcmp(text, "none") || policy_feature_parse(text) ||
	       parse_refuse(
		       err,
		       "\"%.60s\" is not one of ecs, nlb, open-groups, metrics, none",
		       text);
}

static bool check_account(void *settings, const char *text,
			  struct parse_error *err)
{
	(void)settings;
	return (strlen(text) == 12 &&
		strspn(text, "0123456789") == strlen(text)) ||
	       parse_refuse(err, "\"%.60s\" is not a 12-digit account number",
			    text);
}

/* A row: name, type, member of the settings, commands, then designated
 * initialisers for the rest of struct opt. */
#define OPTION(NAME, TYPE, MEMBER, SCOPE, ...)                    \
	{                                                         \
		.name = NAME, .type = TYPE,                       \
		.offset = OPT_FIELD(struct cli_settings, MEMBER), \
		.scope = SCOPE, __VA_ARGS__                       \
	}
#define SETUP_PLAN (CMD_SETUP | CMD_PLAN)
#define CHANGING   (CMD_SETUP | CMD_REMOVE | CMD_SYNC)
/* The commands that call AWS. */
#define CALLING (CHANGING | CMD_PLAN | CMD_LIST | CMD_VERIFY | CMD_NAMES)

const struct opt settings_options[] = {
	OPTION("name", OPT_LIST, names,
	       CMD_LIST | CMD_SYNC | CMD_VERIFY | CMD_NAMES,
	       .parse = check_name, .metavar = "NAME",
	       .help = "Deployment; default: all of them"),
	OPTION("name", OPT_LIST, names, CMD_REMOVE, .parse = check_name,
	       .metavar = "NAME", .help = "Deployment to remove"),
	OPTION("name", OPT_TEXT, name, SETUP_PLAN, .parse = check_name,
	       .metavar = "NAME",
	       .help = "Name of the deployment; default: " SPEC_DEFAULT_NAME),
	OPTION("source", OPT_LIST, sources, SETUP_PLAN, .parse = check_source,
	       .metavar = "SOURCE",
	       .help = "What to mirror: i-..., eni-..., ecs:CLUSTER/SERVICE, alb:NAME, clb:NAME, tag:KEY=VALUE, vpc-... or subnet-..."),
	OPTION("exclude", OPT_LIST, excluded, SETUP_PLAN, .parse = check_source,
	       .metavar = "SOURCE",
	       .help = "What to exclude from the sources, in the same notation"),
	OPTION("target", OPT_TEXT, target, SETUP_PLAN, .parse = check_target,
	       .metavar = "TARGET",
	       .help = "Where to send packets: nlb:new, nlb:NAME, eni:auto (interfaces of the collectors), an interface eni-..., a Gateway Load Balancer endpoint vpce-... or a mirror target tmt-..., which may be shared by another account"),
	OPTION("collector", OPT_LIST, collectors, SETUP_PLAN,
	       .parse = check_collector, .metavar = "INSTANCE",
	       .help = "Collector behind the new load balancer or of eni:auto: an instance i-..., or tag:KEY=VALUE for all instances with that tag, now and later"),
	OPTION("subnet", OPT_LIST, subnets, SETUP_PLAN, .parse = check_subnet,
	       .metavar = "SUBNET",
	       .help = "Subnet of the new load balancer, at most one per zone; default: chosen automatically"),
	OPTION("ports", OPT_TEXT, ports, SETUP_PLAN, .parse = check_ports,
	       .names = port_names, .metavar = "PORTS",
	       .help = "Server ports, such as 80,8000-8100; auto: those to which load balancers forward; all: every packet"),
	OPTION("side", OPT_TEXT, side, SETUP_PLAN, .parse = check_side,
	       .names = side_names, .metavar = "SIDE",
	       .help = "Role of the sources: server (they listen on the ports), client or both; default: server"),
	OPTION("protocol", OPT_TEXT, protocol, SETUP_PLAN,
	       .parse = check_protocol, .names = protocol_names,
	       .metavar = "NAME", .help = "tcp, udp or any; default: tcp"),
	OPTION("peer", OPT_LIST, peers, SETUP_PLAN, .parse = check_peer,
	       .metavar = "CIDR",
	       .help = "Mirror only traffic with these addresses, such as 10.0.0.0/8; any removes the restriction"),
	OPTION("ip", OPT_TEXT, ip, SETUP_PLAN, .parse = check_ip,
	       .names = ip_names, .metavar = "VERSIONS",
	       .help = "IP versions: 4, 6, 46 or auto (adds IPv6 if a source has an IPv6 address); default: auto"),
	OPTION("vni", OPT_U32, vni, SETUP_PLAN, .min = 1, .max = VNI_MAX,
	       .metavar = "N",
	       .help = "VXLAN network identifier; default: a free one"),
	OPTION("packet-length", OPT_TEXT, packet_length, SETUP_PLAN,
	       .parse = check_length, .metavar = "BYTES",
	       .help = "Truncate packets to this length; default: all, whole packets"),
	OPTION("open-groups", OPT_FLAG, open_groups, SETUP_PLAN,
	       .help = "Add the rules that the security groups of the collectors lack"),
	OPTION("ignore-routes", OPT_FLAG, ignore_routes, SETUP_PLAN,
	       .help = "Mirror sources too from which no route leads to the target"),
	OPTION("tag", OPT_LIST, tags, SETUP_PLAN, .parse = check_tag,
	       .metavar = "KEY=VALUE",
	       .help = "Tag of everything that the deployment creates; none removes those set before"),
	OPTION("output", OPT_ENUM, output, SETUP_PLAN, .names = output_names,
	       .metavar = "FORMAT",
	       .help = "terraform or cloudformation: print the plan as code and change nothing"),
	OPTION("take-over", OPT_FLAG, take_over, CMD_SETUP | CMD_REMOVE,
	       .help = "Change or remove the deployment although Terraform or CloudFormation manages it"),
	OPTION("session", OPT_LIST, sessions, CMD_REMOVE,
	       .parse = check_session, .metavar = "ID",
	       .help = "Mirror session to remove, tms-..."),
	OPTION("all", OPT_FLAG, all, CMD_REMOVE,
	       .help = "Remove all deployments in the region"),
	OPTION("all", OPT_FLAG, all, CMD_LIST,
	       .help = "Include sessions that metlo-mirror did not create"),
	OPTION("all-regions", OPT_FLAG, all_regions, CMD_LIST,
	       .help = "List what is in any region that is enabled for the account"),
	OPTION("watch", OPT_FLAG, watch, CMD_SYNC,
	       .help = "Run until SIGINT or SIGTERM, without asking"),
	OPTION("interval", OPT_SECONDS, interval, CMD_SYNC, .min = 1,
	       .max = 86400, .initial = "60", .metavar = "SECONDS",
	       .help = "Pause between two rounds of --watch"),
	OPTION("metrics", OPT_TEXT, metrics, CMD_SYNC, .parse = check_file,
	       .metavar = "FILE",
	       .help = "Write metrics for Prometheus to this file after each round"),
	OPTION("names", OPT_TEXT, names_file, CMD_SYNC, .parse = check_file,
	       .metavar = "FILE",
	       .help = "Write the output of \"names\" to this file after each round"),
	OPTION("output", OPT_TEXT, names_file, CMD_NAMES, .parse = check_file,
	       .metavar = "FILE",
	       .help = "Replace this file instead of printing"),
	OPTION("no-metrics", OPT_FLAG, no_metrics, CMD_VERIFY,
	       .help = "Do not query CloudWatch, which costs about a cent per 250 instances"),
	OPTION("collector-metrics", OPT_LIST, collector_metrics, CMD_VERIFY,
	       .parse = check_place, .metavar = "URL",
	       .help = "Compare the sessions with the metrics of this collector, or with a file of metrics or \"status --json\""),
	OPTION("feature", OPT_LIST, features, CMD_POLICY,
	       .parse = check_feature, .names = feature_names,
	       .metavar = "FEATURE",
	       .help = "Feature to permit: ecs, nlb, open-groups, metrics or none; default: all"),
	OPTION("account", OPT_TEXT, account, CMD_POLICY, .parse = check_account,
	       .metavar = "NUMBER",
	       .help = "Restrict the policy to this account"),
	OPTION("region", OPT_TEXT, region, CALLING, .parse = check_region,
	       .metavar = "REGION",
	       .help = "AWS region; default: AWS_REGION or the region of the profile"),
	OPTION("region", OPT_TEXT, region, CMD_POLICY, .parse = check_region,
	       .metavar = "REGION",
	       .help = "Restrict the policy to this region"),
	OPTION("profile", OPT_TEXT, profile, CALLING, .metavar = "NAME",
	       .help = "Profile in ~/.aws; default: AWS_PROFILE or \"default\""),
	OPTION("endpoint-url", OPT_TEXT, endpoint_url, CALLING,
	       .parse = check_endpoint, .metavar = "URL",
	       .help = "Send all calls to this server instead of AWS"),
	OPTION("json", OPT_FLAG, json, CALLING & ~CMD_NAMES,
	       .help = "Print the result as JSON"),
	OPTION("json-progress", OPT_FLAG, json_progress, CHANGING,
	       .help = "Report progress as JSON, one object per line of standard error"),
	OPTION("yes", OPT_FLAG, yes, CHANGING, .short_name = 'y',
	       .help = "Do not ask for confirmation"),
	OPTION("dry-run", OPT_FLAG, dry_run, CHANGING,
	       .help = "Plan and check permissions with AWS, change nothing"),
	OPTION("verbose", OPT_COUNT, verbose, CALLING, .short_name = 'v',
	       .help = "Log every AWS call, without secrets"),
	{0},
};

int options_parse(struct cli_settings *s, const struct cli_command *command,
		  int argc, char **argv, bool *help, const struct log *log)
{
	struct opt_set set = {
		.table = settings_options, .settings = s, .scope = command->id};
	int n;

	if (opt_defaults(&set, log))
		return EXIT_FAILED;
	n = opt_command_line(&set, argc, argv, s->words.item,
			     command->words ? OPT_LIST_MAX : 0, help, log);
	if (n < 0)
		return EXIT_USAGE;
	s->words.n = (unsigned int)n;
	return EXIT_DONE;
}
