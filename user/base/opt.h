/* SPDX-License-Identifier: MIT */
/*
 * Options as data: a table says how each name is spelt, which member of a
 * settings struct it sets, what is allowed and what the help says. The command
 * line, configuration files and the usage text all come from the same table.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/parse.h"

#define OPT_LIST_MAX  64 /* values of one repeatable option */
#define OPT_TABLE_MAX 64 /* options of one table */

/* What a repeatable option collects. The texts are not owned. */
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
	OPT_LIST,    /* struct string_list, one value each time */
	OPT_CUSTOM,  /* whatever parse() sets */
};

enum {
	OPT_NOT_IN_FILE = 1, /* makes no sense in a configuration file */
	OPT_ADDS = 2,	     /* OPT_LIST: the command line adds to the file's */
	OPT_LIVE = 4,	     /* can be changed while the program runs */
};

struct opt {
	/* Without dashes; NULL ends a table. Commands with a row of their own
	 * for a name take that one. */
	const char *name;
	char short_name; /* or 0 */
	uint8_t type;	 /* enum opt_type */
	uint8_t flags;
	size_t offset;	/* of the member in the settings */
	uint32_t scope; /* commands that take it, one bit each */
	uint64_t min, max;
	/* OPT_ENUM: all values, NULL at the end. Others: what shells offer. */
	const char *const *names;
	/* OPT_CUSTOM: sets members of settings. OPT_TEXT and OPT_LIST: may be
	 * set to check a value; then it sets nothing. */
	bool (*parse)(void *settings, const char *text,
		      struct parse_error *err);
	const char *initial; /* default, in the syntax of the option */
	const char *metavar; /* of the value in the help; NULL for flags */
	const char *help;
	/* For the example of a file, where there is no default. */
	const char *example;
};

enum opt_source { OPT_DEFAULT, OPT_FILE, OPT_COMMAND_LINE };

/* Options being set. Zero-initialise, then fill the first three members. */
struct opt_set {
	const struct opt *table;
	void *settings;
	uint32_t scope;		       /* bit of the command */
	uint8_t source[OPT_TABLE_MAX]; /* who set each option last */
	uint16_t line[OPT_TABLE_MAX];  /* and where in the file */
};

#define OPT_FIELD(type, member) offsetof(type, member)

/* Sets every initial value. false: a table that contradicts itself. */
bool opt_defaults(struct opt_set *s, const struct log *log);

/* Reads --name VALUE, --name=VALUE, -v and positional arguments (at most
 * max_positional, into positional). -1 after an error message; else the number
 * of positional arguments. argv[0] is the name of the command. *help is set
 * and reading ends when -h or --help is met. */
int opt_command_line(struct opt_set *s, int argc, char **argv,
		     const char **positional, int max_positional, bool *help,
		     const struct log *log);

/* The value of the last --name on the command line, without interpreting
 * anything else; NULL if it is not there. */
const char *opt_peek(const struct opt_set *s, int argc, char **argv,
		     const char *name);

/* Reads "name = value" lines: the options of all commands, so that one file
 * serves them all. text is cut into pieces in place and must outlive the
 * settings. false after an error message with path and line. */
bool opt_file(struct opt_set *s, const char *path, char *text, size_t len,
	      const struct log *log);

/* Whether an option has another value in a than in b, both of which were set
 * from the same table. Not for OPT_CUSTOM, which is never equal. */
bool opt_differs(const struct opt *o, const void *a, const void *b);

/* The options that may be in a file and whose scope, of those commands, is
 * exactly scope, each with its help and, as a comment, a line that sets it: to the default, or to
 * an example where there is none. */
void opt_example(FILE *out, const struct opt *table, uint32_t of,
		 uint32_t scope);

/* The options of a command, with what they take and their defaults. */
void opt_usage(FILE *out, const struct opt *table, uint32_t scope);

/* The same for programs, one line each, fields separated by tabs: "option",
 * command, --name, -x or nothing, what it takes or nothing, the possible
 * values with spaces between or nothing, the default or nothing, the help. */
void opt_list(FILE *out, const struct opt *table, uint32_t scope,
	      const char *command);

#endif
