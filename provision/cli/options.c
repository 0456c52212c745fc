/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/exit.h"
#include "cli/options.h"
#include "model/limits.h"
#include "plan/policy.h"
#include "model/sessions.h"
#include "model/spec.h"
#include "model/filter_text.h"

static const char *const output_names[] = {"apply", "terraform",
					   "cloudformation", NULL};

_Static_assert(sizeof(enum output_format) == sizeof(int),
	       "OPT_ENUM sets an int");
_Static_assert(OUTPUT_CLOUDFORMATION == 2, "as in the names");

/* What these take besides, their parsers know; these are offered by shells. */
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

/* What needs memory to be read is only looked at here; the command reads it
 * again into an arena that lives long enough. */
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

static bool check_ports(void *settings, const char *text,
			struct parse_error *err)
{
	return !strcmp(text, PORTS_AUTO) ||
	       check_port_list(settings, text, err);
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

static bool check_collector(void *settings, const char *text,
			    struct parse_error *err)
{
	(void)settings;
	return collector_check(text, err);
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
	       parse_refuse(err, "\"%.60s\" is not an account's 12 digits",
			    text);
}

#define FIELD(member) OPT_FIELD(struct settings, member)
#define EVERY	      0xffffffffu
#define MAKES	      (CMD_SETUP | CMD_PLAN)
#define CHANGES	      (CMD_SETUP | CMD_REMOVE | CMD_SYNC)
#define REPORTS	      EVERY

const struct opt settings_options[] = {
	{.name = "name",
	 .type = OPT_LIST,
	 .offset = FIELD(names),
	 .scope = CMD_LIST | CMD_SYNC | CMD_VERIFY,
	 .parse = check_name,
	 .metavar = "NAME",
	 .help = "A deployment; all if not given"},
	{.name = "name",
	 .type = OPT_LIST,
	 .offset = FIELD(names),
	 .scope = CMD_REMOVE,
	 .parse = check_name,
	 .metavar = "NAME",
	 .help = "A deployment"},
	{.name = "name",
	 .type = OPT_TEXT,
	 .offset = FIELD(name),
	 .scope = MAKES,
	 .parse = check_name,
	 .metavar = "NAME",
	 .help = "Of the deployment; " SPEC_DEFAULT_NAME " if not given"},
	{.name = "source",
	 .type = OPT_LIST,
	 .offset = FIELD(sources),
	 .scope = MAKES,
	 .parse = check_source,
	 .metavar = "SOURCE",
	 .help = "What to mirror: i-..., eni-..., ecs:CLUSTER/SERVICE, alb:NAME, clb:NAME, tag:KEY=VALUE, vpc-... or subnet-..."},
	{.name = "exclude",
	 .type = OPT_LIST,
	 .offset = FIELD(excluded),
	 .scope = MAKES,
	 .parse = check_source,
	 .metavar = "SOURCE",
	 .help = "What to leave out of these, in the same words"},
	{.name = "target",
	 .type = OPT_TEXT,
	 .offset = FIELD(target),
	 .scope = MAKES,
	 .parse = check_target,
	 .metavar = "TARGET",
	 .help = "Where to: nlb:new, nlb:NAME, an interface eni-..., a Gateway Load Balancer endpoint vpce-... or a mirror target tmt-..., shared ones too"},
	{.name = "collector",
	 .type = OPT_LIST,
	 .offset = FIELD(collectors),
	 .scope = MAKES,
	 .parse = check_collector,
	 .metavar = "INSTANCE",
	 .help = "An instance i-... behind the new load balancer, or tag:KEY=VALUE: all with that tag, also later"},
	{.name = "subnet",
	 .type = OPT_LIST,
	 .offset = FIELD(subnets),
	 .scope = MAKES,
	 .metavar = "SUBNET",
	 .help = "A subnet of the new load balancer, one per zone; chosen if none is given"},
	{.name = "ports",
	 .type = OPT_TEXT,
	 .offset = FIELD(ports),
	 .scope = MAKES,
	 .parse = check_ports,
	 .names = port_names,
	 .metavar = "PORTS",
	 .help = "Ports of the servers, as in 80,8000-8100; auto: those on which load balancers reach the sources; all mirrors every packet"},
	{.name = "side",
	 .type = OPT_TEXT,
	 .offset = FIELD(side),
	 .scope = MAKES,
	 .parse = check_side,
	 .names = side_names,
	 .metavar = "SIDE",
	 .help = "What the sources are: server (they listen on the ports), client or both; server if not given"},
	{.name = "protocol",
	 .type = OPT_TEXT,
	 .offset = FIELD(protocol),
	 .scope = MAKES,
	 .parse = check_protocol,
	 .names = protocol_names,
	 .metavar = "NAME",
	 .help = "tcp, udp or any; tcp if not given"},
	{.name = "peer",
	 .type = OPT_LIST,
	 .offset = FIELD(peers),
	 .scope = MAKES,
	 .parse = check_peer,
	 .metavar = "CIDR",
	 .help = "Only traffic with these addresses, as in 10.0.0.0/8; any takes all"},
	{.name = "ip",
	 .type = OPT_TEXT,
	 .offset = FIELD(ip),
	 .scope = MAKES,
	 .parse = check_ip,
	 .names = ip_names,
	 .metavar = "VERSIONS",
	 .help = "4, 6, 46 or auto: IPv6 too if a source has such an address; auto if not given"},
	{.name = "vni",
	 .type = OPT_U32,
	 .offset = FIELD(vni),
	 .scope = MAKES,
	 .min = 1,
	 .max = VNI_MAX,
	 .metavar = "N",
	 .help = "VXLAN network identifier; chosen if not given"},
	{.name = "packet-length",
	 .type = OPT_U32,
	 .offset = FIELD(packet_length),
	 .scope = MAKES,
	 .min = 1,
	 .max = 65535,
	 .metavar = "BYTES",
	 .help = "Cut packets at that length; whole if not given"},
	{.name = "open-groups",
	 .type = OPT_FLAG,
	 .offset = FIELD(open_groups),
	 .scope = MAKES,
	 .help = "Add the rules that the collectors' security groups lack"},
	{.name = "output",
	 .type = OPT_ENUM,
	 .offset = FIELD(output),
	 .scope = MAKES,
	 .names = output_names,
	 .metavar = "FORMAT",
	 .help = "terraform or cloudformation: write the plan as code to standard output, change nothing"},
	{.name = "session",
	 .type = OPT_LIST,
	 .offset = FIELD(sessions),
	 .scope = CMD_REMOVE,
	 .metavar = "ID",
	 .help = "One mirror session, tms-..."},
	{.name = "all",
	 .type = OPT_FLAG,
	 .offset = FIELD(all),
	 .scope = CMD_REMOVE,
	 .help = "Every deployment that metlo-mirror made in the region"},
	{.name = "all",
	 .type = OPT_FLAG,
	 .offset = FIELD(all),
	 .scope = CMD_LIST,
	 .help = "Also the sessions that others made"},
	{.name = "watch",
	 .type = OPT_FLAG,
	 .offset = FIELD(watch),
	 .scope = CMD_SYNC,
	 .help = "Go on until SIGINT or SIGTERM, without asking"},
	{.name = "interval",
	 .type = OPT_SECONDS,
	 .offset = FIELD(interval),
	 .scope = CMD_SYNC,
	 .min = 1,
	 .max = 86400,
	 .initial = "60",
	 .metavar = "SECONDS",
	 .help = "With --watch: how long from one look to the next"},
	{.name = "metrics",
	 .type = OPT_TEXT,
	 .offset = FIELD(metrics),
	 .scope = CMD_SYNC,
	 .metavar = "FILE",
	 .help = "Write counts to this file after each look, for Prometheus"},
	{.name = "no-metrics",
	 .type = OPT_FLAG,
	 .offset = FIELD(no_metrics),
	 .scope = CMD_VERIFY,
	 .help = "Do not ask CloudWatch, which costs a cent for 250 instances"},
	{.name = "feature",
	 .type = OPT_LIST,
	 .offset = FIELD(features),
	 .scope = CMD_POLICY,
	 .parse = check_feature,
	 .names = feature_names,
	 .metavar = "FEATURE",
	 .help = "ecs, nlb, open-groups, metrics or none: what is to be used; all if not given"},
	{.name = "account",
	 .type = OPT_TEXT,
	 .offset = FIELD(account),
	 .scope = CMD_POLICY,
	 .parse = check_account,
	 .metavar = "NUMBER",
	 .help = "Only resources of this account"},
	{.name = "region",
	 .type = OPT_TEXT,
	 .offset = FIELD(region),
	 .scope = EVERY,
	 .metavar = "REGION",
	 .help = "Instead of AWS_REGION or the region of the profile"},
	{.name = "profile",
	 .type = OPT_TEXT,
	 .offset = FIELD(profile),
	 .scope = EVERY,
	 .metavar = "NAME",
	 .help = "Profile in ~/.aws, instead of AWS_PROFILE or default"},
	{.name = "endpoint-url",
	 .type = OPT_TEXT,
	 .offset = FIELD(endpoint_url),
	 .scope = EVERY,
	 .metavar = "URL",
	 .help = "Call this server instead of AWS"},
	{.name = "json",
	 .type = OPT_FLAG,
	 .offset = FIELD(json),
	 .scope = REPORTS,
	 .help = "Print the result as JSON"},
	{.name = "yes",
	 .short_name = 'y',
	 .type = OPT_FLAG,
	 .offset = FIELD(yes),
	 .scope = CHANGES,
	 .help = "Do not ask whether to go ahead"},
	{.name = "dry-run",
	 .type = OPT_FLAG,
	 .offset = FIELD(dry_run),
	 .scope = CHANGES,
	 .help = "Plan and ask AWS for every permission, change nothing"},
	{.name = "verbose",
	 .short_name = 'v',
	 .type = OPT_COUNT,
	 .offset = FIELD(verbose),
	 .scope = EVERY,
	 .help = "Tell each call to AWS (never a secret)"},
	{0},
};

int options_read(struct settings *s, const struct command *command, int argc,
		 char **argv, bool *help, const struct log *log)
{
	struct opt_set set = {
		.table = settings_options, .settings = s, .scope = command->id};
	int n;

	if (!opt_defaults(&set, log))
		return EXIT_FAILED;
	n = opt_command_line(&set, argc, argv, s->words.item,
			     command->words ? OPT_LIST_MAX : 0, help, log);
	if (n < 0)
		return EXIT_USAGE;
	s->words.n = (unsigned int)n;
	return EXIT_DONE;
}
