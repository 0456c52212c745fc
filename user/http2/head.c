/* SPDX-License-Identifier: MIT */
/*
 * Collects the fields of a block as hpack.c hands them out. Pseudo-headers come
 * first (RFC 9113 section 8.3), and each message has certain ones: from that it
 * follows which fields are some of them even if the table entry they refer to was
 * not captured. Their values stay unknown.
 */
#include "http2/head.h"

#include <string.h>

#include "http/fields.h"
#include "http/message.h"
#include "http2/hpack_name.h"

/* Pseudo-headers, as a set. */
#define P_METHOD    1u
#define P_SCHEME    2u
#define P_AUTHORITY 4u
#define P_PATH	    8u
#define P_PROTOCOL  16u
#define P_STATUS    32u

struct collector {
	struct http2_engine *e;
	struct h2_head *out;
	uint32_t used;	  /* bytes in e->head */
	uint8_t known;	  /* pseudo-headers */
	bool regular;	  /* a field that is none was seen */
	bool first;	  /* no field was seen */
	bool connect;	  /* the method is CONNECT */
	bool odd;	  /* a name is not a token */
	uint16_t hidden;  /* fields before a pseudo-header that are unknown */
	uint16_t lead;	  /* unknown fields at the start of the list */
	uint16_t cookies; /* fields Cookie */
	struct head_ref authority, host;
};

static bool put(struct collector *k, const char *p, uint32_t n,
		struct head_ref *ref)
{
	/* UINT16_MAX is the length of what is unknown */
	if (n > HEAD_MAX - 1 - k->used || n >= UINT16_MAX)
		return false;
	ref->off = (uint16_t)k->used;
	ref->len = (uint16_t)n;
	if (n)
		memcpy(k->e->head + k->used, p, n);
	k->used += n;
	return true;
}

static void cut(struct collector *k)
{
	k->out->h.flags |= HTTP_F_HEAD_LIMIT;
	k->out->h.marks |= HEAD_PARTIAL;
}

static unsigned int pseudo_of(const struct hpack_field *f)
{
	static const uint8_t bits[] = {
		[HPACK_METHOD] = P_METHOD,	 [HPACK_SCHEME] = P_SCHEME,
		[HPACK_AUTHORITY] = P_AUTHORITY, [HPACK_PATH] = P_PATH,
		[HPACK_PROTOCOL] = P_PROTOCOL,	 [HPACK_STATUS] = P_STATUS,
	};

	return bits[f->id];
}

static uint16_t status_of(const struct hpack_field *f)
{
	unsigned int v = 0;

	if (f->value_len != 3)
		return 0;
	for (unsigned int i = 0; i < 3; i++) {
		if ((uint8_t)(f->value[i] - '0') > 9)
			return 0;
		v = v * 10 + (unsigned int)(f->value[i] - '0');
	}
	return (uint16_t)v;
}

static void set_status(struct head *h, const struct hpack_field *f)
{
	if (!f->value_known)
		return;
	h->status = status_of(f);
	if (!h->status)
		h->flags |= HTTP_F_MALFORMED;
}

/* Where the value of this pseudo-header belongs; NULL: it is not kept. */
static struct head_ref *place_of(struct collector *k, unsigned int bit)
{
	struct head *h = &k->out->h;

	return bit == P_METHOD	    ? &h->method
	       : bit == P_PATH	    ? &h->target
	       : bit == P_AUTHORITY ? &k->authority
				    : NULL;
}

static void pseudo(struct collector *k, const struct hpack_field *f)
{
	struct head *h = &k->out->h;
	unsigned int bit = pseudo_of(f);
	struct head_ref *place;

	if (!bit || k->known & bit || k->regular) {
		h->flags |= HTTP_F_MALFORMED;
		return;
	}
	if (k->known && !(k->known & P_STATUS) != !(bit & P_STATUS)) {
		h->flags |= HTTP_F_MALFORMED;
		return;
	}
	/* so are all fields before it */
	k->hidden += h->n_fields;
	h->n_fields = h->n_regular = k->lead = 0;
	k->known |= bit;
	k->out->type = bit == P_STATUS ? H2_HEAD_RESPONSE : H2_HEAD_REQUEST;
	if (!f->value_known)
		k->out->unknown = true;
	if (bit == P_STATUS)
		set_status(h, f);
	if (bit == P_METHOD && f->value_known) {
		k->connect =
			f->value_len == 7 && !memcmp(f->value, "CONNECT", 7);
		if (f->value_len == 4 && !memcmp(f->value, "HEAD", 4))
			h->marks |= HEAD_METHOD_HEAD;
	}
	if (bit == P_PROTOCOL)
		k->out->extended = true;
	place = place_of(k, bit);
	if (!place)
		return;
	if (!f->value_known) {
		*place = H2_UNKNOWN;
	} else if (!put(k, f->value,
			f->value_len < HEAD_TARGET_MAX ? f->value_len
						       : HEAD_TARGET_MAX,
			place)) {
		cut(k);
	} else if (f->value_len > HEAD_TARGET_MAX) {
		h->flags |= HTTP_F_HEAD_LIMIT;
	}
}

