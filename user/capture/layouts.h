/* SPDX-License-Identifier: MIT */
/*
 * The layouts of records, counters and configuration that released versions
 * left in pinned maps and rings. A newer daemon reads them to take over the
 * interface of an older one without losing a record.
 */
#ifndef CAPTURE_LAYOUTS_H
#define CAPTURE_LAYOUTS_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "metlo_record.h"

/* One layout. The functions fill all of *to from a value of this layout; they
 * are NULL in layout_current, whose values need no conversion. */
struct layout {
	int version;
	size_t rec_size; /* bytes before the payload of a record */
	void (*rec)(struct metlo_rec *to, const void *from);
	size_t stats_size; /* of the value of metlo_stats, for each CPU */
	void (*stats)(struct metlo_stats *to, const void *from);
	size_t config_size; /* of the value of metlo_config */
	void (*config)(struct metlo_config *to, const void *from);
};

/* The layout of this version. */
extern const struct layout layout_current;

/* Every layout that a release used, oldest first and up to the current one; the
 * version of the element after the last is 0. */
extern const struct layout record_layouts[];

/* The layout of that version: layout_current, an earlier one, or NULL if this
 * program does not know it. */
const struct layout *layout_find(int version);

/* The layouts before the current one, oldest first: i from 0, NULL after the
 * last. */
const struct layout *layout_earlier(size_t i);

#endif
