/* SPDX-License-Identifier: MIT */
/*
 * An open-addressing hash table whose key is the network with its prefix length and
 * VNI. A look-up tries the prefix lengths in use, from the longest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "trace/names.h"

#define SLOTS_MIN 64u

struct entry {
	uint8_t addr[16];
	uint32_t vni;
	uint32_t number;	   /* of the call that added it */
	uint32_t text, text_len;   /* offset in texts */
	uint32_t label, label_len; /* the same */
	uint8_t bits;		   /* 0 is a prefix length too: see slots */
	bool ipv6;
};

/* The prefix lengths of a kind of mapping, from the longest. */
struct lengths {
	uint8_t bits[129];
	unsigned int n;
};

struct name_table {
	struct buf texts;
	struct entry *entry;
	uint32_t n, cap, calls;
	uint32_t *slots; /* index into entry plus 1; 0: free */
	uint32_t mask;
	uint64_t seed;
	struct lengths lengths[2][2]; /* [of one VNI][ipv6] */
};

static int resize_slots(struct name_table *n, uint32_t size);

struct name_table *names_new(void)
{
	struct name_table *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	if (getrandom(&n->seed, sizeof(n->seed), GRND_NONBLOCK) < 0)
		n->seed = (uint64_t)(uintptr_t)n;
	if (!resize_slots(n, SLOTS_MIN))
		return n;
	names_free(n);
	errno = ENOMEM;
	return NULL;
}

void names_free(struct name_table *n)
{
	if (!n)
		return;
	buf_free(&n->texts);
	free(n->entry);
	free(n->slots);
	free(n);
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static uint32_t hash(const struct name_table *n, uint32_t vni,
		     unsigned int bits, const uint8_t addr[16])
{
	uint64_t a, b;

	memcpy(&a, addr, 8);
	memcpy(&b, addr + 8, 8);
	return (uint32_t)(mix(mix(mix(n->seed, a), b),
			      (uint64_t)vni << 8 | bits) >>
			  16);
}

/* The slot of a key, or the free one where it belongs. */
static uint32_t *find_slot(const struct name_table *n, uint32_t vni,
			   unsigned int bits, const uint8_t addr[16])
{
	uint32_t i = hash(n, vni, bits, addr) & n->mask;

	for (;; i = (i + 1) & n->mask) {
		const struct entry *e;

		if (!n->slots[i])
			return &n->slots[i];
		e = &n->entry[n->slots[i] - 1];
		if (e->vni == vni && e->bits == bits &&
		    !memcmp(e->addr, addr, 16))
			return &n->slots[i];
	}
}

static int resize_slots(struct name_table *n, uint32_t size)
{
	uint32_t *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	free(n->slots);
	n->slots = slots;
	n->mask = size - 1;
	for (uint32_t i = 0; i < n->n; i++) {
		const struct entry *e = &n->entry[i];

		*find_slot(n, e->vni, e->bits, e->addr) = i + 1;
	}
	return 0;
}

/* Room for one more entry, with at least half of the slots free. */
static int reserve(struct name_table *n)
{
	uint32_t cap = n->cap ? 2 * n->cap : SLOTS_MIN / 2;
	struct entry *entry;

	if (n->n < n->cap)
		return 0;
	if (n->n >= NAMES_MAX)
		return -E2BIG;
	entry = realloc(n->entry, cap * sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	n->entry = entry;
	n->cap = cap;
	return resize_slots(n, 2 * cap);
}

static void use_length(struct lengths *l, uint8_t bits)
{
	unsigned int i = 0;

	while (i < l->n && l->bits[i] > bits)
		i++;
	if (i < l->n && l->bits[i] == bits)
		return;
	memmove(l->bits + i + 1, l->bits + i, l->n - i);
	l->bits[i] = bits;
	l->n++;
}

static bool same_name(const struct name_table *n, const struct entry *e,
		      const struct address_name *name)
{
	const uint8_t *p = n->texts.p;

	return e->text_len == name->len && e->label_len == name->labels_len &&
	       !memcmp(p + e->text, name->text, name->len) &&
	       (!name->labels_len ||
		!memcmp(p + e->label, name->labels, name->labels_len));
}

static int store(struct name_table *n, const struct address_name *name,
		 struct entry *e)
{
	if (n->texts.len + name->len + name->labels_len > NAMES_TEXT_MAX)
		return -E2BIG;
	e->text = (uint32_t)n->texts.len;
	e->text_len = name->len;
	buf_add(&n->texts, name->text, name->len);
	e->label = (uint32_t)n->texts.len;
	e->label_len = name->labels_len;
	if (name->labels_len)
		buf_add(&n->texts, name->labels, name->labels_len);
	return n->texts.failed ? -ENOMEM : 0;
}

int names_add(struct name_table *n, const struct names_mapping *m,
	      uint32_t *earlier)
{
	const bool one_vni = m->vni != NAMES_ANY_VNI;
	const uint32_t number = n->calls++;
	uint32_t *slot;
	struct entry *e;
	int err;

	slot = find_slot(n, m->vni, m->net.bits, m->net.addr);
	if (*slot) {
		e = &n->entry[*slot - 1];
		*earlier = e->number;
		return same_name(n, e, &m->name) ? 0 : -EEXIST;
	}
	err = reserve(n);
	if (err)
		return err;
	e = &n->entry[n->n];
	*e = (struct entry){.vni = m->vni,
			    .number = number,
			    .bits = m->net.bits,
			    .ipv6 = m->net.ipv6};
	memcpy(e->addr, m->net.addr, 16);
	err = store(n, &m->name, e);
	if (err)
		return err;
	/* reserve() may have moved it. */
	*find_slot(n, e->vni, e->bits, e->addr) = ++n->n;
	use_length(&n->lengths[one_vni][m->net.ipv6], m->net.bits);
	return 0;
}

uint32_t names_count(const struct name_table *n)
{
	return n->n;
}

static const struct entry *find_in(const struct name_table *n, uint32_t vni,
				   const uint8_t addr[16], bool ipv6)
{
	const struct lengths *l = &n->lengths[vni != NAMES_ANY_VNI][ipv6];
	uint8_t prefix[16];
	uint32_t slot;

	memcpy(prefix, addr, 16);
	for (unsigned int i = 0; i < l->n; i++) {
		if (l->bits[i] < 128)
			network_clear(prefix, l->bits[i]);
		slot = *find_slot(n, vni, l->bits[i], prefix);
		if (slot)
			return &n->entry[slot - 1];
	}
	return NULL;
}

bool names_find(const struct name_table *n, uint32_t vni,
		const uint8_t addr[16], bool ipv6, struct address_name *out)
{
	const struct entry *e = find_in(n, vni, addr, ipv6);

	if (!e)
		e = find_in(n, NAMES_ANY_VNI, addr, ipv6);
	if (!e)
		return false;
	*out = (struct address_name){n->texts.p + e->text, e->text_len,
				     n->texts.p + e->label, e->label_len};
	return true;
}
