/* SPDX-License-Identifier: MIT */
/*
 * What a line costs: "make bench-trace". Best of several rounds, because the
 * machine does other things too; MB/s are of the line that is written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/trace.h"

#define ROUNDS	 15
#define ROUND_NS (20 * NSEC_PER_MSEC)

static struct http_span span(const char *s)
{
	return (struct http_span){(const uint8_t *)s, (uint32_t)strlen(s)};
}

static struct http_field field(const char *name, const char *value)
{
	return (struct http_field){span(name), span(value)};
}

/* Repeats text up to n bytes. */
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

static double best_ns(const struct http_transaction *t,
		      const struct trace_conf *c, size_t *line)
{
	double best = 1e18, ns;
	struct buf b = {0};
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = clock_mono_ns(), now;
		unsigned int n = 0;

		do {
			buf_clear(&b);
			trace_write(&b, t, c);
			n++;
			now = clock_mono_ns();
		} while (now - start < ROUND_NS);
		ns = (double)(now - start) / n;
		best = ns < best ? ns : best;
	}
	*line = b.len;
	buf_free(&b);
	return best;
}

static void report(const char *what, const struct http_transaction *t,
		   const struct trace_conf *c)
{
	size_t line;
	double ns = best_ns(t, c, &line);

	printf("%-34s %8zu bytes %9.0f ns %7.0f MB/s\n", what, line, ns,
	       (double)line * 1000 / ns);
}

static const char json[] =
	"{\"id\":18446,\"name\":\"Ada Lovelace\",\"email\":\"ada@example.com\","
	"\"roles\":[\"admin\",\"user\"],\"active\":true,\"balance\":1052.75,"
	"\"address\":{\"street\":\"12 St James's Square\",\"city\":\"London\"}},";
static const char pretty[] = "  {\n    \"id\": 18446,\n    \"name\": \"Ada "
			     "Lovelace\",\n    \"active\": true\n  },\n";
static const char plain[] =
	"Lorem ipsum dolor sit amet, consectetur adipiscing "
	"elit, sed do eiusmod tempor incididunt. ";
static const char accents[] = "L'\xc3\xa9t\xc3\xa9 o\xc3\xb9 la for\xc3\xaat "
			      "\xc3\xa9tait verte et le ciel bleu. ";
static const char kanji[] = "\xe6\xbc\xa2\xe5\xad\x97\xe3\x81\x8b\xe3\x81\xaa";
static const char binary[] = "\x89PNG\r\n\x1a\n\xff\xd8\xfe\0\1\2\3\4";

int main(void)
{
	static const char *const names[] = {"password", "token", "ssn"};
	const struct trace_options plain_options = {0},
				   masking = {.fields = names, .n_fields = 3};
	struct trace_conf *c = trace_conf_new(&plain_options);
	struct trace_conf *cm = trace_conf_new(&masking);
	const struct http_field qf[] = {
		field("Host", "api.example.com"),
		field("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"),
		field("Accept", "application/json"),
		field("Accept-Encoding", "gzip, deflate, br"),
		field("Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"),
		field("Cookie", "session=0123456789abcdef0123456789abcdef"),
		field("X-Request-Id", "5f0c6a34-2b7e-4b0e-9d57-0c6a342b7e4b"),
		field("Connection", "keep-alive"),
	};
	const struct http_field rf[] = {
		field("Date", "Tue, 14 Nov 2023 22:13:20 GMT"),
		field("Content-Type", "application/json; charset=utf-8"),
		field("Content-Length", "512"),
		field("Server", "nginx/1.22.1"),
		field("Cache-Control", "no-store"),
		field("Vary", "Accept-Encoding"),
		field("Connection", "keep-alive"),
	};
	struct http_message q = {
		.method = span("GET"),
		.target = span("/v1/users/18446/orders?limit=20&state=open"),
		.host = span("api.example.com"),
		.path = span("/v1/users/18446/orders"),
		.query = span("limit=20&state=open"),
		.version_major = 1,
		.version_minor = 1,
		.fields = qf,
		.n_fields = 8,
		.first_ns = 1700000000000003000,
	};
	struct http_message r = {
		.status = 200,
		.version_major = 1,
		.version_minor = 1,
		.fields = rf,
		.n_fields = 7,
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
	const struct {
		const char *what, *text;
		size_t len, n;
	} bodies[] = {
		{"no body", json, 1, 0},
		{"512 bytes of JSON", json, sizeof(json) - 1, 512},
		{"64 KiB of JSON", json, sizeof(json) - 1, 65536},
		{"64 KiB of indented JSON", pretty, sizeof(pretty) - 1, 65536},
		{"64 KiB of English", plain, sizeof(plain) - 1, 65536},
		{"64 KiB of French", accents, sizeof(accents) - 1, 65536},
		{"64 KiB of Japanese", kanji, sizeof(kanji) - 1, 65535},
		{"64 KiB of binary data", binary, sizeof(binary) - 1, 65536},
	};
	size_t i;

	if (!c || !cm)
		return 1;
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		uint8_t *p =
			fill(bodies[i].text, bodies[i].len, bodies[i].n + 1);
		char what[64];

		r.body.data = p;
		r.body.len = bodies[i].n;
		r.body.total = bodies[i].n + (i > 1 && i < 6);
		report(bodies[i].what, &t, c);
		if (i == 1 || i == 2) {
			snprintf(what, sizeof(what), "%s, 3 fields masked",
				 bodies[i].what);
			report(what, &t, cm);
		}
		free(p);
	}
	trace_conf_free(c);
	trace_conf_free(cm);
	return 0;
}
