/* SPDX-License-Identifier: MIT */
/* The table of AWS error codes. Codes that are not in it are classified by their
 * endings, since no table can be complete. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/list.h"
#include "http/error_codes.h"

#define NO_SUCH_TARGET \
	"It may have been deleted in the meantime; run list to see what exists."
#define DELETE_USER_FIRST \
	"Delete the resources that use it first; the remove command does so in the right order."
#define QUOTA_FIXED "This quota cannot be raised."
#define CHECK_KEYS \
	"Check the access key and its secret, and that they belong to this partition (China and GovCloud have separate accounts)."
#define GET_NEW_KEYS "Renew them: run \"aws sso login\" or export new keys."

#define TOO_MANY_CALLS \
	"The account makes too many calls in this region; try again in a minute."

static const struct aws_error_code codes[] = {
	/* --- credentials --- */
	{"AuthFailure", AWS_ERR_CREDENTIALS,
	 "AWS rejected the credentials for this call. " CHECK_KEYS},
	{"InvalidClientTokenId", AWS_ERR_CREDENTIALS,
	 "The access key does not exist or is inactive. " CHECK_KEYS},
	{"UnrecognizedClientException", AWS_ERR_CREDENTIALS,
	 "The access key does not exist or is inactive. " CHECK_KEYS},
	{"InvalidAccessKeyId", AWS_ERR_CREDENTIALS, CHECK_KEYS},
	{"MissingAuthenticationToken", AWS_ERR_CREDENTIALS, CHECK_KEYS},
	{"IncompleteSignature", AWS_ERR_CREDENTIALS, CHECK_KEYS},
	{"SignatureDoesNotMatch", AWS_ERR_CREDENTIALS,
	 "The secret does not match the access key, or the clock of this host is wrong."},
	{"InvalidSignatureException", AWS_ERR_CREDENTIALS,
	 "The secret does not match the access key, or the clock of this host is wrong."},
	{"RequestExpired", AWS_ERR_CREDENTIALS,
	 "The credentials have expired, or the clock of this host is wrong. " GET_NEW_KEYS},
	{"RequestTimeTooSkewed", AWS_ERR_CREDENTIALS,
	 "Correct the clock of this host."},
	{"ExpiredToken", AWS_ERR_CREDENTIALS,
	 "The credentials have expired. " GET_NEW_KEYS},
	{"ExpiredTokenException", AWS_ERR_CREDENTIALS,
	 "The credentials have expired. " GET_NEW_KEYS},
	{"UnauthorizedException", AWS_ERR_CREDENTIALS,
	 "The SSO login has expired. Run \"aws sso login\" for the profile."},
	{"InvalidIdentityToken", AWS_ERR_CREDENTIALS,
	 "The trust policy of the role does not accept the web identity token."},
	{"IDPRejectedClaim", AWS_ERR_CREDENTIALS,
	 "The trust policy of the role does not accept the web identity token."},
	{"OptInRequired", AWS_ERR_CREDENTIALS,
	 "The account is not enabled for this service or region; enable the region in the account settings."},
	{"Blocked", AWS_ERR_CREDENTIALS,
	 "AWS has blocked the account; contact AWS Support."},
	{"PendingVerification", AWS_ERR_CREDENTIALS,
	 "AWS is still verifying the account for this region; try again later."},

	/* --- permissions --- */
	{"UnauthorizedOperation", AWS_ERR_DENIED, NULL},
	{"AccessDenied", AWS_ERR_DENIED, NULL},
	{"AccessDeniedException", AWS_ERR_DENIED, NULL},
	{"OperationNotPermitted", AWS_ERR_REFUSED,
	 "AWS protects the resource: deletion protection may be enabled, or another service manages it."},

	/* --- throttling and server errors --- */
	{"Throttling", AWS_ERR_THROTTLED, TOO_MANY_CALLS},
	{"ThrottlingException", AWS_ERR_THROTTLED, TOO_MANY_CALLS},
	{"ThrottledException", AWS_ERR_THROTTLED, TOO_MANY_CALLS},
	{"RequestThrottledException", AWS_ERR_THROTTLED, TOO_MANY_CALLS},
	{"RequestThrottled", AWS_ERR_THROTTLED, TOO_MANY_CALLS},
	{"TooManyRequestsException", AWS_ERR_THROTTLED, TOO_MANY_CALLS},
	{"RequestLimitExceeded", AWS_ERR_THROTTLED, TOO_MANY_CALLS},
	{"EC2ThrottledException", AWS_ERR_THROTTLED, TOO_MANY_CALLS},
	{"BandwidthLimitExceeded", AWS_ERR_THROTTLED, NULL},
	{"LimitExceededException", AWS_ERR_THROTTLED, NULL},
	{"SlowDown", AWS_ERR_THROTTLED, TOO_MANY_CALLS},
	{"PriorRequestNotComplete", AWS_ERR_THROTTLED, NULL},
	{"TransactionInProgressException", AWS_ERR_THROTTLED, NULL},
	{"ProvisionedThroughputExceededException", AWS_ERR_THROTTLED, NULL},
	{"InternalError", AWS_ERR_SERVER, NULL},
	{"InternalFailure", AWS_ERR_SERVER, NULL},
	{"InternalServiceError", AWS_ERR_SERVER, NULL},
	{"ServerException", AWS_ERR_SERVER, NULL},
	{"ServiceUnavailable", AWS_ERR_SERVER, NULL},
	{"Unavailable", AWS_ERR_SERVER, NULL},
	{"RequestTimeout", AWS_ERR_SERVER, NULL},
	{"RequestTimeoutException", AWS_ERR_SERVER, NULL},
	{"IDPCommunicationError", AWS_ERR_SERVER, NULL},

	/* --- mirroring --- */
	{"TrafficMirrorFilterInUse", AWS_ERR_IN_USE,
	 "Sessions still use the filter. " DELETE_USER_FIRST},
	{"TrafficMirrorTargetInUse", AWS_ERR_IN_USE,
	 "Sessions still use the target. " DELETE_USER_FIRST},
	{"TrafficMirrorTargetInUseException", AWS_ERR_IN_USE,
	 "Sessions still use the target. " DELETE_USER_FIRST},
	{"TrafficMirrorSessionsPerInterfaceLimitExceeded", AWS_ERR_LIMIT,
	 "A network interface can be the source of at most 3 sessions; delete one or exclude this source. " QUOTA_FIXED},
	{"TrafficMirrorSessionsPerTargetLimitExceeded", AWS_ERR_LIMIT,
	 "The target has reached its limit of sessions: use a network load balancer as the target. " QUOTA_FIXED},
	{"TrafficMirrorSourcesPerTargetLimitExceeded", AWS_ERR_LIMIT,
	 "A network interface as the target is limited to 10 sources (100 on the largest instances): use a network load balancer as the target. " QUOTA_FIXED},
	{"TrafficMirrorFilterLimitExceeded", AWS_ERR_LIMIT,
	 "The account has reached 10,000 filters. " QUOTA_FIXED},
	{"TrafficMirrorFilterRuleLimitExceeded", AWS_ERR_LIMIT,
	 "A filter is limited to 10 rules: give fewer ports or CIDRs, or combine ports into ranges. " QUOTA_FIXED},
	{"TrafficMirrorFilterRulesPerFilterLimitExceeded", AWS_ERR_LIMIT,
	 "A filter is limited to 10 rules: give fewer ports or CIDRs, or combine ports into ranges. " QUOTA_FIXED},
	{"TrafficMirrorSessionLimitExceeded", AWS_ERR_LIMIT,
	 "The account has reached 10,000 sessions. " QUOTA_FIXED},
	{"TrafficMirrorTargetLimitExceeded", AWS_ERR_LIMIT,
	 "The account has reached 10,000 targets. " QUOTA_FIXED},
	{"TrafficMirrorFilterRuleAlreadyExists", AWS_ERR_EXISTS,
	 "The filter already has a rule with this number and direction."},
	{"TrafficMirrorSessionAlreadyExists", AWS_ERR_EXISTS,
	 "The source already has a session with this number."},
	{"InvalidTrafficMirrorTarget", AWS_ERR_REFUSED,
	 "This cannot be a mirror target. A target is an interface of an instance that is not itself a source, a network load balancer with a UDP listener on port 4789, or a gateway load balancer endpoint."},
	{"NetworkInterfaceNotSupported", AWS_ERR_REFUSED,
	 "AWS mirrors only the interfaces of Nitro instances and of some Xen types; \"metlo-mirror aws plan\" shows which sources can be mirrored. Leave this one out with --exclude."},
	{"InvalidNetworkInterface.InUse", AWS_ERR_IN_USE, NULL},
	{"InvalidNetworkInterfaceID.NotFound", AWS_ERR_NOT_FOUND,
	 "The network interface does not exist; a task or instance may have been replaced. Run sync."},
	{"InvalidTrafficMirrorSessionId.NotFound", AWS_ERR_NOT_FOUND,
	 NO_SUCH_TARGET},
	{"InvalidTrafficMirrorTargetId.NotFound", AWS_ERR_NOT_FOUND,
	 NO_SUCH_TARGET},
	{"InvalidTrafficMirrorFilterId.NotFound", AWS_ERR_NOT_FOUND,
	 NO_SUCH_TARGET},
	{"InvalidTrafficMirrorFilterRuleId.NotFound", AWS_ERR_NOT_FOUND,
	 NO_SUCH_TARGET},

	/* --- other parts of EC2 --- */
	{"InvalidInstanceID.NotFound", AWS_ERR_NOT_FOUND,
	 "Check the id and the region."},
	{"InvalidInstanceID.Malformed", AWS_ERR_REFUSED,
	 "An instance id consists of i- and 8 or 17 hexadecimal digits."},
	{"InvalidGroup.NotFound", AWS_ERR_NOT_FOUND,
	 "Check the id of the security group and the region."},
	{"InvalidGroup.Duplicate", AWS_ERR_EXISTS,
	 "The VPC already has a security group with this name; choose another --name."},
	{"InvalidGroup.InUse", AWS_ERR_IN_USE, DELETE_USER_FIRST},
	{"InvalidPermission.Duplicate", AWS_ERR_EXISTS,
	 "The security group already has this rule."},
	{"InvalidPermission.NotFound", AWS_ERR_NOT_FOUND,
	 "The security group does not have this rule."},
	{"RulesPerSecurityGroupLimitExceeded", AWS_ERR_LIMIT,
	 "The security group has reached its quota of rules (60 by default): merge rules or request a higher quota."},
	{"SecurityGroupLimitExceeded", AWS_ERR_LIMIT,
	 "The VPC has reached its quota of security groups; request a higher one in Service Quotas."},
	{"TagLimitExceeded", AWS_ERR_LIMIT,
	 "A resource can have at most 50 tags."},
	{"DependencyViolation", AWS_ERR_IN_USE,
	 "Another resource still uses it; the interfaces of a load balancer are deleted some minutes after it."},
	{"IdempotentParameterMismatch", AWS_ERR_EXISTS,
	 "The client token was used before with other parameters."},
	{"InvalidAction", AWS_ERR_REFUSED,
	 "The endpoint does not support this action: check --endpoint-url and the region."},

	/* --- Elastic Load Balancing --- */
	{"ResourceInUse", AWS_ERR_IN_USE, DELETE_USER_FIRST},
	{"DuplicateLoadBalancerName", AWS_ERR_EXISTS,
	 "A load balancer with this name but other settings exists; choose another --name or delete it."},
	{"DuplicateTargetGroupName", AWS_ERR_EXISTS,
	 "A target group with this name but other settings exists; choose another --name or delete it."},
	{"DuplicateListener", AWS_ERR_EXISTS,
	 "The load balancer already has a listener on this port."},
	{"TooManyLoadBalancers", AWS_ERR_LIMIT,
	 "The region has reached its quota of load balancers; request a higher one in Service Quotas or use an existing load balancer."},
	{"TooManyTargetGroups", AWS_ERR_LIMIT,
	 "The region has reached its quota of target groups; request a higher one in Service Quotas."},
	{"AvailabilityZoneNotSupported", AWS_ERR_REFUSED,
	 "Choose subnets in other availability zones."},
	{"InvalidSubnet", AWS_ERR_REFUSED,
	 "Choose one subnet per availability zone, each with at least 8 free addresses."},
	{"InvalidTarget", AWS_ERR_REFUSED,
	 "A target must be running and in the VPC of the load balancer; targets in a peered VPC are registered by IP address."},
	{"HealthUnavailable", AWS_ERR_SERVER, NULL},

	/* --- ECS --- */
	{"ClusterNotFoundException", AWS_ERR_NOT_FOUND,
	 "Check the name of the cluster and the region."},
	{"ServiceNotFoundException", AWS_ERR_NOT_FOUND,
	 "Check the names of the service and its cluster."},
	{"ServiceNotActiveException", AWS_ERR_REFUSED,
	 "The service is being deleted."},
};

