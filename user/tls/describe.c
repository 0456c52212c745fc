/* SPDX-License-Identifier: MIT */
/* Lists beyond what is reported are cut, so that a report has a bounded size. */
#include "tls/describe.h"

#define SPAN_KEPT_MAX 1024u /* of a list in a hello */
#define SNI_MAX	      255u  /* a name of DNS is shorter */

/* The whole elements of a list that are kept: names with their lengths, or 16-bit
 * numbers. */
static struct tls_span cut_names(struct tls_report *r, struct tls_span list)
{
	struct wire w = wire_span(&list);
	const uint8_t *end = w.p;

	if (list.len <= SPAN_KEPT_MAX)
		return list;
	r->flags |= TLS_F_LIMIT;
	while (wire_vector(&w, 1).len + (size_t)(end - list.p) <=
		       SPAN_KEPT_MAX &&
	       !w.failed && (size_t)(w.p - list.p) <= SPAN_KEPT_MAX)
		end = w.p;
	list.len = (uint32_t)(end - list.p);
	return list;
}

static struct tls_span cut_numbers(struct tls_report *r, struct tls_span list)
{
	if (list.len > SPAN_KEPT_MAX) {
		r->flags |= TLS_F_LIMIT;
		list.len = SPAN_KEPT_MAX;
	}
	return list;
}

void describe_client_hello(struct tls_report *r, struct fingerprints *prints,
			   const struct client_hello *h,
			   enum ja4_transport transport)
{
	r->has_client_hello = true;
	r->client_version = h->legacy_version;
	r->ech = h->ech;
	r->early_data = h->early_data;
	r->has_versions = h->has_versions;
	r->has_ja3 = fingerprint_ja3(prints, h, r->ja3);
	r->has_ja4 = fingerprint_ja4(prints, h, transport, r->ja4);
	r->sni = h->sni;
	if (h->sni.len > SNI_MAX) {
		r->sni = (struct tls_span){0};
		r->flags |= TLS_F_MALFORMED;
	}
	r->alpn = cut_names(r, h->alpn);
	r->versions = cut_numbers(r, h->versions);
	r->groups = cut_numbers(r, h->groups);
}

void describe_server_hello(struct tls_report *r, struct fingerprints *prints,
			   const struct server_hello *h)
{
	r->has_server_hello = true;
	if (r->retry == TLS_UNKNOWN)
		r->retry = TLS_NO;
	r->version = h->version;
	r->cipher = h->cipher;
	r->has_ja3s = fingerprint_ja3s(prints, h, r->ja3s);
	r->selected_alpn = h->alpn;
	if (h->version >= TLS_1_3) {
		r->resumed = h->psk ? TLS_YES : TLS_NO;
		r->has_group = h->has_group;
		r->group = h->group;
	}
}
