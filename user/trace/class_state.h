/* SPDX-License-Identifier: MIT */
/* The classes of values, and the state of looking for them in a text. */
#ifndef TRACE_CLASS_STATE_H
#define TRACE_CLASS_STATE_H

#include "trace/class_check.h"
#include "trace/entity.h"

/* The classes, in the order of the documentation. */
#define MASK_CLASSES(X)       \
	X(CARD, "card")       \
	X(IBAN, "iban")       \
	X(SSN, "ssn")         \
	X(JWT, "jwt")         \
	X(AWS_KEY, "aws-key") \
	X(EMAIL, "email")

enum mask_class {
#define CLASS_ID(name, text) CLASS_##name,
	MASK_CLASSES(CLASS_ID)
#undef CLASS_ID
		N_CLASSES
};

/* Which classes to look for. Immutable. */
struct class_set {
	unsigned int classes; /* bit n: enum mask_class n */
	/* Bytes at which something may begin: enum in class_scan.c. */
	uint8_t trigger[256];
};

struct class_hit {
	size_t from, to; /* positions in the text */
	enum mask_class class;
};

#define CLASS_HITS    8
#define CLASS_GROUPS  5
#define CLASS_HISTORY 3
#define CLASS_KEPT    16

#define CLASS_LOCAL_MAX 64 /* of an address: RFC 5321 section 4.5.3.1.1 */

/* A decoded character and where its encoded form begins. */
struct class_char {
	uint8_t c;
	size_t from;
};

struct class_scan {
	const struct class_set *set;
	const uint8_t *p;
	size_t n;
	size_t i;	     /* the next byte */
	bool cut;	     /* the text may continue after its end */
	const uint8_t *name; /* what precedes the text */
	size_t n_name;
	bool ended;
	bool quoted; /* quoted-printable is undone, too */
	/* Decoding: see class_scan.c. */
	uint8_t escape, code_left, n_kept, n_entity, wide;
	bool over; /* the escape is of a digit of what is kept: "%\u00328" */
	unsigned int code;
	size_t escape_from, wide_from;
	/* The last decoded characters, [0] the newest. */
	struct class_char last[CLASS_HISTORY];
	size_t last_to; /* the end of the newest */
	/* The characters before that an address may have before its '@', and those
	 * of ASCII alone. */
	struct class_run {
		size_t from, n;
	} local, local_ascii;
	/* Digits in groups: card, ssn. */
	bool in_group;
	uint8_t n_groups, separator, blanks;
	struct {
		bool active;
		uint8_t blank;	   /* blanks or hyphens since the last group */
		uint8_t separator; /* between groups; 0: there are none */
		size_t from, to;
		struct check_iban check;
	} iban[2];
	struct {
		bool active;
		uint8_t dots;
		size_t from, to; /* to: without a last dot */
		struct check_jose head;
	} jwt;
	struct {
		uint8_t n;
		size_t from;
	} key;
	struct {
		uint8_t word;	/* characters of "secret" seen */
		uint8_t window; /* characters in which one may begin */
		uint8_t n;	/* length of this run */
		bool odd;	/* more than hexadecimal digits */
		size_t from, to;
	} secret;
	struct {
		bool active, letters, ace;
		uint8_t labels;
		uint16_t n, label; /* lengths of domain and label */
		size_t from, to;   /* to: 0 or the end of a valid domain */
	} email;
	/* Found, in order, but perhaps part of something longer. */
	size_t done; /* the end of the last one returned */
	unsigned int n_hits;
	/* From here on not initialised. */
	struct class_char kept[CLASS_KEPT], entity[ENTITY_MAX + 1];
	struct {
		size_t from, to;
		uint8_t len, separator; /* before it */
		bool glued;		/* to what precedes it */
		uint8_t digit[CARD_MAX];
	} group[CLASS_GROUPS];
	struct class_hit hit[CLASS_HITS];
};

static inline bool class_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool class_is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static inline bool class_is_alnum(uint8_t c)
{
	return class_is_digit(c) || class_is_letter(c);
}

/* Characters of which one may stand between the groups of a number, besides hyphens
 * and the like, and several blanks. Not those that delimit values. */
static inline bool class_is_separator(uint8_t c)
{
	return c == ' ' || c == '+' || c == '\t' || c == '/' || c == '|' ||
	       c == '*' || c == '~' || c == '\'';
}

/* Characters of the local part of an address (RFC 5321 section 4.1.2) that delimit
 * nothing elsewhere. */
static inline bool class_is_local(uint8_t c)
{
	return class_is_alnum(c) || c >= 0x80 || c == '.' || c == '_' ||
	       c == '-' || c == '+' || c == '~' || c == '!';
}

#endif
