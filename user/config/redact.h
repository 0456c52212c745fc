/* SPDX-License-Identifier: MIT */
/*
 * The names that --redact-header and --redact-field give, and the classes of
 * --redact-class: NAME is masked on
 * its way to all outputs, TYPE:NAME to those of one type of sink only. A name
 * that itself has a colon can be written all:NAME.
 */
#ifndef CONFIG_REDACT_H
#define CONFIG_REDACT_H

#include "base/opt.h"
#include "base/parse.h"
#include "config/sink_table.h"

#define SINKS_ALL ((1u << N_SINKS) - 1)

struct redact_name {
	unsigned int sinks; /* bits of enum sink_id */
	const char *name;   /* within the text */
};

/* Names of header fields are tokens (RFC 9110 section 5.6.2). */
bool redact_parse(const char *text, bool header, struct redact_name *out,
		  struct parse_error *err);

/* The names in a list, which has been checked, that apply to one of these
 * sinks. Returns how many. */
unsigned int redact_select(const struct string_list *list, unsigned int sinks,
			   const char *out[OPT_LIST_MAX]);

/* The classes of --redact-class CLASS,... or TYPE:CLASS,... */
struct redact_classes {
	unsigned int sinks;   /* bits of enum sink_id */
	unsigned int classes; /* bits of enum mask_class */
};

bool redact_parse_classes(const char *text, struct redact_classes *out,
			  struct parse_error *err);

/* The classes in a list, which has been checked, that apply to one of these
 * sinks. */
unsigned int redact_select_classes(const struct string_list *list,
				   unsigned int sinks);

/* The types of sink among a list of outputs, as bits. */
unsigned int redact_sinks(const struct string_list *outputs);

#endif