static uint64_t number_of(const struct hpack_field *f, bool *valid)
{
	uint64_t v = 0;

	*valid = f->value_len && f->value_len <= 18;
	for (uint32_t i = 0; *valid && i < f->value_len; i++) {
		*valid = (uint8_t)(f->value[i] - '0') <= 9;
		v = v * 10 + (uint8_t)(f->value[i] - '0');
	}
	return v;
}

/* Fields that say something about the body, or about the host. */
static void interpret(struct collector *k, const struct hpack_field *f,
		      const struct head_field *at)
{
	struct head *h = &k->out->h;
	bool valid;

	switch ((enum hpack_name)f->id) {
	case HPACK_HOST:
		if (!k->host.len)
			k->host = f->value_known ? at->value : H2_UNKNOWN;
		break;
	case HPACK_COOKIE:
		k->cookies++;
		break;
	case HPACK_CONTENT_LENGTH:
		if (!f->value_known || h->marks & HEAD_CL)
			break;
		h->content_length = number_of(f, &valid);
		h->marks |= valid ? HEAD_CL : HEAD_CL_INVALID;
		break;
	case HPACK_CONTENT_ENCODING:
		if (f->value_known)
			fields_content_encoding(h, (const uint8_t *)f->value,
						f->value_len);
		else
			k->out->coding_unknown = true;
		break;
	default:
		break;
	}
}

/* RFC 9113 section 8.2.1: names have none. */
static bool has_capitals(const struct hpack_field *f)
{
	if (f->id != HPACK_NOT_TOKEN)
		return f->id == HPACK_CAPITALS;
	for (uint32_t i = 0; i < f->name_len; i++)
		if ((uint8_t)(f->name[i] - 'A') < 26)
			return true;
	return false;
}

static void regular(struct collector *k, const struct hpack_field *f)
{
	struct head *h = &k->out->h;
	struct head_field *at = &k->e->http->fields[h->n_fields];

	if (h->n_fields == HEAD_FIELDS_MAX) {
		cut(k);
		return;
	}
	at->name = at->value = H2_UNKNOWN;
	if ((f->name_known && !put(k, f->name, f->name_len, &at->name)) ||
	    (f->name_known && f->value_known &&
	     !put(k, f->value, f->value_len, &at->value))) {
		cut(k);
		return;
	}
	k->odd |= !f->name_known || f->id == HPACK_NOT_TOKEN;
	h->n_fields++;
	if (!k->odd)
		h->n_regular = h->n_fields;
	if (!f->name_known || !f->value_known)
		k->out->unknown = true;
	if (!f->name_known) {
		k->out->unknown_name = true;
		if (!k->regular)
			k->lead++;
		return;
	}
	k->regular = true;
	if (has_capitals(f) || (f->value_known && !f->value_valid))
		h->flags |= HTTP_F_MALFORMED;
	interpret(k, f, at);
}

static int collect(void *ctx, const struct hpack_field *f)
{
	struct collector *k = ctx;

	k->e->stats.fields_unknown += !f->name_known || !f->value_known;
	if (k->first) {
		k->first = false;
		k->out->type =
			f->name_known ? H2_HEAD_TRAILERS : H2_HEAD_UNCLEAR;
	}
	if (f->name_known && f->id <= HPACK_PSEUDO_MAX)
		pseudo(k, f);
	else
		regular(k, f);
	return 0;
}

static bool is_cookie(const struct collector *k, const struct head_field *f)
{
	return f->name.len == 6 && !H2_IS_UNKNOWN(f->name) &&
	       !memcmp(k->e->head + f->name.off, "cookie", 6);
}

/* Joins the crumbs of Cookie (RFC 9113 section 8.2.3) as the last field. Not if one
 * of them is unknown, or without room. */
