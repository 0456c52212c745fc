/* SPDX-License-Identifier: MIT */
/*
 * Writes metric families in the Prometheus text format, version 0.0.4.
 */
#ifndef RUN_PROM_H
#define RUN_PROM_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define PROM_MEDIA_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum prom_type { PROM_COUNTER, PROM_GAUGE, PROM_HISTOGRAM };

struct prom_label {
	const char *name;
	const char *value; /* unescaped */
};

/* A writer. Samples belong to the family begun last. */
struct prom {
	struct buf *to;
	const struct prom_label *common; /* of every sample; or NULL */
	char name[128];			 /* of the current family */
};

/* Begins a family with its HELP and TYPE lines. name must match
 * [a-zA-Z_][a-zA-Z0-9_]*. */
void prom_family(struct prom *p, const char *name, enum prom_type type,
		 const char *help);

/* Adds a sample with n labels to the current family. */
void prom_u64(struct prom *p, uint64_t value, const struct prom_label *labels,
	      size_t n);
void prom_double(struct prom *p, double value, const struct prom_label *labels,
		 size_t n);

/* counts[i] observations lie in (bounds[i - 1], bounds[i]]; the last count has
 * those above every bound. Not cumulative: prom_histogram() adds them up. */
struct prom_histogram {
	const double *bounds;
	const uint64_t *counts; /* n_bounds + 1 */
	size_t n_bounds;
	double sum; /* of all observations */
};
#define PROM_LABELS_MAX 4
/* Adds a histogram to the current family. Takes at most PROM_LABELS_MAX - 1
 * labels, as "le" is added, and ignores the rest. */
void prom_histogram(struct prom *p, const struct prom_histogram *h,
		    const struct prom_label *labels, size_t n);

#endif
