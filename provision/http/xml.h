/* SPDX-License-Identifier: MIT */
/* An XML response as a tree, with bounds on size, depth and number of elements.
 * Namespaces and attributes are ignored. */
#ifndef HTTP_XML_H
#define HTTP_XML_H

#include <stddef.h>

#define XML_MAX_BYTES (16u << 20)
#define XML_MAX_DEPTH 32
#define XML_MAX_NODES 1000000u

struct xml_node {
	const char *name; /* local part */
	const char *text; /* "" if none or if it has children; not trimmed */
	struct xml_node *next;
	struct xml_node *child; /* the first */
};

struct xml {
	struct xml_node *root;
	void *memory; /* that holds all nodes */
};

/* 0, -EPROTO (not well-formed, too deep, too many elements), -EMSGSIZE or
 * -ENOMEM. A DOCTYPE is rejected: AWS sends none, and it could define entities
 * that expand exponentially. */
int xml_parse(struct xml *x, const void *p, size_t n);
void xml_free(struct xml *x);

/* The first child with this name; NULL if there is none or node is NULL. */
const struct xml_node *xml_child(const struct xml_node *node, const char *name);
/* The element at a path like "a/b/c"; NULL if one is missing. */
const struct xml_node *xml_at(const struct xml_node *node, const char *path);
/* Its text; NULL if it is missing. */
const char *xml_text(const struct xml_node *node, const char *path);

#endif
