/* SPDX-License-Identifier: MIT */
/* 100,000 transactions of random bytes: every line is parsed by an independent
 * JSON parser, and each member must match the transaction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../common/scale.h"
#include "trace/trace.h"

#if __has_include(<cjson/cJSON.h>)
#include <cjson/cJSON.h>

#define TRANSACTIONS test_scale(40000, 1000000)
#define MAX_FIELDS   6
#define MAX_BYTES    96

struct source {
	uint64_t state;
	uint8_t bytes[2048];
	size_t used;
};

static uint64_t next_random(struct source *s)
{
	s->state ^= s->state << 13;
	s->state ^= s->state >> 7;
	s->state ^= s->state << 17;
	return s->state;
}

/* Without NUL, where cJSON ends its strings; test_json covers NUL. */
static struct http_span random_span(struct source *s, size_t max)
{
	static const char text[] = "ab=&;/?%41+\"\\\n\t\xc3\xa9\xe2\x82\xac{}";
	size_t n = next_random(s) % (max + 1), i;
	uint8_t *p = s->bytes + s->used;
	unsigned int kind = next_random(s) % 3;

	for (i = 0; i < n; i++) {
		if (kind == 0)
			p[i] = (uint8_t)(1 + next_random(s) % 255);
		else if (kind == 1)
			p[i] = (uint8_t)(' ' + next_random(s) % 95);
		else
			p[i] = (uint8_t)text[(i + n) % (sizeof(text) - 1)];
	}
	s->used += n;
	return (struct http_span){p, (uint32_t)n};
}

static void random_message(struct source *s, struct http_message *m,
			   struct http_field *fields)
{
	struct http_span body;
	uint32_t i;

	*m = (struct http_message){
		.method = random_span(s, 8),
		.target = random_span(s, MAX_BYTES),
		.host = random_span(s, 20),
		.path = random_span(s, MAX_BYTES),
		.query = random_span(s, MAX_BYTES),
		.status = (uint16_t)next_random(s),
		.reason = random_span(s, 8),
		.version_major = (uint8_t)(next_random(s) % 10),
		.version_minor = (uint8_t)(next_random(s) % 10),
		.first_ns = next_random(s) >> next_random(s) % 60,
		.last_ns = next_random(s) >> 3,
		.fields = fields,
		.n_fields = (uint32_t)(next_random(s) % (MAX_FIELDS + 1)),
	};
	for (i = 0; i < m->n_fields; i++)
		fields[i] = (struct http_field){random_span(s, 20),
						random_span(s, 40)};
	m->readable = next_random(s) & 1 ? s->bytes + s->used : NULL;
	body = random_span(s, MAX_BYTES);
	m->body.data = body.p;
	m->body.len = body.len;
	m->body.total = body.len;
	m->body.wire = next_random(s) >> next_random(s) % 60;
	m->body.has_sha256 = next_random(s) % 2;
	for (i = 0; i < 32; i++)
		m->body.sha256[i] = (uint8_t)next_random(s);
}

/* The span as a C string, read as ISO 8859-1 if it is not UTF-8, which returns
 * false. The decoder is independent of the one under test. */
static bool expected_text(char *to, const struct http_span *s)
{
	bool valid = true;
	uint32_t i = 0, k, len, c;

	while (i < s->len) {
		len = s->p[i] < 0x80   ? 1
		      : s->p[i] < 0xc0 ? 0
		      : s->p[i] < 0xe0 ? 2
		      : s->p[i] < 0xf0 ? 3
		      : s->p[i] < 0xf8 ? 4
				       : 0;
		c = len == 1 ? s->p[i] : s->p[i] & (0xffu >> (len + 1));
		for (k = 1; k < len && i + k < s->len; k++) {
			if (s->p[i + k] >> 6 != 2)
				break;
			c = c << 6 | (s->p[i + k] & 0x3f);
		}
		if (!len || k < len ||
		    c < (len == 4   ? 0x10000u
			 : len == 3 ? 0x800u
			 : len == 2 ? 0x80u
				    : 0u) ||
		    c > 0x10ffff || c >> 11 == 0x1b) {
			valid = false;
			break;
		}
		i += len;
	}
	for (i = 0; i < s->len; i++) {
		c = s->p[i];
		if (!valid && c >= 0x80) {
			*to++ = (char)(0xc0 | c >> 6);
			c = 0x80 | (c & 0x3f);
		}
		*to++ = (char)c;
	}
	*to = 0;
	return valid;
}

