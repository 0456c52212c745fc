/* SPDX-License-Identifier: MIT */
/* One call: credentials, signature, attempts, errors, pages. */
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

#define MAX_PAGES 100000u /* a server that never ends its list */

/* A clock that is off by less is not why a signature is refused. */
#define SKEW_S 240

const struct call_service call_ec2 = {"ec2", EC2_VERSION};
const struct call_service call_elbv2 = {"elasticloadbalancing", ELBV2_VERSION};
const struct call_service call_sts = {"sts", STS_VERSION};
const struct call_service call_cw = {"monitoring", CW_VERSION};

int call_bad_response(struct aws_error *err, const char *service,
		      const char *action, int error)
{
	if (error == -ENOMEM)
		return aws_error_no_memory(err);
	if (err) {
		snprintf(err->service, sizeof(err->service), "%s", service);
		snprintf(err->action, sizeof(err->action), "%s", action);
	}
	return aws_error_set(err, AWS_ERR_RESPONSE, "",
			     "the answer is not what this call answers");
}

/* What one call has been through. */
struct course {
	const char *service, *action;
	unsigned int attempt;
	bool uncertain; /* an attempt may have been carried out, unanswered */
	bool renewed;	/* credentials, once */
	bool set_clock; /* once */
	/* Reads a success. 0, -EPROTO (it is none of this action), -ENOMEM. */
	int (*read)(struct course *k, const struct buf *body);
	void *to; /* what read fills */
};

static int read_xml(struct course *k, const struct buf *body)
{
	struct call_response *a = k->to;
	char name[80];
	int error = xml_parse(&a->xml, body->p, body->len);

	if (error)
		return error == -ENOMEM ? error : -EPROTO;
	/* Something between us and AWS may answer 200 for everything, and an
	 * unknown document must not be taken for an empty list. */
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

static int read_json(struct course *k, const struct buf *body)
{
	cJSON *json = cJSON_ParseWithLength((char *)body->p, body->len);

	if (!cJSON_IsObject(json)) {
		cJSON_Delete(json);
		return -EPROTO;
	}
	*(cJSON **)k->to = json;
	return 0;
}

/* Refused because of the time? Then one more attempt, by the server's. */
static bool correct_clock(struct aws_client *c, struct course *k,
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
		"this machine's clock is %lld s %s AWS's; it is made up for, but should be set",
		llabs((long long)ahead), ahead > 0 ? "behind" : "ahead of");
	return true;
}

/* Expired in spite of their date, or withdrawn: others may be there. */
static bool renew(struct aws_client *c, struct course *k,
		  const struct aws_error *why)
{
	struct credentials old = c->cred;
	bool others;

	if (k->renewed || !aws_error_is_expired(why->code) || !old.token)
		return false;
	k->renewed = true;
	c->cred = (struct credentials){0};
	if (client_credentials(c, true, NULL)) {
		c->cred = old;
		return false;
	}
	others = !c->cred.token || strcmp(c->cred.token, old.token) != 0;
	credentials_wipe(&old);
	return others;
}

static uint32_t random_bits(void)
{
	uint32_t r = 0;

	/* Without random numbers delays are merely less spread. */
	if (RAND_bytes((uint8_t *)&r, sizeof(r)) != 1)
		r = (uint32_t)clock_mono_ns() * 2654435761u;
	return r;
}

/* A success that makes no sense: the change may have been made. */
static int read_answer(struct course *k, const struct http_response *response,
		       struct aws_error *why)
{
	int error = k->read(k, &response->body);

	if (!error)
		return 0;
	k->uncertain = true;
	call_bad_response(why, k->service, k->action, error);
	why->status = response->status;
	return error;
}

