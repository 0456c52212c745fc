/* SPDX-License-Identifier: MIT */
/* The classification of AWS errors, and their texts for users. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "client/client.h"
#include "services/cloudwatch.h"
#include "services/ec2_mirror.h"
#include "services/ecs.h"
#include "services/elbv2.h"
#include "http/error_codes.h"
#include "services/sts.h"

static void kinds(void **state)
{
	static const struct {
		const char *code;
		int status;
		enum aws_error_kind kind;
		int error;
	} rows[] = {
		{"UnauthorizedOperation", 403, AWS_ERR_DENIED, -EPERM},
		{"AccessDeniedException", 400, AWS_ERR_DENIED, -EPERM},
		{"AuthFailure", 401, AWS_ERR_CREDENTIALS, -EACCES},
		{"ExpiredToken", 403, AWS_ERR_CREDENTIALS, -EACCES},
		{"RequestLimitExceeded", 503, AWS_ERR_THROTTLED, -EAGAIN},
		{"Throttling", 400, AWS_ERR_THROTTLED, -EAGAIN},
		{"InternalError", 500, AWS_ERR_SERVER, -EIO},
		{"TrafficMirrorFilterInUse", 400, AWS_ERR_IN_USE, -EBUSY},
		{"DependencyViolation", 400, AWS_ERR_IN_USE, -EBUSY},
		{"ResourceInUse", 400, AWS_ERR_IN_USE, -EBUSY},
		{"TrafficMirrorSessionsPerInterfaceLimitExceeded", 400,
		 AWS_ERR_LIMIT, -EDQUOT},
		{"InvalidTrafficMirrorSessionId.NotFound", 400,
		 AWS_ERR_NOT_FOUND, -ENOENT},
		{"InvalidPermission.Duplicate", 400, AWS_ERR_EXISTS, -EEXIST},
		/* not in the table */
		{"InvalidVpcID.NotFound", 400, AWS_ERR_NOT_FOUND, -ENOENT},
		{"LoadBalancerNotFound", 400, AWS_ERR_NOT_FOUND, -ENOENT},
		{"SomethingNewLimitExceeded", 400, AWS_ERR_LIMIT, -EDQUOT},
		{"TooManyTargets", 400, AWS_ERR_LIMIT, -EDQUOT},
		{"DuplicateTagKeys", 400, AWS_ERR_EXISTS, -EEXIST},
		{"NeverSeen", 400, AWS_ERR_REFUSED, -EINVAL},
		{"NeverSeen", 403, AWS_ERR_DENIED, -EPERM},
		{"NeverSeen", 502, AWS_ERR_SERVER, -EIO},
		{"", 429, AWS_ERR_THROTTLED, -EAGAIN},
		/* of a proxy: neither a permission nor a resource is missing */
		{"", 403, AWS_ERR_REFUSED, -EINVAL},
		{"", 404, AWS_ERR_REFUSED, -EINVAL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum aws_error_kind kind =
			aws_error_classify(rows[i].code, rows[i].status);

		if (kind != rows[i].kind)
			fail_msg("%s %d: kind %d", rows[i].code, rows[i].status,
				 kind);
		assert_int_equal(aws_error_errno(kind), rows[i].error);
	}
}

static void retryable(void **state)
{
	(void)state;
	assert_true(aws_error_is_transient("InternalFailure"));
	assert_false(aws_error_is_transient("InvalidTarget"));
	assert_true(aws_error_is_clock("RequestTimeTooSkewed", ""));
	assert_true(aws_error_is_clock(
		"SignatureDoesNotMatch",
		"Signature expired: 20260101T000000Z is now earlier than ..."));
	assert_true(aws_error_is_clock("SignatureDoesNotMatch",
				       "Signature not yet current: ..."));
	assert_false(aws_error_is_clock(
		"SignatureDoesNotMatch",
		"The request signature we calculated does not match"));
	assert_true(aws_error_is_expired("ExpiredToken"));
	assert_false(aws_error_is_expired("AuthFailure"));
}

static void permissions(void **state)
{
	struct aws_error e = {.kind = AWS_ERR_DENIED,
			      .status = 403,
			      .service = "monitoring",
			      .action = "GetMetricData"};
	char to[64], small[8];

	(void)state;
	strcpy(e.message, "You are not authorized to perform this operation.");
	assert_true(aws_error_permission(&e, to, sizeof(to)));
	assert_string_equal(to, "cloudwatch:GetMetricData");
	strcpy(e.message,
	       "User: arn:aws:iam::1:user/a is not authorized to perform: ec2:CreateTags on resource: *");
	assert_true(aws_error_permission(&e, to, sizeof(to)));
	assert_string_equal(to, "ec2:CreateTags");
	strcpy(e.message,
	       "You are not authorized to perform this operation. User: arn:aws:iam::1:user/a is not authorized to perform: ec2:CreateTags on resource: *");
	assert_true(aws_error_permission(&e, to, sizeof(to)));
	assert_string_equal(to, "ec2:CreateTags");
	assert_false(aws_error_permission(&e, small, sizeof(small)) &&
		     strlen(small) >= sizeof(small));
	e.kind = AWS_ERR_REFUSED;
	assert_false(aws_error_permission(&e, to, sizeof(to)));
}

static void texts(void **state)
{
	struct aws_error e = {.service = "ec2",
			      .action = "CreateTrafficMirrorSession",
			      .code = "UnauthorizedOperation",
			      .kind = AWS_ERR_DENIED,
			      .status = 403};
	char to[1024], tiny[10];

	(void)state;
	strcpy(e.message,
	       "You are not authorized to perform this operation. Encoded authorization failure message: AbCdEf-secretish");
	aws_error_text(&e, to, sizeof(to));
	assert_non_null(strstr(
		to,
		"ec2:CreateTrafficMirrorSession: UnauthorizedOperation: You are not"));
	assert_non_null(strstr(to, "Grant ec2:CreateTrafficMirrorSession"));
	assert_non_null(strstr(to, "decode-authorization-message"));
	assert_null(strstr(to, "AbCdEf"));

	aws_error_text(&e, tiny, sizeof(tiny));
	assert_int_equal(strlen(tiny), sizeof(tiny) - 1);

	aws_error_set(&e, AWS_ERR_LIMIT,
		      "TrafficMirrorSourcesPerTargetLimitExceeded",
		      "Sources per interface-target limit reached (%d)", 11);
	aws_error_text(&e, to, sizeof(to));
	assert_non_null(strstr(to, "limit reached (11)."));
	assert_non_null(strstr(to, "network load balancer"));
	assert_null(strstr(to, "Grant "));

	aws_error_set(&e, AWS_ERR_SERVER, "InternalError", "%s", "");
	strcpy(e.request_id, "11-22");
	e.unknown_outcome = true;
	e.status = 500;
	aws_error_text(&e, to, sizeof(to));
	assert_non_null(
		strstr(to, "HTTP status 500 without an error message."));
	assert_non_null(strstr(to, "may or may not have"));
	assert_non_null(strstr(to, "(request 11-22)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(retryable),
		cmocka_unit_test(permissions),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
