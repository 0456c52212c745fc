/* SPDX-License-Identifier: MIT */
/*
 * A hello is taken as a whole or not at all: what an endpoint would refuse with
 * decode_error is no source of facts. Of an extension that occurs twice, which is
 * forbidden, the first counts.
 */
#include "tls/hello.h"

#include <string.h>

enum extension {
	EXT_SERVER_NAME = 0,
	EXT_SUPPORTED_GROUPS = 10,
	EXT_POINT_FORMATS = 11,
	EXT_SIGNATURE_ALGORITHMS = 13,
	EXT_ALPN = 16,
	EXT_PRE_SHARED_KEY = 41,
	EXT_EARLY_DATA = 42,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_KEY_SHARE = 51,
	EXT_ECH = 0xfe0d,
};

#define NAME_HOST   0
#define DRAFT_MAJOR 0x7f

/* SHA-256 of "HelloRetryRequest" (RFC 8446 section 4.1.3). */
static const uint8_t retry_random[32] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
	0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

bool extension_next(struct wire *w, uint16_t *type, struct tls_span *data)
{
	if (w->failed || w->p == w->end)
		return false;
	*type = (uint16_t)wire_uint(w, 2);
	*data = wire_vector(w, 2);
	return !w->failed;
}

/* A vector that fills the extension. */
static bool only_vector(struct tls_span *out, const struct tls_span *data,
			unsigned int bytes, unsigned int unit)
{
	struct wire w = wire_span(data);
	struct tls_span s = wire_vector(&w, bytes);

	if (w.failed || w.p != w.end || s.len % unit)
		return false;
	if (!out->p)
		*out = s;
	return true;
}

/* RFC 6066 section 3. Some clients send an empty extension. */
static bool parse_server_name(struct client_hello *out,
			      const struct tls_span *data)
{
	struct wire w = wire_span(data), list;
	struct tls_span names;

	out->has_sni = true;
	if (!data->len)
		return true;
	names = wire_vector(&w, 2);
	list = wire_span(&names);
	while (!w.failed && !list.failed && list.p < list.end) {
		uint32_t type = wire_uint(&list, 1);
		struct tls_span name = wire_vector(&list, 2);

		if (type == NAME_HOST && !out->sni.p && !list.failed)
			out->sni = name;
	}
	return !w.failed && w.p == w.end && !list.failed;
}

/* An empty list is malformed, but seen. */
static bool parse_alpn(struct tls_span *out, const struct tls_span *data)
{
	struct tls_span names = {0};
	struct wire w;

	if (!only_vector(&names, data, 2, 1))
		return false;
	w = wire_span(&names);
	while (!w.failed && w.p < w.end)
		(void)wire_vector(&w, 1);
	if (!out->p)
		*out = names;
	return !w.failed;
}

static bool parse_client_extension(struct client_hello *out, uint16_t type,
				   const struct tls_span *data)
{
	switch (type) {
	case EXT_SERVER_NAME:
		return parse_server_name(out, data);
	case EXT_ALPN:
		return parse_alpn(&out->alpn, data);
	case EXT_SUPPORTED_GROUPS:
		return only_vector(&out->groups, data, 2, 2);
	case EXT_POINT_FORMATS:
		return only_vector(&out->point_formats, data, 1, 1);
	case EXT_SIGNATURE_ALGORITHMS:
		return only_vector(&out->signatures, data, 2, 2);
	case EXT_SUPPORTED_VERSIONS:
		out->has_versions = true;
		return only_vector(&out->versions, data, 1, 2);
	case EXT_EARLY_DATA:
		out->early_data = true;
		return true;
	case EXT_ECH:
		out->ech = true;
		return true;
	default:
		return true;
	}
}

bool client_hello_parse(struct client_hello *out, const uint8_t *p, size_t n)
{
	struct wire w = wire_of(p, n), extensions;
	struct tls_span data;
	uint16_t type;

	memset(out, 0, sizeof(*out));
	out->legacy_version = (uint16_t)wire_uint(&w, 2);
	(void)wire_bytes(&w, 32); /* random */
	(void)wire_vector(&w, 1); /* session id */
	out->ciphers = wire_vector(&w, 2);
	(void)wire_vector(&w, 1); /* compression methods */
	if (w.failed || out->ciphers.len % 2)
		return false;
	if (w.p == w.end) /* before TLS 1.2 there may be no extensions */
		return true;
	out->extensions = wire_vector(&w, 2);
	if (w.failed || w.p != w.end)
		return false;
	extensions = wire_span(&out->extensions);
	while (extension_next(&extensions, &type, &data))
		if (!parse_client_extension(out, type, &data))
			return false;
	return !extensions.failed;
}

static bool parse_server_extension(struct server_hello *out, uint16_t type,
				   const struct tls_span *data)
{
	struct wire w = wire_span(data);
	struct tls_span names = {0};

	switch (type) {
	case EXT_SUPPORTED_VERSIONS:
		out->version = (uint16_t)wire_uint(&w, 2);
		return !w.failed && w.p == w.end;
	case EXT_ALPN:
		if (!parse_alpn(&names, data))
			return false;
		w = wire_span(&names);
		if (!out->alpn.p)
			out->alpn = wire_vector(&w, 1);
		return !w.failed && w.p == w.end;
	case EXT_KEY_SHARE:
		out->group = (uint16_t)wire_uint(&w, 2);
		out->has_group = !w.failed;
		return !w.failed;
	case EXT_PRE_SHARED_KEY:
		out->psk = true;
		return true;
	default:
		return true;
	}
}

bool server_hello_parse(struct server_hello *out, const uint8_t *p, size_t n)
{
	struct wire w = wire_of(p, n), extensions;
	struct tls_span random, data;
	uint16_t type;
	bool draft;

	memset(out, 0, sizeof(*out));
	out->legacy_version = (uint16_t)wire_uint(&w, 2);
	out->version = out->legacy_version;
	random = wire_bytes(&w, 32);
	/* The drafts of TLS 1.3 up to 21 had neither of these. */
	draft = out->version >> 8 == DRAFT_MAJOR;
	if (!draft)
		(void)wire_vector(&w, 1); /* session id */
	out->cipher = (uint16_t)wire_uint(&w, 2);
	if (!draft)
		(void)wire_uint(&w, 1); /* compression method */
	if (w.failed || !random.p)
		return false;
	out->retry = !memcmp(random.p, retry_random, sizeof(retry_random));
	if (w.p == w.end)
		return true;
	out->extensions = wire_vector(&w, 2);
	if (w.failed || w.p != w.end)
		return false;
	extensions = wire_span(&out->extensions);
	while (extension_next(&extensions, &type, &data))
		if (!parse_server_extension(out, type, &data))
			return false;
	return !extensions.failed;
}
