/* SPDX-License-Identifier: MIT */
/*
 * The members "tls" or "quic", "meta" and "capture" of a line about a connection;
 * "request" and "response" are null. Nothing here is known to be secret, but every
 * text is what a peer sent: it is escaped, and values of --redact-class are masked.
 */
#include <stdio.h>
#include <string.h>

#include "tls/hello.h"
#include "tls/names.h"
#include "trace/line.h"
#include "trace/masked.h"
#include "trace/masked_object.h"
#include "trace/tls_line.h"

/* What the functions here write, and for which view. */
struct tls_line {
	struct line *l;
	const struct trace_conf *c;
	const struct tls_report *r;
};

static void put(struct line *l, const char *text)
{
	if (line_room(l, LINE_ROOM))
		l->w = (uint8_t *)stpcpy((char *)l->w, text);
}

/* Writes ,"name": before a value. */
static void put_key(struct line *l, const char *name)
{
	put(l, ",\"");
	put(l, name);
	put(l, "\":");
}

static void put_string(const struct tls_line *t, const struct tls_span *s)
{
	static const struct http_message none;
	const struct masked w = {t->l, t->c, &none, 0};

	put(t->l, "\"");
	put_text(&w, &(const struct http_span){s->p, s->len});
	put(t->l, "\"");
}

static void put_span_or_null(const struct tls_line *t, const char *name,
			     const struct tls_span *s)
{
	put_key(t->l, name);
	if (s->p)
		put_string(t, s);
	else
		put(t->l, "null");
}

/* Static text without characters to escape. */
static void put_word(struct line *l, const char *name, const char *text)
{
	put_key(l, name);
	if (!text || !*text) {
		put(l, "null");
		return;
	}
	put(l, "\"");
	put(l, text);
	put(l, "\"");
}

/* A number by its name, or in hexadecimal if it has none. */
static void put_code(struct line *l, const char *name, uint16_t id)
{
	char hex[16];

	if (!name) {
		snprintf(hex, sizeof(hex), "0x%04x", id);
		name = hex;
	}
	put(l, "\"");
	put(l, name);
	put(l, "\"");
}

static void put_u64(struct line *l, const char *name, bool has, uint64_t v)
{
	put_key(l, name);
	if (!has)
		put(l, "null");
	else if (line_room(l, LINE_ROOM))
		line_u64(l, v);
}

static void put_answer(struct line *l, const char *name, enum tls_answer a)
{
	put_key(l, name);
	put(l, a == TLS_UNKNOWN ? "null" : a == TLS_YES ? "true" : "false");
}

static void put_bool(struct line *l, const char *name, bool has, bool v)
{
	put_answer(l, name, !has ? TLS_UNKNOWN : v ? TLS_YES : TLS_NO);
}

static void put_bytes(struct line *l, const char *name, bool has,
		      const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	put_key(l, name);
	if (!has) {
		put(l, "null");
		return;
	}
	if (!line_room(l, LINE_ROOM))
		return;
	*l->w++ = '"';
	for (size_t i = 0; i < n; i++) {
		*l->w++ = (uint8_t)digits[p[i] >> 4];
		*l->w++ = (uint8_t)digits[p[i] & 15];
	}
	*l->w++ = '"';
}

/* --- what was offered ------------------------------------------------------------ */

static void put_alpn_offered(const struct tls_line *t)
{
	struct wire w = wire_span(&t->r->alpn);
	const char *comma = "";

	put_key(t->l, "alpnOffered");
	if (!t->r->has_client_hello) {
		put(t->l, "null");
		return;
	}
	put(t->l, "[");
	while (w.p < w.end) {
		const struct tls_span name = wire_vector(&w, 1);

		put(t->l, comma);
		put_string(t, &name);
		comma = ",";
	}
	put(t->l, "]");
}

/* A list of numbers, without those that mean nothing. */
static void put_codes(struct line *l, const struct tls_span *list,
		      const char *name_of(uint16_t id))
{
	const char *comma = "";

	put(l, "[");
	for (uint32_t i = 0; i < list->len / 2; i++) {
		const uint16_t id = wire_u16(list, i);

		if (tls_is_grease(id))
			continue;
		put(l, comma);
		put_code(l, name_of(id), id);
		comma = ",";
	}
	put(l, "]");
}

