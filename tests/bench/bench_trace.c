/* SPDX-License-Identifier: MIT */
/*
 * Measures the cost of a line. Bytes are those of the line written. "make
 * bench-trace".
 */
#include "base/json.h"
#include "trace/trace.h"
#include "stage.h"

/* Heads are contiguous in memory, as captured ones are. */
struct heads {
	size_t n;
	uint8_t bytes[4096];
};

static struct http_span span(struct heads *h, const char *text)
{
	size_t n = strlen(text);
	uint8_t *p = h->bytes + h->n;

	if (n > sizeof(h->bytes) - h->n)
		abort();
	memcpy(p, text, n);
	h->n += n;
	return (struct http_span){p, (uint32_t)n};
}

static struct http_field field(struct heads *h, const char *name,
			       const char *value)
{
	struct http_field f = {.name = span(h, name)};

	f.value = span(h, value);
	return f;
}

/* Repeats text to fill n bytes. */
static uint8_t *fill(const char *text, size_t len, size_t n)
{
	uint8_t *p = malloc(n);
	size_t i;

	if (!p)
		abort();
	for (i = 0; i < n; i++)
		p[i] = (uint8_t)text[i % len];
	return p;
}

struct writing {
	const struct http_transaction *t;
	const struct trace_conf *c;
	struct buf b;
};

static void write_line(void *ctx)
{
	struct writing *w = ctx;

	buf_clear(&w->b);
	trace_write(&w->b, w->t, w->c);
}

static void report(const struct stage_report *r, const char *name,
		   const char *what, const struct http_transaction *t,
		   const struct trace_conf *c)
{
	struct writing w = {.t = t, .c = c};
	double ns = stage_best_ns(write_line, &w);

	stage_report_line(r, name, what, ns, w.b.len);
	buf_free(&w.b);
}

struct escaping {
	uint8_t *to, *from;
	size_t n;
};

static void escape_once(void *ctx)
{
	struct escaping *e = ctx;

	json_escape(e->to, e->from, e->n, JSON_REPLACE);
}

/* Measures escaping the body only. */
static void escape(const struct stage_report *r, const char *name,
		   const char *what, uint8_t *p, size_t n)
{
	struct escaping e = {malloc(JSON_ESCAPE_ROOM(n)), p, n};

	if (!e.to)
		abort();
	stage_report_line(r, name, what, stage_best_ns(escape_once, &e), n);
	free(e.to);
}

static const char json[] =
	"{\"id\":18446,\"name\":\"Ada Lovelace\",\"email\":\"ada@example.com\",\"roles\":[\"admin\",\"user\"],\"active\":true,\"balance\":1052.75,\"address\":{\"street\":\"12 St James's Square\",\"city\":\"London\"}},";
static const char pretty[] =
	"  {\n    \"id\": 18446,\n    \"name\": \"Ada Lovelace\",\n    \"active\": true\n  },\n";
static const char plain[] =
	"Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt. ";
static const char accents[] =
	"L'\xc3\xa9t\xc3\xa9 o\xc3\xb9 la for\xc3\xaat \xc3\xa9tait verte et le ciel bleu. ";
static const char kanji[] = "\xe6\xbc\xa2\xe5\xad\x97\xe3\x81\x8b\xe3\x81\xaa";
static const char binary[] = "\x89PNG\r\n\x1a\n\xff\xd8\xfe\0\1\2\3\4";

static const struct body {
	const char *name, *what, *text;
	size_t len, n;
} bodies[] = {
	{"none", "line without a body", json, 1, 0},
	{"json800", "line, 800 bytes of JSON", json, sizeof(json) - 1, 800},
	{"json", "line, 64 KiB of JSON", json, sizeof(json) - 1, 65536},
	{"indented", "line, 64 KiB of indented JSON", pretty,
	 sizeof(pretty) - 1, 65536},
	{"english", "line, 64 KiB of English", plain, sizeof(plain) - 1, 65536},
	{"french", "line, 64 KiB of French", accents, sizeof(accents) - 1,
	 65536},
	{"japanese", "line, 64 KiB of Japanese", kanji, sizeof(kanji) - 1,
	 65535},
	{"binary", "line, 64 KiB of binary data", binary, sizeof(binary) - 1,
	 65536},
};