static const char *string_at(const cJSON *object, const char *name)
{
	const char *s = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(object, name));

	assert_non_null(s);
	return s;
}

static void check_text(const cJSON *object, const char *name,
		       const struct http_span *expected)
{
	char text[MAX_BYTES * 3 + 1];

	expected_text(text, expected);
	assert_string_equal(string_at(object, name), text);
}

/* Parses a number from the text, as a double would round it. */
static void check_u64(const char *line, const char *key, uint64_t expected)
{
	char text[64];

	snprintf(text, sizeof(text), "\"%s\":%llu", key,
		 (unsigned long long)expected);
	assert_non_null(strstr(line, text));
}

static void check_times(const char *line, const char *side,
			const struct http_message *m)
{
	char key[32];

	snprintf(key, sizeof(key), "%sStartUs", side);
	check_u64(line, key, m->first_ns / 1000);
	snprintf(key, sizeof(key), "%sEndUs", side);
	check_u64(line, key, m->last_ns / 1000);
	snprintf(key, sizeof(key), "%sWireBytes", side);
	check_u64(line, key, m->body.wire);
}

static void check_ids(const cJSON *capture, const struct http_transaction *t)
{
	char id[64];

	snprintf(id, sizeof(id), "%016llx%016llx", (unsigned long long)t->id[0],
		 (unsigned long long)t->id[1]);
	assert_string_equal(string_at(capture, "id"), id);
	snprintf(id, sizeof(id), "%016llx%010llx",
		 (unsigned long long)t->connection,
		 (unsigned long long)t->id[1] >> 24);
	assert_string_equal(string_at(capture, "connection"), id);
}

static void check_keys(const cJSON *object, const char *const *keys)
{
	const cJSON *item;
	int i = 0;

	cJSON_ArrayForEach(item, object)
	{
		assert_non_null(keys[i]);
		assert_string_equal(item->string, keys[i++]);
	}
	assert_null(keys[i]);
}

static void check_body(const cJSON *message, const cJSON *capture,
		       const char *encoding_key, const struct http_message *m)
{
	struct http_span body = {m->body.data, (uint32_t)m->body.len};
	const char *encoding = string_at(capture, encoding_key);
	char text[MAX_BYTES * 3 + 1];

	if (expected_text(text, &body)) {
		assert_string_equal(encoding, "utf8");
		assert_string_equal(string_at(message, "body"), text);
	} else {
		assert_string_equal(encoding, "base64");
		assert_int_equal(strlen(string_at(message, "body")),
				 (m->body.len + 2) / 3 * 4);
	}
}

static void check_fields(const cJSON *message, const struct http_message *m)
{
	const cJSON *fields =
		cJSON_GetObjectItemCaseSensitive(message, "headers");
	static const char *const keys[] = {"name", "value", NULL};
	uint32_t i;

	assert_int_equal(cJSON_GetArraySize(fields), m->n_fields);
	for (i = 0; i < m->n_fields; i++) {
		const cJSON *field = cJSON_GetArrayItem(fields, (int)i);

		check_keys(field, keys);
		check_text(field, "name", &m->fields[i].name);
		check_text(field, "value", &m->fields[i].value);
	}
}

static const char *const capture_keys[] = {"schema",
					   "kind",
					   "id",
					   "connection",
					   "collector",
					   "interface",
					   "protocol",
					   "target",
					   "vni",
					   "requestStartUs",
					   "requestEndUs",
					   "responseStartUs",
					   "responseEndUs",
					   "durationUs",
					   "requestBodyBytes",
					   "responseBodyBytes",
					   "requestWireBytes",
					   "responseWireBytes",
					   "requestBodySha256",
					   "responseBodySha256",
					   "requestBodyEncoding",
					   "responseBodyEncoding",
					   "responseProtocol",
					   "reason",
					   "requestTrailers",
					   "responseTrailers",
					   "interim",
					   "flags",
					   NULL};

