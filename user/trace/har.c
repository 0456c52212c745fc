/* SPDX-License-Identifier: MIT */
/*
 * Converts lines, so that masks and everything else that a line promises hold here,
 * too. Most members are copied as the JSON text that they are: names, values and
 * bodies mean the same in both formats. What an archive has no place for is in
 * "_meta" and "_capture" (names with an underscore are left to applications).
 *
 * Archives know no halves. That of a request or response which was not seen is
 * empty, with status 0, as browsers write it, and says so in "comment".
 */
#include "trace/har.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/parse.h"
#include "trace/har_cookies.h"
#include "trace/har_text.h"

#define US_PER_S 1000000ull
/* A line, taken apart. */
struct parts {
	struct buf *out;
	struct json_text request, response, meta, capture;
};

/* --- times ----------------------------------------------------------------- */

static void put_date(struct buf *b, uint64_t us)
{
	const time_t seconds = (time_t)(us / US_PER_S);
	char text[64];
	struct tm tm;
	size_t n;

	if (!gmtime_r(&seconds, &tm))
		memset(&tm, 0, sizeof(tm));
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%06uZ",
		 (unsigned int)(us % US_PER_S));
	har_put(b, text);
}

/* Microseconds as milliseconds. */
static void put_ms(struct buf *b, const char *key, uint64_t us)
{
	char text[40];

	snprintf(text, sizeof(text), "%llu.%03u", (unsigned long long)us / 1000,
		 (unsigned int)(us % 1000));
	har_put(b, key);
	har_put(b, text);
}

/* The phases of a transaction, which follow one another. A server may respond
 * before the request ends: sending ends then. */
struct phases {
	uint64_t start, send, wait, receive;
};

static struct phases phases_of(struct json_text capture)
{
	uint64_t q, q_end, r, r_end;
	struct phases p = {0};

	if (!har_number_of(capture, "requestStartUs", &q)) {
		(void)har_number_of(capture, "responseStartUs", &r);
		(void)har_number_of(capture, "responseEndUs", &r_end);
		p.start = r;
		p.receive = r_end > r ? r_end - r : 0;
		return p;
	}
	p.start = q;
	if (!har_number_of(capture, "requestEndUs", &q_end) || q_end < q)
		q_end = q;
	if (!har_number_of(capture, "responseStartUs", &r)) {
		p.send = q_end - q;
		return p;
	}
	r = r < q ? q : r;
	q_end = q_end > r ? r : q_end;
	(void)har_number_of(capture, "responseEndUs", &r_end);
	p.send = q_end - q;
	p.wait = r - q_end;
	p.receive = r_end > r ? r_end - r : 0;
	return p;
}

/* --- URL ------------------------------------------------------------------- */

#define UNRESERVED "-._~"
#define SUB_DELIMS "!$&'()*+,;="

static bool is_hex(int c)
{
	return c >= 0 && c < 0x80 && parse_hex_digit((uint8_t)c) >= 0;
}

static void put_encoded(struct buf *b, unsigned int byte)
{
	char text[4];

	snprintf(text, sizeof(text), "%%%02X", byte & 0xff);
	har_put(b, text);
}

/* A unit of json_next_char(): a byte of UTF-8, or a code unit of UTF-16. */
static void put_unit(struct buf *b, unsigned int c)
{
	if (c >= 0x800)
		put_encoded(b, 0xe0 | c >> 12);
	if (c >= 0x100)
		put_encoded(b, c >= 0x800 ? 0x80 | (c >> 6 & 0x3f)
					  : 0xc0 | c >> 6);
	put_encoded(b, c >= 0x100 ? 0x80 | (c & 0x3f) : c);
}

/* Puts text with all characters percent-encoded that a part of a URI must not
 * contain (RFC 3986): others than letters, digits and those in allowed. */
static void put_uri(struct buf *b, struct json_text text, const char *allowed)
{
	struct json_text ahead;
	uint8_t plain;
	int c;

	while ((c = json_next_char(&text)) >= 0) {
		plain = (uint8_t)c;
		ahead = text;
		if (c == '%' && is_hex(json_next_char(&ahead)) &&
		    is_hex(json_next_char(&ahead)))
			har_put(b, "%");
		else if ((c >= '0' && c <= '9') ||
			 ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
			 (c > ' ' && c < 0x7f && strchr(allowed, c)))
			buf_add(b, &plain, 1);
		else
			put_unit(b, (unsigned int)c);
	}
}

/* The length of an IPv6 address in brackets at the start of a host, or 0. */
static size_t literal_length(struct json_text host)
{
	size_t i = 1;

	if (!host.n || host.p[0] != '[')
		return 0;
	while (i < host.n && (parse_hex_digit(host.p[i]) >= 0 ||
			      host.p[i] == ':' || host.p[i] == '.'))
		i++;
	return i > 2 && i < host.n && host.p[i] == ']' ? i + 1 : 0;
}