/* Measures lines with body i, and for JSON also masked ones and the escaper. */
static void measure_body(const struct stage_report *rep, size_t i,
			 struct http_message *r,
			 const struct http_transaction *t,
			 struct trace_conf *plain_conf,
			 struct trace_conf *masked_conf)
{
	const struct body *b = &bodies[i];
	uint8_t *p = fill(b->text, b->len, b->n + 1);
	char name[64], what[64];

	r->body.data = p;
	r->body.len = b->n;
	r->body.total = b->n + (i > 1 && i < 6);
	snprintf(name, sizeof(name), "json.line.%s", b->name);
	report(rep, name, b->what, t, plain_conf);
	if (i == 1 || i == 2) {
		snprintf(name, sizeof(name), "json.line.%s.masked", b->name);
		snprintf(what, sizeof(what), "%s, fields masked", b->what);
		report(rep, name, what, t, masked_conf);
		snprintf(name, sizeof(name), "json.escape.%s", b->name);
		escape(rep, name, "  its body alone", p, b->n);
	}
	free(p);
}

int main(int argc, char **argv)
{
	struct heads heads = {0};
	static const char *const names[] = {"password", "token", "ssn"};
	const struct trace_options plain_options = {0},
				   masking = {.fields = names, .n_fields = 3};
	struct trace_conf *c = trace_conf_new(&plain_options);
	struct trace_conf *cm = trace_conf_new(&masking);
	const struct http_field qf[] = {
		field(&heads, "Host", "api.example.com"),
		field(&heads, "User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"),
		field(&heads, "Accept", "application/json"),
		field(&heads, "Accept-Encoding", "gzip, deflate, br"),
		field(&heads, "Authorization",
		      "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"),
		field(&heads, "Cookie",
		      "session=0123456789abcdef0123456789abcdef"),
		field(&heads, "X-Request-Id",
		      "5f0c6a34-2b7e-4b0e-9d57-0c6a342b7e4b"),
		field(&heads, "Connection", "keep-alive"),
	};
	const struct http_field rf[] = {
		field(&heads, "Date", "Tue, 14 Nov 2023 22:13:20 GMT"),
		field(&heads, "Content-Type",
		      "application/json; charset=utf-8"),
		field(&heads, "Content-Length", "512"),
		field(&heads, "Server", "nginx/1.22.1"),
		field(&heads, "Cache-Control", "no-store"),
		field(&heads, "Vary", "Accept-Encoding"),
		field(&heads, "Connection", "keep-alive"),
	};
	struct http_message q = {
		.method = span(&heads, "GET"),
		.target = span(&heads,
			       "/v1/users/18446/orders?limit=20&state=open"),
		.host = span(&heads, "api.example.com"),
		.path = span(&heads, "/v1/users/18446/orders"),
		.query = span(&heads, "limit=20&state=open"),
		.version_major = 1,
		.version_minor = 1,
		.fields = qf,
		.n_fields = 8,
		.readable = heads.bytes + sizeof(heads.bytes),
		.first_ns = 1700000000000003000,
	};
	struct http_message r = {
		.status = 200,
		.version_major = 1,
		.version_minor = 1,
		.fields = rf,
		.n_fields = 7,
		.readable = heads.bytes + sizeof(heads.bytes),
		.first_ns = 1700000000000309000,
	};
	const struct http_transaction t = {
		.request = &q,
		.response = &r,
		.vni = 7000,
		.client_addr = {[10] = 0xff, 0xff, 10, 1, 0, 5},
		.server_addr = {[10] = 0xff, 0xff, 10, 2, 0, 1},
		.client_port = 20147,
		.server_port = 80,
	};
	struct stage_report rep = stage_begin(argc, argv);
	size_t i;

	if (!c || !cm)
		return 1;
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		measure_body(&rep, i, &r, &t, c, cm);
	}
	trace_conf_free(c);
	trace_conf_free(cm);
	return 0;
}
