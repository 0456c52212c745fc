/* SPDX-License-Identifier: MIT */
/*
 * The cache is a list in order of use and a hash table with a secret seed. Entries
 * are counted references: a connection that outlives its entry in the cache keeps
 * it. What reading a new certificate costs is taken from a bucket that fills with
 * time, so that a flood of new ones costs a bounded part of a CPU.
 */
#include "tls/certs.h"

#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "metlo_hash.h"
#include "tls/x509.h"

#define BUCKETS	    256u
#define ENTRIES_MAX 512u
#define CACHE_BYTES (2u << 20)
/* A longer certificate is only hashed. */
#define DER_MAX (16u << 10)
/* A name is at most four times as long as text, a serial number twice. */
#define TEXT_MAX (4 * DER_MAX)
/* Cost of reading a certificate beyond its bytes, and what may be spent. */
#define READ_COST	4096u
#define COST_PER_SECOND (4u << 20)

struct cert_entry {
	struct certificate cert; /* first: cert_put() gets its address */
	struct cert_entry *next; /* in its bucket */
	struct cert_entry *newer, *older;
	uint64_t hash;
	uint32_t refs; /* one of them is the cache's */
	size_t size;
	const uint8_t *der;
	uint8_t data[];
};

struct cert_cache {
	struct cert_stats stats;
	size_t *memory;
	uint64_t seed;
	struct cert_entry *bucket[BUCKETS];
	struct cert_entry *newest, *oldest;
	unsigned int n;
	size_t bytes;
	uint64_t filled_ns; /* when the bucket was filled */
	uint64_t budget;
	EVP_MD *sha256;
	EVP_MD_CTX *ctx;
	struct cert_name names[CERT_NAMES_MAX];
	uint8_t text[TEXT_MAX];
};

struct cert_cache *cert_cache_new(size_t *memory)
{
	struct cert_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	x509_warm_up();
	c->memory = memory;
	c->seed = (uint64_t)(uintptr_t)c * METLO_HASH_K1;
	c->budget = COST_PER_SECOND;
	c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	c->ctx = EVP_MD_CTX_new();
	if (c->sha256 && c->ctx)
		return c;
	cert_cache_free(c);
	return NULL;
}

static void unref(struct cert_cache *c, struct cert_entry *e)
{
	if (--e->refs)
		return;
	*c->memory -= e->size;
	free(e);
}

/* --- order of use, and the table ------------------------------------------- */

