/* SPDX-License-Identifier: MIT */
/*
 * Options as data. A table lists each option's name, the member of a settings
 * struct that it sets, its allowed values and its help text. The command line,
 * configuration files and the usage text all use the same table.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/parse.h"

#define OPT_LIST_MAX  64 /* maximum values of a repeatable option */
#define OPT_TABLE_MAX 96 /* maximum options in a table */

/* The values of a repeatable option; not owned. */
struct string_list {
	const char *item[OPT_LIST_MAX];
	unsigned int n;
};

enum opt_type {
	OPT_FLAG,    /* bool; --name or --name=false */
	OPT_COUNT,   /* unsigned int, incremented each time */
	OPT_TEXT,    /* const char * */
	OPT_U16,     /* uint16_t from min to max */
	OPT_U32,     /* uint32_t from min to max */
	OPT_SIZE,    /* uint64_t bytes from min to max */
	OPT_SECONDS, /* double from min to max */
	OPT_PERCENT, /* double */
	OPT_RATE,    /* double, per second */
	OPT_ENUM,    /* int-sized enum, index into names */
	OPT_LIST,    /* struct string_list, one value per occurrence */
	OPT_CUSTOM,  /* the members that parse() sets */
};

enum {
	OPT_NOT_IN_FILE = 1, /* not allowed in a configuration file */
	OPT_ADDS = 2,	     /* OPT_LIST: the command line adds to the file's */
	OPT_LIVE = 4,	     /* can be changed while the program runs */
};

/* One row of a table. */
struct opt {
	/* Without dashes; NULL ends the table. If a name has several rows, a
	 * command uses the one whose scope includes it. */
	const char *name;
	char short_name; /* or 0 */
	uint8_t type;	 /* enum opt_type */
	uint8_t flags;
	size_t offset;	/* of the member in the settings */
	uint32_t scope; /* commands that have this option, one bit each */
	uint64_t min, max;
	/* OPT_ENUM: all values, NULL-terminated. Other types: suggestions for
	 * shell completion. */
	const char *const *names;
	/* OPT_CUSTOM: sets members of settings. OPT_TEXT and OPT_LIST:
	 * optional, validates the value and sets nothing. Answers whether text
	 * is valid. */
	bool (*parse)(void *settings, const char *text,
		      struct parse_error *err);
	const char *initial; /* default, in the syntax of the option */
	const char *metavar; /* name of the value in the help; NULL for flags */
	const char *help;
	/* Shown in the example file if there is no default. */
	const char *example;
};

enum opt_source { OPT_DEFAULT, OPT_FILE, OPT_COMMAND_LINE };

/* The state of setting options. Zero it, then fill in the first three
 * members. */
struct opt_set {
	const struct opt *table;
	void *settings;
	uint32_t scope;		       /* bit of the command */
	uint8_t source[OPT_TABLE_MAX]; /* enum opt_source that set it last */
	uint16_t line[OPT_TABLE_MAX];  /* where in the file it was set */
};

#define OPT_FIELD(type, member) offsetof(type, member)

/* Sets every option to its initial value. 0, or -EINVAL after logging how the
 * table is inconsistent. */
int opt_defaults(struct opt_set *s, const struct log *log);

/* Parses --name VALUE, --name=VALUE, -v and positional arguments (at most
 * max_positional, into positional). Returns the number of positional arguments,
 * or -EINVAL after logging an error. argv[0] is the command's name. At -h or --help
 * parsing stops and *help is set. */
int opt_command_line(struct opt_set *s, int argc, char **argv,
		     const char **positional, int max_positional, bool *help,
		     const struct log *log);

/* The value of the last --name on the command line, without setting or checking
 * any option; NULL if absent. */
const char *opt_peek(const struct opt_set *s, int argc, char **argv,
		     const char *name);

/* Parses "name = value" lines. A file may set the options of every command, so
 * that one file serves them all. Modifies text, into which the settings then
 * point. 0, or -EINVAL after logging an error with path and line. */
int opt_file(struct opt_set *s, const char *path, char *text, size_t len,
	     const struct log *log);

/* Whether the values of an option differ between a and b, two settings of the
 * same table. Always true for OPT_CUSTOM. */
bool opt_differs(const struct opt *o, const void *a, const void *b);

/* Prints part of an example file: every option allowed in a file whose scope,
 * masked by of, equals scope. Each has its help and, commented out, a line that
 * sets it to its default or, failing that, to its example. */
void opt_example(FILE *out, const struct opt *table, uint32_t of,
		 uint32_t scope);

/* Prints the options of a command with their values and defaults. */
void opt_usage(FILE *out, const struct opt *table, uint32_t scope);

/* The same in machine-readable form, one line per option. Tab-separated fields,
 * empty if not applicable: "option", command, --name, -x, metavar, the possible
 * values separated by spaces, the default, the help. */
void opt_list(FILE *out, const struct opt *table, uint32_t scope,
	      const char *command);

#endif
