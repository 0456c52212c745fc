/* SPDX-License-Identifier: MIT */
/* Waits; a client without a region or server; responses that are too large;
 * renewed credentials. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "services/ec2_groups.h"
#include "services/ec2_mirror.h"
#include "services/ec2_network.h"
#include "services/ec2_wait.h"
#include "services/elbv2_change.h"
#include "client_kit.h"

#define NO_SESSION EC2_ERROR("InvalidTrafficMirrorSessionId.NotFound", "no")
#define BALANCER(state)                                                  \
	"<DescribeLoadBalancersResponse><DescribeLoadBalancersResult>"   \
	"<LoadBalancers><member><LoadBalancerArn>arn</LoadBalancerArn>"  \
	"<LoadBalancerName>n</LoadBalancerName><State><Code>" state      \
	"</Code><Reason>quota</Reason></State></member></LoadBalancers>" \
	"</DescribeLoadBalancersResult></DescribeLoadBalancersResponse>"
#define NO_BALANCER                                               \
	"<ErrorResponse><Error><Code>LoadBalancerNotFound</Code>" \
	"<Message>no</Message></Error></ErrorResponse>"

static int poll_count(struct aws_client *c, void *ctx, struct aws_error *err)
{
	int *left = ctx;

	(void)c;
	(void)err;
	return --*left == 0;
}

static void waits(void **state)
{
	struct fixture *f = *state;
	int left = 3;
	struct aws_error err = {0};

	assert_int_equal(aws_wait(f->c, poll_count, &left, 60, &err, "it"), 0);
	left = 100;
	assert_int_equal(aws_wait(f->c, poll_count, &left, 0, &err, "it"),
			 -ETIMEDOUT);
	assert_non_null(strstr(err.message, "waiting for: it"));
	/* A new resource is not visible at first. */
	responder_reply(f->r, 400, NULL, NO_SESSION);
	responder_reply(f->r, 200, NULL,
			"<DescribeTrafficMirrorSessionsResponse/>");
	responder_reply(
		f->r, 200, NULL,
		"<DescribeTrafficMirrorSessionsResponse><trafficMirrorSessionSet><item>" SESSION_IDS
		"</item></trafficMirrorSessionSet></DescribeTrafficMirrorSessionsResponse>");
	assert_int_equal(ec2_wait_visible(f->c, "tms-1", 10, &err), 0);
	assert_int_equal(responder_count(f->r), 3);
}

static void group_in_use_at_first(void **state)
{
	struct fixture *f = *state;
	struct aws_error err = {0};

	responder_reply(f->r, 400, NULL,
			EC2_ERROR("DependencyViolation", "has a dependent"));
	responder_reply(f->r, 200, NULL, "<DeleteSecurityGroupResponse/>");
	assert_int_equal(ec2_delete_group_wait(f->c, "sg-1", 10, &err), 0);
	responder_reply(f->r, 403, NULL,
			EC2_ERROR("UnauthorizedOperation", "no"));
	assert_int_equal(ec2_delete_group_wait(f->c, "sg-1", 10, &err), -EPERM);
}

static void no_region(void **state)
{
	struct fixture *f = *state;
	struct ec2_vpcs vpcs;
	struct aws_error err = {0};

	aws_client_free(f->c);
	unsetenv("AWS_REGION");
	make_client(f);
	assert_null(aws_client_region(f->c));
	assert_int_equal(ec2_describe_vpcs(f->c, NULL, &vpcs, &err), -EINVAL);
	assert_non_null(strstr(err.message, "--region"));
	assert_int_equal(aws_client_set_region(f->c, "evil.com/", &err),
			 -EINVAL);
	assert_int_equal(aws_client_set_region(f->c, "cn-north-1", &err), 0);
	assert_string_equal(aws_client_partition(f->c), "aws-cn");
}

static void connection_refused(void **state)
{
	struct fixture *f = *state;
	struct aws_options o = {.endpoint_url = "http://127.0.0.1:1",
				.max_attempts = 2,
				.retry_ms = 1};
	struct aws_client *c;
	struct ec2_vpcs vpcs;
	struct aws_error err = {0};

	(void)f;
	assert_int_equal(aws_client_new(&c, &o, &err), 0);
	assert_int_equal(ec2_describe_vpcs(c, NULL, &vpcs, &err), -EIO);
	assert_int_equal(err.kind, AWS_ERR_NETWORK);
	assert_false(err.unknown_outcome);
	assert_int_equal(aws_client_counters(c).attempts, 2);
	aws_client_free(c);
}

