/* SPDX-License-Identifier: MIT */
/* A bounded XML answer as a tree. Namespaces and attributes are ignored. */
#ifndef HTTP_XML_H
#define HTTP_XML_H

#include <stddef.h>

#define XML_MAX_BYTES (16u << 20)
#define XML_MAX_DEPTH 32
#define XML_MAX_NODES 1000000u

struct xml_node {
	const char *name; /* local */
	const char *text; /* its own, "" if none; outer blanks kept */
	struct xml_node *next;
	struct xml_node *child; /* the first */
};

struct xml {
	struct xml_node *root;
	void *memory; /* of all nodes */
};

/* 0 or -EPROTO (not well-formed, too deep, too many elements), -EMSGSIZE,
 * -ENOMEM. A DOCTYPE is refused: AWS sends none, and entities blow up. */
int xml_parse(struct xml *x, const void *p, size_t n);
void xml_free(struct xml *x);

/* The first child of this name, or NULL; node may be NULL. */
const struct xml_node *xml_child(const struct xml_node *node, const char *name);
/* Follows "a/b/c"; NULL if one is missing. */
const struct xml_node *xml_at(const struct xml_node *node, const char *path);
/* The text there, or NULL. */
const char *xml_text(const struct xml_node *node, const char *path);

#endif
