/* SPDX-License-Identifier: MIT */
/* The calls that test_aws_cli.c compares with the AWS CLI. */
#include "base/list.h"
#include "services/cloudwatch.h"
#include "services/ec2_groups.h"
#include "services/ec2_instances.h"
#include "services/ec2_mirror.h"
#include "services/ec2_network.h"
#include "services/ec2_tags.h"
#include "services/ecs.h"
#include "services/elbv2_change.h"
#include "services/sts.h"
#include "cli_rows.h"

#define TOKEN_ARG " --client-token tok"
#define TAGS(type)                                                     \
	" --tag-specifications ResourceType=" type ",Tags=[{Key=Name," \
	"Value='a b'},{Key=metlo,Value=ä}]"

static const struct aws_new_tag tag_items[] = {{"Name", "a b"}, {"metlo", "ä"}};
static const struct aws_new_tags tags = {tag_items, 2};
static const struct ec2_new_permission permission = {
	.protocol = "udp",
	.from_port = 4789,
	.to_port = 4789,
	.cidrs = {(const char *const[]){"10.0.0.0/16", "10.1.0.0/16"}, 2},
	.ipv6_cidrs = {(const char *const[]){"fd00::/8"}, 1},
	.groups = {(const char *const[]){"sg-2"}, 1},
	.description = "mirror",
};

#define CALL(name) static void name(struct aws_client *c)

CALL(create_session)
{
	const struct mirror_new_session s = {"eni-1", "tmt-1", "tmf-1", 3,
					     77,      8500,    "d",	tags};

	mirror_create_session(c, &s, "tok", true, NULL, NULL);
}

CALL(modify_session)
{
	const struct mirror_new_session s = {
		.target_id = "tmt-2", .number = 4, .vni = -1};

	mirror_modify_session(c, "tms-1", &s,
			      AWS_NAMES("packet-length", "description"), false,
			      NULL);
}

CALL(delete_session)
{
	mirror_delete_session(c, "tms-1", true, NULL);
}

CALL(create_target)
{
	const struct mirror_new_target t = {.load_balancer_arn = "arn:aws:x/y",
					    .tags = tags};

	mirror_create_target(c, &t, "tok", false, NULL, NULL);
}

CALL(create_filter)
{
	mirror_create_filter(c, "f", tags, "tok", false, NULL, NULL);
}

CALL(create_rule)
{
	const struct mirror_new_rule r = {.filter_id = "tmf-1",
					  .egress = true,
					  .number = 100,
					  .protocol = 6,
					  .dst_from = -1,
					  .src_from = 80,
					  .src_to = 88,
					  .dst_cidr = "0.0.0.0/0",
					  .src_cidr = "::/0",
					  .tags = tags};

	mirror_create_rule(c, &r, "tok", false, NULL, NULL);
}

static const struct ec2_filter filters[] = {
	{"vpc-id", {(const char *const[]){"vpc-1", "vpc-2"}, 2}},
	{"tag:Team", {(const char *const[]){"a&b"}, 1}},
};

CALL(describe_instances)
{
	const struct ec2_select which = {.filters = filters, .n_filters = 2};
	struct ec2_instances l;

	if (!ec2_describe_instances(c, &which, &l, NULL))
		ec2_instances_free(&l);
}

CALL(describe_interfaces)
{
	const struct ec2_select which = {.ids = AWS_NAMES("eni-1", "eni-2")};
	struct ec2_interfaces l;

	if (!ec2_describe_interfaces(c, &which, &l, NULL))
		ec2_interfaces_free(&l);
}

CALL(describe_sessions)
{
	const struct ec2_filter f = {"network-interface-id",
				     AWS_NAMES("eni-1")};
	const struct ec2_select which = {.filters = &f, .n_filters = 1};
	struct mirror_sessions l;

	if (!mirror_describe_sessions(c, &which, &l, NULL))
		mirror_sessions_free(&l);
}

CALL(describe_acls)
{
	struct ec2_acls l;

	if (!ec2_describe_acls(c, NULL, &l, NULL))
		ec2_acls_free(&l);
}

