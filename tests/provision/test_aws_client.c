/* SPDX-License-Identifier: MIT */
/* Calls to AWS: signed headers, retries, client tokens, clock, pagination, errors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "services/ec2_groups.h"
#include "services/ec2_instances.h"
#include "services/ec2_mirror.h"
#include "services/ec2_network.h"
#include "services/ecs.h"
#include "services/elbv2.h"
#include "services/sts.h"
#include "client_kit.h"

#define SESSION_CREATED                                              \
	"<CreateTrafficMirrorSessionResponse xmlns=\"http://ec2/\">" \
	"<requestId>r</requestId><trafficMirrorSession>" SESSION_IDS \
	"<sessionNumber>3</sessionNumber><virtualNetworkId>77"       \
	"</virtualNetworkId></trafficMirrorSession>"                 \
	"</CreateTrafficMirrorSessionResponse>"
#define DELETED	   "<DeleteTrafficMirrorSessionResponse/>"
#define NO_SESSION EC2_ERROR("InvalidTrafficMirrorSessionId.NotFound", "no")

static int create_session(struct fixture *f, bool dry_run,
			  struct mirror_sessions *out, struct aws_error *err)
{
	static const struct aws_new_tag tag = {"Name", "x"};
	const struct mirror_new_session s = {.interface_id = "eni-1",
					     .target_id = "tmt-1",
					     .filter_id = "tmf-1",
					     .number = 3,
					     .vni = 77,
					     .tags = {&tag, 1}};

	return mirror_create_session(f->c, &s, NULL, dry_run, out, err);
}

/* The value of a parameter of the i-th request. */
static void parameter(struct fixture *f, size_t i, const char *name, char *to,
		      size_t n)
{
	const char *body = responder_body(f->r, i), *p;
	char key[80];

	assert_non_null(body);
	snprintf(key, sizeof(key), "&%s=", name);
	p = strstr(body, key);
	if (!p)
		fail_msg("no %s in %s", name, body);
	p += strlen(key);
	snprintf(to, n, "%.*s", (int)strcspn(p, "&"), p);
}

static void signs(void **state)
{
	struct fixture *f = *state;
	struct sts_identity id;
	char v[512], host[64];

	responder_reply(
		f->r, 200, NULL,
		"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account><Arn>arn:x</Arn><UserId>U</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>");
	assert_int_equal(sts_get_caller_identity(f->c, &id, NULL), 0);
	assert_string_equal(id.account, "123456789012");
	assert_string_equal(id.arn, "arn:x");
	assert_string_equal(id.user_id, "U");
	sts_identity_free(&id);
	assert_string_equal(responder_body(f->r, 0),
			    "Action=GetCallerIdentity&Version=2011-06-15");
	assert_ptr_equal(strstr(responder_head(f->r, 0), "POST / HTTP/1.1"),
			 responder_head(f->r, 0));
	responder_header(f->r, 0, "Authorization", v, sizeof(v));
	assert_non_null(strstr(v, "Credential=" KEY "/"));
	assert_non_null(strstr(v, "/eu-central-1/sts/aws4_request, "));
	assert_non_null(strstr(
		v,
		"SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="));
	responder_header(f->r, 0, "X-Amz-Security-Token", v, sizeof(v));
	assert_string_equal(v, TOKEN);
	snprintf(host, sizeof(host), "http://%s",
		 responder_header(f->r, 0, "Host", v, sizeof(v)));
	assert_string_equal(host, responder_url(f->r));
	assert_string_equal(
		responder_header(f->r, 0, "Content-Type", v, sizeof(v)),
		"application/x-www-form-urlencoded; charset=utf-8");
}

