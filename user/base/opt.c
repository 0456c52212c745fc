/* SPDX-License-Identifier: MIT */
/*
 * One table of options drives the command line, configuration files, usage
 * text, the example file and shell completion.
 */
#include <errno.h>
#include <string.h>

#include "base/opt.h"

/* A name may have several rows, for different commands. Returns the row whose
 * scope includes the command, or else the first one. */
static const struct opt *find_name(const struct opt *table, uint32_t scope,
				   const char *name, size_t len)
{
	const struct opt *found = NULL;

	for (; table->name; table++) {
		if (strlen(table->name) != len ||
		    memcmp(table->name, name, len) != 0)
			continue;
		if (table->scope & scope)
			return table;
		if (!found)
			found = table;
	}
	return found;
}

static const struct opt *find_short(const struct opt *table, uint32_t scope,
				    char c)
{
	for (; table->name; table++)
		if (table->short_name == c && table->scope & scope)
			return table;
	return NULL;
}

/* Names to suggest: the command's options, or with scope 0 those allowed in a
 * file. */
static const char *next_name(const void *ctx, unsigned int i)
{
	const struct opt_set *s = ctx;
	const struct opt *o;

	for (o = s->table; o->name; o++) {
		if (s->scope ? !(o->scope & s->scope)
			     : (o->flags & OPT_NOT_IN_FILE) != 0)
			continue;
		if (!i--)
			return o->name;
	}
	return NULL;
}

static bool add_to_list(struct opt_set *s, const struct opt *o,
			enum opt_source source, const char *text,
			struct parse_error *err)
{
	struct string_list *list = (void *)((char *)s->settings + o->offset);
	enum opt_source before = s->source[o - s->table];

	/* The first value from a file replaces the default. The first one from
	 * the command line replaces the file's values as well, unless the
	 * option is OPT_ADDS. */
	if (before != source &&
	    (before == OPT_DEFAULT || !(o->flags & OPT_ADDS)))
		list->n = 0;
	if (list->n == OPT_LIST_MAX)
		return parse_refuse(err, "can be given at most %d times",
				    OPT_LIST_MAX);
	list->item[list->n++] = text;
	return true;
}

static bool set_enum(const struct opt *o, int *to, const char *text,
		     struct parse_error *err)
{
	char all[160] = "";
	size_t n = 0;
	int i;

	for (i = 0; o->names[i]; i++) {
		if (!strcmp(o->names[i], text)) {
			*to = i;
			return true;
		}
		if (n < sizeof(all))
			n += snprintf(all + n, sizeof(all) - n, "%s%s",
				      i ? ", " : "", o->names[i]);
	}
	return parse_refuse(err, "\"%.60s\" is not one of %s", text, all);
}

static bool set_number(const struct opt *o, void *to, const char *text,
		       struct parse_error *err)
{
	uint64_t v;

	if (!parse_number(text, o->min, o->max, &v, err))
		return false;
	if (o->type == OPT_U16)
		*(uint16_t *)to = (uint16_t)v;
	else
		*(uint32_t *)to = (uint32_t)v;
	return true;
}

static bool set_value(struct opt_set *s, const struct opt *o,
		      enum opt_source source, const char *text,
		      struct parse_error *err)
{
	void *to = (char *)s->settings + o->offset;
	uint64_t v;
	bool b;

	switch ((enum opt_type)o->type) {
	case OPT_FLAG:
		return parse_bool(text, to, err);
	case OPT_COUNT:
		if (parse_number(text, 0, 9, &v, err)) {
			*(unsigned int *)to += (unsigned int)v;
			return true;
		}
		if (!parse_bool(text, &b, err))
			return false;
		*(unsigned int *)to += b;
		return true;
	case OPT_TEXT:
		if (o->parse && !o->parse(s->settings, text, err))
			return false;
		*(const char **)to = text;
		return true;
	case OPT_U16:
	case OPT_U32:
		return set_number(o, to, text, err);
	case OPT_SIZE:
		return parse_size(text, o->min, o->max, to, err);
	case OPT_SECONDS:
		return parse_seconds(text, (double)o->min, (double)o->max, to,
				     err);
	case OPT_PERCENT:
		return parse_percent(text, to, err);
	case OPT_RATE:
		return parse_rate(text, to, err);
	case OPT_ENUM:
		return set_enum(o, to, text, err);
	case OPT_LIST:
		if (o->parse && !o->parse(s->settings, text, err))
			return false;
		return add_to_list(s, o, source, text, err);
	case OPT_CUSTOM:
		return o->parse(s->settings, text, err);
	}
	return parse_refuse(err, "unknown type of option");
}

