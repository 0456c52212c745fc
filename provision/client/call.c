/* SPDX-License-Identifier: MIT */
/*
 * One call to AWS: finds credentials, signs, sends, retries, paginates.
 *
 * The hard part is a lost response to a change: the change may or may not have
 * been made. Once an attempt ends that way the call is uncertain, and an error
 * of a later attempt carries unknown_outcome, so that the caller can tell
 * "does not exist" from "deleted by the lost attempt".
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>
#include <openssl/rand.h>

#include "client/call.h"
#include "client/state.h"
#include "http/error_codes.h"
#include "http/request.h"
#include "client/retry.h"
#include "base/clock.h"

#define SLOW_PART 8 /* of the time limit: an attempt that took longer is slow */

#define MAX_PAGES 100000u /* bounds a list that never ends */

/* AWS tolerates 5 minutes; a smaller difference is not the reason why it rejected
 * a signature. */
#define SKEW_S 240

const struct call_service call_ec2 = {"ec2", EC2_VERSION};
const struct call_service call_elbv2 = {"elasticloadbalancing", ELBV2_VERSION};
const struct call_service call_sts = {"sts", STS_VERSION};
const struct call_service call_cw = {"monitoring", CW_VERSION};
const struct call_json_service call_ecs = {
	"ecs", "AmazonEC2ContainerServiceV20141113", 0, 0};
/* Quotas only refine what is documented, and a network without internet access
 * often has no endpoint for them: do not wait for long. */
const struct call_json_service call_quotas = {"servicequotas",
					      "ServiceQuotasV20190624", 1, 5};

int call_bad_response(struct aws_error *err, const char *service,
		      const char *action, int error)
{
	if (error == -ENOMEM)
		return aws_error_no_memory(err);
	if (err) {
		snprintf(err->service, sizeof(err->service), "%s", service);
		snprintf(err->action, sizeof(err->action), "%s", action);
	}
	return aws_error_set(
		err, AWS_ERR_RESPONSE, "",
		"the response does not match the action; a proxy may have sent it");
}

/* The state of one call across its attempts. */
struct attempt_state {
	const char *service, *action;
	unsigned int attempts, timeout_s; /* limits; 0: those of the client */
	unsigned int attempt;		  /* from 1 */
	bool uncertain; /* an attempt may have taken effect, unconfirmed */
	bool abandoned; /* an attempt may still take effect */
	bool renewed;	/* the credentials, which is tried once */
	bool set_clock; /* the clock offset, which is tried once */
	/* Reads a successful response into result. 0, -ENOMEM, or -EPROTO if it
	 * is not a response to this action. */
	int (*read)(struct attempt_state *k, const struct buf *body);
	void *result;
};

static int read_xml(struct attempt_state *k, const struct buf *body)
{
	struct call_response *a = k->result;
	char name[80];
	int error = xml_parse(&a->xml, body->p, body->len);

	if (error)
		return error == -ENOMEM ? error : -EPROTO;
	/* A captive portal or proxy may respond to anything with status 200;
	 * do not mistake its document for an empty list. */
	snprintf(name, sizeof(name), "%sResponse", k->action);
	if (strcmp(a->xml.root->name, name) != 0) {
		call_response_free(a);
		return -EPROTO;
	}
	snprintf(name, sizeof(name), "%sResult", k->action);
	a->root = xml_child(a->xml.root, name);
	if (!a->root)
		a->root = a->xml.root;
	return 0;
}

static int read_json(struct attempt_state *k, const struct buf *body)
{
	cJSON *json = cJSON_ParseWithLength((char *)body->p, body->len);

	if (!cJSON_IsObject(json)) {
		cJSON_Delete(json);
		return -EPROTO;
	}
	*(cJSON **)k->result = json;
	return 0;
}

/* After a rejection because of the local clock: adopts the offset of the server's
 * Date. true: retry at once. */
static bool correct_clock(struct aws_client *c, struct attempt_state *k,
			  const struct http_response *response,
			  const struct aws_error *why)
{
	int64_t ahead = response->date - time(NULL);

	if (k->set_clock || !response->date ||
	    !aws_error_is_clock(why->code, why->message) ||
	    llabs(ahead - c->clock_offset) < SKEW_S)
		return false;
	k->set_clock = true;
	c->clock_offset = ahead;
	log_warn(
		c->log,
		"the clock of this host is %lld s %s AWS's; requests are signed with a corrected time, but set the clock",
		llabs((long long)ahead), ahead > 0 ? "behind" : "ahead of");
	return true;
}

/* After expired or revoked credentials: searches for others. true: they differ,
 * so retry at once. */
static bool renew_credentials(struct aws_client *c, struct attempt_state *k,
			      const struct aws_error *why)
{
	struct credentials old = c->cred;
	bool differ;

	if (k->renewed || !aws_error_is_expired(why->code) || !old.token)
		return false;
	k->renewed = true;
	c->cred = (struct credentials){0};
	if (client_credentials(c, true, NULL)) {
		c->cred = old;
		return false;
	}
	differ = !c->cred.token || strcmp(c->cred.token, old.token) != 0;
	credentials_wipe(&old);
	return differ;
}

