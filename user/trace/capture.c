/* SPDX-License-Identifier: MIT */
/*
 * The member "capture": its keys, in their order, are described in README.md and
 * in line.schema.json. Nearly every transaction has neither trailers nor interim
 * responses.
 */
#include <endian.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "trace/capture.h"
#include "trace/grpc_put.h"

/* Writes 16 hexadecimal digits. */
static uint8_t *put_hex(uint8_t *w, uint64_t v)
{
#if defined(__SSE2__)
	const __m128i low = _mm_set1_epi8(15);
	__m128i x = _mm_cvtsi64_si128((long long)htobe64(v));

	x = _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(x, 4), low),
			      _mm_and_si128(x, low));
	x = _mm_add_epi8(_mm_add_epi8(x, _mm_set1_epi8('0')),
			 _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8(9)),
				       _mm_set1_epi8('a' - '9' - 1)));
	_mm_storeu_si128((__m128i *)w, x);
#else
	for (unsigned int i = 0; i < 16; i++)
		w[i] = (uint8_t) "0123456789abcdef"[v >> (60 - 4 * i) & 15];
#endif
	return w + 16;
}

static void put_ids(struct line *l, const struct http_transaction *t)
{
	uint8_t *w = LINE_COPY(
		l->w, ",\"capture\":{\"schema\":2,\"kind\":\"http\",\"id\":\"");
	const uint8_t *rest;

	w = put_hex(w, t->id[0]);
	rest = w;
	w = put_hex(w, t->id[1]);
	w = LINE_COPY(w, "\",\"connection\":\"");
	w = put_hex(w, t->connection);
	l->w = (uint8_t *)memcpy(w, rest, 10) + 10; /* the rest of the hash */
}

static uint8_t *put_u64(uint8_t *w, uint64_t v)
{
	if (v >= 10)
		return json_put_u64(w, v);
	*w = (uint8_t)('0' + v);
	return w + 1;
}

/* A number as it was written, to write it again. */
struct digits {
	const uint8_t *p;
	size_t n;
};

static uint8_t *put_again(uint8_t *w, const struct digits *d)
{
	uint8_t digits[JSON_U64_ROOM];

	/* They overlap if the number is short. */
	memcpy(digits, d->p, sizeof(digits));
	memcpy(w, digits, sizeof(digits));
	return w + d->n;
}

static uint8_t *put_us(uint8_t *w, uint64_t us)
{
	const uint64_t e15 = 1000000000000000;

	/* 16 digits: from 2001 to 2286 */
	if (us - e15 >= 9 * e15)
		return put_u64(w, us);
	json_put_16_digits(w, us);
	return w + 16;
}

/* Start and end of a message, in microseconds. */
struct us_range {
	uint64_t start, end;
};

static struct us_range range_of(const struct http_transaction *t,
				const struct http_message *m)
{
	const uint64_t clock = (uint64_t)t->clock_ns;
	struct us_range at;

	at.start = at.end = (m->first_ns + clock) / 1000;
	if (m->last_ns != m->first_ns)
		at.end = (m->last_ns + clock) / 1000;
	return at;
}

#define PUT_TIMES(w, key, at)                                          \
	(w = LINE_COPY(w, ",\"" key "StartUs\":"), digits.p = w,       \
	 w = put_us(w, (at).start), digits.n = (size_t)(w - digits.p), \
	 w = LINE_COPY(w, ",\"" key "EndUs\":"),                       \
	 w = (at).start == (at).end ? put_again(w, &digits)            \
				    : put_us(w, (at).end))

static void put_times(struct line *l, const struct http_transaction *t)
{
	struct us_range q = {0}, r = {0};
	struct digits digits;
	uint8_t *w = l->w;

	if (t->request) {
		q = range_of(t, t->request);
		PUT_TIMES(w, "request", q);
	} else {
		w = LINE_COPY(w,
			      ",\"requestStartUs\":null,\"requestEndUs\":null");
	}
	if (t->response && t->progress != HTTP_STARTED) {
		r = range_of(t, t->response);
		PUT_TIMES(w, "response", r);
	} else if (t->response) {
		w = LINE_COPY(w, ",\"responseStartUs\":");
		w = put_us(w, range_of(t, t->response).start);
		w = LINE_COPY(w, ",\"responseEndUs\":null");
	} else {
		w = LINE_COPY(
			w, ",\"responseStartUs\":null,\"responseEndUs\":null");
	}
	if (t->request && t->response && r.end >= q.start) {
		w = LINE_COPY(w, ",\"durationUs\":");
		w = put_u64(w, r.end - q.start);
	} else {
		w = LINE_COPY(w, ",\"durationUs\":null");
	}
	l->w = w;
}

