/* SPDX-License-Identifier: MIT */
/*
 * The names that --redact-header and --redact-field give: NAME is masked on
 * its way to all outputs, KIND:NAME to those of one kind ("ndjson", "metlo").
 * Where another name has a colon in it, all:NAME says that it is meant so.
 */
#ifndef CONFIG_REDACT_H
#define CONFIG_REDACT_H

#include "base/opt.h"
#include "base/parse.h"

enum sink_kind { SINK_NDJSON, SINK_METLO, SINK_KINDS };

#define SINK_ALL ((1u << SINK_KINDS) - 1)

struct redact_name {
	unsigned int kinds; /* bit of enum sink_kind */
	const char *name;   /* within the text */
};

/* Names of header fields are tokens (RFC 9110 section 5.6.2). */
bool redact_parse(const char *text, bool header, struct redact_name *out,
		  struct parse_error *err);

/* The names of a list, which was checked, that apply to one of kinds. Returns
 * how many. */
unsigned int redact_select(const struct string_list *list, unsigned int kinds,
			   const char *out[OPT_LIST_MAX]);

/* The kinds of a list of outputs, as bits. */
unsigned int redact_kinds(const struct string_list *outputs);

#endif
