/* SPDX-License-Identifier: MIT */
/*
 * Everything here comes from the network: hosts are limited in number and length, and
 * those that are no plain text are counted as other. What is not known exactly (the end of
 * a response with a gap) is in no histogram.
 */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "run/requests.h"

const char *const requests_methods[REQUESTS_METHODS_N] = {
#define METHOD_NAME(name) #name,
	REQUESTS_METHODS(METHOD_NAME)
#undef METHOD_NAME
};

const char *const requests_classes[REQUESTS_CLASSES] = {
	"none", "1xx", "2xx", "3xx", "4xx", "5xx",
};

const double requests_duration_bounds[REQUESTS_DURATIONS] = {
	0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
	0.25,	0.5,   1,      2.5,   5,    10,	   60,
};

const double requests_size_bounds[REQUESTS_SIZES] = {
	256,	1024,	 4096,	  16384,    65536,
	262144, 1 << 20, 4 << 20, 16 << 20, 64 << 20,
};

/* The same, as what is compared with. */
static const uint64_t durations_ns[REQUESTS_DURATIONS] = {
	500000,	    1000000,	2500000,    5000000,	 10000000,
	25000000,   50000000,	100000000,  250000000,	 500000000,
	1000000000, 2500000000, 5000000000, 10000000000, 60000000000,
};

static void add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static uint64_t load(const uint64_t *from)
{
	return __atomic_load_n(from, __ATOMIC_RELAXED);
}

/* --- hosts ------------------------------------------------------------------- */

void requests_init(struct requests *r)
{
	memset(r, 0, sizeof(*r));
	strcpy(r->hosts.name[REQUESTS_OTHER], "other");
	strcpy(r->hosts.name[REQUESTS_UNKNOWN], "unknown");
	r->hosts.n = REQUESTS_FIRST;
}

/* Names that differ in case have the same hash. */
static uint32_t hash_name(const uint8_t *p, uint32_t len)
{
	uint64_t hash = len, word;

	for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		hash = (hash ^ (word | 0x2020202020202020)) *
		       0x9e3779b97f4a7c15;
		hash ^= hash >> 32;
	}
	for (word = 0; len; len--)
		word = word << 8 | *p++ | 0x20;
	hash = (hash ^ word) * 0x9e3779b97f4a7c15;
	return (uint32_t)(hash >> 56);
}

/* A label of a metric may be any UTF-8; more than ASCII is no host. */
static bool is_plain(const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return false;
	return true;
}

/* No two series may have the same labels. */
static bool is_reserved(const uint8_t *p, uint32_t len, const char *name)
{
	return len == strlen(name) && !strncasecmp(name, (const char *)p, len);
}

/* Its number; one is given if there is room. */
static uint32_t find_host(struct requests_hosts *h, const uint8_t *p,
			  uint32_t len)
{
	uint32_t at, n;
	char *name;

	if (!len)
		return REQUESTS_UNKNOWN;
	if (len > REQUESTS_HOST_LEN)
		return REQUESTS_OTHER;
	for (at = hash_name(p, len); (n = h->slot[at]); at = (at + 1) & 255)
		if (h->len[n] == len &&
		    (!memcmp(h->name[n], p, len) ||
		     !strncasecmp(h->name[n], (const char *)p, len)))
			return n;
	n = h->n;
	if (n == REQUESTS_NUMBERS || !is_plain(p, len) ||
	    is_reserved(p, len, h->name[REQUESTS_OTHER]) ||
	    is_reserved(p, len, h->name[REQUESTS_UNKNOWN]))
		return REQUESTS_OTHER;
	name = h->name[n];
	for (uint32_t i = 0; i < len; i++)
		name[i] =
			(char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i]);
	h->len[n] = (uint8_t)len;
	h->slot[at] = (uint8_t)n;
	__atomic_store_n(&h->n, n + 1, __ATOMIC_RELEASE);
	return n;
}

/* --- transactions ------------------------------------------------------------ */

#define IS(text) (!memcmp(p, text, sizeof(text) - 1))