/* One attempt. 0: the answer has been read. */
static int attempt(struct aws_client *c, const struct aws_request *p,
		   struct course *k, struct http_response *response,
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
	if (error) {
		k->uncertain |= sent;
	} else if (response->status < 200 || response->status > 299) {
		error = aws_response_error(response, why);
		credentials_scrub(&c->cred, why->message);
		/* A gateway that gave up waiting has passed it on. */
		k->uncertain |= response->status >= 500;
	} else {
		error = read_answer(k, response, why);
	}
	log_debug(c->log, "%s:%s: %s%s%s (%.0f ms, attempt %u)", k->service,
		  k->action, error ? why->code : "done",
		  error && why->code[0] ? ": " : "", error ? why->message : "",
		  (double)(clock_mono_ns() - start) / 1e6, k->attempt);
	return error;
}

/* All attempts of a call. */
static int send_call(struct aws_client *c, struct aws_request *p,
		     struct course *k, struct aws_error *err)
{
	struct retry_policy policy = {c->opt.max_attempts, c->opt.retry_ms};
	struct aws_error why = {0};
	int error;

	if (!c->region)
		return aws_error_bad_parameter(
			err,
			"no region is known: name one by --region or AWS_REGION");
	p->region = c->region;
	p->endpoint_url = c->endpoint_url;
	p->timeout_ms = c->opt.timeout_s * 1000;
	c->counters.calls++;
	for (k->attempt = 1;; k->attempt++) {
		struct http_response response = {0};
		unsigned int ms, retry_after;
		bool again_now;

		error = client_stopped(c, err);
		if (!error)
			error = client_credentials(c, false, err);
		if (error)
			return error;
		p->clock_offset = c->clock_offset;
		error = attempt(c, p, k, &response, &why);
		if (!error) {
			http_response_free(&response);
			return 0;
		}
		again_now = correct_clock(c, k, &response, &why) ||
			    renew(c, k, &why);
		retry_after = response.retry_after_s;
		http_response_free(&response);
		c->counters.throttled += why.kind == AWS_ERR_THROTTLED;
		if (!again_now && !retry_again(&policy, k->attempt, &why))
			break;
		c->counters.retried++;
		if (again_now)
			continue;
		ms = retry_delay_ms(&policy, k->attempt, random_bits(),
				    retry_after);
		error = client_sleep(c, ms, err);
		if (error) {
			if (err)
				err->unknown_outcome = k->uncertain;
			return error;
		}
	}
	why.unknown_outcome = k->uncertain;
	if (err)
		*err = why;
	return error;
}

void call_begin(struct aws_query *q, const struct call_service *service,
		const char *action)
{
	*q = (struct aws_query){0};
	query_string(q, action, "Action");
	query_string(q, service->version, "Version");
}

int call_send(struct aws_client *c, const struct call_service *service,
	      const char *action, struct aws_query *q,
	      struct call_response *response, struct aws_error *err)
{
	struct aws_request p = {.service = service->name,
				.body = q->body.p,
				.body_len = q->body.len};
	struct call_response a = {0};
	struct course k = {.service = service->name,
			   .action = action,
			   .read = read_xml,
			   .to = &a};
	int error;

	if (response)
		*response = a;
	error = q->body.failed ? aws_error_no_memory(err)
			       : send_call(c, &p, &k, err);
	query_free(q);
	if (error)
		return error;
	if (response)
		*response = a;
	else
		call_response_free(&a);
	return 0;
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
	error = call_send(c, &call_ec2, action, q, response, &why);
	if (dry_run && error && !strcmp(why.code, "DryRunOperation"))
		return 0;
	if (dry_run && !error) {
		/* Whoever answered this does not know DryRun. */
		if (response)
			call_response_free(response);
		return aws_error_set(
			err, AWS_ERR_RESPONSE, "",
			"%s: DryRun was ignored; the change may have been made",
			action);
	}
	if (error && err)
		*err = why;
	return error;
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

int call_ecs(struct aws_client *c, const char *action, const void *body,
	     size_t n, cJSON **response, struct aws_error *err)
{
	char target[120];
	struct aws_request p = {.service = "ecs",
				.target = target,
				.body = body,
				.body_len = n};
	struct course k = {.service = p.service,
			   .action = action,
			   .read = read_json,
			   .to = response};

	*response = NULL;
	snprintf(target, sizeof(target), ECS_TARGET "%s", action);
	return send_call(c, &p, &k, err);
}
