/* SPDX-License-Identifier: MIT */
/*
 * An address may contain a card number that ends earlier, and an IBAN groups that look
 * like one. Hits therefore wait until nothing that began before them is undecided.
 */
#include "trace/class_hit.h"

void class_add_hit(struct class_scan *s, enum mask_class class, size_t from,
		   size_t to)
{
	if (from < s->done)
		from = s->done;
	if (from >= to)
		return;
	/* It contains those found within it. */
	while (s->n_hits && s->hit[s->n_hits - 1].from >= from)
		s->n_hits--;
	if (s->n_hits && s->hit[s->n_hits - 1].to > from)
		from = s->hit[s->n_hits - 1].to;
	if (from >= to)
		return;
	if (s->n_hits == CLASS_HITS) {
		/* Rather too much than too little. */
		s->hit[CLASS_HITS - 1].to = to;
		return;
	}
	s->hit[s->n_hits++] = (struct class_hit){from, to, class};
}