const struct aws_error_code *aws_error_code(const char *code)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codes); i++)
		if (!strcmp(codes[i].code, code))
			return &codes[i];
	return NULL;
}

bool aws_error_is_transient(const char *code)
{
	const struct aws_error_code *known = aws_error_code(code);

	return known && known->kind == AWS_ERR_SERVER;
}

bool aws_error_is_clock(const char *code, const char *message)
{
	if (!strcmp(code, "RequestTimeTooSkewed") ||
	    !strcmp(code, "RequestExpired") ||
	    !strcmp(code, "RequestInTheFuture"))
		return true;
	/* Other services report both a wrong clock and a wrong secret by these
	 * codes. */
	return (!strcmp(code, "SignatureDoesNotMatch") ||
		!strcmp(code, "InvalidSignatureException") ||
		!strcmp(code, "AuthFailure")) &&
	       (strstr(message, "Signature expired") ||
		strstr(message, "Signature not yet current"));
}

bool aws_error_is_expired(const char *code)
{
	return !strcmp(code, "ExpiredToken") ||
	       !strcmp(code, "ExpiredTokenException") ||
	       !strcmp(code, "RequestExpired");
}

int aws_error_errno(enum aws_error_kind kind)
{
	switch (kind) {
	case AWS_OK:
		return 0;
	case AWS_ERR_CREDENTIALS:
		return -EACCES;
	case AWS_ERR_DENIED:
		return -EPERM;
	case AWS_ERR_NOT_FOUND:
		return -ENOENT;
	case AWS_ERR_IN_USE:
		return -EBUSY;
	case AWS_ERR_EXISTS:
		return -EEXIST;
	case AWS_ERR_LIMIT:
		return -EDQUOT;
	case AWS_ERR_THROTTLED:
		return -EAGAIN;
	case AWS_ERR_RESPONSE:
		return -EPROTO;
	case AWS_ERR_TIMEOUT:
		return -ETIMEDOUT;
	case AWS_ERR_STOPPED:
		return -EINTR;
	case AWS_ERR_LOCAL:
	case AWS_ERR_REFUSED:
		return -EINVAL;
	case AWS_ERR_SERVER:
	case AWS_ERR_NETWORK:
		return -EIO;
	}
	return -EIO;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

enum aws_error_kind aws_error_classify(const char *code, int status)
{
	const struct aws_error_code *known = aws_error_code(code);

	if (known)
		return known->kind;
	/* AWS names its codes by these conventions. */
	if (ends_with(code, ".NotFound") || ends_with(code, "NotFound") ||
	    ends_with(code, "NotFoundException"))
		return AWS_ERR_NOT_FOUND;
	if (ends_with(code, ".Duplicate") || ends_with(code, "AlreadyExists") ||
	    !strncmp(code, "Duplicate", strlen("Duplicate")))
		return AWS_ERR_EXISTS;
	if (ends_with(code, "InUse") || ends_with(code, ".InUse") ||
	    ends_with(code, "InUseException"))
		return AWS_ERR_IN_USE;
	if (ends_with(code, "LimitExceeded") ||
	    !strncmp(code, "TooMany", strlen("TooMany")))
		return AWS_ERR_LIMIT;
	if (status == 429)
		return AWS_ERR_THROTTLED;
	/* Not an answer of AWS, and thus no word on permissions or resources. */
	if (!code[0] && status >= 400 && status < 500)
		return AWS_ERR_REFUSED;
	if (status >= 500)
		return AWS_ERR_SERVER;
	return status == 401   ? AWS_ERR_CREDENTIALS
	       : status == 403 ? AWS_ERR_DENIED
	       : status == 404 ? AWS_ERR_NOT_FOUND
			       : AWS_ERR_REFUSED;
}

const char *aws_error_hint(const char *code)
{
	const struct aws_error_code *known = aws_error_code(code);

	return known ? known->hint : NULL;
}
