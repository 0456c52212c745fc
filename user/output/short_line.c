/* SPDX-License-Identifier: MIT */
/*
 * Made from the line of JSON, not from the transaction, so that masks, names and filters
 * apply to it as they do to all outputs, and nothing is added to the workers. Lines are
 * ours, but what they contain is hostile: it stays escaped, and takes the columns that it
 * is given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json_walk.h"
#include "output/short_cells.h"
#include "output/short_line.h"

/* Columns of what has a fixed place, at least and at most. */
#define CLIENT_MIN   15u
#define CLIENT_MAX   39u
#define METHOD_MIN   6u
#define METHOD_MAX   12u
#define FLAG_MAX     24u
#define PROTOCOL_MAX 16u
#define FLAGS_MAX    6u

struct row {
	struct json_text request, response, meta, capture;
	struct json_text method, host, path, status;
	struct json_text client, client_name, server, server_port;
	struct json_text kind, target, started, answered, duration, sent,
		received, progress, flags;
	/* Of a connection. */
	struct json_text connection, sni, alpn, protocol, complete, began;
};

struct wanted {
	const char *name;
	struct json_text *value;
};

/* Sets the values of the members that an object has. */
static void find(struct json_text object, const struct wanted *wanted, size_t n)
{
	struct json_text name, value;
	struct json_walk walk;

	if (!object.n || !json_enter(&walk, object) || !walk.object)
		return;
	while (json_step(&walk, &name, &value))
		for (size_t i = 0; i < n; i++)
			if (strlen(wanted[i].name) == name.n &&
			    !memcmp(wanted[i].name, name.p, name.n))
				*wanted[i].value = value;
}
#define FIND(object, wanted) \
	find(object, wanted, sizeof(wanted) / sizeof((wanted)[0]))

static void read_row(struct row *r, struct json_text line)
{
	const struct wanted members[] = {
		{"request", &r->request}, {"response", &r->response},
		{"tls", &r->connection},  {"quic", &r->connection},
		{"meta", &r->meta},	  {"capture", &r->capture},
	};
	struct json_text url = {NULL, 0};
	const struct wanted request[] = {{"method", &r->method}, {"url", &url}};
	const struct wanted place[] = {{"host", &r->host}, {"path", &r->path}};
	const struct wanted response[] = {{"status", &r->status}};
	const struct wanted connection[] = {
		{"sni", &r->sni},
		{"alpn", &r->alpn},
		{"handshakeComplete", &r->complete},
		{"clientBytes", &r->sent},
		{"serverBytes", &r->received},
	};
	const struct wanted meta[] = {
		{"source", &r->client},
		{"sourceName", &r->client_name},
		{"destination", &r->server},
		{"destinationPort", &r->server_port},
	};
	const struct wanted capture[] = {
		{"kind", &r->kind},
		{"target", &r->target},
		{"protocol", &r->protocol},
		{"startUs", &r->began},
		{"requestStartUs", &r->started},
		{"responseStartUs", &r->answered},
		{"durationUs", &r->duration},
		{"requestBodyBytes", &r->sent},
		{"responseBodyBytes", &r->received},
		{"progress", &r->progress},
		{"flags", &r->flags},
	};

	*r = (struct row){0};
	FIND(line, members);
	FIND(r->request, request);
	FIND(url, place);
	FIND(r->response, response);
	FIND(r->connection, connection);
	FIND(r->meta, meta);
	FIND(r->capture, capture);
}

/* --- values --------------------------------------------------------------- */

static bool is_text(struct json_text value, const char *text)
{
	return value.n == strlen(text) && !memcmp(value.p, text, value.n);
}

static bool is_null(struct json_text value)
{
	return !value.n || is_text(value, "null");
}

/* Without quotation marks, escapes as they are; another value as it is. */
static struct json_text string(struct json_text value)
{
	struct json_text content;

	return json_string(value, &content) ? content : value;
}

static bool number(struct json_text value, uint64_t *number)
{
	uint64_t n = 0;

	if (!value.n || value.n > 18)
		return false;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(value.p[i] - '0');
	}
	*number = n;
	return true;
}

/* --- cells ---------------------------------------------------------------- */

static void put_time(struct cells *c, const struct row *r)
{
	uint64_t us;
	struct tm tm;
	time_t seconds;
	char text[32] = "--:--:--.---";
	size_t n;

	if (number(r->started, &us) || number(r->answered, &us) ||
	    number(r->began, &us)) {
		seconds = (time_t)(us / 1000000);
		n = localtime_r(&seconds, &tm)
			    ? strftime(text, sizeof(text), "%H:%M:%S", &tm)
			    : 0;
		if (n)
			snprintf(text + n, sizeof(text) - n, ".%03u",
				 (unsigned int)(us / 1000 % 1000));
	}
	cells_colour(c, CELLS_DIM);
	cells_put(c, text);
	cells_colour(c, CELLS_PLAIN);
	cells_put(c, " ");
}

