/* SPDX-License-Identifier: MIT */
/* The choices a prompt offers. */
#ifndef TERM_CHOICE_H
#define TERM_CHOICE_H

#include "base/list.h"
#include "model/arena.h"

struct choice {
	const char *label;   /* short: an ID or an action */
	const char *detail;  /* what identifies it to a person; may be NULL */
	const char *refusal; /* why it cannot be selected; NULL if it can */
	bool chosen;
};

struct choices LIST_OF(struct choice);

/* Appends a choice with copies of label and detail (may be NULL). The returned
 * pointer, never NULL, is valid until the next call for the same list. */
struct choice *choice_add(struct arena *a, struct choices *c, const char *label,
			  const char *detail);

/* The number of selected choices. */
size_t choices_chosen(const struct choices *c);

#endif
