/* SPDX-License-Identifier: MIT */
/* Every credential provider, against local files, programs and servers; and the
 * message if none provides credentials. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/chain.h"
#include "auth/cred_json.h"
#include "cred_kit.h"
#include "responder.h"

#define ROLE "arn:aws:iam::123456789012:role/mirror"
#define STS(call)                                                             \
	"<" call "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/" \
	"\"><" call "Result><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>" \
	"<SecretAccessKey>role/secret</SecretAccessKey><SessionToken>"        \
	"role+token</SessionToken><Expiration>2099-01-01T00:00:00Z"           \
	"</Expiration></Credentials></" call "Result></" call "Response>"
#define KEYS_JSON(token)                                                    \
	"{\"Code\":\"Success\",\"AccessKeyId\":\"ASIAJSON\","               \
	"\"SecretAccessKey\":\"json/secret\",\"" token "\":\"json+token\"," \
	"\"Expiration\":\"2099-01-01T00:00:00Z\"}"

static void environment(void **state)
{
	struct fixture *f = *state;

	setenv("AWS_ACCESS_KEY_ID", "AKIAENV", 1);
	expect_failure(
		f, NULL,
		"environment: AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not",
		NULL);
	setenv("AWS_SECRET_ACCESS_KEY", "env/secret", 1);
	expect(f, NULL, "AKIAENV", "env/secret", NULL, "environment");
	assert_int_equal(f->c.expires, 0);
	setenv("AWS_SESSION_TOKEN", "env+token", 1);
	setenv("AWS_CREDENTIAL_EXPIRATION", "2099-01-01T00:00:00+00:00", 1);
	expect(f, NULL, "AKIAENV", "env/secret", "env+token", "environment");
	assert_int_equal(f->c.expires, 4070908800);
	/* A key with a line break could add headers. */
	setenv("AWS_SESSION_TOKEN", "a\r\nX-Evil: 1", 1);
	expect_failure(f, NULL, "contains blanks or other characters", NULL);
	unsetenv("AWS_SESSION_TOKEN");
	/* --profile takes precedence. */
	write_file(f, ".aws/credentials",
		   "[p]\naws_access_key_id = AKIAP\n"
		   "aws_secret_access_key = p/secret\n");
	expect(f, "p", "AKIAP", "p/secret", NULL, "profile p");
}

static void static_keys(void **state)
{
	struct fixture *f = *state;

	write_file(f, ".aws/credentials",
		   "# mine\n[default]\n  aws_access_key_id=AKIAFILE\n"
		   "  aws_secret_access_key = file#secret\n"
		   "[half]\naws_access_key_id=A\n");
	write_file(f, ".aws/config",
		   "[default]\nregion = us-east-1\n"
		   "aws_access_key_id = AKIACONFIG\n"
		   "aws_secret_access_key = x\n"
		   "[profile \"only config\"]\naws_access_key_id = AKIACONFIG\n"
		   "aws_secret_access_key = config/secret\n"
		   "aws_session_token = config+token\ns3 =\n  max = 4\n"
		   "[profile empty]\nregion = eu-west-1\n");
	expect(f, NULL, "AKIAFILE", "file#secret", NULL, ".aws/credentials");
	expect(f, "only config", "AKIACONFIG", "config/secret", "config+token",
	       ".aws/config");
	expect_failure(f, "half", "must both be set", NULL);
	expect_failure(f, "empty", "profile empty: it has no keys", NULL);
	expect_failure(f, "nonesuch", "profile nonesuch: not in",
		       "profiles found: ", "empty, only config, default",
		       "half", NULL);
	write_file(f, ".aws/config", "[default]\nwhat is this\n");
	expect_failure(f, "x", ".aws/config: line 2 is neither", NULL);
}