static void check_line(const char *line, const struct http_transaction *t)
{
	static const char *const top[] = {"request", "response", "meta",
					  "capture", NULL};
	static const char *const request_keys[] = {"method", "url", "headers",
						   "body", NULL};
	static const char *const url_keys[] = {"host", "path", "parameters",
					       NULL};
	static const char *const response_keys[] = {"status", "headers", "body",
						    NULL};
	cJSON *o = cJSON_ParseWithOpts(line, NULL, 1);
	const cJSON *q, *r, *c, *flags;

	if (!o)
		fail_msg("not JSON: %s", line);
	check_keys(o, top);
	q = cJSON_GetObjectItemCaseSensitive(o, "request");
	r = cJSON_GetObjectItemCaseSensitive(o, "response");
	c = cJSON_GetObjectItemCaseSensitive(o, "capture");
	check_keys(c, capture_keys);
	check_ids(c, t);
	if (t->request) {
		const cJSON *url = cJSON_GetObjectItemCaseSensitive(q, "url");

		check_keys(q, request_keys);
		check_keys(url, url_keys);
		check_text(q, "method", &t->request->method);
		if (t->request->host.len)
			check_text(url, "host", &t->request->host);
		check_text(url, "path", &t->request->path);
		check_text(c, "target", &t->request->target);
		check_fields(q, t->request);
		check_body(q, c, "requestBodyEncoding", t->request);
		check_times(line, "request", t->request);
		check_u64(line, "requestBodyBytes", t->request->body.total);
	} else {
		assert_true(cJSON_IsNull(q));
	}
	if (t->response) {
		check_keys(r, response_keys);
		check_u64(line, "status", t->response->status);
		check_fields(r, t->response);
		check_body(r, c, "responseBodyEncoding", t->response);
		check_times(line, "response", t->response);
		check_text(c, "reason", &t->response->reason);
	} else {
		assert_true(cJSON_IsNull(r));
	}
	flags = cJSON_GetObjectItemCaseSensitive(c, "flags");
	/* and perhaps obs-text */
	assert_in_range(cJSON_GetArraySize(flags), __builtin_popcount(t->flags),
			__builtin_popcount(t->flags) + 1);
	cJSON_Delete(o);
}

static void run(const struct trace_options *options, bool compare)
{
	struct source s = {.state = 0x123456789abcdefull};
	struct trace_conf *conf = trace_conf_new(options);
	struct http_field qf[MAX_FIELDS], rf[MAX_FIELDS];
	struct http_message q, r;
	struct buf b = {0};
	unsigned int i, k;

	assert_non_null(conf);
	for (i = 0; i < TRANSACTIONS; i++) {
		struct http_transaction t = {0};
		cJSON *o;

		s.used = 0;
		random_message(&s, &q, qf);
		random_message(&s, &r, rf);
		t.flags = next_random(&s) & ((1u << HTTP_FLAG_COUNT) - 1) &
			  ~(uint32_t)HTTP_F_OBS_TEXT;
		t.request = next_random(&s) % 8 ? &q : NULL;
		t.response = next_random(&s) % 8 || !t.request ? &r : NULL;
		t.ipv6 = next_random(&s) % 2;
		t.id[0] = next_random(&s);
		t.id[1] = next_random(&s);
		t.connection = next_random(&s);
		for (k = 0; k < 16; k++)
			t.client_addr[k] = (uint8_t)next_random(&s);
		buf_clear(&b);
		trace_write(&b, &t, conf);
		assert_false(b.failed);
		assert_int_equal(b.p[b.len - 1], '\n');
		b.p[b.len - 1] = 0;
		assert_int_equal(strlen((char *)b.p), b.len - 1);
		if (compare) {
			check_line((char *)b.p, &t);
			continue;
		}
		o = cJSON_ParseWithOpts((char *)b.p, NULL, 1);
		if (!o)
			fail_msg("not JSON: %s", (char *)b.p);
		cJSON_Delete(o);
	}
	buf_free(&b);
	trace_conf_free(conf);
}

static void test_read_back(void **state)
{
	const struct trace_options o = {.no_redact = true};

	(void)state;
	run(&o, true);
}

/* Very common names: the masked text must still be JSON. */
static void test_masked_is_json(void **state)
{
	static const char *const names[] = {"a", "b", "ab", "1", "A"};
	const struct trace_options o = {.headers = names,
					.n_headers = 5,
					.fields = names,
					.n_fields = 5};

	(void)state;
	run(&o, false);
}
#else
static void test_read_back(void **state)
{
	(void)state;
	print_message("cJSON is not installed\n");
	skip();
}

static void test_masked_is_json(void **state)
{
	test_read_back(state);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_masked_is_json),
	};

	return cmocka_run_group_tests_name("trace_parsed", tests, NULL, NULL);
}