static void put_sizes(struct line *l, const struct http_message *q,
		      const struct http_message *r)
{
	static const struct http_message none;
	struct digits request, response;
	uint8_t *w = l->w;

	q = q ? q : &none;
	r = r ? r : &none;
	w = LINE_COPY(w, ",\"requestBodyBytes\":");
	request.p = w;
	w = put_u64(w, q->body.total);
	request.n = (size_t)(w - request.p);
	w = LINE_COPY(w, ",\"responseBodyBytes\":");
	response.p = w;
	w = put_u64(w, r->body.total);
	response.n = (size_t)(w - response.p);
	w = LINE_COPY(w, ",\"requestWireBytes\":");
	w = q->body.wire == q->body.total ? put_again(w, &request)
					  : put_u64(w, q->body.wire);
	w = LINE_COPY(w, ",\"responseWireBytes\":");
	l->w = r->body.wire == r->body.total ? put_again(w, &response)
					     : put_u64(w, r->body.wire);
}

static void put_sha256(struct line *l, const struct http_message *m)
{
	uint64_t word;

	*l->w++ = '"';
	for (unsigned int i = 0; i < 32; i += 8) {
		memcpy(&word, m->body.sha256 + i, sizeof(word));
		l->w = put_hex(l->w, be64toh(word));
	}
	*l->w++ = '"';
}

static void put_hashes(struct line *l, const struct http_message *q,
		       const struct http_message *r)
{
	bool of_q = q && q->body.has_sha256, of_r = r && r->body.has_sha256;

	if (!of_q && !of_r) {
		LINE_PUT(
			l,
			",\"requestBodySha256\":null,\"responseBodySha256\":null");
		return;
	}
	LINE_PUT(l, ",\"requestBodySha256\":");
	if (of_q)
		put_sha256(l, q);
	else
		LINE_PUT(l, "null");
	LINE_PUT(l, ",\"responseBodySha256\":");
	if (of_r)
		put_sha256(l, r);
	else
		LINE_PUT(l, "null");
}

static void put_encoding(struct line *l, enum body_encoding encoding)
{
	if (encoding == BODY_UTF8)
		LINE_PUT(l, "\"utf8\"");
	else if (encoding == BODY_BASE64)
		LINE_PUT(l, "\"base64\"");
	else if (encoding == BODY_PARTS)
		LINE_PUT(l, "\"multipart\"");
	else if (encoding == BODY_PROTO_JSON)
		LINE_PUT(l, "\"protobuf-json\"");
	else if (encoding == BODY_PROTO_WIRE)
		LINE_PUT(l, "\"protobuf-wire\"");
	else
		LINE_PUT(l, "\"omitted\"");
}

static void put_encodings(struct line *l, const enum body_encoding encoding[2])
{
	if (encoding[0] == BODY_UTF8 && encoding[1] == BODY_UTF8) {
		LINE_PUT(
			l,
			",\"requestBodyEncoding\":\"utf8\",\"responseBodyEncoding\":\"utf8\"");
		return;
	}
	LINE_PUT(l, ",\"requestBodyEncoding\":");
	put_encoding(l, encoding[0]);
	LINE_PUT(l, ",\"responseBodyEncoding\":");
	put_encoding(l, encoding[1]);
}

/* RFC 9110 section 2.5 has single digits; senders may write more. */
__attribute__((noinline)) static void
put_other_version(struct line *l, const struct http_message *m)
{
	if (m && m->http2) {
		LINE_PUT(l, "\"HTTP/2\"");
		return;
	}
	LINE_PUT(l, "\"HTTP/");
	line_u64(l, m ? m->version_major : 1);
	*l->w++ = '.';
	line_u64(l, m ? m->version_minor : 1);
	*l->w++ = '"';
}