static uint32_t random_bits(void)
{
	uint32_t r = 0;

	/* A failure of RAND_bytes() only makes the jitter less random. */
	if (RAND_bytes((uint8_t *)&r, sizeof(r)) != 1)
		r = (uint32_t)clock_mono_ns() * 2654435761u;
	return r;
}

/* Reads a response with status 2xx. If it is malformed, the change may still have
 * been made. */
static int read_success(struct attempt_state *k,
			const struct http_response *response,
			struct aws_error *why)
{
	int error = k->read(k, &response->body);

	if (!error)
		return 0;
	k->uncertain = true;
	/* A portal answers the next attempt in the same way: without a status,
	 * there is none. */
	if (http_response_is_html(response))
		return aws_response_html(response, why);
	call_bad_response(why, k->service, k->action, error);
	why->status = response->status;
	return error;
}

/* Makes one attempt. 0: k->result has been filled in. */
static int try_once(struct aws_client *c, const struct aws_request *p,
		    struct attempt_state *k, struct http_response *response,
		    struct aws_error *why)
{
	uint64_t start = clock_mono_ns();
	bool sent;
	int error;

	*why = (struct aws_error){0};
	snprintf(why->service, sizeof(why->service), "%s", k->service);
	snprintf(why->action, sizeof(why->action), "%s", k->action);
	c->counters.attempts++;
	error = aws_request_send(c->http, p, &c->cred, response, &sent, why);
	k->uncertain |= response->resent;
	k->abandoned |= response->abandoned;
	if (error) {
		k->uncertain |= sent;
	} else if (response->status < 200 || response->status > 299) {
		error = aws_response_error(response, why);
		credentials_scrub(&c->cred, why->message);
		/* A gateway that timed out may have forwarded the request. */
		k->uncertain |= response->status >= 500;
		k->abandoned |= response->status == 504;
	} else {
		error = read_success(k, response, why);
	}
	log_debug(c->log, "%s:%s: %s%s%s (%.0f ms, attempt %u)", k->service,
		  k->action, error ? why->code : "done",
		  error && why->code[0] ? ": " : "", error ? why->message : "",
		  (double)(clock_mono_ns() - start) / 1e6, k->attempt);
	return error;
}

/* A server that hangs would keep the program silent for minutes. */
static void report_slow(struct aws_client *c, const struct attempt_state *k,
			const struct aws_error *why, uint64_t since)
{
	uint64_t limit = c->opt.timeout_s * NSEC_PER_SEC;

	if (why->kind == AWS_ERR_NETWORK &&
	    clock_mono_ns() - since > limit / SLOW_PART)
		log_warn(c->log, "%s:%s: %s; trying again (%u of %u)",
			 k->service, k->action, why->message, k->attempt + 1,
			 c->opt.max_attempts);
}

/* Ends a call for a reason other than the response to an attempt. Returns error. */
static int give_up(const struct attempt_state *k, struct aws_error *err,
		   int error)
{
	if (err) {
		err->unknown_outcome = k->uncertain;
		err->abandoned = k->abandoned;
	}
	return error;
}

/* Makes attempts until one succeeds or retrying is pointless. */
static int send_with_retries(struct aws_client *c, struct aws_request *p,
			     struct attempt_state *k, struct aws_error *err)
{
	struct retry_policy policy = {k->attempts ? k->attempts
						  : c->opt.max_attempts,
				      c->opt.retry_ms};
	struct aws_error why = {0};
	int error;

	if (!c->region)
		return aws_error_bad_parameter(
			err, "no region is set; use --region or AWS_REGION");
	p->region = c->region;
	p->endpoint_url = client_endpoint(c, p->service);
	p->variant = c->variant;
	p->timeout_ms = 1000 * (k->timeout_s ? k->timeout_s : c->opt.timeout_s);
	c->counters.calls++;
	for (k->attempt = 1;; k->attempt++) {
		struct http_response response = {0};
		uint64_t since = clock_mono_ns();
		unsigned int ms, retry_after;
		bool retry_now;

		error = client_stopped(c, err);
		if (!error)
			error = client_credentials(c, false, err);
		if (error)
			return give_up(k, err, error);
		p->clock_offset = c->clock_offset;
		error = try_once(c, p, k, &response, &why);
		if (!error) {
			http_response_free(&response);
			return 0;
		}
		retry_now = correct_clock(c, k, &response, &why) ||
			    renew_credentials(c, k, &why);
		retry_after = response.retry_after_s;
		http_response_free(&response);
		c->counters.throttled += why.kind == AWS_ERR_THROTTLED;
		if (!retry_now && !retry_again(&policy, k->attempt, &why))
			break;
		c->counters.retried++;
		if (retry_now)
			continue;
		report_slow(c, k, &why, since);
		ms = retry_delay_ms(&policy, k->attempt, random_bits(),
				    retry_after);
		error = client_sleep(c, ms, err);
		if (error)
			return give_up(k, err, error);
	}
	why.unknown_outcome = k->uncertain;
	why.abandoned = k->abandoned;
	return aws_error_copy(err, &why, error);
}

