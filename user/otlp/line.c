/* SPDX-License-Identifier: MIT */
/* Finds the members in one walk through each object. */
#include <string.h>

#include "otlp/line.h"

#define N(array) (sizeof(array) / sizeof(*(array)))

bool otlp_number(struct json_text text, uint64_t *v)
{
	uint64_t n = 0;

	if (!text.n || text.n > 16)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	}
	*v = n;
	return true;
}

/* Turns values into contents; what is no string, such as null, into nothing. The
 * list ends with NULL. */
static void unquote(struct json_text *const *text)
{
	for (; *text; text++)
		if (!(*text)->p || !json_string(**text, *text))
			**text = (struct json_text){NULL, 0};
}

static bool is(struct json_text t, const char *text)
{
	return t.n == strlen(text) && !memcmp(t.p, text, t.n);
}

static bool parse_request(struct otlp_line *l, struct json_text request)
{
	struct json_text url = {0};
	const struct json_want in_request[] = {{"method", &l->method},
					       {"url", &url},
					       {"headers", &l->headers}};
	const struct json_want in_url[] = {{"host", &l->to.host},
					   {"path", &l->path}};
	struct json_text *const strings[] = {&l->method, &l->to.host, &l->path,
					     NULL};

	if (json_members(request, in_request, N(in_request)) != N(in_request) ||
	    json_members(url, in_url, N(in_url)) != N(in_url))
		return false;
	unquote(strings);
	return true;
}

static bool parse_meta(struct otlp_line *l, struct json_text meta)
{
	const struct json_want want[] = {
		{"environment", &l->environment},
		{"source", &l->source},
		{"sourcePort", &l->source_port},
		{"destination", &l->to.address},
		{"destinationPort", &l->to.port},
	};
	struct json_text *const strings[] = {&l->environment, &l->source,
					     &l->to.address, NULL};

	if (json_members(meta, want, N(want)) != N(want))
		return false;
	unquote(strings);
	return true;
}

static void parse_flags(struct otlp_line *l)
{
	static const struct {
		const char *name;
		uint8_t cut;
	} rows[] = {
		{"request-gap", OTLP_REQUEST_CUT},
		{"response-gap", OTLP_RESPONSE_CUT},
		{"truncated", OTLP_REQUEST_CUT | OTLP_RESPONSE_CUT},
		{"closed-early", OTLP_REQUEST_CUT | OTLP_RESPONSE_CUT},
		{"timeout", OTLP_REQUEST_CUT | OTLP_RESPONSE_CUT},
		{"evicted", OTLP_REQUEST_CUT | OTLP_RESPONSE_CUT},
		{"malformed", OTLP_REQUEST_CUT | OTLP_RESPONSE_CUT},
	};
	struct json_text name, value, text;
	struct json_walk w;

	if (!json_enter(&w, l->flags))
		return;
	while (json_step(&w, &name, &value))
		for (size_t i = 0; i < N(rows); i++)
			if (json_string(value, &text) && is(text, rows[i].name))
				l->cut |= rows[i].cut;
}

static void parse_grpc(struct otlp_line *l, struct json_text grpc)
{
	struct json_text status = {0};
	const struct json_want want[] = {{"service", &l->grpc_service},
					 {"method", &l->grpc_method},
					 {"status", &status}};
	struct json_text *const strings[] = {&l->grpc_service, &l->grpc_method,
					     NULL};

	l->has_grpc = grpc.n && json_members(grpc, want, N(want)) == N(want);
	unquote(strings);
	l->has_grpc_status = otlp_number(status, &l->grpc_status);
}

static void parse_capture(struct otlp_line *l, struct json_text capture)
{
	struct json_text tls = {0}, grpc = {0}, number[6] = {0};
	uint64_t *const to[6] = {&l->request_start,  &l->request_end,
				 &l->response_start, &l->response_end,
				 &l->request_bytes,  &l->response_bytes};
	const struct json_want want[] = {
		{"id", &l->id},
		{"connection", &l->connection},
		{"collector", &l->collector},
		{"interface", &l->interface},
		{"vni", &l->vni},
		{"flags", &l->flags},
		{"protocol", &l->protocol},
		{"target", &l->target},
		{"peer", &l->peer},
		{"tls", &tls},
		{"grpc", &grpc},
		{"requestStartUs", &number[0]},
		{"requestEndUs", &number[1]},
		{"responseStartUs", &number[2]},
		{"responseEndUs", &number[3]},
		{"requestWireBytes", &number[4]},
		{"responseWireBytes", &number[5]},
	};
	struct json_text *const strings[] = {
		&l->id,	      &l->connection, &l->collector, &l->interface,
		&l->protocol, &l->target,     &l->peer,	     NULL};

	json_members(capture, want, N(want));
	unquote(strings);
	for (size_t i = 0; i < N(number); i++)
		otlp_number(number[i], to[i]);
	l->https = tls.n > 0;
	parse_flags(l);
	parse_grpc(l, grpc);
}

bool otlp_line_parse(struct otlp_line *l, struct json_text line)
{
	struct json_text request = {0}, response = {0}, meta = {0},
			 capture = {0}, status;
	const struct json_want want[] = {{"request", &request},
					 {"response", &response},
					 {"meta", &meta},
					 {"capture", &capture}};

	*l = (struct otlp_line){0};
	if (json_members(line, want, N(want)) != N(want))
		return false;
	l->has_request = *request.p == '{';
	l->has_response = *response.p == '{';
	if (l->has_request && !parse_request(l, request))
		return false;
	if (l->has_response && json_member(response, "status", &status))
		otlp_number(status, &l->status);
	if (!parse_meta(l, meta))
		return false;
	parse_capture(l, capture);
	/* Without its time, a transaction has no place in a trace. */
	return l->id.n && (!l->has_request || l->request_start);
}

bool otlp_line_failed(const struct otlp_line *l)
{
	/* UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and
	 * DATA_LOSS, by the conventions for gRPC. */
	const uint64_t at_fault =
		1u << 2 | 1u << 4 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 15;

	if (l->has_grpc_status)
		return l->grpc_status < 16 && at_fault >> l->grpc_status & 1;
	return l->status >= 500;
}
