/* SPDX-License-Identifier: MIT */
/*
 * A ring of secrets in order of arrival, in hash chains. The hash needs no seed:
 * only who may write the key log adds entries, and those of sessions are hashes.
 */
#include "tls/keys.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <openssl/crypto.h>

#define MAX_DEFAULT	 65536u
#define LIFETIME_DEFAULT (3600ull * 1000000000ull)

struct key_entry {
	uint64_t added_ns;
	uint32_t next; /* in its chain, as index + 1 */
	uint8_t label;
	struct key_secret secret;
	uint8_t random[RANDOM_SIZE];
};

struct key_table {
	pthread_mutex_t lock;
	atomic_ullong version;
	struct key_stats stats;
	uint64_t lifetime_ns, now_ns;
	uint64_t first, end; /* of the ring */
	uint32_t max, mask;
	size_t size;
	uint32_t *head; /* index + 1 */
	struct key_entry *entry;
};

/* Memory that no core dump contains. */
static void *map_secret(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, n, MADV_DONTDUMP);
	return p;
}

struct key_table *key_table_new(uint32_t max, uint64_t lifetime_ns)
{
	struct key_table *t = calloc(1, sizeof(*t));
	uint32_t heads = 1;

	if (!t)
		return NULL;
	t->max = max ? max : MAX_DEFAULT;
	t->lifetime_ns = lifetime_ns ? lifetime_ns : LIFETIME_DEFAULT;
	while (heads < t->max)
		heads *= 2;
	t->mask = heads - 1;
	t->size = t->max * sizeof(*t->entry);
	t->head = calloc(heads, sizeof(*t->head));
	t->entry = map_secret(t->size);
	if (!t->head || !t->entry || pthread_mutex_init(&t->lock, NULL)) {
		if (t->entry)
			munmap(t->entry, t->size);
		free(t->head);
		free(t);
		return NULL;
	}
	return t;
}

void key_table_free(struct key_table *t)
{
	if (!t)
		return;
	OPENSSL_cleanse(t->entry, t->size);
	munmap(t->entry, t->size);
	free(t->head);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static uint32_t *chain_of(struct key_table *t, unsigned int label,
			  const uint8_t random[RANDOM_SIZE])
{
	uint64_t h, v;

	memcpy(&h, random, 8);
	memcpy(&v, random + 16, 8);
	h = (h ^ v * 0x9e3779b97f4a7c15ull) + label;
	h *= 0x9e3779b97f4a7c15ull;
	return &t->head[h >> 32 & t->mask];
}

static void remove_first(struct key_table *t)
{
	uint32_t i = (uint32_t)(t->first % t->max);
	struct key_entry *e = &t->entry[i];
	uint32_t *at = chain_of(t, e->label, e->random);

	while (*at != i + 1)
		at = &t->entry[*at - 1].next;
	*at = e->next;
	OPENSSL_cleanse(e, sizeof(*e));
	t->first++;
}

static void expire(struct key_table *t, uint64_t now_ns)
{
	if (now_ns > t->now_ns)
		t->now_ns = now_ns;
	while (t->first < t->end &&
	       t->entry[t->first % t->max].added_ns + t->lifetime_ns <
		       t->now_ns) {
		remove_first(t);
		t->stats.expired++;
	}
}

void key_table_expire(struct key_table *t, uint64_t now_ns)
{
	pthread_mutex_lock(&t->lock);
	expire(t, now_ns);
	pthread_mutex_unlock(&t->lock);
}

static struct key_entry *next_match(struct key_table *t, uint32_t at,
				    unsigned int label,
				    const uint8_t random[RANDOM_SIZE])
{
	for (; at; at = t->entry[at - 1].next) {
		struct key_entry *e = &t->entry[at - 1];

		if (e->label == label &&
		    !memcmp(e->random, random, RANDOM_SIZE))
			return e;
	}
	return NULL;
}

static void add(struct key_table *t, unsigned int label,
		const uint8_t random[RANDOM_SIZE], const uint8_t *secret,
		uint8_t len)
{
	uint32_t *chain = chain_of(t, label, random), i;
	struct key_entry *e;

	for (e = next_match(t, *chain, label, random); e;
	     e = next_match(t, e->next, label, random))
		if (e->secret.len == len &&
		    !memcmp(e->secret.bytes, secret, len))
			return;
	if (t->end - t->first == t->max) {
		remove_first(t);
		t->stats.evicted++;
	}
	i = (uint32_t)(t->end++ % t->max);
	e = &t->entry[i];
	*e = (struct key_entry){.added_ns = t->now_ns,
				.next = *chain,
				.label = (uint8_t)label,
				.secret.len = len};
	memcpy(e->secret.bytes, secret, len);
	memcpy(e->random, random, RANDOM_SIZE);
	*chain = i + 1;
	atomic_fetch_add_explicit(&t->version, 1, memory_order_release);
}

void key_table_add(struct key_table *t, enum key_label label,
		   const uint8_t random[RANDOM_SIZE], const uint8_t *secret,
		   uint8_t len, uint64_t now_ns)
{
	if (len > SECRET_MAX)
		return;
	pthread_mutex_lock(&t->lock);
	expire(t, now_ns);
	add(t, label, random, secret, len);
	pthread_mutex_unlock(&t->lock);
}

unsigned int key_table_find(struct key_table *t, enum key_label label,
			    const uint8_t random[RANDOM_SIZE],
			    struct key_secret out[KEYS_SAME_MAX])
{
	const struct key_entry *e;
	unsigned int n = 0;

	pthread_mutex_lock(&t->lock);
	for (e = next_match(t, *chain_of(t, label, random), label, random);
	     e && n < KEYS_SAME_MAX; e = next_match(t, e->next, label, random))
		out[n++] = e->secret;
	pthread_mutex_unlock(&t->lock);
	return n;
}

uint64_t key_table_version(const struct key_table *t)
{
	return atomic_load_explicit(&t->version, memory_order_acquire);
}

void key_table_count(struct key_table *t, uint64_t lines, uint64_t ignored,
		     uint64_t bad)
{
	pthread_mutex_lock(&t->lock);
	t->stats.lines += lines;
	t->stats.ignored += ignored;
	t->stats.bad += bad;
	pthread_mutex_unlock(&t->lock);
}

void key_table_read_stats(struct key_table *t, struct key_stats *out)
{
	pthread_mutex_lock(&t->lock);
	*out = t->stats;
	out->live = t->end - t->first;
	pthread_mutex_unlock(&t->lock);
}