static void retries_with_one_token(void **state)
{
	struct fixture *f = *state;
	struct mirror_sessions made;
	struct aws_error err = {0};
	char a[64], b[64];
	time_t start = time(NULL);

	/* Not a number of seconds: the pause stays that of the policy. */
	responder_reply(f->r, 503, "Retry-After: -5\r\n",
			EC2_ERROR("RequestLimitExceeded", "slow down"));
	responder_reply(f->r, 500, NULL, "<html>oops</html>");
	/* libcurl itself resends once on a persistent connection. */
	responder_disconnect(f->r);
	responder_disconnect(f->r);
	/* Throttled attempts do not count towards the limit of failures. */
	responder_reply(f->r, 400, NULL, EC2_ERROR("Throttling", "Rate"));
	responder_reply(f->r, 200, NULL, SESSION_CREATED);
	if (create_session(f, false, &made, &err)) {
		/* The third server or network failure is final. */
		assert_int_equal(err.kind, AWS_ERR_NETWORK);
		assert_true(err.unknown_outcome);
		assert_int_equal(responder_count(f->r), 4);
	} else {
		mirror_sessions_free(&made);
		fail_msg("the call continued after three failed attempts");
	}
	assert_in_range(time(NULL) - start, 0, 19); /* less than is allowed */
	parameter(f, 0, "ClientToken", a, sizeof(a));
	parameter(f, 2, "ClientToken", b, sizeof(b));
	assert_string_equal(a, b);
	assert_int_equal(strlen(a), AWS_TOKEN_LEN - 1);
	assert_int_equal(aws_client_counters(f->c).retried, 2);
	assert_int_equal(aws_client_counters(f->c).throttled, 1);

	/* The remaining script: throttled once, then created. */
	assert_int_equal(create_session(f, false, &made, &err), 0);
	assert_int_equal(made.n, 1);
	assert_string_equal(made.items[0].id, "tms-1");
	assert_int_equal(made.items[0].number, 3);
	assert_int_equal(made.items[0].vni, 77);
	assert_null(made.items[0].description);
	mirror_sessions_free(&made);
	parameter(f, 4, "ClientToken", a, sizeof(a));
	parameter(f, 5, "ClientToken", b, sizeof(b));
	assert_string_equal(a, b);
	parameter(f, 3, "ClientToken", b, sizeof(b));
	assert_string_not_equal(a, b);
}

static void throttled_until_the_end(void **state)
{
	struct fixture *f = *state;
	struct aws_error err = {0};
	int i;

	for (i = 0; i < 6; i++)
		responder_reply(f->r, 503, NULL,
				EC2_ERROR("RequestLimitExceeded", "slow"));
	assert_int_equal(mirror_delete_session(f->c, "tms-1", false, &err),
			 -EAGAIN);
	assert_int_equal(responder_count(f->r), 6);
	assert_string_equal(err.code, "RequestLimitExceeded");
	assert_string_equal(err.request_id, "req-1");
	assert_string_equal(err.action, "DeleteTrafficMirrorSession");
}

static void lost_response_to_delete(void **state)
{
	struct fixture *f = *state;
	struct aws_error err = {0};

	responder_disconnect(f->r);
	responder_reply(f->r, 400, NULL, NO_SESSION);
	assert_int_equal(mirror_delete_session(f->c, "tms-1", false, &err), 0);
	/* Without a lost response it is an error. */
	responder_reply(f->r, 400, NULL, NO_SESSION);
	assert_int_equal(mirror_delete_session(f->c, "tms-1", false, &err),
			 -ENOENT);
	responder_reply(f->r, 200, NULL, DELETED);
	assert_int_equal(mirror_delete_session(f->c, "tms-1", false, &err), 0);
	/* The request that libcurl resends on a persistent connection counts as
	 * a lost response, too. */
	responder_disconnect(f->r);
	responder_reply(f->r, 400, NULL, NO_SESSION);
	assert_int_equal(mirror_delete_session(f->c, "tms-1", false, &err), 0);
	assert_int_equal(responder_count(f->r), 6);
	assert_int_equal(aws_client_counters(f->c).attempts, 5);
}

static void lost_response_to_group(void **state)
{
	static const struct aws_new_tag tag = {"metlo", "d1"};
	struct fixture *f = *state;
	char id[EC2_ID_MAX];
	struct aws_error err = {0};

	responder_disconnect(f->r);
	responder_reply(f->r, 400, NULL,
			EC2_ERROR("InvalidGroup.Duplicate", "exists"));
	responder_reply(
		f->r, 200, NULL,
		"<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>sg-9</groupId><tagSet><item><key>metlo</key><value>d1</value></item></tagSet></item></securityGroupInfo></DescribeSecurityGroupsResponse>");
	assert_int_equal(ec2_create_group(f->c, "n", "d", "vpc-1",
					  (struct aws_new_tags){&tag, 1}, false,
					  id, &err),
			 0);
	assert_string_equal(id, "sg-9");
	assert_non_null(strstr(
		responder_body(f->r, 2),
		"Filter.1.Name=group-name&Filter.1.Value.1=n&Filter.2.Name=vpc-id&Filter.2.Value.1=vpc-1"));

	/* A group with that name but without the tags is not adopted. */
	responder_disconnect(f->r);
	responder_reply(f->r, 400, NULL,
			EC2_ERROR("InvalidGroup.Duplicate", "exists"));
	responder_reply(
		f->r, 200, NULL,
		"<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>sg-9</groupId></item></securityGroupInfo></DescribeSecurityGroupsResponse>");
	assert_int_equal(ec2_create_group(f->c, "n", "d", "vpc-1",
					  (struct aws_new_tags){&tag, 1}, false,
					  id, &err),
			 -EEXIST);
}