void call_begin(struct aws_query *q, const struct call_service *service,
		const char *action)
{
	*q = (struct aws_query){0};
	query_string(q, action, "Action");
	query_string(q, service->version, "Version");
}

static bool is_read(const char *action)
{
	return !strncmp(action, "Describe", strlen("Describe")) ||
	       !strncmp(action, "Get", strlen("Get"));
}

static int send_query(struct aws_client *c, const struct call_service *service,
		      const char *action, bool finish, struct aws_query *q,
		      struct call_response *response, struct aws_error *err)
{
	struct aws_request p = {.service = service->name,
				.body = q->body.p,
				.body_len = q->body.len,
				.finish = finish};
	struct call_response result = {0};
	struct attempt_state k = {.service = service->name,
				  .action = action,
				  .read = read_xml,
				  .result = &result};
	int error;

	if (response)
		*response = result;
	error = q->body.failed ? aws_error_no_memory(err)
			       : send_with_retries(c, &p, &k, err);
	query_free(q);
	if (error)
		return error;
	if (response)
		*response = result;
	else
		call_response_free(&result);
	return 0;
}

int call_send(struct aws_client *c, const struct call_service *service,
	      const char *action, struct aws_query *q,
	      struct call_response *response, struct aws_error *err)
{
	return send_query(c, service, action, !is_read(action), q, response,
			  err);
}

void call_response_free(struct call_response *a)
{
	xml_free(&a->xml);
	a->root = NULL;
}

int call_change(struct aws_client *c, const char *action, struct aws_query *q,
		bool dry_run, struct call_response *response,
		struct aws_error *err)
{
	struct aws_error why = {0};
	int error;

	if (dry_run)
		query_bool(q, true, "DryRun");
	error = send_query(c, &call_ec2, action, !dry_run, q, response, &why);
	if (dry_run) /* a check, whatever became of it, changed nothing */
		why.unknown_outcome = false;
	if (dry_run && error && !strcmp(why.code, "DryRunOperation"))
		return 0;
	if (dry_run && !error) {
		/* The endpoint ignored DryRun. */
		if (response)
			call_response_free(response);
		return aws_error_set(
			err, AWS_ERR_RESPONSE, "",
			"%s: the endpoint ignored DryRun, so the change may have been made",
			action);
	}
	return aws_error_copy(err, &why, error);
}

static int add_page(struct aws_client *c, const struct call_list *l,
		    struct shape_list *out, char **token, struct aws_error *err)
{
	struct call_response response;
	struct aws_query q;
	const char *next;
	int error;

	call_begin(&q, l->service, l->action);
	if (l->add)
		l->add(&q, l->ctx);
	if (l->page)
		query_number(&q, l->page, "%s", l->page_parameter);
	if (*token)
		query_string(&q, *token, "%s", l->token_parameter);
	free(*token);
	*token = NULL;
	error = call_send(c, l->service, l->action, &q, &response, err);
	if (error)
		return error;
	error = shape_append_xml(l->shape, xml_at(response.root, l->set), out);
	next = l->token_element ? xml_text(response.root, l->token_element)
				: NULL;
	if (!error && next && *next) {
		*token = strdup(next);
		error = *token ? 0 : -ENOMEM;
	}
	call_response_free(&response);
	return error ? call_bad_response(err, l->service->name, l->action,
					 error)
		     : 0;
}

int call_list(struct aws_client *c, const struct call_list *l,
	      struct shape_list *out, struct aws_error *err)
{
	unsigned int pages = 0;
	char *token = NULL;
	int error;

	do {
		error = add_page(c, l, out, &token, err);
		if (!error && ++pages == MAX_PAGES)
			error = call_bad_response(err, l->service->name,
						  l->action, -EPROTO);
	} while (!error && token);
	free(token);
	if (error)
		shape_free_list(l->shape, out);
	return error;
}

int call_json(struct aws_client *c, const struct call_json_service *service,
	      const char *action, cJSON *body, cJSON **response,
	      struct aws_error *err)
{
	char *text = body ? cJSON_PrintUnformatted(body) : NULL;
	char target[120];
	struct aws_request p = {
		.service = service->name, .target = target, .body = text};
	struct attempt_state k = {.service = p.service,
				  .action = action,
				  .attempts = service->attempts,
				  .timeout_s = service->timeout_s,
				  .read = read_json,
				  .result = response};
	int error;

	cJSON_Delete(body);
	*response = NULL;
	if (!text)
		return aws_error_no_memory(err);
	p.body_len = strlen(text);
	snprintf(target, sizeof(target), "%s.%s", service->target, action);
	error = send_with_retries(c, &p, &k, err);
	cJSON_free(text);
	return error;
}

int call_json_next(const cJSON *response, char **token)
{
	/* Case is ignored: ECS and Service Quotas differ in it. */
	const char *next = cJSON_GetStringValue(
		cJSON_GetObjectItem(response, "nextToken"));

	*token = NULL;
	if (!next || !*next)
		return 0;
	*token = strdup(next);
	return *token ? 0 : -ENOMEM;
}
