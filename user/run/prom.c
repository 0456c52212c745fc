/* SPDX-License-Identifier: MIT */
/* Writer of the Prometheus text format: escaping, numbers, histograms. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "run/prom.h"

/* Escapes backslashes, line feeds and, in label values only, double quotes. */
static void add_escaped(struct buf *b, const char *text, bool quote)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_add_str(b, "\\n");
		else if (*text == '\\')
			buf_add_str(b, "\\\\");
		else if (*text == '"' && quote)
			buf_add_str(b, "\\\"");
		else
			buf_add(b, text, 1);
	}
}

void prom_family(struct prom *p, const char *name, enum prom_type type,
		 const char *help)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};

	snprintf(p->name, sizeof(p->name), "%s", name);
	buf_add_str(p->to, "# HELP ");
	buf_add_str(p->to, p->name);
	buf_add_str(p->to, " ");
	add_escaped(p->to, help, false);
	buf_add_str(p->to, "\n# TYPE ");
	buf_add_str(p->to, p->name);
	buf_add_str(p->to, " ");
	buf_add_str(p->to, types[type]);
	buf_add_str(p->to, "\n");
}

static void add_label(struct prom *p, const char *before,
		      const struct prom_label *label)
{
	buf_add_str(p->to, before);
	buf_add_str(p->to, label->name);
	buf_add_str(p->to, "=\"");
	add_escaped(p->to, label->value, true);
	buf_add_str(p->to, "\"");
}

static void add_name(struct prom *p, const char *suffix,
		     const struct prom_label *labels, size_t n)
{
	const char *before = "{";

	buf_add_str(p->to, p->name);
	buf_add_str(p->to, suffix);
	if (p->common) {
		add_label(p, before, p->common);
		before = ",";
	}
	for (size_t i = 0; i < n; i++) {
		add_label(p, before, &labels[i]);
		before = ",";
	}
	buf_add_str(p->to, *before == ',' ? "} " : " ");
}

static void add_u64(struct prom *p, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64 "\n", value);
	buf_add_str(p->to, text);
}

/* 15 digits survive a round trip through strtod(). NaN and infinities have
 * names of their own in the format. */
static void format_double(char *to, size_t size, double value)
{
	if (isnan(value))
		snprintf(to, size, "NaN");
	else if (isinf(value))
		snprintf(to, size, value > 0 ? "+Inf" : "-Inf");
	else
		snprintf(to, size, "%.15g", value);
}

static void add_double(struct prom *p, double value)
{
	char text[40];

	format_double(text, sizeof(text), value);
	buf_add_str(p->to, text);
	buf_add_str(p->to, "\n");
}

void prom_u64(struct prom *p, uint64_t value, const struct prom_label *labels,
	      size_t n)
{
	add_name(p, "", labels, n);
	add_u64(p, value);
}

void prom_double(struct prom *p, double value, const struct prom_label *labels,
		 size_t n)
{
	add_name(p, "", labels, n);
	add_double(p, value);
}

void prom_histogram(struct prom *p, const struct prom_histogram *h,
		    const struct prom_label *labels, size_t n)
{
	struct prom_label l[PROM_LABELS_MAX];
	uint64_t total = 0;
	char bound[40];

	if (n >= PROM_LABELS_MAX)
		n = PROM_LABELS_MAX - 1;
	for (size_t i = 0; i < n; i++)
		l[i] = labels[i];
	l[n] = (struct prom_label){"le", bound};
	for (size_t i = 0; i <= h->n_bounds; i++) {
		format_double(bound, sizeof(bound),
			      i < h->n_bounds ? h->bounds[i] : INFINITY);
		total += h->counts[i];
		add_name(p, "_bucket", l, n + 1);
		add_u64(p, total);
	}
	add_name(p, "_sum", l, n);
	add_double(p, h->sum);
	add_name(p, "_count", l, n);
	add_u64(p, total);
}
