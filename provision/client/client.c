/* SPDX-License-Identifier: MIT */
/* Creates a client from options, environment and profile; client tokens; waiting
 * for conditions. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/rand.h>

#include "client/client.h"
#include "client/state.h"
#include "http/endpoint.h"
#include "http/error_codes.h"
#include "base/clock.h"
#include "base/parse.h"

static const struct log discard = {.level = LOG_LEVEL_ERROR};

static char *copy(const char *s, bool *failed)
{
	char *to = s ? strdup(s) : NULL;

	*failed |= s && !to;
	return to;
}

#define REGION_MAX 64

/* The region, by the precedence of the AWS tools. instance holds that of the
 * instance. */
static const char *find_region(struct aws_client *c, const char *given,
			       char instance[REGION_MAX])
{
	const char *v = given;

	c->region_source = "--region";
	if (!v || !*v) {
		v = cred_env("AWS_REGION");
		c->region_source = "AWS_REGION";
	}
	if (!v) {
		v = cred_env("AWS_DEFAULT_REGION");
		c->region_source = "AWS_DEFAULT_REGION";
	}
	if (!v) {
		v = profiles_get(&c->profiles, c->profile, "region");
		c->region_source = "profile";
	}
	if ((!v || !*v) && client_instance_region(c, instance, REGION_MAX)) {
		v = instance;
		c->region_source = "instance metadata";
	}
	return v && *v ? v : NULL;
}

#define DEFAULT_ATTEMPTS 5
#define ATTEMPTS_LIMIT	 20

/* AWS_MAX_ATTEMPTS or max_attempts; an invalid number is ignored. */
static unsigned int find_attempts(const struct aws_client *c)
{
	const char *text = cred_env("AWS_MAX_ATTEMPTS");
	struct parse_error unused;
	uint64_t n;

	if (!text)
		text = profiles_get(&c->profiles, c->profile, "max_attempts");
	if (!text || !parse_number(text, 1, ATTEMPTS_LIMIT, &n, &unused))
		return DEFAULT_ATTEMPTS;
	return (unsigned int)n;
}

static bool is_on(const struct aws_client *c, const char *variable,
		  const char *setting)
{
	const char *v =
		profiles_or_env(&c->profiles, c->profile, variable, setting);

	return v && !strcasecmp(v, "true");
}

/* The profile that the user selected, and how; NULL: none. */
static const char *find_profile(const char *given, const char **source)
{
	const char *v = given;

	*source = "--profile";
	if (!v) {
		v = cred_env("AWS_PROFILE");
		*source = "AWS_PROFILE";
	}
	if (!v) {
		v = cred_env("AWS_DEFAULT_PROFILE");
		*source = "AWS_DEFAULT_PROFILE";
	}
	return v;
}

static bool is_usable(const struct profile_file *f)
{
	return !f->error || f->error == -ENOENT;
}

int aws_client_new(struct aws_client **out, const struct aws_options *o,
		   struct aws_error *err)
{
	struct aws_client *c = calloc(1, sizeof(*c));
	const char *profile = o->profile && *o->profile ? o->profile : NULL;
	const char *url = o->endpoint_url, *region, *bundle, *profile_source;
	char instance[REGION_MAX];
	bool failed = false;
	int error;