static void unlink_entry(struct cert_cache *c, const struct cert_entry *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_newest(struct cert_cache *c, struct cert_entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

static void uncache(struct cert_cache *c, struct cert_entry *e)
{
	struct cert_entry **at = &c->bucket[e->hash % BUCKETS];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unlink_entry(c, e);
	c->n--;
	c->bytes -= e->size;
	unref(c, e);
}

static void cache(struct cert_cache *c, struct cert_entry *e)
{
	struct cert_entry **at = &c->bucket[e->hash % BUCKETS];
	struct cert_entry *old = c->oldest, *newer;

	for (; old && (c->n >= ENTRIES_MAX || c->bytes + e->size > CACHE_BYTES);
	     old = newer) {
		newer = old->newer;
		uncache(c, old);
	}
	e->refs++;
	e->next = *at;
	*at = e;
	link_newest(c, e);
	c->n++;
	c->bytes += e->size;
}

void cert_cache_free(struct cert_cache *c)
{
	if (!c)
		return;
	while (c->oldest)
		uncache(c, c->oldest);
	EVP_MD_free(c->sha256);
	EVP_MD_CTX_free(c->ctx);
	free(c);
}

static uint64_t hash_of(const struct cert_cache *c, const uint8_t *p, size_t n)
{
	uint64_t h = c->seed ^ n, word;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		h = (h ^ word) * METLO_HASH_K1;
		h ^= h >> 32;
	}
	word = 0;
	memcpy(&word, p, n);
	h = (h ^ word) * METLO_HASH_K2;
	return h ^ h >> 29;
}

static struct cert_entry *find(const struct cert_cache *c, uint64_t hash,
			       const uint8_t *der, size_t n)
{
	struct cert_entry *e = c->bucket[hash % BUCKETS];

	while (e && (e->hash != hash || e->cert.bytes != n ||
		     memcmp(e->der, der, n)))
		e = e->next;
	return e;
}

/* --- new certificates -------------------------------------------------------- */

static bool spend(struct cert_cache *c, uint64_t cost, uint64_t now_ns)
{
	uint64_t passed = now_ns > c->filled_ns ? now_ns - c->filled_ns : 0;

	if (passed >= NSEC_PER_SEC) {
		c->budget = COST_PER_SECOND;
		c->filled_ns = now_ns;
	}
	if (c->budget < cost)
		return false;
	c->budget -= cost;
	return true;
}

/* Moves a span from the scratch memory of the cache to the entry's. */
static void move(struct tls_span *s, const uint8_t *from, const uint8_t *to)
{
	if (s->p)
		s->p = to + (s->p - from);
}

/* An entry with what is in *cert, whose texts lie in c->text, and a copy of
 * der. */
static struct cert_entry *new_entry(struct cert_cache *c,
				    const struct certificate *cert,
				    size_t n_text, const uint8_t *der, size_t n)
{
	size_t names = cert->n_names * sizeof(struct cert_name);
	size_t size = sizeof(struct cert_entry) + names + n_text + n;
	struct cert_entry *e = malloc(size);
	struct cert_name *name;
	uint8_t *text;

	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->cert = *cert;
	e->size = size;
	e->refs = 1;
	*c->memory += size;
	name = (struct cert_name *)(void *)e->data;
	text = e->data + names;
	if (names)
		memcpy(name, c->names, names);
	memcpy(text, c->text, n_text);
	memcpy(text + n_text, der, n);
	e->der = text + n_text;
	e->cert.names = name;
	move(&e->cert.subject, c->text, text);
	move(&e->cert.issuer, c->text, text);
	move(&e->cert.serial, c->text, text);
	for (uint32_t i = 0; i < cert->n_names; i++)
		move(&name[i].text, c->text, text);
	return e;
}

static struct cert_entry *read_new(struct cert_cache *c, const uint8_t *der,
				   size_t n)
{
	const struct certificate none = {.bytes = (uint32_t)n};
	struct certificate cert = none;
	struct x509_room room = {c->text, c->text + sizeof(c->text), c->names};

	if (n <= DER_MAX)
		cert.parsed = x509_read(&cert, &room, der, n);
	if (cert.parsed) {
		c->stats.read++;
	} else {
		c->stats.unreadable++;
		cert = none;
		room.text = c->text;
	}
	cert.hashed = EVP_DigestInit_ex(c->ctx, c->sha256, NULL) &&
		      EVP_DigestUpdate(c->ctx, der, n) &&
		      EVP_DigestFinal_ex(c->ctx, cert.sha256, NULL);
	return new_entry(c, &cert, (size_t)(room.text - c->text), der, n);
}

const struct certificate *cert_get(struct cert_cache *c, const uint8_t *der,
				   size_t n, uint64_t now_ns)
{
	const struct certificate skipped = {.bytes = (uint32_t)n};
	uint64_t hash = hash_of(c, der, n);
	struct cert_entry *e = find(c, hash, der, n);

	if (e) {
		c->stats.known++;
		unlink_entry(c, e);
		link_newest(c, e);
		e->refs++;
		return &e->cert;
	}
	if (!spend(c, READ_COST + n, now_ns)) {
		c->stats.skipped++;
		e = new_entry(c, &skipped, 0, der, 0);
		return e ? &e->cert : NULL;
	}
	e = read_new(c, der, n);
	if (!e)
		return NULL;
	e->hash = hash;
	cache(c, e);
	return &e->cert;
}

void cert_put(struct cert_cache *c, const struct certificate *cert)
{
	unref(c, (struct cert_entry *)(uintptr_t)cert);
}

const struct cert_stats *cert_cache_stats(const struct cert_cache *c)
{
	return &c->stats;
}