static void dry_run(void **state)
{
	struct fixture *f = *state;
	struct mirror_sessions made;
	struct aws_error err = {0};

	responder_reply(f->r, 412, NULL,
			EC2_ERROR("DryRunOperation", "would have succeeded"));
	assert_int_equal(create_session(f, true, &made, &err), 0);
	assert_int_equal(made.n, 0);
	assert_non_null(strstr(responder_body(f->r, 0), "&DryRun=true"));
	responder_reply(f->r, 403, NULL,
			EC2_ERROR("UnauthorizedOperation", "You are not "));
	assert_int_equal(create_session(f, true, &made, &err), -EPERM);
	assert_int_equal(err.kind, AWS_ERR_DENIED);
	/* The endpoint ignored DryRun. */
	responder_reply(f->r, 200, NULL, SESSION_CREATED);
	assert_int_equal(create_session(f, true, &made, &err), -EPROTO);
}

static int64_t sent_at(struct fixture *f, size_t i)
{
	struct tm tm = {0};
	char v[64];

	responder_header(f->r, i, "X-Amz-Date", v, sizeof(v));
	assert_non_null(strptime(v, "%Y%m%dT%H%M%SZ", &tm));
	return timegm(&tm);
}

/* The Date header of another time. */
static void date_of(time_t there, char *date, size_t size)
{
	struct tm tm;

	gmtime_r(&there, &tm);
	strftime(date, size, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
}

static void clock_is_wrong(void **state)
{
	struct fixture *f = *state;
	struct aws_error err = {0};
	char date[80];

	date_of(time(NULL) + 7200, date, sizeof(date));
	responder_reply(f->r, 400, date, EC2_ERROR("RequestExpired", "late"));
	responder_reply(f->r, 200, date, DELETED);
	assert_int_equal(mirror_delete_session(f->c, "tms-1", false, &err), 0);
	assert_in_range(sent_at(f, 1) - sent_at(f, 0), 7195, 7205);
	/* The offset persists, and a second rejection is an error. */
	responder_reply(f->r, 400, date, EC2_ERROR("RequestExpired", "late"));
	assert_int_equal(mirror_delete_session(f->c, "tms-1", false, &err),
			 -EACCES);
	assert_in_range(sent_at(f, 2) - sent_at(f, 0), 7195, 7210);
}

/* Stopped between two attempts without a pause, after one whose effect is not
 * known. */
static void stopped_before_a_later_attempt(void **state)
{
	struct fixture *f = *state;
	struct aws_error err = {0};
	char date[80];

	date_of(time(NULL) + 7200, date, sizeof(date));
	f->stop_after = "the clock of this host";
	responder_reply(f->r, 500, NULL, "<html>oops</html>");
	responder_reply(f->r, 400, date, EC2_ERROR("RequestExpired", "late"));
	assert_int_equal(mirror_delete_session(f->c, "tms-1", false, &err),
			 -EINTR);
	assert_int_equal(responder_count(f->r), 2);
	assert_int_equal(err.kind, AWS_ERR_STOPPED);
	assert_true(err.unknown_outcome);
}

static void pages(void **state)
{
	struct fixture *f = *state;
	struct ec2_subnets l;
	const struct ec2_filter by_vpc = {"vpc-id", AWS_NAMES("vpc-1")};
	const struct ec2_select which = {.filters = &by_vpc, .n_filters = 1};
	struct aws_error err = {0};

	responder_reply(
		f->r, 200, NULL,
		"<DescribeSubnetsResponse><subnetSet><item><subnetId>a</subnetId></item><item><subnetId>b</subnetId></item></subnetSet><nextToken>t+1=</nextToken></DescribeSubnetsResponse>");
	responder_reply(
		f->r, 200, NULL,
		"<DescribeSubnetsResponse><subnetSet><item><subnetId>c</subnetId></item></subnetSet><nextToken/></DescribeSubnetsResponse>");
	assert_int_equal(ec2_describe_subnets(f->c, &which, &l, &err), 0);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.items[2].id, "c");
	ec2_subnets_free(&l);
	assert_string_equal(
		responder_body(f->r, 0),
		"Action=DescribeSubnets&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1&MaxResults=1000");
	assert_non_null(strstr(responder_body(f->r, 1), "&NextToken=t%2B1%3D"));

	/* The items of earlier pages are freed if a page fails. */
	responder_reply(
		f->r, 200, NULL,
		"<DescribeSubnetsResponse><subnetSet><item><subnetId>a</subnetId></item></subnetSet><nextToken>t</nextToken></DescribeSubnetsResponse>");
	responder_reply(f->r, 400, NULL, EC2_ERROR("InvalidParameter", "x"));
	assert_int_equal(ec2_describe_subnets(f->c, NULL, &l, &err), -EINVAL);
	assert_int_equal(l.n, 0);
}