	*out = NULL;
	if (!c)
		return aws_error_no_memory(err);
	c->opt = *o;
	c->opt.retry_ms = o->retry_ms ? o->retry_ms : 500;
	c->opt.poll_ms = o->poll_ms ? o->poll_ms : 1000;
	c->opt.timeout_s = o->timeout_s ? o->timeout_s : 60;
	c->log = o->log ? o->log : &discard;
	c->profile_given = profile != NULL;
	profile = find_profile(profile, &profile_source);
	c->profile = copy(profile ? profile : "default", &failed);
	c->endpoint_url = copy(url && *url ? url : NULL, &failed);
	error = transport_new(&c->http, o->stopped, o->stopped_ctx);
	if (!error)
		error = profiles_load(&c->profiles);
	if (error || failed) {
		aws_client_free(c);
		return aws_error_no_memory(err);
	}
	/* A file that cannot be read is reported by the search for
	 * credentials. */
	if (profile && !profiles_have(&c->profiles, c->profile) &&
	    is_usable(&c->profiles.config) &&
	    is_usable(&c->profiles.credentials)) {
		error = aws_error_bad_parameter(
			err, "%s: there is no profile \"%.80s\" in %s or %s",
			profile_source, c->profile, c->profiles.config.path,
			c->profiles.credentials.path);
		aws_client_free(c);
		return error;
	}
	bundle = profiles_or_env(&c->profiles, c->profile, "AWS_CA_BUNDLE",
				 "ca_bundle");
	transport_set_ca_bundle(c->http, bundle);
	c->variant.fips =
		is_on(c, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
	c->variant.dual_stack = is_on(c, "AWS_USE_DUALSTACK_ENDPOINT",
				      "use_dualstack_endpoint");
	if (!c->opt.max_attempts)
		c->opt.max_attempts = find_attempts(c);
	region = find_region(c, o->region, instance);
	if (region)
		error = aws_client_set_region(c, region, err);
	if (error) {
		aws_client_free(c);
		return error;
	}
	*out = c;
	return 0;
}

void aws_client_free(struct aws_client *c)
{
	if (!c)
		return;
	credentials_wipe(&c->cred);
	profiles_free(&c->profiles);
	transport_free(c->http);
	free(c->profile);
	free(c->region);
	free(c->endpoint_url);
	free(c);
}

const char *aws_client_region(const struct aws_client *c)
{
	return c->region;
}

const char *aws_client_region_source(const struct aws_client *c)
{
	return c->region ? c->region_source : "";
}

int aws_client_set_region(struct aws_client *c, const char *region,
			  struct aws_error *err)
{
	char *to;

	if (!endpoint_region_valid(region))
		return aws_error_bad_parameter(
			err,
			"\"%.40s\" is not the name of a region such as eu-central-1",
			region);
	to = strdup(region);
	if (!to)
		return aws_error_no_memory(err);
	free(c->region);
	c->region = to;
	return 0;
}

const char *aws_client_partition(const struct aws_client *c)
{
	return endpoint_partition(c->region ? c->region : "");
}

struct aws_counters aws_client_counters(const struct aws_client *c)
{
	return c->counters;
}

int aws_client_token(char token[AWS_TOKEN_LEN], struct aws_error *err)
{
	uint8_t r[16];

	if (RAND_bytes(r, sizeof(r)) != 1)
		return aws_error_set(err, AWS_ERR_LOCAL, "",
				     "the random number generator failed");
	/* RFC 9562: version 4, variant 10. */
	r[6] = (r[6] & 0x0f) | 0x40;
	r[8] = (r[8] & 0x3f) | 0x80;
	snprintf(
		token, AWS_TOKEN_LEN,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9],
		r[10], r[11], r[12], r[13], r[14], r[15]);
	return 0;
}

#define MAX_INTERVAL_MS 15000u

int aws_wait(struct aws_client *c, aws_poll_fn *poll, void *ctx,
	     unsigned int seconds, struct aws_error *err, const char *condition,
	     ...)
{
	uint64_t start = clock_mono_ns(), limit = seconds * NSEC_PER_SEC;
	unsigned int interval = c->opt.poll_ms;
	char what[320];
	va_list args;

	va_start(args, condition);
	vsnprintf(what, sizeof(what), condition, args);
	va_end(args);
	for (;;) {
		int done = poll(c, ctx, err), error;
		uint64_t waited = clock_mono_ns() - start;

		if (done)
			return done < 0 ? done : 0;
		if (waited >= limit)
			return aws_error_set(
				err, AWS_ERR_TIMEOUT, "",
				"timed out after %u s waiting for: %s", seconds,
				what);
		/* The last interval ends just after the limit. */
		if (waited + interval * NSEC_PER_MSEC > limit)
			interval = (unsigned int)((limit - waited) /
						  NSEC_PER_MSEC) +
				   1;
		error = client_sleep(c, interval, err);
		if (error)
			return error;
		interval += interval / 2;
		if (interval > MAX_INTERVAL_MS)
			interval = MAX_INTERVAL_MS;
	}
}