static void put_offers(const struct tls_line *t)
{
	const struct tls_report *r = t->r;
	struct line *l = t->l;

	put_alpn_offered(t);
	put_key(l, "versionsOffered");
	if (!r->has_client_hello) {
		put(l, "null");
	} else if (r->has_versions) {
		put_codes(l, &r->versions, tls_version_name);
	} else {
		put(l, "[");
		put_code(l, tls_version_name(r->client_version),
			 r->client_version);
		put(l, "]");
	}
	put_key(l, "groupsOffered");
	if (r->has_client_hello)
		put_codes(l, &r->groups, tls_group_name);
	else
		put(l, "null");
}

/* --- certificates and alerts ------------------------------------------------------- */

static void put_names(const struct tls_line *t, const struct certificate *cert)
{
	static const char *const types[] = {
		[CERT_DNS] = "dns",
		[CERT_IP] = "ip",
		[CERT_URI] = "uri",
		[CERT_EMAIL] = "email",
	};
	struct line *l = t->l;

	put_key(l, "names");
	put(l, "[");
	for (uint32_t i = 0; i < cert->n_names; i++) {
		const struct cert_name *n = &cert->names[i];
		uint8_t addr[16] = {[10] = 0xff, [11] = 0xff};

		put(l, i ? ",{\"type\":\"" : "{\"type\":\"");
		put(l, types[n->type]);
		put(l, "\",\"value\":");
		if (n->type != CERT_IP) {
			put_string(t, &n->text);
		} else if (line_room(l, LINE_ROOM)) {
			memcpy(addr + 16 - n->text.len, n->text.p, n->text.len);
			*l->w++ = '"';
			line_address(l, addr, n->text.len == 16);
			*l->w++ = '"';
		}
		put(l, "}");
	}
	put(l, "]");
	put_u64(l, "nameCount", true, cert->total_names);
}

static void put_certificate(const struct tls_line *t,
			    const struct certificate *cert)
{
	struct line *l = t->l;

	put(l, "{\"bytes\":");
	if (!line_room(l, LINE_ROOM))
		return;
	line_u64(l, cert->bytes);
	put_bytes(l, "sha256", cert->hashed, cert->sha256,
		  sizeof(cert->sha256));
	put_span_or_null(t, "subject", &cert->subject);
	put_span_or_null(t, "issuer", &cert->issuer);
	put_span_or_null(t, "serial", &cert->serial);
	put_word(l, "notBefore", cert->not_before);
	put_word(l, "notAfter", cert->not_after);
	put_word(l, "key", cert->key);
	put_u64(l, "keyBits", cert->key_bits, cert->key_bits);
	put_word(l, "curve", cert->curve);
	put_word(l, "signature", cert->signature);
	if (cert->parsed)
		put_names(t, cert);
	else
		put(l, ",\"names\":null,\"nameCount\":null");
	put(l, "}");
}

static void put_chain(const struct tls_line *t, const char *name,
		      const struct tls_chain *chain)
{
	put_key(t->l, name);
	if (chain->sent == TLS_UNKNOWN) {
		put(t->l, "null");
		return;
	}
	put(t->l, "[");
	for (uint32_t i = 0; i < chain->n; i++) {
		if (i)
			put(t->l, ",");
		put_certificate(t, chain->cert[i]);
	}
	put(t->l, "]");
}

static void put_alerts(struct line *l, const struct tls_report *r)
{
	put_key(l, "alerts");
	put(l, "[");
	for (uint32_t i = 0; i < r->n_alerts; i++) {
		const struct tls_alert *a = &r->alert[i];

		put(l, i ? ",{\"from\":" : "{\"from\":");
		put(l, a->from_server ? "\"server\"" : "\"client\"");
		put(l, ",\"level\":");
		put_code(l,
			 a->level == 1	 ? "warning"
			 : a->level == 2 ? "fatal"
					 : NULL,
			 a->level);
		put(l, ",\"description\":");
		put_code(l, tls_alert_name(a->description), a->description);
		put(l, "}");
	}
	put(l, "]");
}