static void many_ids(void **state)
{
	struct fixture *f = *state;
	const char *ids[201];
	const struct ec2_select which = {.ids = {ids, 201}};
	struct ec2_interfaces l;
	size_t i;

	for (i = 0; i < 201; i++)
		ids[i] = "eni-1";
	for (i = 0; i < 2; i++)
		responder_reply(
			f->r, 200, NULL,
			"<DescribeNetworkInterfacesResponse><networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId></item></networkInterfaceSet></DescribeNetworkInterfacesResponse>");
	assert_int_equal(ec2_describe_interfaces(f->c, &which, &l, NULL), 0);
	assert_int_equal(l.n, 2);
	ec2_interfaces_free(&l);
	assert_non_null(strstr(responder_body(f->r, 0),
			       "&NetworkInterfaceId.200=eni-1"));
	assert_null(strstr(responder_body(f->r, 0), "MaxResults"));
	assert_non_null(
		strstr(responder_body(f->r, 1), "&NetworkInterfaceId.1=eni-1"));
	assert_null(strstr(responder_body(f->r, 1), "NetworkInterfaceId.2="));
}

static void error_forms(void **state)
{
	struct fixture *f = *state;
	struct elbv2_load_balancers lbs;
	struct ecs_clusters clusters;
	struct ec2_vpcs vpcs;
	struct aws_error err = {0};

	responder_reply(
		f->r, 400, NULL,
		"<ErrorResponse><Error><Type>Sender</Type><Code>LoadBalancerNotFound</Code><Message>none</Message></Error><RequestId>e-2</RequestId></ErrorResponse>");
	assert_int_equal(elbv2_describe_load_balancers(f->c, AWS_NAMES("arn"),
						       (struct aws_names){0},
						       &lbs, &err),
			 -ENOENT);
	assert_string_equal(err.code, "LoadBalancerNotFound");
	assert_string_equal(err.request_id, "e-2");
	responder_reply(
		f->r, 400, "x-amzn-RequestId: j-3\r\n",
		"{\"__type\":\"com.amazonaws#AccessDeniedException\",\"Message\":\"User: u is not authorized to perform: ecs:ListClusters on resource: *\"}");
	assert_int_equal(ecs_list_clusters(f->c, &clusters, &err), -EPERM);
	assert_string_equal(err.code, "AccessDeniedException");
	assert_string_equal(err.request_id, "j-3");
	assert_string_equal(err.service, "ecs");
	/* Not of AWS: no resource of the account is missing. */
	responder_reply(f->r, 404, NULL, "not found");
	assert_int_equal(ec2_describe_vpcs(f->c, NULL, &vpcs, &err), -EINVAL);
	assert_non_null(strstr(err.message, "404"));
	/* Nobody can tell which VPC that is. */
	responder_reply(
		f->r, 200, NULL,
		"<DescribeVpcsResponse><vpcSet><item><cidrBlock>10.0.0.0/16</cidrBlock></item></vpcSet></DescribeVpcsResponse>");
	assert_int_equal(ec2_describe_vpcs(f->c, NULL, &vpcs, &err), -EPROTO);
	/* A redirect is not followed. */
	responder_reply(f->r, 301, "Location: http://127.0.0.1:1/\r\n", "");
	assert_int_equal(ec2_describe_vpcs(f->c, NULL, &vpcs, &err), -EINVAL);
}

/* A proxy may respond in place of AWS. That is neither a success nor an empty
 * list, and the change may or may not have been made. */
