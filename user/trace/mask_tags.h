/* SPDX-License-Identifier: MIT */
/* The state of mask_scan(), and the part of it that follows tags and objects. */
#ifndef TRACE_MASK_TAGS_H
#define TRACE_MASK_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "trace/mask_hit.h"
#include "trace/mask_layers.h"
#include "trace/mask_names.h"
#include "trace/span.h"

/* Objects deeper than this share their place. */
#define OUTER_MAX 8

struct word {
	size_t n;
	/* The first letter may be an escape such as \n, or a letter if the
	 * backslash before it was escaped itself. */
	bool soft;
	uint8_t text[MASK_NAME_MAX + 1];
};

struct scan {
	const struct mask_names *names;
	size_t pos;	     /* after the byte being examined */
	unsigned int wanted; /* bit n: enum mask_hit n, others are ignored */
	enum mask_hit hit;
	size_t from, to;
	const uint8_t *text, *end;
	bool head;   /* MASK_IN_HEAD */
	bool fields; /* MASK_IN_FIELDS */
	bool pair;   /* MASK_IN_PAIR */
	bool digits; /* of a pair: the word has digits after a backslash */
	bool armed;  /* the name of a secret precedes */
	/* The same before what may be an escaped line end, or a word. */
	bool soft_armed;
	bool blank;  /* the next word replaces the name */
	bool quoted; /* a quotation mark follows the name */
	/* GraphQL variables: "$name: Type = default" and "name: $name". */
	bool dollar, variables;
	unsigned int
		variable; /* 1 + the number of open parentheses since then */
	bool in_comment;  /* of a variable */
	/* The value of an unquoted name starts here: is it a variable? */
	size_t pending;
	bool pending_dollar;
	/* Parameters of Content-Disposition. */
	bool disposition, keyword, star, continued;
	uint8_t in_name; /* 1: before its value, 2: in it */
	/* Elements of XML: in the name of a start-tag; in the start-tag of a secret
	 * name, perhaps of an empty element. */
	enum {
		NO_TAG,
		TAG_NAME,
		SECRET_TAG,
		EMPTY_TAG,
	} tag;
	/* Attributes: within a start-tag, of an element that has content; what the
	 * last word was; the next word is a name or part of one; it is that of a
	 * secret; where its value is. */
	bool in_tag, opened, object, has_word, has_content, is_field;
	enum { NO_FIELD_NAME, BEFORE_FIELD_NAME, IN_FIELD_NAME } naming;
	enum { NO_ATTRIBUTE, NAME_ATTRIBUTE, VALUE_ATTRIBUTE } attribute;
	size_t value;
	/* The objects around: is_field, and value. */
	size_t depth;
	bool outer_field[OUTER_MAX];
	size_t outer_value[OUTER_MAX];
	/* The content of an element such as <name>. */
	bool in_name_element;
	/* A comment may stand between the name of a secret and its separator. */
	bool before_comment;
	unsigned int last;
	/* URL: the number of '/', then the place in the authority, which begins
	 * at this position; where its port does. */
	uint8_t slashes;
	enum {
		NO_AUTHORITY,
		IN_HOST,
		IN_ADDRESS, /* in brackets (IPv6) */
		IN_PORT,
		AFTER_PORT,   /* not a port, but a password */
		ODD_PASSWORD, /* or the end of the URL precedes */
	} authority;
	size_t url, port;
	/* An authority without "//", of which this much was seen; where it and its
	 * password may begin. */
	enum { NO_BARE, BARE_USER, BARE_PASSWORD } bare;
	size_t bare_from, bare_password;
	/* The forms of mask_forms.c. PHP: after the separator, after the type; where
	 * the value is. */
	enum { NO_SERIAL, SERIAL_VALUE, SERIAL_TYPE } serial;
	size_t serial_at;
	/* A declaration of XML: the quotation mark of the literal, the name of a secret
	 * precedes, the literal is a URI; where the first literal of an entity is. */
	enum { NO_DECL, DECL_BEGUN, DECL_ENTITY, DECL_OTHER } decl;
	unsigned int decl_quote;
	bool declared, external;
	size_t entities;
	/* The line of names of a table: one of them is secret, a delimiter precedes;
	 * how many; where it is. */
	bool in_names, named, delimited;
	size_t columns, names_at;
	bool transfer; /* in Content-Transfer-Encoding */
	/* Not initialised but for their lengths. */
	struct word word, phrase; /* a phrase may contain blanks and dots */
	struct layers layers;
};

static inline bool scan_is_name_byte(unsigned int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c >= 0x80;
}

/* Does a word equal text, in lower case? */
static inline bool scan_word_is(const struct word *w, const char *text)
{
	const size_t n = strlen(text), skip = w->soft && w->n == n + 1;

	return w->n == n + skip && text_is(w->text + skip, text, n);
}

/* The first hit ends the scan; others are ignored. */
void scan_hit(struct scan *s, enum mask_hit hit, size_t from, size_t to);

/* The value of a name attribute or member is that of a secret. */
void scan_take_field(struct scan *s);

/* A word has ended within a start-tag or object, before it is compared. */
void scan_take_tag_word(struct scan *s);

/* A byte that is part of no name, after the word before it has ended. */
void scan_take_tag(struct scan *s, unsigned int c);

#endif
