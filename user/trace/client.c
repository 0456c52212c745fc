/* SPDX-License-Identifier: MIT */
/*
 * Lists are parsed backwards, quoted strings included: their right end is what
 * trusted proxies have appended, while the left is the client's text, which may try
 * to swallow the remainder, as with an opening quotation mark.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/client.h"
#include "trace/span.h"

/* A longer node identifier (RFC 7239 section 6) contains no address. */
#define NODE_MAX 64

struct client_rules {
	enum client_field field;
	unsigned int hidden; /* bits of enum client_from */
	unsigned int n;
	struct ip_network trusted[];
};

struct client_rules *client_rules_new(enum client_field field,
				      unsigned int hidden,
				      const char *const *trusted,
				      unsigned int n)
{
	struct client_rules *r =
		calloc(1, sizeof(*r) + n * sizeof(r->trusted[0]));
	struct parse_error err;

	if (!r)
		return NULL;
	r->field = field;
	r->hidden = hidden;
	r->n = n;
	for (unsigned int i = 0; i < n; i++) {
		if (network_parse(trusted[i], strlen(trusted[i]),
				  &r->trusted[i], &err))
			continue;
		free(r);
		errno = EINVAL;
		return NULL;
	}
	return r;
}

void client_rules_free(struct client_rules *r)
{
	free(r);
}

static bool is_trusted(const struct client_rules *r, const struct client *c)
{
	for (unsigned int i = 0; i < r->n; i++)
		if (network_has(&r->trusted[i], c->addr, c->ipv6))
			return true;
	return false;
}

/* --- lists ------------------------------------------------------------------ */

/* The elements of all fields of one name as one list (RFC 9110 section 5.3), from
 * the right. */
struct list {
	const char *name;
	bool quoted; /* elements may contain quoted strings */
	const struct http_field *first, *f; /* fields before f are unread, */
	struct http_span left;		    /* and this part of *f */
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static void trim(struct http_span *s)
{
	while (s->len && is_blank(*s->p)) {
		s->p++;
		s->len--;
	}
	while (s->len && is_blank(s->p[s->len - 1]))
		s->len--;
}

/* Is the quotation mark at p[i] escaped? */
static bool is_escaped(const uint8_t *p, uint32_t i)
{
	uint32_t n = 0;

	while (n < i && p[i - n - 1] == '\\')
		n++;
	return n & 1;
}

/* Where the last element begins. */
static uint32_t last_element(const struct http_span *s, bool quoted)
{
	bool within = false;
	uint32_t i = s->len;

	for (; i; i--) {
		const uint8_t c = s->p[i - 1];

		if (c == ',' && !within)
			break;
		if (quoted && c == '"' && !(within && is_escaped(s->p, i - 1)))
			within = !within;
	}
	return i;
}

/* Skips empty elements (RFC 9110 section 5.6.1). */
static bool previous(struct list *l, struct http_span *element)
{
	uint32_t at;

	for (;;) {
		while (!l->left.len) {
			do {
				if (l->f == l->first)
					return false;
				l->f--;
			} while (!span_is(&l->f->name, l->name));
			l->left = l->f->value;
		}
		at = last_element(&l->left, l->quoted);
		*element = (struct http_span){l->left.p + at, l->left.len - at};
		l->left.len = at ? at - 1 : 0;
		trim(element);
		if (element->len)
			return true;
	}
}

/* --- elements ----------------------------------------------------------------- */

/* A port, or an obfuscated one, which is unknown. */
static bool parse_port(const uint8_t *p, size_t n, uint16_t *port)
{
	uint32_t v = 0;

	*port = 0;
	if (!n || *p == '_')
		return n > 1;
	if (n > 5)
		return false;
	for (; n; p++, n--) {
		if (*p < '0' || *p > '9')
			return false;
		v = v * 10 + *p - '0';
	}
	*port = (uint16_t)v;
	return v <= 65535;
}

/* ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT. An IPv6 address without brackets has no
 * port. */
static bool parse_node(const struct http_span *s, struct client *c)
{
	const uint8_t *p = s->p, *end = p + s->len, *stop, *colon;

	c->port = 0;
	if (s->len && *p == '[') {
		stop = memchr(p, ']', s->len);
		if (!stop || !memchr(p, ':', (size_t)(stop - p)))
			return false;
		colon = stop + 1;
		p++;
	} else {
		colon = memchr(p, ':', s->len);
		stop = colon && !memchr(colon + 1, ':',
					(size_t)(end - colon - 1))
			       ? colon
			       : end;
		colon = stop;
	}
	if (colon < end &&
	    (*colon != ':' ||
	     !parse_port(colon + 1, (size_t)(end - colon - 1), &c->port)))
		return false;
	return network_address(p, (size_t)(stop - p), c->addr, &c->ipv6);
}

/* A value of Forwarded, unquoted into to if necessary. Returns its end; NULL: it is
 * malformed. */
static const uint8_t *parse_value(const uint8_t *p, const uint8_t *end,
				  uint8_t to[NODE_MAX], struct http_span *value)
{
	uint32_t n = 0;

	*value = (struct http_span){p, 0};
	if (p == end || *p != '"') {
		while (p < end && *p != ';' && *p != '"' && !is_blank(*p))
			p++;
		value->len = (uint32_t)(p - value->p);
		return p;
	}
	for (p++; p < end && *p != '"'; p++) {
		if (*p == '\\' && ++p == end)
			return NULL;
		if (n < NODE_MAX)
			to[n] = *p;
		n++;
	}
	/* Too long to be an address; the others are not needed. */
	*value = (struct http_span){to, n <= NODE_MAX ? n : 0};
	return p < end ? p + 1 : NULL;
}

/* The "for" of an element of Forwarded (RFC 7239 section 4). */
static bool parse_forwarded(const struct http_span *s, struct client *c)
{
	const uint8_t *p = s->p, *end = p + s->len;
	uint8_t text[2][NODE_MAX];
	struct http_span name, value, node = {0};
	bool seen = false;

	for (;;) {
		while (p < end && (is_blank(*p) || *p == ';'))
			p++;
		if (p == end)
			return seen && parse_node(&node, c);
		name.p = p;
		while (p < end && *p != '=' && *p != ';' && *p != '"')
			p++;
		name.len = (uint32_t)(p - name.p);
		if (p == end || *p != '=')
			return false;
		p = parse_value(p + 1, end, text[seen], &value);
		if (!p)
			return false;
		if (span_is(&name, "for")) {
			if (seen)
				return false;
			seen = true;
			node = value;
		}
		while (p < end && is_blank(*p))
			p++;
		if (p < end && *p != ';')
			return false;
	}
}

/* --- the client --------------------------------------------------------------- */

/* Goes from *c as far as the fields of this kind lead. Returns whether there are
 * any. */
static bool follow(const struct client_rules *r, const struct http_message *m,
		   enum client_from from, struct client *c)
{
	const bool forwarded = from == CLIENT_FROM_FORWARDED;
	struct list l = {
		.name = forwarded ? "forwarded" : "x-forwarded-for",
		.quoted = forwarded,
		.first = m->fields,
		/* Trailers could come from the client. */
		.f = http_head_fields_end(m),
	};
	struct http_span element;
	struct client hop;
	bool any = false;

