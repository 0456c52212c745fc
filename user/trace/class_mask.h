/* SPDX-License-Identifier: MIT */
/* Replaces values of some classes by "[redacted:CLASS]". */
#ifndef TRACE_CLASS_MASK_H
#define TRACE_CLASS_MASK_H

#include "trace/class_scan.h"
#include "trace/mask.h"

#define CLASS_STRINGS 4 /* deeper ones count as this */

/* A copy of one text in progress. */
struct class_mask {
	struct class_scan scan;
	struct class_hit hit; /* the next one */
	bool found;	      /* there is one */
	bool quoted;	      /* the text may be quoted-printable: */
	struct class_scan quoted_scan;
	struct class_hit next[2]; /* of either */
	bool has_next[2];
	size_t done; /* the end of the last hit */
	bool json;   /* the text is JSON */
	mask_put put;
	void *ctx;
	/* How many strings of JSON, one in another, contain this position, which only
	 * grows; where each begins; the backslashes before it. */
	size_t pos, string[CLASS_STRINGS];
	uint8_t depth;
	unsigned int slashes;
};

/* Looks for the first value; returns whether there is one. For name and cut, see
 * class_scan_begin(). Sets json to false. */
bool class_mask_begin(struct class_mask *w, const struct class_set *set,
		      const uint8_t *p, size_t n, bool cut, const uint8_t *name,
		      size_t n_name);

/* The same for text that is or contains quoted-printable, perhaps. */
bool class_mask_begin_quoted(struct class_mask *w, const struct class_set *set,
			     const uint8_t *p, size_t n, bool cut);

/*
 * A mask_put, so that other masks can be applied in front of it: takes parts of the
 * text, in order, and passes them on with their values replaced. What is not part of
 * the text passes unchanged. A number that is a value of JSON becomes a string.
 */
void class_mask_put(void *class_mask, const void *p, size_t n);

/* Both for the whole text, after class_mask_begin(). */
void class_mask_all(struct class_mask *w, mask_put put, void *ctx);

/* The name of a class; NULL beyond the last. */
const char *class_name(unsigned int class);

#endif