static void put_authority(struct buf *b, struct json_text host)
{
	size_t literal = literal_length(host), name = host.n;

	if (!name)
		return;
	while (name > literal && host.p[name - 1] >= '0' &&
	       host.p[name - 1] <= '9')
		name--;
	if (name > literal && host.p[name - 1] == ':')
		name--;
	else
		name = host.n; /* without a port */
	buf_add(b, host.p, literal);
	put_uri(b, (struct json_text){host.p + literal, name - literal},
		UNRESERVED SUB_DELIMS);
	buf_add(b, host.p + name, host.n - name);
}

/* The address of the server as an authority. */
static void put_server(const struct parts *p)
{
	struct json_text address = har_text_of(p->meta, "destination");
	const bool ipv6 = address.n && memchr(address.p, ':', address.n);
	uint64_t port;

	har_put(p->out, ipv6 ? "[" : "");
	har_json(p->out, address);
	har_put(p->out, ipv6 ? "]" : "");
	if (har_number_of(p->meta, "destinationPort", &port) && port != 80)
		har_number(p->out, ":", port);
}

/* The scheme of a target in absolute form, else that of the port. */
static void put_scheme(struct buf *b, struct json_text target)
{
	if (target.n >= 8 &&
	    !strncasecmp((const char *)target.p, "https://", 8))
		har_put(b, "https://");
	else
		har_put(b, "http://");
}

static void put_url(const struct parts *p)
{
	struct json_text url = har_member(p->request, "url");
	struct json_text target = har_text_of(p->capture, "target");
	struct json_text path = har_text_of(url, "path");
	const uint8_t *query =
		target.n ? memchr(target.p, '?', target.n) : NULL;

	har_put(p->out, ",\"url\":\"");
	put_scheme(p->out, target);
	if (har_is_null(har_member(url, "host")))
		put_server(p);
	else
		put_authority(p->out, har_text_of(url, "host"));
	if (har_is_null(har_member(url, "path")))
		har_put(p->out, "/");
	/* The target of CONNECT has no path, and "*" is none (RFC 9110 section
	 * 7.1). */
	if (path.n && path.p[0] != '/' && !har_text_is(path, "*"))
		har_put(p->out, "/");
	if (!har_text_is(path, "*"))
		put_uri(p->out, path, UNRESERVED SUB_DELIMS ":@/");
	if (query)
		put_uri(p->out,
			(struct json_text){
				query, (size_t)(target.p + target.n - query)},
			UNRESERVED SUB_DELIMS ":@/?");
	har_put(p->out, "\"");
}

/* --- messages -------------------------------------------------------------- */

#define PARTLY_KNOWN "Parts were not captured."

/* Archives have no place for fields of HTTP/2 of which a part is not known. Returns whether
 * there are any. */
static bool put_fields(struct buf *b, struct json_text message)
{
	struct json_text none, field;
	bool partial = false, any = false;
	struct json_walk w;

	har_put(b, ",\"headers\":[");
	if (json_enter(&w, har_member(message, "headers"))) {
		while (json_step(&w, &none, &field)) {
			if (har_is_null(har_member(field, "name")) ||
			    har_is_null(har_member(field, "value"))) {
				partial = true;
				continue;
			}
			har_put(b, any ? "," : "");
			har_json(b, field);
			any = true;
		}
	}
	har_put(b, "]");
	return partial;
}

static void put_post_data(const struct parts *p)
{
	struct json_text type = har_field_of(p->request, "content-type");
	struct json_text body = har_text_of(p->request, "body");
	struct json_text encoding =
		har_text_of(p->capture, "requestBodyEncoding");
	uint64_t length;

	(void)har_number_of(p->capture, "requestBodyBytes", &length);
	if (!length && !body.n)
		return;
	har_text(p->out, ",\"postData\":{\"mimeType\":", type);
	har_text(p->out, ",\"text\":", body);
	/* Unlike the content of a response, it has no member for this. */
	if (!har_text_is(encoding, "utf8"))
		har_text(p->out, ",\"_encoding\":", encoding);
	har_put(p->out, "}");
}

