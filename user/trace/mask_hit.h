/* SPDX-License-Identifier: MIT */
/* What mask_scan() finds, which decides where the masked text ends. */
#ifndef TRACE_MASK_HIT_H
#define TRACE_MASK_HIT_H

enum mask_hit {
	MASK_NONE,
	MASK_EQUALS,  /* a value after '=' */
	MASK_COLON,   /* after ':' */
	MASK_MEMBER,  /* after ':', of a quoted name */
	MASK_PART,    /* a name parameter: the secret is in what follows */
	MASK_ELEMENT, /* the content of an element of XML, after its start-tag */
	MASK_CONTENT,	/* the same of one that an attribute names */
	MASK_SIBLING,	/* of the element after one whose content is a name */
	MASK_USER_INFO, /* RFC 3986 section 3.2.1 */
	MASK_AUTHORITY, /* the same without "//" before it */
	MASK_SERIAL,	/* a value of PHP's serialize(), with its type */
	MASK_COLUMN, /* of a table: *from is its line of names, *to the first row */
	MASK_REST, /* all that follows */
};

/* What a text is: the value of a header field or the fields of a part of a multipart
 * body, in which authorities need no "//" and name parameters name what follows. */
enum mask_place {
	MASK_IN_BODY,
	MASK_IN_PAIR, /* the same for the name or value of a query or form */
	MASK_IN_HEAD,
	/* Folded lines, which may be fields: '_' is '-' in their names. */
	MASK_IN_FIELDS,
};

#endif
