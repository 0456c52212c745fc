/* SPDX-License-Identifier: MIT */
/* Normalises requests. Copies a path only if it is percent-encoded. */
#include <string.h>

#include "base/parse.h"
#include "trace/endpoint.h"
#include "trace/span.h"

#define HEX_ID_MIN  8u
#define LONG_ID_MIN 16u

static inline bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Strips user information, port and a trailing dot from an authority of n bytes.
 * Advances *p to the host and returns its length. */
static size_t host_of(const uint8_t **p, size_t n)
{
	const uint8_t *at = memrchr(*p, '@', n);
	size_t i = n;

	if (at) {
		n -= (size_t)(at + 1 - *p);
		*p = at + 1;
		i = n;
	}
	while (i && is_digit((*p)[i - 1]))
		i--;
	if (i && (*p)[i - 1] == ':')
		n = i - 1;
	return n && (*p)[n - 1] == '.' ? n - 1 : n;
}

static void set_address(struct endpoint *e, const uint8_t addr[16], bool ipv6)
{
	uint8_t *w = e->host;

	if (ipv6)
		*w++ = '[';
	w = addr_put(w, addr, ipv6);
	if (ipv6)
		*w++ = ']';
	e->host_len = (size_t)(w - e->host);
}

static void set_name(struct endpoint *e, const uint8_t *p, size_t n)
{
	if (n > ENDPOINT_HOST_MAX)
		n = ENDPOINT_HOST_MAX;
	for (size_t i = 0; i < n; i++)
		e->host[i] = lower(p[i]);
	e->host_len = n;
}

static void set_host(struct endpoint *e, const struct http_transaction *t)
{
	const struct http_span *s = &t->request->host;
	const uint8_t *p = s->p;
	size_t n = s->len;

	if (!n) {
		set_address(e, t->server_addr, t->ipv6);
		return;
	}
	n = host_of(&p, n);
	set_name(e, p, n);
}

/* RFC 3986 section 2.3 */
static bool is_unreserved(int c)
{
	int letter = c | 0x20;

	return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static void set_path(struct endpoint *e, const struct http_span *path)
{
	const uint8_t *p = path->p, *end;
	uint8_t *w = e->decoded;
	int hi, lo;

	e->path = *path;
	if (!path->len || path->len > sizeof(e->decoded) ||
	    !memchr(p, '%', path->len))
		return;
	for (end = p + path->len; p < end; p++) {
		if (*p == '%' && end - p > 2 &&
		    (hi = parse_hex_digit(p[1])) >= 0 &&
		    (lo = parse_hex_digit(p[2])) >= 0 &&
		    is_unreserved(hi << 4 | lo)) {
			*w++ = (uint8_t)(hi << 4 | lo);
			p += 2;
		} else {
			*w++ = *p;
		}
	}
	e->path.p = e->decoded;
	e->path.len = (uint32_t)(w - e->decoded);
}

void endpoint_of(struct endpoint *e, const struct http_transaction *t)
{
	e->known = t->request && !(t->request->unknown &
				   (HTTP_UNKNOWN_METHOD | HTTP_UNKNOWN_TARGET));
	e->host_len = 0;
	e->method = e->path = (struct http_span){0};
	if (!e->known)
		return;
	e->method = t->request->method;
	if (!(t->request->unknown & HTTP_UNKNOWN_HOST))
		set_host(e, t);
	set_path(e, &t->request->path);
}

void endpoint_of_tls(struct endpoint *e, const struct tls_report *r)
{
	static const uint8_t none;

	e->known = r->has_client_hello;
	e->method = e->path = (struct http_span){&none, 0};
	if (r->sni.len)
		set_name(e, r->sni.p, r->sni.len);
	else
		set_address(e, r->destination_addr, r->ipv6);
}

static uint64_t mix(uint64_t h, const uint8_t *p, size_t n)
{
	while (n--) {
		h = (h ^ *p++) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 32;
	}
	/* 0x100 ends a part: "ab", "c" must differ from "a", "bc". */
	return (h ^ 0x100) * 0xd6e8feb86659fd93ull;
}

static bool is_id(const uint8_t *p, size_t n)
{
	bool digits = true, hex = true, any = false;
	size_t i;

	for (i = 0; i < n; i++) {
		bool digit = is_digit(p[i]);

		any |= digit;
		digits &= digit;
		hex &= parse_hex_digit(p[i]) >= 0 || p[i] == '-';
	}
	return any && (digits || (hex && n >= HEX_ID_MIN) || n >= LONG_ID_MIN);
}

uint64_t endpoint_key(const struct endpoint *e, uint64_t seed)
{
	static const uint8_t id[] = "{id}";
	uint64_t h = mix(seed, e->method.p, e->method.len);
	const uint8_t *p = e->path.p, *end, *slash;
	size_t n;

	h = mix(h, e->host, e->host_len);
	if (!e->path.len)
		return h ? h : 1;
	for (end = p + e->path.len; p <= end; p += n + 1) {
		slash = memchr(p, '/', (size_t)(end - p));
		n = (size_t)((slash ? slash : end) - p);
		h = is_id(p, n) ? mix(h, id, sizeof(id)) : mix(h, p, n);
	}
	return h ? h : 1;
}
