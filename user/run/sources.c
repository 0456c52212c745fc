/* SPDX-License-Identifier: MIT */
/* The sources of one worker; the counting itself is inline. */
#include <stdlib.h>

#include "run/sources.h"

struct sources *sources_new(void)
{
	struct sources *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	/* Pages are used as VNIs are seen. */
	s->source = calloc(VNI_INDEX_MAX + 1, sizeof(*s->source));
	if (vni_index_init(&s->index) && s->source)
		return s;
	sources_free(s);
	return NULL;
}

void sources_free(struct sources *s)
{
	if (!s)
		return;
	vni_index_free(&s->index);
	free(s->source);
	free(s);
}

struct source_seen *sources_find(struct sources *s, uint32_t vni)
{
	s->last_vni = vni;
	s->last = vni_index_add(&s->index, vni);
	return &s->source[s->last];
}

static uint64_t load(const uint64_t *from)
{
	return __atomic_load_n(from, __ATOMIC_RELAXED);
}

void sources_merge(struct source_seen *to, const struct source_seen *from)
{
	const uint64_t first = load(&from->first_ns);
	const uint64_t last = load(&from->last_ns);

#define MERGE(name, ...) to->counts.name += load(&from->counts.name);
	SOURCE_COUNTERS(MERGE)
#undef MERGE
	if (first && (!to->first_ns || first < to->first_ns))
		to->first_ns = first;
	if (last > to->last_ns)
		to->last_ns = last;
}