static inline void put_version(struct line *l, const struct http_message *m)
{
	if (m && !m->http2 && m->version_major == 1 && m->version_minor == 1)
		LINE_PUT(l, "\"HTTP/1.1\"");
	else
		put_other_version(l, m);
}

/* What only a response has. */
static void put_response(struct line *l, const struct http_transaction *t,
			 const struct trace_conf *c)
{
	const struct http_message *r = t->response;

	if (!r) {
		LINE_PUT(l, ",\"responseProtocol\":null,\"reason\":null");
		return;
	}
	LINE_PUT(l, ",\"responseProtocol\":");
	put_version(l, r);
	LINE_PUT(l, ",\"reason\":\"");
	put_text(&(struct masked){l, c, r, t->flags}, &r->reason);
	if (line_room(l, LINE_ROOM))
		*l->w++ = '"';
}

static void put_fields(struct line *l, const struct http_transaction *t,
		       const struct trace_conf *c, const struct http_message *m,
		       uint32_t from)
{
	uint32_t flags = t->flags | (m->malformed ? HTTP_F_MALFORMED : 0);
	struct http_message part = *m;

	if (from) /* else the fields may be null */
		part.fields += from;
	part.n_fields -= from;
	if (!c->redact)
		flags &= ~(uint32_t)HTTP_F_MALFORMED; /* it masks more */
	masked_fields(&(struct masked){l, c, &part, flags});
	(void)line_room(l, LINE_ROOM);
}

static void put_trailers(struct line *l, const struct http_transaction *t,
			 const struct trace_conf *c,
			 const struct http_message *m)
{
	if (m && m->n_trailers)
		put_fields(l, t, c, m, m->n_fields - m->n_trailers);
}

static void put_interim(struct line *l, const struct http_transaction *t,
			const struct trace_conf *c)
{
	for (uint32_t i = 0; i < t->n_interim && !l->failed; i++) {
		const struct http_message *m = &t->interim[i];

		if (i)
			*l->w++ = ',';
		LINE_PUT(l, "{\"status\":");
		put_status(l, m);
		LINE_PUT(l, ",\"time\":");
		line_u64(l, range_of(t, m).start);
		LINE_PUT(l, ",\"headers\":[");
		put_fields(l, t, c, m, 0);
		LINE_PUT(l, "]}");
	}
}

static void put_flags(struct line *l, uint32_t flags)
{
	static const struct {
		uint8_t len;
		char text[23];
	} quoted[] = {
#define HTTP_FLAG_TEXT(name, text) {sizeof(text) + 1, "\"" text "\""},
		HTTP_FLAGS(HTTP_FLAG_TEXT)
#undef HTTP_FLAG_TEXT
	};
	unsigned int bit;

	for (; flags; flags &= flags - 1) {
		bit = (unsigned int)__builtin_ctz(flags);
		if (bit >= HTTP_FLAG_COUNT)
			break;
		memcpy(l->w, quoted[bit].text, sizeof(quoted[bit].text));
		l->w += quoted[bit].len;
		if (flags & (flags - 1))
			*l->w++ = ',';
	}
}

static void put_target_member(struct line *l, const struct http_transaction *t,
			      const struct trace_conf *c, bool mask)
{
	const struct http_message *q = t->request;

	if (!q || q->unknown & HTTP_UNKNOWN_TARGET) {
		LINE_PUT(l, ",\"target\":null");
		return;
	}
	LINE_PUT(l, ",\"target\":\"");
	put_target(&(struct masked){l, c, q, t->flags}, &q->target, mask);
	if (line_room(l, LINE_ROOM))
		*l->w++ = '"';
}