CALL(describe_endpoints)
{
	const struct ec2_select which = {.ids = AWS_NAMES("vpce-1")};
	struct ec2_endpoints l;

	if (!ec2_describe_endpoints(c, &which, &l, NULL))
		ec2_endpoints_free(&l);
}

CALL(create_tags)
{
	ec2_create_tags(c, AWS_NAMES("tms-1", "tmf-1"), tags, false, NULL);
}

CALL(delete_tags)
{
	static const struct aws_new_tag any = {"k", NULL};

	ec2_delete_tags(c, AWS_NAMES("tms-1"), (struct aws_new_tags){&any, 1},
			true, NULL);
}

CALL(create_group)
{
	char id[EC2_ID_MAX];

	ec2_create_group(c, "n", "d e", "vpc-1", tags, false, id, NULL);
}

CALL(authorize_rule)
{
	ec2_authorize_ingress(c, "sg-1", &permission, false, NULL);
}

CALL(revoke_rule)
{
	ec2_revoke_ingress(c, "sg-1", &permission, false, NULL);
}

CALL(delete_group)
{
	ec2_delete_group(c, "sg-1", false, NULL);
}

CALL(create_balancer)
{
	const struct elbv2_new_load_balancer lb = {
		.name = "n",
		.subnets = AWS_NAMES("subnet-1", "subnet-2"),
		.groups = AWS_NAMES("sg-1"),
		.tags = tags};

	elbv2_create_load_balancer(c, &lb, NULL, NULL);
}

CALL(create_target_group)
{
	const struct elbv2_new_target_group tg = {.name = "n",
						  .protocol = "UDP",
						  .port = 4789,
						  .vpc_id = "vpc-1",
						  .target_type = "instance",
						  .health_protocol = "TCP",
						  .health_port = "4789",
						  .health_interval = 10,
						  .healthy_threshold = 3,
						  .unhealthy_threshold = 3,
						  .tags = tags};

	elbv2_create_target_group(c, &tg, NULL, NULL);
}

CALL(create_listener)
{
	const struct elbv2_new_listener l = {"lb", "UDP", 4789, "tg", tags};

	elbv2_create_listener(c, &l, NULL, NULL);
}

CALL(balancer_attributes)
{
	static const struct aws_new_tag a = {
		"load_balancing.cross_zone.enabled", "true"};

	elbv2_modify_load_balancer_attributes(
		c, "lb", (struct aws_new_tags){&a, 1}, NULL);
}

CALL(target_group_attributes)
{
	static const struct aws_new_tag a[] = {
		{"stickiness.enabled", "true"},
		{"stickiness.type", "source_ip"}};

	elbv2_modify_target_group_attributes(c, "tg",
					     (struct aws_new_tags){a, 2}, NULL);
}

CALL(register_targets)
{
	elbv2_register_targets(c, "tg", AWS_NAMES("i-1", "i-2"), 4789, NULL);
}

CALL(describe_balancers)
{
	struct elbv2_load_balancers l;

	if (!elbv2_describe_load_balancers(c, (struct aws_names){0},
					   AWS_NAMES("a", "b"), &l, NULL))
		elbv2_load_balancers_free(&l);
}

CALL(describe_target_groups)
{
	struct elbv2_target_group_select which = {.load_balancer_arn = "lb"};
	struct elbv2_target_groups l;

	if (!elbv2_describe_target_groups(c, &which, &l, NULL))
		elbv2_target_groups_free(&l);
}

CALL(metrics)
{
	const struct cw_query q[] = {
		{"AWS/EC2", "NetworkMirrorOut", "InstanceId", "i-1", "Sum", 60},
		{"AWS/EC2", "NetworkSkipMirrorOut", NULL, NULL, "Sum", 300}};
	struct cw_results r;

	if (!cw_get_metric_data(c, q, 2, 0, 3600, &r, NULL))
		cw_results_free(&r);
}

CALL(list_services)
{
	struct ecs_services l;

	if (!ecs_list_services(c, "c1", &l, NULL))
		ecs_services_free(&l);
}