	while (is_trusted(r, c) && previous(&l, &element)) {
		any = true;
		hop = (struct client){.from = from};
		if (!(forwarded ? parse_forwarded(&element, &hop)
				: parse_node(&element, &hop)))
			break;
		*c = hop;
	}
	return any;
}

static bool same_address(const struct client *a, const struct client *b)
{
	return a->ipv6 == b->ipv6 && !memcmp(a->addr, b->addr, 16);
}

/* A proxy that writes one of the fields passes on the other as it came. Where both
 * are present and differ, one of them may be forged. */
static void follow_either(const struct client_rules *r,
			  const struct http_message *m, struct client *c)
{
	struct client x = *c, f = *c;
	const bool has_x = follow(r, m, CLIENT_FROM_X_FORWARDED_FOR, &x);
	const bool has_f = follow(r, m, CLIENT_FROM_FORWARDED, &f);

	if (has_x && has_f && !same_address(&x, &f))
		c->ambiguous = true;
	else if (has_f && (!has_x || f.port))
		*c = f;
	else
		*c = x;
}

void client_find(const struct client_rules *r, const struct http_transaction *t,
		 struct client *out)
{
	const struct http_message *m = t->request;
	struct client first;

	if (t->proxied) {
		*out = (struct client){.ipv6 = t->source_ipv6,
				       .port = t->source_port,
				       .from = CLIENT_FROM_PROXY_PROTOCOL};
		memcpy(out->addr, t->source_addr, 16);
	} else {
		*out = (struct client){.ipv6 = t->ipv6, .port = t->client_port};
		memcpy(out->addr, t->client_addr, 16);
	}
	/* If the PROXY header is true, the peer did not write the fields. */
	if (!m || m->head_partial || t->flags & HTTP_F_PROXY_UNCONFIRMED)
		return;
	first = *out;
	if (r->field == CLIENT_AUTO)
		follow_either(r, m, out);
	else
		follow(r, m,
		       r->field == CLIENT_FORWARDED
			       ? CLIENT_FROM_FORWARDED
			       : CLIENT_FROM_X_FORWARDED_FOR,
		       out);
	if (r->hidden >> out->from & 1)
		*out = first;
}