/* --- the line ----------------------------------------------------------------------- */

static void put_version(const struct tls_line *t)
{
	const struct tls_report *r = t->r;

	if (r->has_server_hello)
		put_code(t->l, tls_version_name(r->version), r->version);
	else
		put(t->l, "null");
}

/* The members of both kinds that follow the names. */
static void put_hello_facts(const struct tls_line *t)
{
	const struct tls_report *r = t->r;
	struct line *l = t->l;

	put_key(l, "cipher");
	if (r->has_server_hello)
		put_code(l, tls_cipher_name(r->cipher), r->cipher);
	else
		put(l, "null");
	put_key(l, "group");
	if (r->has_group)
		put_code(l, tls_group_name(r->group), r->group);
	else
		put(l, "null");
	put_offers(t);
	put_bytes(l, "ja3", r->has_ja3, r->ja3, JA3_SIZE);
	put_bytes(l, "ja3s", r->has_ja3s, r->ja3s, JA3_SIZE);
	put_span_or_null(
		t, "ja4",
		&(const struct tls_span){
			r->has_ja4 ? (const uint8_t *)r->ja4 : NULL, JA4_SIZE});
	put_bool(l, "ech", r->has_client_hello, r->ech);
	put_bool(l, "earlyDataOffered", r->has_client_hello, r->early_data);
	put_answer(l, "resumed", r->resumed);
	put_answer(l, "helloRetry", r->retry);
}

static void put_tls(const struct tls_line *t)
{
	const struct tls_report *r = t->r;
	struct line *l = t->l;

	put(l, "{\"request\":null,\"response\":null,\"tls\":{\"version\":");
	put_version(t);
	put_span_or_null(t, "sni", &r->sni);
	put_span_or_null(t, "alpn", &r->selected_alpn);
	put_hello_facts(t);
	put_answer(l, "clientCertRequested", r->client_cert_requested);
	put_answer(l, "clientCertSent", r->client_chain.sent);
	put_chain(t, "certificates", &r->server_chain);
	put_chain(t, "clientCertificates", &r->client_chain);
	put_alerts(l, r);
	put_answer(l, "handshakeComplete", r->complete);
	put_u64(l, "handshakeUs", r->has_handshake_ns, r->handshake_ns / 1000);
	put_u64(l, "clientBytes", true, r->bytes[0]);
	put_u64(l, "serverBytes", true, r->bytes[1]);
	put_word(l, "end", r->end);
	put(l, "}");
}

/* What an Initial packet shows. */
static void put_quic(const struct tls_line *t)
{
	const struct tls_report *r = t->r;
	struct line *l = t->l;

	put(l, "{\"request\":null,\"response\":null,\"quic\":{\"version\":");
	put(l, r->quic_version == 2 ? "\"2\",\"tlsVersion\":"
				    : "\"1\",\"tlsVersion\":");
	put_version(t);
	put_span_or_null(t, "sni", &r->sni);
	put_hello_facts(t);
	put_bool(l, "retry", true, r->quic_retry);
	put_alerts(l, r);
	put(l, "}");
}

/* The name and labels that --names has for an address. */
static void put_address_name(const struct tls_line *t, const uint8_t addr[16],
			     bool ipv6, const char *text, const char *labels)
{
	static const struct http_message none;
	const struct masked w = {t->l, t->c, &none, 0};
	struct address_name name;

	if (!t->c->names ||
	    !names_find(t->c->names, t->r->vni, addr, ipv6, &name))
		return;
	put_key(t->l, text);
	put_string(t, &(const struct tls_span){name.text, name.len});
	if (!name.labels_len)
		return;
	put_key(t->l, labels);
	masked_object(&w,
		      &(const struct http_span){name.labels, name.labels_len});
}