static void process(void **state)
{
	struct fixture *f = *state;
	char text[1024];

	write_file(
		f, "keys.json",
		"{\"Version\":1,\"AccessKeyId\":\"ASIAPROC\",\"SecretAccessKey\":\"proc/secret\",\"SessionToken\":\"proc+token\",\"Expiration\":\"2099-01-01T00:00:00Z\"}");
	snprintf(
		text, sizeof(text),
		"[default]\ncredential_process = cat \"%s/keys.json\"\n"
		"[profile fails]\ncredential_process = sh -c 'exit 7'\n"
		"[profile missing]\ncredential_process = /no/such/program\n"
		"[profile text]\ncredential_process = echo 'no \\json'\n"
		"[profile v2]\ncredential_process = echo '{\"Version\":2}'\n"
		"[profile none]\ncredential_process = echo {\\\"Version\\\":1}\n"
		"[profile quote]\ncredential_process = echo 'a\n"
		"[profile long]\ncredential_process = cat /dev/zero\n"
		"[profile old]\ncredential_process = sed s/2099/2001/ %s/keys.json\n",
		f->dir, f->dir);
	write_file(f, ".aws/config", text);
	expect(f, NULL, "ASIAPROC", "proc/secret", "proc+token",
	       "credential_process");
	assert_int_equal(f->c.expires, 4070908800);
	expect_failure(f, "fails", "credential_process: sh: exit code 7", NULL);
	expect_failure(f, "missing", "/no/such/program: No such file", NULL);
	expect_failure(f, "text", "is not JSON", NULL);
	expect_failure(f, "v2", "no \"Version\": 1", NULL);
	expect_failure(f, "none", "no AccessKeyId", NULL);
	expect_failure(f, "quote", "unbalanced quotes", NULL);
	expect_failure(f, "long", "cat: printed more than 256 KiB", NULL);
	expect_failure(f, "old", "expired at 2001-01-01", NULL);
}

static bool enter_code(void *ctx, const char *serial, char *code, size_t n)
{
	(void)ctx;
	assert_string_equal(serial, "arn:mfa");
	snprintf(code, n, "123456");
	return true;
}