static void join_cookies(struct collector *k)
{
	struct head *h = &k->out->h;
	struct head_field *f = k->e->http->fields, all = {0};
	uint32_t len = 6, n = 0;

	for (unsigned int i = 0; i < h->n_fields; i++)
		if (is_cookie(k, &f[i])) {
			if (H2_IS_UNKNOWN(f[i].value))
				return;
			len += f[i].value.len + 2u;
		}
	if (len > HEAD_MAX - 1 - k->used)
		return;
	put(k, "cookie", 6, &all.name);
	all.value.off = (uint16_t)k->used;
	for (unsigned int i = 0; i < h->n_fields; i++) {
		struct head_ref part;

		if (!is_cookie(k, &f[i])) {
			f[n++] = f[i];
			continue;
		}
		if (k->used > all.value.off)
			put(k, "; ", 2, &part);
		put(k, (const char *)k->e->head + f[i].value.off,
		    f[i].value.len, &part);
	}
	all.value.len = (uint16_t)(k->used - all.value.off);
	f[n++] = all;
	h->n_fields = (uint16_t)n;
	if (h->n_regular > n)
		h->n_regular = (uint16_t)n;
}

/* Puts authority and host together: the former counts (RFC 9113 8.3.1). */
static void set_host(struct collector *k)
{
	struct head *h = &k->out->h;
	const uint8_t *b = k->e->head;

	if (!(k->known & P_AUTHORITY)) {
		h->host = k->host;
		return;
	}
	h->host = k->authority;
	if (k->host.len && !H2_IS_UNKNOWN(k->host) &&
	    !H2_IS_UNKNOWN(k->authority) &&
	    (k->host.len != k->authority.len ||
	     memcmp(b + k->host.off, b + k->authority.off, k->host.len) != 0))
		h->flags |= HTTP_F_MALFORMED;
}

void h2_table_free(struct h2_conn *c, struct h2_dir *d)
{
	store_uncharge(&c->engine->http->store, d->hpack_cost);
	d->hpack_cost = 0;
	hpack_free(d->hpack);
	d->hpack = NULL;
}

void h2_table_forget(struct h2_dir *d)
{
	if (d->hpack)
		hpack_forget(d->hpack);
	else
		d->table_lost = true;
}

/* Counts the memory of the table; without room there is none. */
static void charge(struct h2_conn *c, struct h2_dir *d)
{
	struct store *s = &c->engine->http->store;
	size_t now = hpack_memory(d->hpack);

	if (now <= d->hpack_cost) {
		store_uncharge(s, d->hpack_cost - now);
		d->hpack_cost = (uint32_t)now;
	} else if (store_charge(s, now - d->hpack_cost)) {
		d->hpack_cost = (uint32_t)now;
	} else {
		c->engine->http->stats.memory_limit++;
		h2_table_free(c, d);
		d->table_lost = true;
	}
}

static bool table_ready(struct h2_dir *d, struct huffman_memo *memo)
{
	if (d->hpack)
		return true;
	d->hpack = hpack_new(H2_TABLE_MAX);
	if (!d->hpack)
		return false;
	hpack_use(d->hpack, memo);
	if (d->table_lost)
		hpack_forget(d->hpack);
	d->table_lost = false;
	return true;
}

bool h2_head_decode(struct h2_conn *c, struct h2_dir *d, const uint8_t *block,
		    size_t len, struct h2_head *out)
{
	struct http2_engine *e = c->engine;
	struct collector k = {.e = e, .out = out, .first = true};
	uint32_t dropped = 0;
	int result;

	memset(out, 0, sizeof(*out));
	out->h.major = 2;
	out->type = H2_HEAD_TRAILERS; /* of an empty block */
	msg_save_pending(e->http);
	if (!table_ready(d, &e->memo)) {
		d->table_lost = true;
		return false;
	}
	result = hpack_decode(d->hpack, block, len, collect, &k, &dropped);
	charge(c, d);
	e->stats.header_blocks++;
	if (result < 0) {
		e->stats.header_blocks_malformed++;
		return false;
	}
	if (dropped) {
		e->stats.fields_dropped += dropped;
		cut(&k);
	}
	set_host(&k);
	if (k.cookies > 1)
		join_cookies(&k);
	if (k.connect && !(k.known & P_PATH) && !(k.known & P_PROTOCOL))
		out->h.marks |= HEAD_METHOD_CONNECT;
	out->h.len = k.used;
	out->known = k.known;
	out->hidden = k.hidden;
	out->lead = k.lead;
	return true;
}