/* Trailers, interim responses and flags: usually none. */
static void put_lists(struct line *l, const struct http_transaction *t,
		      const struct trace_conf *c, const struct client *client)
{
	const struct http_message *q = t->request, *r = t->response;
	uint32_t flags;

	if (t->n_interim || (q && q->n_trailers) || (r && r->n_trailers)) {
		LINE_PUT(l, ",\"requestTrailers\":[");
		put_trailers(l, t, c, q);
		LINE_PUT(l, "],\"responseTrailers\":[");
		put_trailers(l, t, c, r);
		LINE_PUT(l, "],\"interim\":[");
		put_interim(l, t, c);
		LINE_PUT(l, "],\"flags\":[");
	} else {
		LINE_PUT(
			l,
			",\"requestTrailers\":[],\"responseTrailers\":[],\"interim\":[],\"flags\":[");
	}
	flags = t->flags | (l->latin1 ? HTTP_F_OBS_TEXT : 0);
	if (client && client->ambiguous)
		flags |= HTTP_F_SOURCE_AMBIGUOUS;
	if (flags)
		put_flags(l, flags);
	LINE_PUT(l, "]}}\n");
}

void capture_without_bodies(struct capture_notes *notes,
			    const struct http_transaction *t)
{
	if (t->request->body.total)
		notes->encoding[0] = BODY_OMITTED;
	notes->encoding[1] = BODY_OMITTED;
}

/* The client of the TCP connection, if meta has another one, and what names that. */
static void put_peer(struct line *l, const struct http_transaction *t,
		     const struct client *client)
{
	if (!line_room(l, LINE_ROOM))
		return;
	if (!client || client->from != CLIENT_FROM_PEER) {
		LINE_PUT(l, ",\"peer\":\"");
		line_endpoint(l, t->client_addr, t->client_port, t->ipv6);
		*l->w++ = '"';
	}
	if (!client)
		return;
	switch (client->from) {
	case CLIENT_FROM_PEER:
		LINE_PUT(l, ",\"sourceFrom\":\"peer\"");
		break;
	case CLIENT_FROM_PROXY_PROTOCOL:
		LINE_PUT(l, ",\"sourceFrom\":\"proxy-protocol\"");
		break;
	case CLIENT_FROM_FORWARDED:
		LINE_PUT(l, ",\"sourceFrom\":\"forwarded\"");
		break;
	case CLIENT_FROM_X_FORWARDED_FOR:
		LINE_PUT(l, ",\"sourceFrom\":\"x-forwarded-for\"");
		break;
	}
}

/* capture.connection of the TLS connection it was decrypted from. */
static void put_tls(struct line *l, const struct http_transaction *t)
{
	uint8_t rest[16];
	uint8_t *w = LINE_COPY(l->w, ",\"tls\":\"");

	w = put_hex(w, t->tls[0]);
	put_hex(rest, t->tls[1]);
	w = (uint8_t *)memcpy(w, rest, 10) + 10;
	*w++ = '"';
	l->w = w;
}

/* What most lines lack. */
static void put_rare(struct line *l, const struct http_transaction *t,
		     const struct client *client)
{
	if (t->tls[1])
		put_tls(l, t);
	if (t->proxied || client)
		put_peer(l, t, client);
	if (t->progress == HTTP_STARTED)
		LINE_PUT(l, ",\"progress\":\"started\"");
	else if (t->progress == HTTP_ENDED)
		LINE_PUT(l, ",\"progress\":\"ended\"");
}

void capture_put(struct line *l, const struct http_transaction *t,
		 const struct trace_conf *c, const struct capture_notes *notes)
{
	const struct http_message *q = t->request, *r = t->response;

	if (!line_room(l, TRACE_TEXT_ROOM(c->n_origin) + LINE_ROOM))
		return;
	put_ids(l, t);
	put_block(l, c->origin, c->n_origin);
	put_version(l, q ? q : r);
	put_target_member(l, t, c, notes->mask);
	LINE_PUT(l, ",\"vni\":");
	line_u64(l, t->vni);
	if (t->stream) {
		LINE_PUT(l, ",\"stream\":");
		line_u64(l, t->stream);
	}
	if (t->proxied || t->progress || notes->client || t->tls[1])
		put_rare(l, t, notes->client);
	if (!line_room(l, LINE_ROOM))
		return;
	put_times(l, t);
	put_sizes(l, q, r);
	if (!line_room(l, LINE_ROOM))
		return;
	put_hashes(l, q, r);
	put_encodings(l, notes->encoding);
	put_response(l, t, c);
	if (notes->grpc)
		grpc_put(l, t, c, notes->grpc);
	if (!line_room(l, LINE_ROOM))
		return;
	put_lists(l, t, c, notes->client);
}
