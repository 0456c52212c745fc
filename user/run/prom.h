/* SPDX-License-Identifier: MIT */
/*
 * Writes the text format of Prometheus, version 0.0.4: families of samples
 * with HELP and TYPE, labels, histograms.
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
	const char *value; /* any text */
};

/* Being written: one family at a time. */
struct prom {
	struct buf *to;
	char name[128]; /* of the family */
};

/* Begins a family: its samples follow. The name must be one: letters, digits,
 * underscores. */
void prom_family(struct prom *p, const char *name, enum prom_type type,
		 const char *help);

/* One sample with n labels. */
void prom_u64(struct prom *p, uint64_t value, const struct prom_label *labels,
	      size_t n);
void prom_double(struct prom *p, double value, const struct prom_label *labels,
		 size_t n);

/* One histogram of a family: counts[i] observations were at most bounds[i] and
 * more than bounds[i - 1]; counts[n_bounds] were more than all of them. */
struct prom_histogram {
	const double *bounds;
	const uint64_t *counts; /* n_bounds + 1 */
	size_t n_bounds;
	double sum; /* of all observations */
};
#define PROM_LABELS_MAX 4
/* With at most PROM_LABELS_MAX - 1 labels; others are left out. */
void prom_histogram(struct prom *p, const struct prom_histogram *h,
		    const struct prom_label *labels, size_t n);

#endif