static bool set_option(struct opt_set *s, const struct opt *o,
		       enum opt_source source, const char *text,
		       struct parse_error *err)
{
	if (!set_value(s, o, source, text, err))
		return false;
	s->source[o - s->table] = source;
	return true;
}

int opt_defaults(struct opt_set *s, const struct log *log)
{
	struct parse_error err;
	const struct opt *o;

	for (o = s->table; o->name; o++) {
		if (o - s->table >= OPT_TABLE_MAX) {
			log_error(log, "too many options in a table");
			return -EINVAL;
		}
		if (o->initial &&
		    !set_option(s, o, OPT_DEFAULT, o->initial, &err)) {
			log_error(log, "default of --%s: %s", o->name,
				  err.text);
			return -EINVAL;
		}
	}
	return 0;
}

static int unknown_option(const struct opt_set *s, const char *command,
			  const char *name, size_t len, const struct log *log)
{
	const struct opt *other = find_name(s->table, s->scope, name, len);
	const char *nearest;
	char copy[64];

	snprintf(copy, sizeof(copy), "%.*s", (int)(len < 60 ? len : 60), name);
	nearest = parse_nearest(copy, next_name, s);
	if (other && nearest)
		log_error(
			log,
			"--%s is not an option of %s: did you mean --%s? See \"%s help %s\"",
			other->name, command, nearest, log->program, command);
	else if (other)
		log_error(log,
			  "--%s is not an option of %s; see \"%s help %s\"",
			  other->name, command, log->program, command);
	else if (nearest)
		log_error(
			log,
			"unknown option --%s: did you mean --%s? See \"%s help %s\"",
			copy, nearest, log->program, command);
	else
		log_error(log, "unknown option --%s; see \"%s help %s\"", copy,
			  log->program, command);
	return -EINVAL;
}

/* Later values override earlier ones, as of most programs, which need not be what
 * somebody meant who expects a list. */
static void warn_repeated(const struct opt_set *s, const struct opt *o,
			  const struct log *log)
{
	if (s->source[o - s->table] == OPT_COMMAND_LINE &&
	    o->type != OPT_LIST && o->type != OPT_FLAG && o->type != OPT_COUNT)
		log_warn(log,
			 "--%s is given more than once: the last one counts",
			 o->name);
}

/* Sets the option of an argument that starts with "--", consuming the next
 * argument if it is the option's value. */
static int long_option(struct opt_set *s, int argc, char **argv, int *i,
		       const struct log *log)
{
	const char *name = argv[*i] + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	const struct opt *o = find_name(s->table, s->scope, name, len);
	struct parse_error err;
	const char *value;

	if (!o || !(o->scope & s->scope))
		return unknown_option(s, argv[0], name, len, log);
	if (eq) {
		value = eq + 1;
	} else if (o->type == OPT_FLAG || o->type == OPT_COUNT) {
		value = "1";
	} else if (*i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0) {
		value = argv[++*i];
	} else {
		log_error(log, "--%s needs a value: --%s %s", o->name, o->name,
			  o->metavar);
		return -EINVAL;
	}
	warn_repeated(s, o, log);
	if (set_option(s, o, OPT_COMMAND_LINE, value, &err))
		return 0;
	log_error(log, "--%s: %s", o->name, err.text);
	return -EINVAL;
}

/* The value of -o, which follows in the same argument or is the next one; NULL: there is
 * none. Flags have the value 1. */
static const char *short_value(const struct opt *o, int argc, char **argv,
			       int *i, const char **letters)
{
	const char *rest = *letters + 1;

	if (o->type == OPT_FLAG || o->type == OPT_COUNT)
		return "1";
	*letters += strlen(*letters) - 1;
	if (*rest)
		return rest;
	return *i + 1 < argc ? argv[++*i] : NULL;
}

/* The letters of argv[*i]. */
static int short_options(struct opt_set *s, int argc, char **argv, int *i,
			 bool *help, const struct log *log)
{
	const char *letters = argv[*i] + 1, *value;
	struct parse_error err;
	const struct opt *o;

	for (; *letters; letters++) {
		const char letter = *letters;

		if (*letters == 'h') {
			*help = true;
			return 0;
		}
		o = find_short(s->table, s->scope, *letters);
		if (!o) {
			log_error(log, "unknown option -%c; see \"%s help %s\"",
				  *letters, log->program, argv[0]);
			return -EINVAL;
		}
		value = short_value(o, argc, argv, i, &letters);
		if (!value) {
			log_error(log, "-%c needs a value: -%c %s", letter,
				  letter, o->metavar);
			return -EINVAL;
		}
		if (!set_option(s, o, OPT_COMMAND_LINE, value, &err)) {
			log_error(log, "-%c: %s", letter, err.text);
			return -EINVAL;
		}
	}
	return 0;
}

