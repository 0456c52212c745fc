/* SPDX-License-Identifier: MIT */
/* Signs and sends one request to an AWS service, and reads error responses. Both
 * XML (query services) and JSON (ECS, SSO) are understood. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "base/list.h"
#include "http/credentials.h"
#include "http/endpoint.h"
#include "http/secret.h"
#include "http/request.h"
#include "http/xml.h"

#define MAX_HEADERS 8

static int local_failure(int error, struct aws_error *err)
{
	aws_error_set(err, AWS_ERR_LOCAL, "", "%s",
		      error == -ENOMEM ? "out of memory"
				       : "the request cannot be signed");
	return error;
}

static int send_headers(struct transport *t, const struct aws_request *p,
			const struct credentials *cred, const char *url,
			struct http_response *response, bool *sent,
			struct aws_error *err)
{
	char host[ENDPOINT_MAX], path[ENDPOINT_MAX], date[SIGN_DATE_LEN];
	struct sign_header h[MAX_HEADERS];
	struct buf authorization = {0};
	size_t n = 0;
	int error = 0;
	int64_t now = time(NULL) + p->clock_offset;

	if (endpoint_split(url, host, path))
		return aws_error_set(
			err, AWS_ERR_LOCAL, "",
			"\"%s\" is not the URL of an endpoint: expected a form like https://host:port",
			url);
	sign_date(now, date);
	h[n++] = (struct sign_header){"Host", host};
	h[n++] = (struct sign_header){
		"Content-Type",
		p->target ? "application/x-amz-json-1.1"
			  : "application/x-www-form-urlencoded; charset=utf-8"};
	h[n++] = (struct sign_header){"X-Amz-Date", date};
	if (p->target)
		h[n++] = (struct sign_header){"X-Amz-Target", p->target};
	if (cred && cred->token)
		h[n++] = (struct sign_header){"X-Amz-Security-Token",
					      cred->token};
	if (cred) {
		struct sign_request r = {.method = "POST",
					 .path = path,
					 .headers = h,
					 .n_headers = n,
					 .body = p->body,
					 .body_len = p->body_len};
		struct sign_scope scope = {.access_key = cred->access_key,
					   .secret = cred->secret,
					   .region = p->region,
					   .service = p->service,
					   .when = now};

		error = sign_authorization(&authorization, &r, &scope);
		buf_add(&authorization, "", 1);
		if (!error && authorization.failed)
			error = -ENOMEM;
	}
	if (error) {
		buf_free(&authorization);
		return local_failure(error, err);
	}
	if (cred)
		h[n++] = (struct sign_header){"Authorization",
					      (char *)authorization.p};
	/* Not signed, because proxies may change it. */
	h[n++] = (struct sign_header){"User-Agent",
				      "metlo-mirror/" METLO_VERSION};
	error = transport_send(
		t,
		&(struct http_request){.method = "POST",
				       .url = url,
				       .headers = h,
				       .n_headers = n,
				       .body = p->body,
				       .body_len = p->body_len,
				       .max_response = XML_MAX_BYTES,
				       .connect_ms = 10000,
				       .timeout_ms = p->timeout_ms,
				       .finish = p->finish},
		response, sent, err);
	buf_free(&authorization);
	return error;
}

int aws_request_send(struct transport *t, const struct aws_request *p,
		     const struct credentials *cred,
		     struct http_response *response, bool *sent,
		     struct aws_error *err)
{
	char url[ENDPOINT_MAX];

	*response = (struct http_response){0};
	*sent = false;
	if (p->endpoint_url)
		return send_headers(t, p, cred, p->endpoint_url, response, sent,
				    err);
	if (endpoint_url_variant(p->service, p->region, p->variant, url,
				 sizeof(url)))
		return aws_error_set(err, AWS_ERR_LOCAL, "",
				     "\"%s\" is not the name of a region",
				     p->region);
	return send_headers(t, p, cred, url, response, sent, err);
}

/* The contents of an error response; the strings belong to the parsed tree. */
struct error_response {
	const char *code, *message, *request_id;
};

static void read_xml_error(const struct xml_node *root,
			   struct error_response *s)
{
	const struct xml_node *e = xml_at(root, "Errors/Error");

	if (!e)
		e = xml_child(root, "Error");
	s->code = xml_text(e, "Code");
	s->message = xml_text(e, "Message");
	s->request_id = xml_text(root, "RequestID");
	if (!s->request_id)
		s->request_id = xml_text(root, "RequestId");
}

static void read_json_error(const cJSON *root, struct error_response *s)
{
	static const char *const messages[] = {"message", "Message",
					       "errorMessage"};
	const char *hash;
	size_t i;

	s->code = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(root, "__type"));
	if (!s->code)
		s->code = cJSON_GetStringValue(
			cJSON_GetObjectItemCaseSensitive(root, "code"));
	/* "com.amazonaws.ecs#ClusterNotFoundException" */
	hash = s->code ? strrchr(s->code, '#') : NULL;
	if (hash)
		s->code = hash + 1;
	for (i = 0; i < ARRAY_SIZE(messages) && !s->message; i++)
		s->message = cJSON_GetStringValue(
			cJSON_GetObjectItemCaseSensitive(root, messages[i]));
}

static int set_error(const struct http_response *response,
		     const struct error_response *s, struct aws_error *err)
{
	const char *code = s->code ? s->code : "";
	enum aws_error_kind kind = aws_error_classify(code, response->status);

	if (err) {
		err->status = response->status;
		snprintf(err->request_id, sizeof(err->request_id), "%s",
			 s->request_id ? s->request_id : response->request_id);
	}
	/* A proxy of AWS itself may send a page with a status of 5xx. */
	if (http_response_is_html(response) && response->status < 500) {
		aws_response_html(response, err);
		if (err)
			err->kind = kind;
		return aws_error_errno(kind);
	}
	if (!s->message)
		return aws_error_set(
			err, kind, code,
			"%s responded with HTTP status %d without an error message; if that is not AWS, check --endpoint-url and HTTPS_PROXY",
			response->url, response->status);
	return aws_error_set(err, kind, code, "%s", s->message);
}

int aws_response_html(const struct http_response *response,
		      struct aws_error *err)
{
	return aws_error_set(
		err, AWS_ERR_RESPONSE, "",
		"%s responded with HTTP status %d and a web page: that is not AWS but a captive portal or a proxy; log in to the network with a browser, or check HTTPS_PROXY and --endpoint-url",
		response->url, response->status);
}

int aws_response_error(const struct http_response *response,
		       struct aws_error *err)
{
	struct xml x;
	cJSON *json;
	struct error_response s = {0};
	int error;

	if (!xml_parse(&x, response->body.p, response->body.len)) {
		read_xml_error(x.root, &s);
		error = set_error(response, &s, err);
		xml_free(&x);
		return error;
	}
	json = cJSON_ParseWithLength((char *)response->body.p,
				     response->body.len);
	read_json_error(json, &s);
	error = set_error(response, &s, err);
	cJSON_Delete(json);
	return error;
}