static void put_meta(const struct tls_line *t)
{
	const struct tls_report *r = t->r;
	const struct stream_origin *o = &r->origin;
	const uint8_t *source = o->known ? o->addr : r->source_addr;
	const bool ipv6 = o->known ? o->ipv6 : r->ipv6;
	struct line *l = t->l;

	if (!line_room(l, TRACE_TEXT_ROOM(t->c->n_environment) + LINE_ROOM))
		return;
	put_block(l, t->c->environment, t->c->n_environment);
	line_address(l, source, ipv6);
	put(l, "\"");
	put_u64(l, "sourcePort", true, o->known ? o->port : r->source_port);
	put_key(l, "destination");
	if (!line_room(l, LINE_ROOM))
		return;
	*l->w++ = '"';
	line_address(l, r->destination_addr, r->ipv6);
	put(l, "\"");
	put_u64(l, "destinationPort", true, r->destination_port);
	put(l, ",\"metloSource\":\"metlo-xdp\"");
	put_address_name(t, source, ipv6, "sourceName", "sourceLabels");
	put_address_name(t, r->destination_addr, r->ipv6, "destinationName",
			 "destinationLabels");
	put(l, "}");
}

static void put_flags(struct line *l, uint32_t flags)
{
	static const char *const text[] = {
#define TLS_FLAG_TEXT(name, text) text,
		TLS_FLAGS(TLS_FLAG_TEXT)
#undef TLS_FLAG_TEXT
	};
	const char *quote = "\"";

	put_key(l, "flags");
	put(l, "[");
	for (unsigned int i = 0; i < TLS_FLAG_COUNT; i++) {
		if (!(flags & 1u << i))
			continue;
		put(l, quote);
		put(l, text[i]);
		put(l, "\"");
		quote = ",\"";
	}
	put(l, "]");
}

static void put_capture(const struct tls_line *t)
{
	const struct tls_report *r = t->r;
	const uint64_t clock = (uint64_t)r->clock_ns;
	uint64_t start = (r->first_ns + clock) / 1000;
	uint64_t end = (r->last_ns + clock) / 1000;
	struct line *l = t->l;
	char id[80];

	snprintf(id, sizeof(id), "%016llx%016llx\",\"connection\":\"%016llx",
		 (unsigned long long)r->id[0], (unsigned long long)r->id[1],
		 (unsigned long long)r->connection);
	put(l, ",\"capture\":{\"schema\":2,");
	put(l, r->quic_version ? "\"kind\":\"quic\",\"id\":\""
			       : "\"kind\":\"tls\",\"id\":\"");
	put(l, id);
	snprintf(id, sizeof(id), "%010llx",
		 (unsigned long long)(r->id[1] >> 24));
	put(l, id);
	if (!line_room(l, TRACE_TEXT_ROOM(t->c->n_origin) + LINE_ROOM))
		return;
	put_block(l, t->c->origin, t->c->n_origin);
	if (r->quic_version)
		put(l, r->quic_version == 2 ? "\"QUIC v2\"" : "\"QUIC v1\"");
	else
		put_version(t);
	/* A transaction's key, so that a reader may ask any line for it. */
	put(l, ",\"target\":null");
	put_u64(l, "vni", true, r->vni);
	if (r->origin.known && line_room(l, LINE_ROOM)) {
		put(l, ",\"peer\":\"");
		line_endpoint(l, r->source_addr, r->source_port, r->ipv6);
		put(l, "\"");
	}
	put_u64(l, "startUs", true, start);
	put_u64(l, "endUs", true, end);
	put_u64(l, "durationUs", true, end - start);
	put_flags(l, r->flags | (l->latin1 ? TLS_F_OBS_TEXT : 0));
	put(l, "}}\n");
}

void tls_line_write(struct buf *out, const struct tls_report *r,
		    const struct trace_conf *c)
{
	const size_t start = out->len;
	struct line l;
	const struct tls_line t = {&l, c, r};

	if (!line_begin(&l, out))
		return;
	if (r->quic_version)
		put_quic(&t);
	else
		put_tls(&t);
	put_meta(&t);
	put_capture(&t);
	out->len = l.failed ? start : (size_t)(l.w - out->p);
}