int opt_command_line(struct opt_set *s, int argc, char **argv,
		     const char **positional, int max_positional, bool *help,
		     const struct log *log)
{
	bool only_positional = false;
	int i, n = 0;

	*help = false;
	for (i = 1; i < argc && !*help; i++) {
		if (!only_positional && argv[i][0] == '-' && argv[i][1]) {
			if (!strcmp(argv[i], "--"))
				only_positional = true;
			else if (!strcmp(argv[i], "--help"))
				*help = true;
			else if (argv[i][1] == '-'
					 ? long_option(s, argc, argv, &i, log)
					 : short_options(s, argc, argv, &i,
							 help, log))
				return -EINVAL;
			continue;
		}
		if (n == max_positional) {
			log_error(
				log,
				"%s: unexpected argument \"%s\"; see \"%s help %s\"",
				argv[0], argv[i], log->program, argv[0]);
			return -EINVAL;
		}
		positional[n++] = argv[i];
	}
	return n;
}

const char *opt_peek(const struct opt_set *s, int argc, char **argv,
		     const char *name)
{
	size_t len = strlen(name);
	const char *found = NULL;
	const struct opt *o;
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (strncmp(argv[i], "--", 2) != 0)
			continue;
		if (!strncmp(argv[i] + 2, name, len) &&
		    argv[i][2 + len] == '=') {
			found = argv[i] + 2 + len + 1;
			continue;
		}
		o = find_name(s->table, s->scope, argv[i] + 2,
			      strlen(argv[i] + 2));
		if (!o || o->type == OPT_FLAG || o->type == OPT_COUNT ||
		    i + 1 == argc)
			continue;
		i++;
		if (!strcmp(o->name, name))
			found = argv[i];
	}
	return found;
}

/* Strips blanks from both ends, in place. */
static char *trim(char *p)
{
	size_t n;

	while (*p == ' ' || *p == '\t')
		p++;
	n = strlen(p);
	while (n && strchr(" \t\r", p[n - 1]))
		p[--n] = 0;
	return p;
}

/* Sets one option from a file; false with err. */
static bool set_from_file(struct opt_set *s, char *key, const char *value,
			  unsigned int line, struct parse_error *err)
{
	struct opt_set any = *s;
	const struct opt *o = find_name(s->table, s->scope, key, strlen(key));
	const char *nearest;
	size_t i;

	if (!o || o->flags & OPT_NOT_IN_FILE) {
		any.scope = 0;
		nearest = o ? NULL : parse_nearest(key, next_name, &any);
		return parse_refuse(
			err, "%s \"%.60s\"%s%s%s",
			o ? "not allowed in a file:" : "unknown key", key,
			nearest ? ": did you mean \"" : "",
			nearest ? nearest : "", nearest ? "\"?" : "");
	}
	i = (size_t)(o - s->table);
	if (s->source[i] == OPT_FILE && o->type != OPT_LIST)
		return parse_refuse(err, "\"%s\" is already set in line %u",
				    o->name, s->line[i]);
	if (!*value)
		return parse_refuse(err, "\"%s\" has no value", o->name);
	if (!set_option(s, o, OPT_FILE, value, err)) {
		struct parse_error inner = *err;

		return parse_refuse(err, "%s: %.200s", o->name, inner.text);
	}
	s->line[i] = (uint16_t)(line > UINT16_MAX ? UINT16_MAX : line);
	return true;
}

static bool file_line(struct opt_set *s, char *text, unsigned int line,
		      struct parse_error *err)
{
	char *key = trim(text), *eq;

	if (!*key || *key == '#')
		return true;
	eq = strchr(key, '=');
	if (!eq)
		return parse_refuse(
			err, "\"%.60s\" is not of the form \"name = value\"",
			key);
	*eq = 0;
	return set_from_file(s, trim(key), trim(eq + 1), line, err);
}

