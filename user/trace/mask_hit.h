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
};

#endif