CALL(describe_services)
{
	struct ecs_services l;

	if (!ecs_describe_services(c, "c1", AWS_NAMES("s1", "s2"), &l, NULL))
		ecs_services_free(&l);
}

CALL(list_tasks)
{
	struct ecs_tasks l;

	if (!ecs_list_service_tasks(c, "c1", "s1", &l, NULL))
		ecs_tasks_free(&l);
}

CALL(container_instances)
{
	struct ecs_container_instances l;

	if (!ecs_describe_container_instances(c, "c1", AWS_NAMES("ci"), &l,
					      NULL))
		ecs_container_instances_free(&l);
}

CALL(identity)
{
	struct sts_identity id;

	if (!sts_get_caller_identity(c, &id, NULL))
		sts_identity_free(&id);
}

#define PERMISSION                                                        \
	" --group-id sg-1 --ip-permissions IpProtocol=udp,FromPort=4789," \
	"ToPort=4789,IpRanges='[{CidrIp=10.0.0.0/16,Description=mirror}," \
	"{CidrIp=10.1.0.0/16,Description=mirror}]',Ipv6Ranges="           \
	"'[{CidrIpv6=fd00::/8,Description=mirror}]',UserIdGroupPairs="    \
	"'[{GroupId=sg-2,Description=mirror}]'"