/* Text in a column of at least min and at most max characters, and a blank. */
static void put_column(struct cells *c, struct json_text text, unsigned int min,
		       unsigned int max)
{
	const unsigned int start = c->used;

	if (is_null(text))
		cells_put(c, "-");
	else
		cells_text(c, string(text), max);
	while (c->used < start + min && !c->full)
		cells_put(c, " ");
	cells_put(c, " ");
}

static void put_status(struct cells *c, const struct row *r)
{
	static const enum cells_colour colours[] = {CELLS_RED,	  CELLS_DIM,
						    CELLS_GREEN,  CELLS_CYAN,
						    CELLS_YELLOW, CELLS_RED};
	uint64_t status;

	if (number(r->status, &status) && status / 100 < 6)
		cells_colour(c, colours[status / 100]);
	else
		cells_colour(c, CELLS_MAGENTA);
	if (is_null(r->response))
		cells_put(c, "no response seen");
	else if (is_null(r->status))
		cells_put(c, "-"); /* not known */
	else
		cells_text(c, r->status, 3);
	cells_colour(c, CELLS_PLAIN);
}

static void put_duration(struct cells *c, const struct row *r)
{
	char text[32] = "-";
	uint64_t us;

	if (is_text(r->progress, "\"started\""))
		snprintf(text, sizeof(text), "streaming");
	else if (!number(r->duration, &us))
		;
	else if (us < 10000)
		snprintf(text, sizeof(text), "%.2fms", (double)us / 1e3);
	else if (us < 1000000)
		snprintf(text, sizeof(text), "%ums", (unsigned int)(us / 1000));
	else
		snprintf(text, sizeof(text), "%.2fs", (double)us / 1e6);
	cells_put(c, " ");
	cells_put(c, text);
}

/* The decoded length of a body; "-" if its message was not seen. */
static void put_size(struct cells *c, struct json_text message,
		     struct json_text bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	unsigned int unit = 0;
	char text[32] = "-";
	uint64_t n;
	double size;

	if (!is_null(message) && number(bytes, &n)) {
		for (size = (double)n; size >= 999.5 && unit < 4; unit++)
			size /= 1000;
		snprintf(text, sizeof(text), "%.*f%s",
			 unit && size < 9.95 ? 1 : 0, size, units[unit]);
	}
	cells_put(c, text);
}

static void put_flags(struct cells *c, const struct row *r)
{
	struct json_text name, flag;
	struct json_walk walk;
	unsigned int n = 0;

	if (!r->flags.n || !json_enter(&walk, r->flags))
		return;
	while (json_step(&walk, &name, &flag)) {
		if (n == FLAGS_MAX) {
			cells_put(c, ",...");
			break;
		}
		cells_put(c, n ? "," : " [");
		if (!n++)
			cells_colour(c, CELLS_YELLOW);
		cells_text(c, string(flag), FLAG_MAX);
	}
	if (n) {
		cells_colour(c, CELLS_PLAIN);
		cells_put(c, "]");
	}
}

/* What follows the URL. */
static void put_result(struct cells *c, const struct row *r)
{
	cells_put(c, " ");
	put_status(c, r);
	put_duration(c, r);
	cells_put(c, " ");
	put_size(c, r->request, r->sent);
	cells_put(c, "/");
	put_size(c, r->response, r->received);
	put_flags(c, r);
}

/* The query, with its '?'. */
static struct json_text query_of(const struct row *r)
{
	struct json_text target = string(r->target);
	const uint8_t *mark = target.n ? memchr(target.p, '?', target.n) : NULL;

	return mark ? (struct json_text){mark,
					 target.n - (size_t)(mark - target.p)}
		    : (struct json_text){NULL, 0};
}

/* Host, path and query in so many columns: the end of what is too long is left out. Those
 * of HTTP/2 that are not known are dashes, apart from those that are. */
static void put_url(struct cells *c, const struct row *r, unsigned int columns)
{
	static const struct json_text dash = {(const uint8_t *)"-", 1},
				      no_more = {(const uint8_t *)" -", 2};
	const bool no_host = is_null(r->host), no_path = is_null(r->path);
	const struct json_text host = no_host ? dash : string(r->host);
	const struct json_text path = !no_path	? string(r->path)
				      : no_host ? (struct json_text){NULL, 0}
						: no_more;
	const struct json_text query = query_of(r);
	const unsigned int wide = cells_width(c, host), start = c->used;
	unsigned int left;

	cells_text(c, host,
		   wide > columns / 2 && wide + cells_width(c, path) > columns
			   ? columns / 2
			   : columns);
	left = columns - (c->used - start);
	/* One piece of text, so that it ends in one ellipsis. */
	if (cells_width(c, path) >= left) {
		cells_text(c, path, left);
		return;
	}
	cells_text(c, path, left);
	left = columns - (c->used - start);
	cells_text(c, query, left);
}