int opt_file(struct opt_set *s, const char *path, char *text, size_t len,
	     const struct log *log)
{
	char *end = text + len, *p = text, *newline;
	struct parse_error err;
	unsigned int line;

	/* The caller put a NUL at text[len]; any other NUL is an error. */
	for (line = 1; p < end; line++, p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (!newline)
			newline = end;
		*newline = 0;
		if (strlen(p) != (size_t)(newline - p))
			parse_refuse(&err, "the line contains a NUL byte");
		else if (file_line(s, p, line, &err))
			continue;
		log_error(log, "%s:%u: %s", path, line, err.text);
		return -EINVAL;
	}
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_list(const struct string_list *a, const struct string_list *b)
{
	unsigned int i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (strcmp(a->item[i], b->item[i]) != 0)
			return false;
	return true;
}

bool opt_differs(const struct opt *o, const void *a, const void *b)
{
	const void *x = (const char *)a + o->offset;
	const void *y = (const char *)b + o->offset;

	switch ((enum opt_type)o->type) {
	case OPT_FLAG:
		return *(const bool *)x != *(const bool *)y;
	case OPT_TEXT:
		return !same_text(*(const char *const *)x,
				  *(const char *const *)y);
	case OPT_U16:
		return *(const uint16_t *)x != *(const uint16_t *)y;
	case OPT_U32:
		return *(const uint32_t *)x != *(const uint32_t *)y;
	case OPT_SIZE:
		return *(const uint64_t *)x != *(const uint64_t *)y;
	case OPT_SECONDS:
	case OPT_PERCENT:
	case OPT_RATE:
		return *(const double *)x != *(const double *)y;
	case OPT_COUNT:
	case OPT_ENUM:
		return *(const unsigned int *)x != *(const unsigned int *)y;
	case OPT_LIST:
		return !same_list(x, y);
	case OPT_CUSTOM:
		break;
	}
	return true;
}

#define HELP_COLUMN 27
#define HELP_WIDTH  79

/* Prints the words of text starting at column and breaks lines at HELP_WIDTH.
 * Each further line starts with begin, padded to width. */
static void wrap(FILE *out, int column, const char *begin, int width,
		 const char *text)
{
	while (*text) {
		int word = (int)strcspn(text, " ");

		if (column + 1 + word > HELP_WIDTH) {
			fprintf(out, "\n%-*s", width, begin);
			column = width;
		}
		fprintf(out, " %.*s", word, text);
		column += 1 + word;
		text += word;
		text += strspn(text, " ");
	}
}

void opt_usage(FILE *out, const struct opt *table, uint32_t scope)
{
	char head[64], help[512];
	const struct opt *o;
	int column;

	for (o = table; o->name; o++) {
		if (!(o->scope & scope))
			continue;
		if (o->short_name)
			snprintf(head, sizeof(head), "  -%c, --%s%s%s",
				 o->short_name, o->name, o->metavar ? " " : "",
				 o->metavar ? o->metavar : "");
		else
			snprintf(head, sizeof(head), "  --%s%s%s", o->name,
				 o->metavar ? " " : "",
				 o->metavar ? o->metavar : "");
		column = fprintf(out, "%-*s", HELP_COLUMN - 1, head);
		if (column > HELP_COLUMN - 1) {
			fprintf(out, "\n%*s", HELP_COLUMN - 1, "");
			column = HELP_COLUMN - 1;
		}
		snprintf(help, sizeof(help), "%s%s%s%s%s", o->help,
			 o->type == OPT_LIST ? "; repeatable" : "",
			 o->initial ? " (default " : "",
			 o->initial ? o->initial : "", o->initial ? ")" : "");
		wrap(out, column, "", HELP_COLUMN - 1, help);
		fputc('\n', out);
	}
}

void opt_example(FILE *out, const struct opt *table, uint32_t of,
		 uint32_t scope)
{
	const struct opt *o;
	const char *value;
	char help[512];

	for (o = table; o->name; o++) {
		if ((o->scope & of) != scope || o->flags & OPT_NOT_IN_FILE)
			continue;
		value = o->initial ? o->initial : o->example;
		if (!value)
			value = o->type == OPT_FLAG    ? "false"
				: o->type == OPT_COUNT ? "0"
						       : o->metavar;
		snprintf(help, sizeof(help), "%s%s%s", o->help,
			 o->type == OPT_LIST ? "; repeatable" : "",
			 o->flags & OPT_LIVE ? "; live" : "");
		fputs("\n#", out);
		wrap(out, 1, "#", 1, help);
		fprintf(out, "\n#%s = %s\n", o->name, value);
	}
}

void opt_list(FILE *out, const struct opt *table, uint32_t scope,
	      const char *command)
{
	const struct opt *o;

	for (o = table; o->name; o++) {
		if (!(o->scope & scope))
			continue;
		fprintf(out, "option\t%s\t--%s\t", command, o->name);
		if (o->short_name)
			fprintf(out, "-%c", o->short_name);
		fprintf(out, "\t%s\t", o->metavar ? o->metavar : "");
		for (unsigned int i = 0; o->names && o->names[i]; i++)
			fprintf(out, "%s%s", i ? " " : "", o->names[i]);
		fprintf(out, "\t%s\t%s\n", o->initial ? o->initial : "",
			o->help);
	}
}