static void role(void **state)
{
	struct fixture *f = *state;
	const char *body;
	char v[256];

	write_file(f, ".aws/config",
		   "[profile base]\naws_access_key_id = AKIABASE\n"
		   "aws_secret_access_key = base/secret\n"
		   "[profile r]\nrole_arn = " ROLE "\nsource_profile = base\n"
		   "role_session_name = me\nexternal_id = x y\n"
		   "duration_seconds = 900\n"
		   "[profile chain]\nrole_arn = " ROLE "2\n"
		   "source_profile = r\n"
		   "[profile a]\nrole_arn = x\nsource_profile = b\n"
		   "[profile b]\nrole_arn = x\nsource_profile = a\n"
		   "[profile env]\nrole_arn = " ROLE "\n"
		   "credential_source = Environment\n"
		   "[profile odd]\nrole_arn = x\ncredential_source = Moon\n"
		   "[profile lone]\nrole_arn = x\n"
		   "[profile missing]\nrole_arn = x\nsource_profile = nobody\n"
		   "[profile mfa]\nrole_arn = x\nsource_profile = base\n"
		   "mfa_serial = arn:mfa\n");
	responder_reply(f->r, 200, NULL, STS("AssumeRole"));
	expect(f, "r", "ASIAROLE", "role/secret", "role+token", ROLE);
	assert_int_equal(f->c.expires, 4070908800);
	assert_string_equal(
		responder_body(f->r, 0),
		"Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fmirror&RoleSessionName=me&DurationSeconds=900&ExternalId=x%20y");
	assert_non_null(
		strstr(responder_header(f->r, 0, "Authorization", v, sizeof(v)),
		       "Credential=AKIABASE/"));
	/* Role chaining: the second call is signed with the first one's keys. */
	responder_reply(f->r, 200, NULL, STS("AssumeRole"));
	responder_reply(f->r, 200, NULL, STS("AssumeRole"));
	expect(f, "chain", "ASIAROLE", "role/secret", "role+token", ROLE "2");
	assert_non_null(
		strstr(responder_header(f->r, 2, "Authorization", v, sizeof(v)),
		       "Credential=ASIAROLE/"));
	setenv("AWS_ACCESS_KEY_ID", "AKIAENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
	responder_reply(f->r, 200, NULL, STS("AssumeRole"));
	expect(f, "env", "ASIAROLE", "role/secret", "role+token", ROLE);
	assert_non_null(
		strstr(responder_header(f->r, 3, "Authorization", v, sizeof(v)),
		       "Credential=AKIAENV/"));
	expect_failure(f, "a", "form a loop", NULL);
	expect_failure(f, "odd", "credential_source \"Moon\"", NULL);
	expect_failure(f, "lone", "requires source_profile", NULL);
	expect_failure(f, "missing", "source_profile \"nobody\" does not",
		       NULL);
	expect_failure(f, "mfa", "MFA device arn:mfa", NULL);
	f->s.mfa = enter_code;
	responder_reply(f->r, 200, NULL, STS("AssumeRole"));
	expect(f, "mfa", "ASIAROLE", "role/secret", "role+token", "mfa");
	body = responder_body(f->r, 4);
	assert_non_null(
		strstr(body, "&SerialNumber=arn%3Amfa&TokenCode=123456"));
	responder_reply(
		f->r, 403, NULL,
		"<ErrorResponse><Error><Code>AccessDenied</Code><Message>User is not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>");
	expect_failure(f, "r", "sts:AssumeRole: AccessDenied: User is not",
		       NULL);
	responder_reply(f->r, 200, NULL, "<AssumeRoleResponse/>");
	expect_failure(f, "r", "has no credentials", NULL);
	/* A wrong clock of this host is corrected, as for other calls. */
	responder_reply(
		f->r, 403, "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\n",
		"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired: 1 is now earlier than 2</Message></Error></ErrorResponse>");
	responder_reply(f->r, 200, NULL, STS("AssumeRole"));
	expect(f, "r", "ASIAROLE", "role/secret", "role+token", ROLE);
	assert_non_null(strstr(responder_header(f->r, responder_count(f->r) - 1,
						"X-Amz-Date", v, sizeof(v)),
			       "20300101T"));
}

static void web_identity(void **state)
{
	struct fixture *f = *state;
	char path[128], text[512], v[64];

	path_of(f, "token", path, sizeof(path));
	write_file(f, "token", "eyJhbGci.web\n");
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path, 1);
	expect_failure(f, NULL, "neither AWS_ROLE_ARN", NULL);
	setenv("AWS_ROLE_ARN", ROLE, 1);
	setenv("AWS_ROLE_SESSION_NAME", "pod", 1);
	/* A transient failure is retried. */
	responder_reply(f->r, 503, NULL, "");
	responder_reply(f->r, 200, NULL, STS("AssumeRoleWithWebIdentity"));
	expect(f, NULL, "ASIAROLE", "role/secret", "role+token",
	       "web identity");
	assert_string_equal(
		responder_body(f->r, 1),
		"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fmirror&RoleSessionName=pod&WebIdentityToken=eyJhbGci.web");
	/* The token is the proof of identity; the request is not signed. */
	assert_string_equal(
		responder_header(f->r, 1, "Authorization", v, sizeof(v)), "");
	snprintf(text, sizeof(text),
		 "[profile w]\nrole_arn = " ROLE "\n"
		 "web_identity_token_file = %s\n",
		 path);
	write_file(f, ".aws/config", text);
	responder_reply(f->r, 200, NULL, STS("AssumeRoleWithWebIdentity"));
	expect(f, "w", "ASIAROLE", "role/secret", "role+token", "profile w");
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/no/such/file", 1);
	expect_failure(f, NULL, "/no/such/file: No such file", NULL);
}

