/* SPDX-License-Identifier: MIT */
/*
 * Memory and body of a message. As long as a message lies within one chunk of
 * the stream nothing is copied: head and body point into the chunk, and
 * msg_save_pending() copies them only if the message outlives the call.
 */
#include "http/head.h"
#include "http/decode_pool.h"
#include "http/message.h"

#include <string.h>
#include <strings.h>

#include "grpc/counter.h"

/* A body whose Content-Length is at most this is allocated in one go. */
#define BODY_AT_ONCE 16384u
/* Do not bother stream_skip() for fewer bytes. */
#define SKIP_MIN 4096u

/* In pieces that compilers clear with vectors: for the whole they use a string
 * instruction, which takes long to start. */
static inline void clear(struct msg *m)
{
	const size_t piece = 64, whole = sizeof(*m) / piece * piece;
	uint8_t *p = (uint8_t *)m;

#pragma GCC unroll 16
	for (size_t i = 0; i < whole; i += piece)
		memset(p + i, 0, piece);
	memset(p + whole, 0, sizeof(*m) - whole);
}

struct msg *msg_new(struct http_engine *e, uint64_t offset, uint64_t ts_ns,
		    uint64_t acked)
{
	struct msg *m = store_new(&e->store, sizeof(*m));

	if (!m)
		return NULL;
	clear(m);
	m->start = offset;
	m->first_ns = m->last_ns = m->end_ns = ts_ns;
	m->acked = acked;
	m->body_limit = e->conf.body_limit;
	m->ambiguous = e->ambiguous;
	return m;
}

static void md_free(struct http_engine *e, struct msg *m)
{
	if (!m->md)
		return;
	if (e->n_free_md < sizeof(e->free_md) / sizeof(e->free_md[0]))
		e->free_md[e->n_free_md++] = m->md;
	else
		EVP_MD_CTX_free(m->md);
	m->md = NULL;
}

static void uncount(struct http_engine *e, struct msg *m)
{
	if (m->grpc)
		store_delete(&e->store, m->grpc, sizeof(*m->grpc));
	m->grpc = NULL;
}

void msg_free(struct http_engine *e, struct msg *m)
{
	if (!m)
		return;
	if (e->unsaved == m)
		e->unsaved = NULL;
	md_free(e, m);
	if (m->dec)
		body_decoder_free(m->dec);
	uncount(e, m);
	/* most messages have none of these */
	if (m->held)
		store_free(&e->store, m->held, m->held_cap);
	if (m->block)
		store_free(&e->store, m->block, m->block_cap);
	if (m->body_block)
		store_free(&e->store, m->body_block, m->body_cap);
	store_delete(&e->store, m, sizeof(*m));
}

/* Part of the message was dropped at memory_limit. */
static void no_memory(struct http_engine *e, struct msg *m)
{
	if (m->no_memory)
		return;
	m->no_memory = true;
	m->h.flags |= HTTP_F_EVICTED;
	e->stats.memory_limit++;
}

/* Moves the kept body to a block of its own with room for size bytes. */
static bool body_own(struct http_engine *e, struct msg *m, size_t size)
{
	size_t cap;
	void *p;

	if (m->body_block && m->body_cap >= size)
		return true;
	if (m->body_block && size < 2 * m->body_cap)
		size = 2 * m->body_cap;
	if (size > m->body_limit)
		size = m->body_limit;
	p = store_alloc(&e->store, size, &cap);
	if (!p) {
		no_memory(e, m);
		return false;
	}
	if (m->body_len)
		memcpy(p, m->body, m->body_len);
	store_free(&e->store, m->body_block, m->body_cap);
	m->body_block = p;
	m->body_cap = cap;
	m->body = p;
	return true;
}

static bool msg_save(struct http_engine *e, struct msg *m)
{
	size_t fields = m->h.n_fields * sizeof(struct head_field);
	size_t cap;
	uint8_t *p;

	if (!m->saved) {
		p = store_alloc(&e->store, fields + m->h.len, &cap);
		if (!p)
			return false;
		if (fields)
			memcpy(p, m->fields, fields);
		memcpy(p + fields, m->head, m->h.len);
		store_free(&e->store, m->block, m->block_cap);
		m->block = p;
		m->block_cap = cap;
		m->fields = (const struct head_field *)p;
		m->head = p + fields;
		m->saved = true;
		if (m->h.marks & HEAD_FOLDED)
			head_unfold(p + fields, m->fields, m->h.n_fields);
	}
	if (m->body_len && !m->body_block && !body_own(e, m, m->body_len)) {
		m->body = NULL;
		m->body_len = 0;
	}
	return true;
}

void msg_save_pending(struct http_engine *e)
{
	struct msg *m = e->unsaved;

	e->unsaved = NULL;
	if (!m || msg_save(e, m))
		return;
	/* no memory: keep the message, but empty */
	no_memory(e, m);
	m->head = (const uint8_t *)"";
	m->h.len = 0;
	m->h.n_fields = m->h.n_regular = m->h.n_trailers = 0;
	m->h.method = m->h.target = m->h.host = m->h.reason =
		(struct head_ref){0};
	m->saved = true;
	m->body = NULL;
	m->body_len = 0;
}