/* Where a request would be. */
static void put_server(struct cells *c, const struct row *r,
		       unsigned int columns)
{
	static const char text[] = "request not seen";
	const struct json_text unseen = {(const uint8_t *)text,
					 sizeof(text) - 1};
	const unsigned int start = c->used;

	cells_colour(c, CELLS_MAGENTA);
	cells_text(c, unseen, columns);
	cells_colour(c, CELLS_PLAIN);
	if (columns - (c->used - start) < 8)
		return;
	cells_put(c, ", to ");
	cells_text(c, string(r->server), columns - (c->used - start));
	if (columns - (c->used - start) < 6)
		return;
	cells_put(c, " port ");
	cells_text(c, r->server_port, columns - (c->used - start));
}

/* --- lines ---------------------------------------------------------------- */

/* The version and ALPN. A handshake of TLS 1.3 is never seen to end well. */
static void put_handshake(struct cells *c, const struct row *r)
{
	static const struct json_text dash = {(const uint8_t *)"-", 1};
	const bool failed = is_text(r->complete, "false");

	cells_put(c, " ");
	if (failed)
		cells_colour(c, CELLS_RED);
	cells_text(c, is_null(r->protocol) ? dash : string(r->protocol),
		   PROTOCOL_MAX);
	if (failed) {
		cells_put(c, " handshake failed");
		cells_colour(c, CELLS_PLAIN);
	}
	if (!is_null(r->alpn)) {
		cells_put(c, " ");
		cells_text(c, string(r->alpn), PROTOCOL_MAX);
	}
}

/* The name that the client asks for, or the address of the server, and the port. */
static void put_place(struct cells *c, const struct row *r)
{
	const struct json_text server = string(r->server);
	const bool brackets =
		is_null(r->sni) && server.n && memchr(server.p, ':', server.n);

	cells_put(c, brackets ? "[" : "");
	cells_text(c, is_null(r->sni) ? server : string(r->sni),
		   c->limit < UINT32_MAX / 2 ? c->limit / 3 : c->limit);
	cells_put(c, brackets ? "]:" : ":");
	cells_text(c, r->server_port, 5);
}

/* What the handshakes show of TLS and QUIC. */
static void put_connection(struct cells *c, const struct row *r,
			   const char *method)
{
	const struct json_text kind = {(const uint8_t *)method, strlen(method)};

	put_time(c, r);
	put_column(c, r->client_name.n ? r->client_name : r->client, CLIENT_MIN,
		   CLIENT_MAX);
	cells_colour(c, CELLS_BOLD);
	put_column(c, kind, METHOD_MIN, METHOD_MAX);
	cells_colour(c, CELLS_PLAIN);
	put_place(c, r);
	put_handshake(c, r);
	put_duration(c, r);
	if (r->sent.n || r->received.n) {
		cells_put(c, " ");
		put_size(c, r->sent, r->sent);
		cells_put(c, "/");
		put_size(c, r->received, r->received);
	}
	put_flags(c, r);
}

/* Of a kind that has no form of its own. */
static void put_other(struct cells *c, struct json_text line)
{
	cells_text(c, line, c->limit);
}

static void put_row(struct cells *c, const struct row *r,
		    const struct short_style *style)
{
	struct buf scratch = {0};
	struct cells result;
	unsigned int columns = UINT32_MAX / 2, left;

	put_time(c, r);
	put_column(c, r->client_name.n ? r->client_name : r->client, CLIENT_MIN,
		   CLIENT_MAX);
	if (style->columns) {
		cells_begin(&result, &scratch, style, 0);
		put_result(&result, r);
		buf_free(&scratch);
		left = c->limit > c->used ? c->limit - c->used : 0;
		/* On a narrow terminal, flags are cut off first. */
		columns = METHOD_MIN + 1 + style->columns / 5;
		if (left > result.used + columns)
			columns = left - result.used;
	}
	if (is_null(r->request)) {
		put_server(c, r, columns);
	} else {
		const unsigned int start = c->used;

		cells_colour(c, CELLS_BOLD);
		put_column(c, r->method, METHOD_MIN, METHOD_MAX);
		cells_colour(c, CELLS_PLAIN);
		put_url(c, r, columns - (c->used - start));
	}
	put_result(c, r);
}

void short_line(struct buf *out, const struct short_style *style,
		const uint8_t *line, size_t n)
{
	const struct json_text text = {line, n};
	struct cells c;
	struct row r;

	read_row(&r, text);
	cells_begin(&c, out, style, style->columns);
	if (is_text(r.kind, "\"http\""))
		put_row(&c, &r, style);
	else if (is_text(r.kind, "\"tls\""))
		put_connection(&c, &r, "TLS");
	else if (is_text(r.kind, "\"quic\""))
		put_connection(&c, &r, "QUIC");
	else
		put_other(&c, text);
	cells_end(&c);
}
