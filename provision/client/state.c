/* SPDX-License-Identifier: MIT */
/* Keeps the credentials of a client valid, and sleeps in short slices so that an
 * interrupt is noticed. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "client/state.h"

#define SLICE_MS 50u /* latency of an interrupt */

#define RENEW_S 300 /* before the credentials expire */

static bool stopped(const struct aws_client *c)
{
	return c->opt.stopped && c->opt.stopped(c->opt.stopped_ctx);
}

/* Endpoints are configured under the ids of the services, which differ from
 * their endpoint prefixes. */
const char *client_endpoint(const struct aws_client *c, const char *service)
{
	static const struct {
		const char *prefix, *id;
	} ids[] = {
		{"ec2", "EC2"},
		{"elasticloadbalancing", "ELASTIC_LOAD_BALANCING_V2"},
		{"ecs", "ECS"},
		{"sts", "STS"},
		{"monitoring", "CLOUDWATCH"},
		{"servicequotas", "SERVICE_QUOTAS"},
	};

	if (c->endpoint_url)
		return c->endpoint_url;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		if (!strcmp(ids[i].prefix, service))
			return profiles_endpoint(&c->profiles, c->profile,
						 ids[i].id);
	return NULL;
}

int client_stopped(const struct aws_client *c, struct aws_error *err)
{
	if (!stopped(c))
		return 0;
	return aws_error_set(err, AWS_ERR_STOPPED, "", "interrupted");
}

int client_sleep(struct aws_client *c, unsigned int ms, struct aws_error *err)
{
	uint64_t end = clock_mono_ns() + ms * NSEC_PER_MSEC, now;

	while ((now = clock_mono_ns()) < end) {
		uint64_t left = end - now;
		struct timespec ts = {0};
		int error = client_stopped(c, err);

		if (error)
			return error;
		if (left > SLICE_MS * NSEC_PER_MSEC)
			left = SLICE_MS * NSEC_PER_MSEC;
		ts.tv_nsec = (long)left;
		nanosleep(&ts, NULL);
	}
	return client_stopped(c, err);
}

static struct cred_search search(const struct aws_client *c)
{
	return (struct cred_search){.http = c->http,
				    .log = c->log,
				    .profiles = &c->profiles,
				    .profile = c->profile,
				    .profile_given = c->profile_given,
				    .region = c->region,
				    .clock_offset = c->clock_offset,
				    .variant = c->variant,
				    .stopped = c->opt.stopped,
				    .mfa = c->opt.mfa,
				    .ctx = c->opt.stopped_ctx};
}

bool client_instance_region(struct aws_client *c, char *region, size_t n)
{
	struct cred_search s = search(c);
	int error = chain_region(&s, region, n);

	buf_free(&s.tried);
	return !error;
}

static int find_credentials(struct aws_client *c, struct aws_error *err)
{
	struct cred_search s = search(c);
	struct credentials found;
	int error = chain_find(&s, &found, err);

	c->clock_offset = s.clock_offset;
	buf_free(&s.tried);
	if (error)
		return error;
	credentials_wipe(&c->cred);
	c->cred = found;
	log_debug(c->log, "credentials: %s", found.source);
	return 0;
}

int client_credentials(struct aws_client *c, bool renew, struct aws_error *err)
{
	int64_t now = time(NULL) + c->clock_offset;
	int error;

	if (c->cred.access_key && !renew &&
	    (!c->cred.expires || c->cred.expires > now + RENEW_S))
		return 0;
	error = find_credentials(c, err);
	/* Use the old credentials until they expire. */
	if (error && !renew && c->cred.access_key && c->cred.expires > now)
		return 0;
	return error;
}