/* By length first: memcmp() of a constant length is a comparison or two. */
static enum requests_method known_method(const uint8_t *p, uint32_t len)
{
	switch (len) {
	case 3:
		return IS("GET")   ? REQUESTS_METHOD_GET
		       : IS("PUT") ? REQUESTS_METHOD_PUT
				   : REQUESTS_METHOD_other;
	case 4:
		return IS("POST")   ? REQUESTS_METHOD_POST
		       : IS("HEAD") ? REQUESTS_METHOD_HEAD
				    : REQUESTS_METHOD_other;
	case 5:
		return IS("PATCH")   ? REQUESTS_METHOD_PATCH
		       : IS("TRACE") ? REQUESTS_METHOD_TRACE
				     : REQUESTS_METHOD_other;
	case 6:
		return IS("DELETE") ? REQUESTS_METHOD_DELETE
				    : REQUESTS_METHOD_other;
	case 7:
		return IS("OPTIONS")   ? REQUESTS_METHOD_OPTIONS
		       : IS("CONNECT") ? REQUESTS_METHOD_CONNECT
				       : REQUESTS_METHOD_other;
	default:
		return REQUESTS_METHOD_other;
	}
}

#undef IS

static enum requests_method find_method(const struct http_message *m)
{
	if (!m || m->unknown & HTTP_UNKNOWN_METHOD || !m->method.len)
		return REQUESTS_METHOD_unknown;
	return known_method(m->method.p, m->method.len);
}

static uint32_t find_class(const struct http_message *m)
{
	const unsigned int n = m ? m->status / 100u : 0;

	if (!m || m->unknown & HTTP_UNKNOWN_STATUS || n >= REQUESTS_CLASSES)
		return 0;
	return n;
}

/* The first bound is 2^8, and each further one 4 times as large. */
static void add_size(struct requests_sizes *s, uint64_t size)
{
	unsigned int i = 0;

	if (size > 256)
		i = (64u - (unsigned int)__builtin_clzll(size - 1) - 7u) / 2;
	if (i > REQUESTS_SIZES)
		i = REQUESTS_SIZES;
	add(&s->counts[i], 1);
	add(&s->sum, size);
}

static void add_duration(struct requests_durations *d, uint64_t ns)
{
	unsigned int i = 0;

	while (i < REQUESTS_DURATIONS && ns > durations_ns[i])
		i++;
	add(&d->counts[i], 1);
	add(&d->sum_ns, ns);
}

void requests_add(struct requests *r, const struct http_transaction *t)
{
	const uint32_t cut = HTTP_F_CLOSED_EARLY | HTTP_F_TRUNCATED |
			     HTTP_F_TIMEOUT | HTTP_F_EVICTED | HTTP_F_RESET;
	const struct http_message *q = t->request, *a = t->response;
	const uint32_t class = find_class(a);
	uint32_t host = REQUESTS_UNKNOWN;

	if (q && !(q->unknown & HTTP_UNKNOWN_HOST))
		host = find_host(&r->hosts, q->host.p, q->host.len);
	add(&r->counts.n[host][find_method(q)][class], 1);
	if (q && !(t->flags & (HTTP_F_REQUEST_GAP | HTTP_F_TRUNCATED)))
		add_size(&r->counts.request, q->body.total);
	if (!a || t->flags & (cut | HTTP_F_RESPONSE_GAP))
		return;
	add_size(&r->counts.response, a->body.total);
	if (q && !(t->flags & HTTP_F_PAIR_ASSUMED) && a->last_ns >= q->first_ns)
		add_duration(&r->counts.duration[class],
			     a->last_ns - q->first_ns);
}

/* --- all workers ---------------------------------------------------------------- */

/* Both consist of counters only. */
static void merge_words(void *sum, const void *counts, size_t size)
{
	const uint64_t *from = counts;
	uint64_t *to = sum;

	for (size_t i = 0; i < size / sizeof(*to); i++)
		to[i] += load(&from[i]);
}

void requests_merge(struct requests *sum, const struct requests *from)
{
	const uint32_t n = __atomic_load_n(&from->hosts.n, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t to = i;

		if (i >= REQUESTS_FIRST)
			to = find_host(&sum->hosts,
				       (const uint8_t *)from->hosts.name[i],
				       from->hosts.len[i]);
		merge_words(&sum->counts.n[to], &from->counts.n[i],
			    sizeof(sum->counts.n[to]));
	}
	merge_words(&sum->counts.duration, &from->counts.duration,
		    sizeof(sum->counts.duration));
	merge_words(&sum->counts.request, &from->counts.request,
		    sizeof(sum->counts.request));
	merge_words(&sum->counts.response, &from->counts.response,
		    sizeof(sum->counts.response));
}
