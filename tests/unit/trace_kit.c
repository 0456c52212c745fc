/* SPDX-License-Identifier: MIT */
#include "trace_kit.h"

static const struct http_field request_fields[] = {
	FIELD("Host", "api.example.com"),
};
const struct http_message trace_get = {
	.method = SPAN("GET"),
	.target = SPAN("/v1/users/7?n=0"),
	.host = SPAN("api.example.com"),
	.path = SPAN("/v1/users/7"),
	.query = SPAN("n=0"),
	.version_major = 1,
	.version_minor = 1,
	.fields = request_fields,
	.n_fields = 1,
	.first_ns = 1700000000000003999,
	.last_ns = 1700000000000004999,
};
static const struct http_field response_fields[] = {
	FIELD("Content-Type", "application/json"),
};
const struct http_message trace_ok = {
	.status = 200,
	.version_major = 1,
	.version_minor = 1,
	.fields = response_fields,
	.n_fields = 1,
	.reason = SPAN("OK"),
	.body = BODY("{\"ok\":true}"),
	.first_ns = 1700000000000309000,
	.last_ns = 1700000000002309999,
};
const struct http_transaction trace_example = {
	.request = &trace_get,
	.response = &trace_ok,
	.vni = 7000,
	.id = {0x60a24181e4003abc, 0xdefabcdefa00000f},
	.connection = 0x60a24180efdc0abc,
	.client_addr = {[10] = 0xff, 0xff, 10, 1, 0, 5},
	.server_addr = {[10] = 0xff, 0xff, 10, 2, 0, 1},
	.client_port = 20147,
	.server_port = 80,
};

static struct trace_conf *conf_of(const struct trace_options *o)
{
	static const struct trace_options none;
	struct trace_conf *c = trace_conf_new(o ? o : &none);

	assert_non_null(c);
	return c;
}

char *line_of(const struct http_transaction *t, const struct trace_options *o)
{
	struct trace_conf *c = conf_of(o);
	struct buf b = {0};

	trace_write(&b, t, c);
	trace_conf_free(c);
	assert_false(b.failed);
	assert_true(b.len > 0 && b.p[b.len - 1] == '\n');
	assert_null(memchr(b.p, '\n', b.len - 1));
	buf_add(&b, "", 1);
	return (char *)b.p;
}

char *line_of_body(const struct trace_options *o, const struct http_span *type,
		   const uint8_t *p, size_t n)
{
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;
	struct http_field field = {SPAN("Content-Type"), *type};

	t.request = &q;
	q.fields = &field;
	q.n_fields = type->len != 0;
	q.body = (struct http_body){.data = p, .len = n, .total = n};
	return line_of(&t, o);
}

void expect_part(const struct http_transaction *t,
		 const struct trace_options *o, const char *part)
{
	char *line = line_of(t, o);

	if (!strstr(line, part))
		fail_msg("\"%s\" is not in %s", part, line);
	free(line);
}

void expect_absent(const struct http_transaction *t,
		   const struct trace_options *o, const char *part)
{
	char *line = line_of(t, o);

	if (strstr(line, part))
		fail_msg("\"%s\" is in %s", part, line);
	free(line);
}

void expect_targets(const struct target_case *cases, size_t n,
		    const struct trace_options *o)
{
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;

	t.request = &q;
	for (size_t i = 0; i < n; i++) {
		q.target = cases[i].target;
		q.path = cases[i].path;
		q.query = cases[i].query;
		expect_part(&t, o, cases[i].part);
		expect_absent(&t, o, "SECRET");
	}
}