static bool hold(struct http_engine *e, void **block, size_t *block_cap,
		 uint32_t *have, const uint8_t *p, size_t n)
{
	size_t need = *have + n, cap;
	uint8_t *b;

	if (!n)
		return true; /* *block may still be NULL */
	if (need > *block_cap) {
		b = store_alloc(&e->store, need < 512 ? 512 : need + need / 2,
				&cap);
		if (!b)
			return false;
		if (*have)
			memcpy(b, *block, *have);
		store_free(&e->store, *block, *block_cap);
		*block = b;
		*block_cap = cap;
	}
	memcpy((uint8_t *)*block + *have, p, n);
	*have += (uint32_t)n;
	return true;
}

bool msg_hold_head(struct http_engine *e, struct msg *m, const uint8_t *p,
		   size_t n)
{
	return hold(e, &m->block, &m->block_cap, &m->have, p, n);
}

bool msg_hold(struct http_engine *e, struct msg *m, const uint8_t *p, size_t n)
{
	return hold(e, &m->held, &m->held_cap, &m->held_len, p, n);
}

static void *detach(void **block, size_t *block_cap, uint32_t *len, size_t *cap)
{
	void *b = *block;

	*cap = *block_cap;
	*block = NULL;
	*block_cap = 0;
	*len = 0;
	return b;
}

void *msg_detach_head(struct msg *m, size_t *cap)
{
	return detach(&m->block, &m->block_cap, &m->have, cap);
}

void *msg_detach_held(struct msg *m, size_t *cap)
{
	return detach(&m->held, &m->held_cap, &m->held_len, cap);
}

/* Keeps decoded body bytes up to the limit. Does not copy them while the body
 * is contiguous in the chunk. */
static void body_keep(struct http_engine *e, struct msg *m, const uint8_t *p,
		      size_t n)
{
	size_t room = m->body_limit - m->body_len, want;

	if (n > room) {
		n = room;
		m->h.flags |= HTTP_F_BODY_LIMIT;
	}
	if (!n || m->no_memory)
		return;
	if (!m->body_block && p >= e->chunk && p < e->chunk_end &&
	    (!m->body_len || m->body + m->body_len == p)) {
		if (!m->body_len)
			m->body = p;
		m->body_len += n;
		e->unsaved = m;
		return;
	}
	want = m->body_len + n;
	if (m->framing == FRAMING_LENGTH && !m->dec &&
	    want + m->left <= BODY_AT_ONCE)
		want += m->left;
	else if (want < 1024)
		want = 1024;
	if (want > m->body_limit)
		want = m->body_limit;
	if (!body_own(e, m, want))
		return;
	memcpy((uint8_t *)m->body_block + m->body_len, p, n);
	m->body_len += n;
}

static enum grpc_kind kind_of(const struct msg *m)
{
	static const char name[] = "content-type";

	for (unsigned int i = 0; i < m->h.n_fields; i++) {
		const struct head_field *f = &m->fields[i];

		/* not one of HTTP/2 whose value is unknown */
		if (f->name.len == sizeof(name) - 1 &&
		    f->value.len < UINT16_MAX &&
		    !strncasecmp((const char *)m->head + f->name.off, name,
				 sizeof(name) - 1))
			return grpc_kind((struct proto_span){
				m->head + f->value.off, f->value.len});
	}
	return GRPC_NONE;
}

/* The body ends to be kept, or to be seen: from now on its messages are counted if
 * it is gRPC. */
static void count_begin(struct http_engine *e, struct msg *m)
{
	enum grpc_kind kind;

	if (m->grpc || m->not_grpc)
		return;
	kind = kind_of(m);
	m->not_grpc = true;
	if (kind == GRPC_NONE || m->hole || m->body_len != m->body_total)
		return;
	m->grpc = store_new(&e->store, sizeof(*m->grpc));
	if (!m->grpc)
		return;
	grpc_counter_init(m->grpc, kind);
	grpc_counter_add(m->grpc, m->body, m->body_len);
}

struct body_output {
	struct http_engine *e;
	struct msg *m;
};

static bool body_decoded(void *ctx, const uint8_t *p, size_t n)
{
	struct body_output *s = ctx;

	if (s->m->body_total + n > s->m->body_limit) {
		count_begin(s->e, s->m);
		if (s->m->grpc)
			grpc_counter_add(s->m->grpc, p, n);
	}
	s->m->body_total += n;
	if (s->m->md)
		EVP_DigestUpdate(s->m->md, p, n);
	body_keep(s->e, s->m, p, n);
	return s->m->md || s->m->grpc || s->m->body_total <= s->m->body_limit;
}

/* The codings of the body in the order in which they were applied. Returns their
 * number. */