static void put_request(const struct parts *p)
{
	struct json_text url = har_member(p->request, "url");
	struct buf *b = p->out;
	uint64_t wire;
	bool partial;

	if (har_is_null(p->request)) {
		har_put(b, ",\"request\":{\"method\":\"\",\"url\":\"http://");
		put_server(p);
		har_put(b,
			"/\",\"httpVersion\":\"\",\"cookies\":[],\"headers\":[],\"queryString\":[],\"headersSize\":-1,\"bodySize\":-1,\"comment\":\"The request was not seen.\"}");
		return;
	}
	har_text(b, ",\"request\":{\"method\":",
		 har_text_of(p->request, "method"));
	put_url(p);
	har_text(b, ",\"httpVersion\":", har_text_of(p->capture, "protocol"));
	har_request_cookies(b, p->request);
	partial = put_fields(b, p->request) ||
		  har_is_null(har_member(p->request, "method")) ||
		  har_is_null(har_member(url, "host")) ||
		  har_is_null(har_member(url, "path"));
	har_put(b, ",\"queryString\":");
	har_json(b, har_member(url, "parameters"));
	put_post_data(p);
	(void)har_number_of(p->capture, "requestWireBytes", &wire);
	har_number(b, ",\"headersSize\":-1,\"bodySize\":", wire);
	if (partial)
		har_put(b, ",\"comment\":\"" PARTLY_KNOWN "\"");
	har_put(b, "}");
}

static void put_content(const struct parts *p, uint64_t wire)
{
	struct json_text type = har_field_of(p->response, "content-type");
	struct json_text encoding =
		har_text_of(p->capture, "responseBodyEncoding");
	struct buf *b = p->out;
	uint64_t size;

	(void)har_number_of(p->capture, "responseBodyBytes", &size);
	har_number(b, ",\"content\":{\"size\":", size);
	if (size > wire)
		har_number(b, ",\"compression\":", size - wire);
	else if (size < wire)
		har_number(b, ",\"compression\":-", wire - size);
	har_text(b, ",\"mimeType\":",
		 type.n ? type
			: (struct json_text){(const uint8_t *)"x-unknown", 9});
	if (!har_text_is(encoding, "omitted"))
		har_text(b, ",\"text\":", har_text_of(p->response, "body"));
	if (!har_text_is(encoding, "utf8"))
		har_text(b,
			 har_text_is(encoding, "base64") ? ",\"encoding\":"
							 : ",\"_encoding\":",
			 encoding);
	har_put(b, "}");
}

static void put_response(const struct parts *p)
{
	struct buf *b = p->out;
	uint64_t wire, status;
	bool partial = !har_number_of(p->response, "status", &status);

	if (har_is_null(p->response)) {
		har_put(b,
			",\"response\":{\"status\":0,\"statusText\":\"\",\"httpVersion\":\"\",\"cookies\":[],\"headers\":[],\"content\":{\"size\":0,\"mimeType\":\"x-unknown\"},\"redirectURL\":\"\",\"headersSize\":-1,\"bodySize\":-1,\"comment\":\"The response was not seen.\"}");
		return;
	}
	har_number(b, ",\"response\":{\"status\":", status);
	har_text(b, ",\"statusText\":", har_text_of(p->capture, "reason"));
	har_text(b, ",\"httpVersion\":",
		 har_text_of(p->capture, "responseProtocol"));
	har_response_cookies(b, p->response);
	partial |= put_fields(b, p->response);
	(void)har_number_of(p->capture, "responseWireBytes", &wire);
	put_content(p, wire);
	har_text(b, ",\"redirectURL\":", har_field_of(p->response, "location"));
	har_number(b, ",\"headersSize\":-1,\"bodySize\":", wire);
	if (partial)
		har_put(b, ",\"comment\":\"" PARTLY_KNOWN "\"");
	har_put(b, "}");
}

/* --- the document ---------------------------------------------------------- */

void har_begin(struct buf *out)
{
	har_put(out,
		"{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"metlo-xdp\",\"version\":\"" METLO_VERSION
		"\"},\"entries\":[\n");
}

void har_entry(struct buf *out, const uint8_t *line, size_t n, bool first)
{
	struct json_text all = {line, n};
	struct parts p = {.out = out,
			  .request = har_member(all, "request"),
			  .response = har_member(all, "response"),
			  .meta = har_member(all, "meta"),
			  .capture = har_member(all, "capture")};
	struct phases at = phases_of(p.capture);

	har_put(out, first ? "{" : ",{");
	har_put(out, "\"startedDateTime\":\"");
	put_date(out, at.start);
	put_ms(out, "\",\"time\":", at.send + at.wait + at.receive);
	put_request(&p);
	put_response(&p);
	put_ms(out, ",\"cache\":{},\"timings\":{\"send\":", at.send);
	put_ms(out, ",\"wait\":", at.wait);
	put_ms(out, ",\"receive\":", at.receive);
	har_put(out, "},\"serverIPAddress\":");
	har_json(out, har_member(p.meta, "destination"));
	har_text(out, ",\"connection\":", har_text_of(p.capture, "connection"));
	har_put(out, ",\"_meta\":");
	har_json(out, p.meta);
	har_put(out, ",\"_capture\":");
	har_json(out, p.capture);
	har_put(out, "}\n");
}

void har_end(struct buf *out)
{
	har_put(out, "]}}\n");
}
