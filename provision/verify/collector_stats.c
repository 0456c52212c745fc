/* SPDX-License-Identifier: MIT */
/* Unknown metrics and members are skipped: collectors of other versions have
 * others. */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "model/limits.h"
#include "model/sessions.h"
#include "verify/collector_stats.h"

#define PREFIX	    "metlo_xdp_"
#define LABEL_MAX   128
#define SOURCES_MAX 20000u

static struct source_stats *source(struct arena *a, struct collector_stats *out,
				   uint32_t vni, const char *address)
{
	struct source_stats *s;

	FOREACH(old, out)
		if (old->vni == vni && !strcmp(old->address, address))
			return old;
	if (out->n == SOURCES_MAX) { /* the search is linear */
		out->others = true;
		return NULL;
	}
	s = ARENA_ADD(a, out);
	if (s) {
		s->vni = vni;
		s->address = arena_dup(a, address);
	}
	return s;
}

/* --- text format of Prometheus --- */

/* Copies the value of a label to to; false if there is none, or it does not
 * fit. labels: what is between the braces. */
static bool get_label(const char *labels, size_t n, const char *name,
		      char to[LABEL_MAX])
{
	const char *p = labels, *end = labels + n;
	size_t len = strlen(name), k = 0;

	while (p < end) {
		const char *equals = memchr(p, '=', (size_t)(end - p));
		bool found;

		if (!equals || equals + 1 >= end || equals[1] != '"')
			return false;
		p += strspn(p, " ,");
		found = (size_t)(equals - p) == len && !memcmp(p, name, len);
		for (p = equals + 2, k = 0; p < end && *p != '"'; p++) {
			if (*p == '\\' && p + 1 < end)
				p++;
			if (k + 1 < LABEL_MAX)
				to[k++] = *p;
		}
		to[k] = 0;
		if (found)
			return p < end && k + 1 < LABEL_MAX;
		if (p < end)
			p++;
	}
	return false;
}

enum figure { NO_FIGURE, PACKETS, CONNECTIONS, ONE_SIDED };

static enum figure figure_of(const char *name, size_t n)
{
	static const struct {
		const char *name;
		enum figure figure;
	} names[] = {{"vni_packets", PACKETS},
		     {"source_packets", PACKETS},
		     {"source_connections", CONNECTIONS},
		     {"source_one_sided_connections", ONE_SIDED}};

	if (n > 6 && !memcmp(name + n - 6, "_total", 6))
		n -= 6;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].name) == n &&
		    !memcmp(names[i].name, name, n))
			return names[i].figure;
	return NO_FIGURE;
}

static void add_figure(struct source_stats *s, enum figure figure, double value)
{
	if (!(value >= 0) || value > 1e18)
		return;
	if (figure == PACKETS)
		s->packets += value;
	else if (figure == CONNECTIONS)
		s->connections += value;
	else
		s->one_sided += value;
	s->has_connections |= figure != PACKETS;
}

/* One line: "metlo_xdp_source_packets{vni="7"} 12". */
static void read_sample(struct arena *a, const char *line, size_t n,
			struct collector_stats *out)
{
	char vni[LABEL_MAX], address[LABEL_MAX];
	const char *open, *close = NULL;
	struct parse_error unused;
	struct source_stats *s;
	enum figure figure;
	uint64_t number;

	if (n <= strlen(PREFIX) || memcmp(line, PREFIX, strlen(PREFIX)) != 0)
		return;
	open = memchr(line, '{', n);
	for (const char *p = open; p && p < line + n; p++)
		if (*p == '}')
			close = p;
	if (!close)
		return;
	line += strlen(PREFIX);
	figure = open > line ? figure_of(line, (size_t)(open - line))
			     : NO_FIGURE;
	if (figure == NO_FIGURE ||
	    !get_label(open + 1, (size_t)(close - open) - 1, "vni", vni))
		return;
	if (!strcmp(vni, "other")) {
		out->others = true;
		return;
	}
	if (!parse_number(vni, 0, VNI_MAX, &number, &unused))
		return;
	if (!get_label(open + 1, (size_t)(close - open) - 1, "address",
		       address))
		*address = 0;
	s = source(a, out, (uint32_t)number, address);
	if (s)
		add_figure(s, figure, strtod(close + 1, NULL));
}

/* Whether a line has a metric of ours at all. */
static bool is_metric(const char *line, size_t n)
{
	return n > strlen(PREFIX) && !memcmp(line, PREFIX, strlen(PREFIX));
}

static bool read_metrics(struct arena *a, const char *text,
			 struct collector_stats *out)
{
	bool ours = false;

	while (*text) {
		size_t n = strcspn(text, "\n");

		ours |= is_metric(text, n);
		read_sample(a, text, n, out);
		text += n + (text[n] == '\n');
	}
	return ours;
}

/* --- JSON --- */

static double number(const cJSON *o, const char *name)
{
	const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsNumber(n) ? n->valuedouble : -1;
}

static void read_vni(struct arena *a, const cJSON *o,
		     struct collector_stats *out)
{
	const char *address = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(o, "address"));
	double vni = number(o, "vni");
	struct source_stats *s;

	if (!(vni >= 0 && vni <= VNI_MAX))
		return;
	s = source(a, out, (uint32_t)vni, address ? address : "");
	if (!s)
		return;
	add_figure(s, PACKETS, number(o, "packets"));
	if (number(o, "connections") < 0)
		return;
	add_figure(s, CONNECTIONS, number(o, "connections"));
	add_figure(s, ONE_SIDED, number(o, "oneSidedConnections"));
}

/* The document is an object, or an array of one per interface. */
static bool read_status(struct arena *a, const cJSON *json,
			struct collector_stats *out)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "vni");
	const cJSON *o;
	bool found = false;

	if (cJSON_IsArray(json)) {
		cJSON_ArrayForEach(o, json) found |= read_status(a, o, out);
		return found;
	}
	if (!cJSON_IsArray(list))
		return false;
	cJSON_ArrayForEach(o, list) read_vni(a, o, out);
	return true;
}

bool collector_stats_read(struct arena *a, const char *text,
			  struct collector_stats *out, struct parse_error *err)
{
	const char *first = text + strspn(text, " \t\r\n");
	cJSON *json = NULL;
	bool found;

	if (*first == '{' || *first == '[') {
		json = cJSON_Parse(first);
		found = json && read_status(a, json, out);
		cJSON_Delete(json);
		return found ||
		       parse_refuse(
			       err,
			       "this is not the output of \"metlo-xdp status --json\"");
	}
	return read_metrics(a, text, out) ||
	       parse_refuse(err, "these are not the metrics of metlo-xdp");
}
