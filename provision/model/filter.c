/* SPDX-License-Identifier: MIT */
/* Comparison of filters: AWS returns rules in any order and with any numbers. */
#include <stdlib.h>
#include <string.h>

#include "model/filter.h"

static bool same_range(const struct port_range *a, const struct port_range *b)
{
	return a->from == b->from && a->to == b->to;
}

static bool same_rule(const struct filter_rule *a, const struct filter_rule *b)
{
	return a->egress == b->egress && a->reject == b->reject &&
	       a->protocol == b->protocol &&
	       a->has_from_ports == b->has_from_ports &&
	       a->has_to_ports == b->has_to_ports &&
	       (!a->has_from_ports ||
		same_range(&a->from_ports, &b->from_ports)) &&
	       (!a->has_to_ports || same_range(&a->to_ports, &b->to_ports)) &&
	       cidr_same(&a->from, &b->from) && cidr_same(&a->to, &b->to);
}

static int by_order(const void *x, const void *y)
{
	const struct filter_rule *a = x, *b = y;

	if (a->egress != b->egress)
		return (int)a->egress - (int)b->egress;
	return a->number < b->number ? -1 : a->number > b->number;
}

bool filter_rules_same(const struct filter_rules *a,
		       const struct filter_rules *b)
{
	struct filter_rule x[FILTER_RULES_MAX], y[FILTER_RULES_MAX];

	/* One side was built here and has at most FILTER_RULES_MAX rules. */
	if (a->n != b->n || a->n > FILTER_RULES_MAX)
		return false;
	if (!a->n)
		return true;
	memcpy(x, a->items, a->n * sizeof(*x));
	memcpy(y, b->items, b->n * sizeof(*y));
	qsort(x, a->n, sizeof(*x), by_order);
	qsort(y, b->n, sizeof(*y), by_order);
	for (size_t i = 0; i < a->n; i++)
		if (!same_rule(&x[i], &y[i]))
			return false;
	return true;
}