static void too_large(void **state)
{
	struct fixture *f = *state;
	size_t n = (16u << 20) + 1;
	char *big = malloc(n + 1);
	struct ec2_vpcs vpcs;
	struct aws_error err = {0};

	memset(big, 'a', n);
	big[n] = 0;
	responder_reply(f->r, 200, NULL, big);
	free(big);
	assert_int_equal(ec2_describe_vpcs(f->c, NULL, &vpcs, &err), -EPROTO);
	assert_non_null(strstr(err.message, "larger than"));
}

static void load_balancer(void **state)
{
	struct fixture *f = *state;
	struct aws_error err = {0};

	/* Not described yet, then provisioning, then active. */
	responder_reply(f->r, 400, NULL, NO_BALANCER);
	responder_reply(f->r, 200, NULL, BALANCER("provisioning"));
	responder_reply(f->r, 200, NULL, BALANCER("active"));
	assert_int_equal(elbv2_wait_active(f->c, "arn", 10, &err), 0);
	assert_int_equal(responder_count(f->r), 3);
	responder_reply(f->r, 200, NULL, BALANCER("failed"));
	assert_int_equal(elbv2_wait_active(f->c, "arn", 10, &err), -EINVAL);
	assert_non_null(strstr(err.message, "failed: quota"));
	responder_reply(f->r, 200, NULL, BALANCER("active"));
	responder_reply(f->r, 400, NULL, NO_BALANCER);
	assert_int_equal(elbv2_wait_deleted(f->c, "arn", 10, &err), 0);
	/* Deleting what does not exist succeeds. */
	responder_reply(f->r, 400, NULL, NO_BALANCER);
	assert_int_equal(elbv2_delete_load_balancer(f->c, "arn", &err), 0);
}

/* Credentials that are rejected as expired are searched for again, once, and only
 * different ones are used. */
static void new_credentials(void **state)
{
	static const char settings[] =
		"[default]\ncredential_process = sh -c \"echo >>$COUNT; printf '{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"ASIA\\\",\\\"SecretAccessKey\\\":\\\"s\\\",\\\"SessionToken\\\":\\\"token-%d\\\"}' $(wc -l <$COUNT)\"\n";
	struct fixture *f = *state;
	char dir[] = "/tmp/metlo-renew.XXXXXX", path[64], count[64], v[64];
	struct aws_error err = {0};
	FILE *out;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/config", dir);
	snprintf(count, sizeof(count), "%s/count", dir);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(settings, out);
	fclose(out);
	setenv("COUNT", count, 1);
	setenv("AWS_CONFIG_FILE", path, 1);
	aws_client_free(f->c);
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	make_client(f);

	responder_reply(f->r, 400, NULL, EC2_ERROR("RequestExpired", "old"));
	responder_reply(f->r, 400, NULL, NO_SESSION);
	assert_int_equal(mirror_delete_session(f->c, "tms-1", false, &err),
			 -ENOENT);
	responder_header(f->r, 0, "X-Amz-Security-Token", v, sizeof(v));
	assert_string_equal(v, "token-1");
	responder_header(f->r, 1, "X-Amz-Security-Token", v, sizeof(v));
	assert_string_equal(v, "token-2");
	/* Rejected again: an error, not an endless loop. */
	responder_reply(f->r, 400, NULL, EC2_ERROR("RequestExpired", "old"));
	responder_reply(f->r, 400, NULL, EC2_ERROR("RequestExpired", "old"));
	assert_int_equal(mirror_delete_session(f->c, "tms-1", false, &err),
			 -EACCES);
	assert_int_equal(responder_count(f->r), 4);
	unlink(path);
	unlink(count);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLIENT_TEST(waits),	    CLIENT_TEST(group_in_use_at_first),
		CLIENT_TEST(load_balancer), CLIENT_TEST(new_credentials),
		CLIENT_TEST(no_region),	    CLIENT_TEST(connection_refused),
		CLIENT_TEST(too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