static unsigned int body_codings(struct msg *m, uint8_t codings[LAYERS_MAX])
{
	unsigned int n = 0;

	/* A part of an encoded representation cannot be decoded (RFC 9110
	 * sections 8.4 and 14.1). */
	if (m->h.status == 206 && m->h.n_codings) {
		m->encoded = true;
	} else {
		n = m->h.n_codings;
		memcpy(codings, m->h.codings, n);
	}
	if (m->h.marks & HEAD_AWS_CHUNKED)
		codings[n++] = CODING_AWS_CHUNKED;
	memcpy(codings + n, m->h.te, m->h.n_te);
	if (m->h.marks & HEAD_CE_UNKNOWN) {
		m->encoded = true;
		m->h.flags |= HTTP_F_CODING_UNKNOWN;
	}
	return n + m->h.n_te;
}

uint32_t msg_flow_hash(const struct stream_flow *flow)
{
	struct stream_tuple t;
	uint32_t hash = 0, word;

	stream_flow_tuple(flow, &t);
	for (unsigned int i = 0; i < 2; i++) {
		memcpy(&word, t.addr[i] + 12, 4);
		hash = (hash ^ word ^ (uint32_t)t.port[i] << 8) * 0x9e3779b1u;
	}
	return hash ^ hash >> 16;
}

void msg_body_start(struct http_engine *e, struct msg *m, decode_hash *hash,
		    const void *conn)
{
	uint8_t codings[LAYERS_MAX];
	unsigned int n = 0;

	if (m->h.n_codings | m->h.n_te ||
	    m->h.marks & (HEAD_CE_UNKNOWN | HEAD_AWS_CHUNKED))
		n = body_codings(m, codings);
	if (n) {
		m->dec = body_decoder_new(e->decoders, hash, conn, codings, n);
		if (!m->dec) {
			m->h.flags |= HTTP_F_DECODE_FAILED;
			no_memory(e, m);
		}
	}
	if (!e->conf.body_hash)
		return;
	m->md = e->n_free_md ? e->free_md[--e->n_free_md] : EVP_MD_CTX_new();
	if (m->md && !EVP_DigestInit_ex(m->md, e->sha256, NULL))
		md_free(e, m);
}

/* Takes over what the decoder found and frees it. */
static void decoder_end(struct http_engine *e, struct msg *m,
			unsigned int result)
{
	if (result & DECODE_FAILED) {
		m->encoded = true;
		m->h.flags |= HTTP_F_DECODE_FAILED;
	}
	if (result & DECODE_LIMIT)
		m->h.flags |= HTTP_F_DECODE_LIMIT;
	if (result & (DECODE_LIMIT | DECODE_PARTIAL)) {
		m->hole = true; /* incomplete: no hash */
		md_free(e, m);
	}
	body_decoder_free(m->dec);
	m->dec = NULL;
}

void msg_body(struct http_engine *e, struct msg *m, const uint8_t *p, size_t n)
{
	struct body_output s = {e, m};
	unsigned int result;

	m->body_wire += n;
	if (m->undecoded)
		return;
	if (!m->dec) {
		body_decoded(&s, p, n);
		return;
	}
	if (m->hole)
		return; /* a decoder cannot resume after a hole */
	result = body_decoder_push(m->dec, p, n, body_decoded, &s);
	if (result & (DECODE_LIMIT | DECODE_STOPPED)) {
		m->undecoded = true;
		decoder_end(e, m, result);
	}
}

void msg_body_hole(struct http_engine *e, struct msg *m, uint64_t n, bool lost)
{
	if (lost) {
		m->hole = true;
		md_free(e, m);
		uncount(e, m);
		return;
	}
	m->body_wire += n;
	if (m->undecoded)
		return; /* n is the length before decoding */
	if (m->grpc) {
		grpc_counter_skip(m->grpc, n);
		m->skipping = false; /* it was not all that follows */
	}
	m->body_total += n;
	m->h.flags |= HTTP_F_BODY_LIMIT;
}

void msg_body_discard(struct http_engine *e, struct msg *m)
{
	m->body_len = 0;
	m->body_total = m->body_wire = 0;
	m->framing = FRAMING_NONE;
	md_free(e, m);
	uncount(e, m);
}

void msg_body_end(struct http_engine *e, struct msg *m)
{
	struct body_output s = {e, m};

	if (!m->dec)
		return;
	decoder_end(e, m,
		    m->hole || !m->complete
			    ? body_decoder_flush(m->dec, body_decoded, &s)
			    : body_decoder_end(m->dec, body_decoded, &s));
}

uint64_t msg_body_useless(struct http_engine *e, struct msg *m, uint64_t left)
{
	if (left < SKIP_MIN)
		return 0;
	if (m->undecoded)
		return left;
	if (m->dec || m->md || e->conf.body_hash || m->body_len < m->body_limit)
		return 0;
	count_begin(e, m);
	if (m->grpc && left > grpc_counter_idle(m->grpc))
		left = grpc_counter_idle(m->grpc);
	return left < SKIP_MIN ? 0 : left;
}