/* Formatted by hand: clang-format would indent the long strings out of sight. */
/* clang-format off */
const struct cli_row cli_rows[] = {
	{"CreateTrafficMirrorSession", create_session,
	 "ec2 create-traffic-mirror-session --network-interface-id eni-1 --traffic-mirror-target-id tmt-1 --traffic-mirror-filter-id tmf-1 --session-number 3 --virtual-network-id 77 --packet-length 8500 --description d --dry-run" TAGS("traffic-mirror-session") TOKEN_ARG},
	{"ModifyTrafficMirrorSession", modify_session,
	 "ec2 modify-traffic-mirror-session --traffic-mirror-session-id tms-1 --traffic-mirror-target-id tmt-2 --session-number 4 --remove-fields packet-length description"},
	{"DeleteTrafficMirrorSession", delete_session,
	 "ec2 delete-traffic-mirror-session --traffic-mirror-session-id tms-1 --dry-run"},
	{"CreateTrafficMirrorTarget", create_target,
	 "ec2 create-traffic-mirror-target --network-load-balancer-arn arn:aws:x/y" TAGS("traffic-mirror-target") TOKEN_ARG},
	{"CreateTrafficMirrorFilter", create_filter,
	 "ec2 create-traffic-mirror-filter --description f" TAGS("traffic-mirror-filter") TOKEN_ARG},
	/* Older versions of the CLI cannot tag rules, so the tags are not
	 * compared. */
	{"CreateTrafficMirrorFilterRule", create_rule,
	 "ec2 create-traffic-mirror-filter-rule --traffic-mirror-filter-id tmf-1 --traffic-direction egress --rule-number 100 --rule-action accept --protocol 6 --source-port-range FromPort=80,ToPort=88 --destination-cidr-block 0.0.0.0/0 --source-cidr-block ::/0" TOKEN_ARG},
	{"DescribeInstances", describe_instances,
	 "ec2 describe-instances --no-paginate --max-results 1000 --filters Name=vpc-id,Values=vpc-1,vpc-2 'Name=tag:Team,Values=a&b'"},
	{"DescribeNetworkInterfaces", describe_interfaces,
	 "ec2 describe-network-interfaces --no-paginate --network-interface-ids eni-1 eni-2"},
	{"DescribeTrafficMirrorSessions", describe_sessions,
	 "ec2 describe-traffic-mirror-sessions --no-paginate --max-results 1000 --filters Name=network-interface-id,Values=eni-1"},
	{"DescribeNetworkAcls", describe_acls,
	 "ec2 describe-network-acls --no-paginate --max-results 1000"},
	{"DescribeVpcEndpoints", describe_endpoints,
	 "ec2 describe-vpc-endpoints --no-paginate --vpc-endpoint-ids vpce-1"},
	{"CreateTags", create_tags,
	 "ec2 create-tags --resources tms-1 tmf-1 --tags Key=Name,Value='a b' Key=metlo,Value=ä"},
	{"DeleteTags", delete_tags,
	 "ec2 delete-tags --resources tms-1 --tags Key=k --dry-run"},
	{"CreateSecurityGroup", create_group,
	 "ec2 create-security-group --group-name n --description 'd e' --vpc-id vpc-1" TAGS("security-group")},
	{"AuthorizeSecurityGroupIngress", authorize_rule,
	 "ec2 authorize-security-group-ingress" PERMISSION},
	{"RevokeSecurityGroupIngress", revoke_rule,
	 "ec2 revoke-security-group-ingress" PERMISSION},
	{"DeleteSecurityGroup", delete_group,
	 "ec2 delete-security-group --group-id sg-1"},
	{"CreateLoadBalancer", create_balancer,
	 "elbv2 create-load-balancer --name n --subnets subnet-1 subnet-2 --security-groups sg-1 --scheme internal --type network --ip-address-type ipv4 --tags Key=Name,Value='a b' Key=metlo,Value=ä"},
	{"CreateTargetGroup", create_target_group,
	 "elbv2 create-target-group --name n --protocol UDP --port 4789 --vpc-id vpc-1 --target-type instance --health-check-protocol TCP --health-check-port 4789 --health-check-interval-seconds 10 --healthy-threshold-count 3 --unhealthy-threshold-count 3 --tags Key=Name,Value='a b' Key=metlo,Value=ä"},
	{"CreateListener", create_listener,
	 "elbv2 create-listener --load-balancer-arn lb --protocol UDP --port 4789 --default-actions Type=forward,TargetGroupArn=tg --tags Key=Name,Value='a b' Key=metlo,Value=ä"},
	{"ModifyLoadBalancerAttributes", balancer_attributes,
	 "elbv2 modify-load-balancer-attributes --load-balancer-arn lb --attributes Key=load_balancing.cross_zone.enabled,Value=true"},
	{"ModifyTargetGroupAttributes", target_group_attributes,
	 "elbv2 modify-target-group-attributes --target-group-arn tg --attributes Key=stickiness.enabled,Value=true Key=stickiness.type,Value=source_ip"},
	{"RegisterTargets", register_targets,
	 "elbv2 register-targets --target-group-arn tg --targets Id=i-1,Port=4789 Id=i-2,Port=4789"},
	{"DescribeLoadBalancers", describe_balancers,
	 "elbv2 describe-load-balancers --no-paginate --names a b"},
	{"DescribeTargetGroups", describe_target_groups,
	 "elbv2 describe-target-groups --no-paginate --page-size 400 --load-balancer-arn lb"},
	{"GetMetricData", metrics,
	 "cloudwatch get-metric-data --no-paginate --start-time 1970-01-01T00:00:00Z --end-time 1970-01-01T01:00:00Z --metric-data-queries '[{\"Id\":\"m0\",\"ReturnData\":true,\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/EC2\",\"MetricName\":\"NetworkMirrorOut\",\"Dimensions\":[{\"Name\":\"InstanceId\",\"Value\":\"i-1\"}]},\"Period\":60,\"Stat\":\"Sum\"}},{\"Id\":\"m1\",\"ReturnData\":true,\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/EC2\",\"MetricName\":\"NetworkSkipMirrorOut\"},\"Period\":300,\"Stat\":\"Sum\"}}]'"},
	{"ListServices", list_services,
	 "ecs list-services --no-paginate --cluster c1 --max-results 100"},
	{"DescribeServices", describe_services,
	 "ecs describe-services --cluster c1 --services s1 s2"},
	{"ListTasks", list_tasks,
	 "ecs list-tasks --no-paginate --cluster c1 --service-name s1 --max-results 100"},
	{"DescribeContainerInstances", container_instances,
	 "ecs describe-container-instances --cluster c1 --container-instances ci"},
	{"GetCallerIdentity", identity,
	 "sts get-caller-identity"},
};
/* clang-format on */

const size_t n_cli_rows = ARRAY_SIZE(cli_rows);