static void write_token(struct fixture *f, const char *key, const char *text)
{
	char command[256], path[128], name[64] = "";
	FILE *p;

	snprintf(command, sizeof(command), "printf %%s '%s' | sha1sum", key);
	p = popen(command, "r");
	assert_non_null(p);
	assert_int_equal(fscanf(p, "%63s", name), 1);
	pclose(p);
	path_of(f, ".aws/sso", path, sizeof(path));
	mkdir(path, 0700);
	path_of(f, ".aws/sso/cache", path, sizeof(path));
	mkdir(path, 0700);
	snprintf(path, sizeof(path), ".aws/sso/cache/%s.json", name);
	write_file(f, path, text);
}

static void sso(void **state)
{
	struct fixture *f = *state;
	char v[64];
	static const char good[] =
		"{\"accessToken\":\"sso-token\",\"expiresAt\":\"2099-01-01T00:00:00Z\",\"region\":\"eu-west-1\"}";
	static const char response[] =
		"{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\",\"secretAccessKey\":\"sso/secret\",\"sessionToken\":\"sso+token\",\"expiration\":4070908800000}}";

	write_file(f, ".aws/config",
		   "[sso-session corp]\nsso_region = eu-west-1\n"
		   "sso_start_url = https://corp.awsapps.com/start\n"
		   "[profile s]\nsso_session = corp\n"
		   "sso_account_id = 111122223333\nsso_role_name = Net Admin\n"
		   "[profile legacy]\nsso_region = eu-west-1\n"
		   "sso_start_url = https://old.awsapps.com/start\n"
		   "sso_account_id = 111122223333\nsso_role_name = R\n"
		   "[profile wrong]\nsso_session = nobody\nsso_role_name = R\n"
		   "[profile part]\nsso_session = corp\nsso_role_name = R\n");
	expect_failure(f, "s", "profile s, SSO: not logged in",
		       "aws sso login --profile s", NULL);
	expect_failure(f, "wrong", "no section [sso-session nobody]", NULL);
	expect_failure(f, "part", "sso_account_id is missing", NULL);
	write_token(f, "corp", good);
	responder_reply(f->r, 200, NULL, response);
	expect(f, "s", "ASIASSO", "sso/secret", "sso+token", "Net Admin");
	assert_int_equal(f->c.expires, 4070908800);
	assert_non_null(strstr(
		responder_head(f->r, 0),
		"GET /federation/credentials?role_name=Net%20Admin&account_id=111122223333 HTTP"));
	assert_string_equal(responder_header(f->r, 0, "x-amz-sso_bearer_token",
					     v, sizeof(v)),
			    "sso-token");
	responder_reply(f->r, 401, NULL,
			"{\"message\":\"Session token not found or invalid\"}");
	expect_failure(f, "s", "no longer accepts the login", NULL);
	responder_reply(f->r, 403, NULL, "{\"message\":\"No access\"}");
	expect_failure(f, "s", "is not assigned to you (No access)", NULL);
	write_token(f, "https://old.awsapps.com/start", good);
	responder_reply(f->r, 200, NULL, response);
	expect(f, "legacy", "ASIASSO", "sso/secret", "sso+token", "legacy");
	write_token(
		f, "corp",
		"{\"accessToken\":\"x\",\"expiresAt\":\"2020-01-01T00:00:00UTC\"}");
	expect_failure(f, "s", "the login has expired", NULL);
	write_token(f, "corp", "garbage");
	expect_failure(f, "s", "has no accessToken", NULL);
}

/* A token about to expire is renewed and stored; the bearer token goes to the
 * portal only. */