/* The first n fields of the list are pseudo-headers. */
static void drop_fields(struct http2_engine *e, struct h2_head *head,
			unsigned int n)
{
	struct head_field *f = e->http->fields;

	head->h.n_fields -= (uint16_t)n;
	memmove(f, f + n, head->h.n_fields * sizeof(*f));
	head->lead -= (uint16_t)n;
	head->hidden += (uint16_t)n;
}

void h2_head_request(struct http2_engine *e, struct h2_head *head)
{
	struct head *h = &head->h;
	const unsigned int known = head->known;
	unsigned int needed = P_METHOD | P_SCHEME | P_PATH, missing, all;
	bool unknown = head->hidden || head->lead;

	if (h->marks & HEAD_METHOD_CONNECT)
		needed = P_METHOD | P_AUTHORITY;
	all = missing = (unsigned int)__builtin_popcount(needed & ~known);
	if (missing > head->hidden) {
		missing -= head->hidden;
		if (missing > head->lead) {
			missing = head->lead;
			h->flags |= HTTP_F_MALFORMED;
		}
		drop_fields(e, head, missing);
	}
	if (unknown) {
		if (!(known & P_METHOD))
			h->method = H2_UNKNOWN;
		if (!(known & P_PATH) && !(h->marks & HEAD_METHOD_CONNECT))
			h->target = H2_UNKNOWN;
		/* All that is unknown may be accounted for by what is needed. */
		if (!(known & P_AUTHORITY) &&
		    (head->lead || head->hidden != all || needed & P_AUTHORITY))
			h->host = H2_UNKNOWN;
	}
	if (h->marks & HEAD_METHOD_CONNECT)
		h->target = h->host;
	if (H2_IS_UNKNOWN(h->method) || H2_IS_UNKNOWN(h->target) ||
	    H2_IS_UNKNOWN(h->host))
		head->unknown = true;
}

void h2_head_response(struct http2_engine *e, struct h2_head *head)
{
	struct head *h = &head->h;

	if (head->known & P_STATUS)
		return;
	if (!head->hidden && head->lead)
		drop_fields(e, head, 1);
	else
		h->flags |= HTTP_F_MALFORMED;
	head->unknown = true;
}

static void note(struct msg *m, const struct h2_head *head)
{
	if (head->unknown)
		m->h.flags |= HTTP_F_FIELDS_UNKNOWN;
	if (head->unknown_name)
		m->h.marks |= HEAD_PARTIAL;
	/* the body may be encoded, or of any type */
	if (head->unknown_name || head->coding_unknown)
		m->encoded = true;
}

void h2_head_set(struct http2_engine *e, struct msg *m,
		 const struct h2_head *head)
{
	m->h = head->h;
	m->head = e->head;
	m->fields = e->http->fields;
	e->http->unsaved = m;
	note(m, head);
}

void h2_head_trailers(struct http2_engine *e, struct msg *m,
		      const struct h2_head *head)
{
	struct http_engine *http = e->http;
	const uint32_t old = m->h.len, n = m->h.n_fields;
	uint32_t more = head->h.n_fields;
	struct head_field *f;
	size_t cap;
	uint8_t *b;

	note(m, head);
	m->h.flags |= head->h.flags;
	if (!more)
		return;
	if (m->no_memory || old + head->h.len > HEAD_MAX - 1 ||
	    n + more > HEAD_FIELDS_MAX) {
		m->h.flags |= HTTP_F_HEAD_LIMIT;
		return;
	}
	b = store_alloc(&http->store,
			(n + more) * sizeof(*f) + old + head->h.len, &cap);
	if (!b) {
		m->h.flags |= HTTP_F_HEAD_LIMIT;
		return;
	}
	f = (struct head_field *)b;
	b += (n + more) * sizeof(*f);
	if (n)
		memcpy(f, m->fields, n * sizeof(*f));
	memcpy(f + n, http->fields, more * sizeof(*f));
	for (uint32_t i = n; i < n + more; i++) {
		if (!H2_IS_UNKNOWN(f[i].name))
			f[i].name.off = (uint16_t)(f[i].name.off + old);
		if (!H2_IS_UNKNOWN(f[i].value))
			f[i].value.off = (uint16_t)(f[i].value.off + old);
	}
	memcpy(b, m->head, old);
	memcpy(b + old, e->head, head->h.len);
	store_free(&http->store, m->block, m->block_cap);
	m->block = f;
	m->block_cap = cap;
	m->fields = f;
	m->head = b;
	m->h.len = old + head->h.len;
	m->h.n_fields = (uint16_t)(n + more);
	m->h.n_trailers = (uint16_t)more;
}