static void foreign_responses(void **state)
{
	struct fixture *f = *state;
	struct ecs_clusters clusters;
	struct ec2_vpcs vpcs;
	struct aws_error err = {0};
	int i;

	/* A web page would come again. */
	responder_reply(f->r, 200, NULL,
			"\n<!DOCTYPE HTML><html><body>Log in</body></html>");
	assert_int_equal(ec2_describe_vpcs(f->c, NULL, &vpcs, &err), -EPROTO);
	assert_int_equal(err.kind, AWS_ERR_RESPONSE);
	assert_non_null(strstr(err.message, responder_url(f->r)));
	assert_non_null(strstr(err.message, "a web page"));
	responder_reply(f->r, 200, NULL, "<html><p>It works!</html>");
	assert_int_equal(ecs_list_clusters(f->c, &clusters, &err), -EPROTO);
	assert_non_null(strstr(err.message, "a web page"));
	assert_int_equal(responder_count(f->r), 2);
	/* The redirect of a captive portal: the message names who responded. */
	responder_reply(f->r, 302, "Location: http://portal/\r\n",
			"<html>Log in</html>");
	assert_int_not_equal(ec2_describe_vpcs(f->c, NULL, &vpcs, &err), 0);
	assert_non_null(strstr(err.message, responder_url(f->r)));
	assert_non_null(strstr(err.message, "302"));
	for (i = 0; i < 3; i++)
		responder_reply(f->r, 200, NULL, "[\"no object\"]");
	assert_int_equal(ecs_list_clusters(f->c, &clusters, &err), -EPROTO);
	assert_int_equal(responder_count(f->r), 6);
	/* Deleted, but the response was truncated: the retry finds nothing. */
	responder_reply(f->r, 200, NULL, "<DeleteTrafficMirr");
	responder_reply(f->r, 400, NULL, NO_SESSION);
	assert_int_equal(mirror_delete_session(f->c, "tms-1", false, &err), 0);
	for (i = 0; i < 3; i++)
		responder_reply(f->r, 200, NULL, "");
	assert_int_equal(mirror_delete_session(f->c, "tms-1", false, &err),
			 -EPROTO);
	assert_true(err.unknown_outcome);
}

static void no_secret_in_errors(void **state)
{
	struct fixture *f = *state;
	struct ec2_vpcs vpcs;
	struct aws_error err = {0};

	responder_reply(
		f->r, 403, NULL,
		EC2_ERROR(
			"SignatureDoesNotMatch",
			"The request signature we calculated does not match. The Canonical String should have been x-amz-security-token:" TOKEN
			" and so on"));
	assert_int_equal(ec2_describe_vpcs(f->c, NULL, &vpcs, &err), -EACCES);
	assert_non_null(strstr(err.message, "does not match"));
	assert_null(strstr(err.message, "EXAMPLETOKEN"));
	/* The teardown checks the log. */
}

/* Attempts that take long do not pass in silence. */
static void reports_hanging_server(void **state)
{
	struct fixture *f = *state;
	struct aws_options o = {.endpoint_url = responder_url(f->r),
				.log = &f->log,
				.max_attempts = 2,
				.retry_ms = 1,
				.timeout_s = 1};
	struct aws_error err = {0};

	aws_client_free(f->c);
	assert_int_equal(aws_client_new(&f->c, &o, &err), 0);
	responder_disconnect(f->r);
	responder_disconnect(f->r);
	assert_int_not_equal(mirror_delete_filter(f->c, "tmf-1", false, &err),
			     0);
	fflush(f->log.out);
	assert_null(strstr(f->log_text, "trying again"));
	responder_hang(f->r);
	responder_reply(f->r, 200, NULL,
			"<DeleteTrafficMirrorFilterResponse/>");
	mirror_delete_filter(f->c, "tmf-1", false, &err);
	fflush(f->log.out);
	assert_non_null(strstr(f->log_text, "trying again (2 of 2)"));
	assert_non_null(strstr(f->log_text, responder_url(f->r)));
}

static void stops(void **state)
{
	struct fixture *f = *state;
	struct ec2_vpcs vpcs;
	struct aws_error err = {0};
	time_t start = time(NULL);

	f->stop = true;
	assert_int_equal(ec2_describe_vpcs(f->c, NULL, &vpcs, &err), -EINTR);
	assert_int_equal(err.kind, AWS_ERR_STOPPED);
	assert_int_equal(responder_count(f->r), 0);
	assert_true(time(NULL) - start < 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLIENT_TEST(signs),
		CLIENT_TEST(retries_with_one_token),
		CLIENT_TEST(throttled_until_the_end),
		CLIENT_TEST(lost_response_to_delete),
		CLIENT_TEST(lost_response_to_group),
		CLIENT_TEST(dry_run),
		CLIENT_TEST(clock_is_wrong),
		CLIENT_TEST(stopped_before_a_later_attempt),
		CLIENT_TEST(pages),
		CLIENT_TEST(many_ids),
		CLIENT_TEST(error_forms),
		CLIENT_TEST(foreign_responses),
		CLIENT_TEST(no_secret_in_errors),
		CLIENT_TEST(reports_hanging_server),
		CLIENT_TEST(stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