static void sso_renewed(void **state)
{
	struct fixture *f = *state;
	static const char old[] =
		"{\"accessToken\":\"old\",\"expiresAt\":\"2020-01-01T00:00:00Z\",\"clientId\":\"id\",\"clientSecret\":\"cs\",\"refreshToken\":\"r1\",\"registrationExpiresAt\":\"2099-01-01T00:00:00Z\"}";
	static const char response[] =
		"{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\",\"secretAccessKey\":\"sso/secret\",\"sessionToken\":\"sso+token\",\"expiration\":4070908800000}}";
	char v[64];
	size_t n;

	write_file(f, ".aws/config",
		   "[sso-session corp]\nsso_region = no-where-1\n"
		   "sso_start_url = https://corp.awsapps.com/start\n"
		   "[profile s]\nsso_session = corp\n"
		   "sso_account_id = 111122223333\nsso_role_name = R\n");
	setenv("AWS_ENDPOINT_URL_SSO_OIDC", responder_url(f->r), 1);
	write_token(f, "corp", old);
	responder_reply(
		f->r, 200, NULL,
		"{\"accessToken\":\"new\",\"expiresIn\":28800,\"refreshToken\":\"r2\"}");
	responder_reply(f->r, 200, NULL, response);
	expect(f, "s", "ASIASSO", "sso/secret", "sso+token", "role R");
	assert_non_null(strstr(responder_head(f->r, 0), "POST /token HTTP"));
	assert_string_equal(
		responder_body(f->r, 0),
		"{\"grantType\":\"refresh_token\",\"clientId\":\"id\",\"clientSecret\":\"cs\",\"refreshToken\":\"r1\"}");
	assert_string_equal(responder_header(f->r, 1, "x-amz-sso_bearer_token",
					     v, sizeof(v)),
			    "new");
	/* From the cache, without another request for a token. */
	responder_reply(f->r, 200, NULL, response);
	expect(f, "s", "ASIASSO", "sso/secret", "sso+token", "role R");
	assert_string_equal(responder_header(f->r, 2, "x-amz-sso_bearer_token",
					     v, sizeof(v)),
			    "new");
	write_token(f, "corp", old);
	responder_reply(f->r, 400, NULL, "{\"error\":\"invalid_grant\"}");
	expect_failure(f, "s", "the login has expired", NULL);

	/* The proxy keeps the request from leaving the host. */
	n = responder_count(f->r);
	unsetenv("AWS_ENDPOINT_URL_SSO");
	setenv("AWS_ENDPOINT_URL", responder_url(f->r), 1);
	setenv("HTTPS_PROXY", "http://127.0.0.1:9", 1);
	write_token(
		f, "corp",
		"{\"accessToken\":\"t\",\"expiresAt\":\"2099-01-01T00:00:00Z\"}");
	expect_failure(f, "s", "portal.sso.no-where-1", NULL);
	assert_int_equal(responder_count(f->r), n);
	unsetenv("HTTPS_PROXY");
	unsetenv("AWS_ENDPOINT_URL");
	unsetenv("AWS_ENDPOINT_URL_SSO_OIDC");
}

static void container(void **state)
{
	struct fixture *f = *state;
	char url[128], path[128], v[64];

	snprintf(url, sizeof(url), "%s/creds?a=1", responder_url(f->r));
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc", 1);
	responder_reply(f->r, 200, NULL, KEYS_JSON("Token"));
	/* The proxy must be bypassed. */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	expect(f, NULL, "ASIAJSON", "json/secret", "json+token", "container");
	assert_non_null(strstr(responder_head(f->r, 0), "GET /creds?a=1 HTTP"));
	assert_string_equal(
		responder_header(f->r, 0, "Authorization", v, sizeof(v)),
		"Basic abc");
	path_of(f, "token", path, sizeof(path));
	write_file(f, "token", "pod-token\n");
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, 1);
	responder_reply(f->r, 500, NULL, "");
	responder_reply(f->r, 200, NULL, KEYS_JSON("Token"));
	expect(f, NULL, "ASIAJSON", "json/secret", "json+token", "container");
	assert_string_equal(
		responder_header(f->r, 2, "Authorization", v, sizeof(v)),
		"pod-token");
	write_file(f, "token", "a\r\nX-Evil: 1");
	expect_failure(f, NULL, "contains a line break", NULL);
	/* The token is not sent to other hosts over plain HTTP. */
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/", 1);
	expect_failure(f, NULL, "must use https or point to this host", NULL);
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI",
	       "http://127.0.0.1@example.com/", 1);
	expect_failure(f, NULL, "must use https or point to this host", NULL);
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI",
	       "http://127.0.0.1.example.com/", 1);
	expect_failure(f, NULL, "must use https or point to this host", NULL);
}

static void instance(void **state)
{
	struct fixture *f = *state;
	char v[64];

	unsetenv("AWS_EC2_METADATA_DISABLED");
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", responder_url(f->r), 1);
	responder_reply(f->r, 200, NULL, "imds-token");
	responder_reply(f->r, 200, NULL, "my-role\n");
	responder_reply(f->r, 200, NULL, KEYS_JSON("Token"));
	expect(f, NULL, "ASIAJSON", "json/secret", "json+token",
	       "role my-role");
	assert_non_null(
		strstr(responder_head(f->r, 0), "PUT /latest/api/token HTTP"));
	assert_string_equal(
		responder_header(f->r, 0,
				 "X-aws-ec2-metadata-token-ttl-seconds", v,
				 sizeof(v)),
		"21600");
	assert_non_null(strstr(
		responder_head(f->r, 2),
		"GET /latest/meta-data/iam/security-credentials/my-role HTTP"));
	assert_string_equal(responder_header(f->r, 2,
					     "X-aws-ec2-metadata-token", v,
					     sizeof(v)),
			    "imds-token");
	responder_reply(f->r, 200, NULL, "imds-token");
	responder_reply(f->r, 404, NULL, "");
	expect_failure(f, NULL, "the instance has no role", NULL);
	responder_reply(f->r, 200, NULL, "imds-token");
	responder_reply(f->r, 200, NULL, "../../x y");
	expect_failure(f, NULL, "not valid in a role name", NULL);
	/* Without IMDSv2 there are no credentials: IMDSv1 is not tried. */
	responder_reply(f->r, 403, NULL, "");
	expect_failure(f, NULL, "HTTP status 403 for the session token", NULL);
}

static void all_providers(void **state)
{
	struct fixture *f = *state;

	expect_failure(
		f, NULL, "no credentials found. Tried:",
		"\n  environment: AWS_ACCESS_KEY_ID is not set",
		"\n  web identity (environment): AWS_WEB_IDENTITY_TOKEN_FILE is not set",
		"\n  profile default: not in ", "/.aws/config (no such file)",
		"/.aws/credentials (no such file)",
		"\n  container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"\n  instance metadata: AWS_EC2_METADATA_DISABLED is set",
		"aws sso login", "--profile", NULL);
	/* The failure comes first, then the providers skipped before it. */
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/", 1);
	expect_failure(f, NULL, "no credentials: container: ",
		       "Tried before that:\n  environment: ", NULL);
}

static void times(void **state)
{
	int64_t t;

	(void)state;
	assert_int_equal(cred_parse_time("1970-01-02T00:00:00Z", &t), 0);
	assert_int_equal(t, 86400);
	assert_int_equal(cred_parse_time("1970-01-01T02:00:01.5+02:00", &t), 0);
	assert_int_equal(t, 1);
	assert_int_equal(cred_parse_time("1970-01-01T00:00:00-0030", &t), 0);
	assert_int_equal(t, 1800);
	assert_int_equal(cred_parse_time("yesterday", &t), -EINVAL);
	assert_int_equal(cred_parse_time("1970-01-01T00:00:00X", &t), -EINVAL);
	assert_int_equal(cred_parse_time("1970-01-01T00:00:00+x", &t), -EINVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cred_setup, cred_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(environment),   TEST(static_keys),	      TEST(process),
		TEST(role),	     TEST(web_identity),      TEST(sso),
		TEST(sso_renewed),   TEST(container),	      TEST(instance),
		TEST(all_providers), cmocka_unit_test(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
