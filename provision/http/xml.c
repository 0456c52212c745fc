/* SPDX-License-Identifier: MIT */
/* Builds a tree from XML with expat. Nodes and strings are carved from blocks that
 * are freed, and wiped, together: responses of STS contain secrets. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>
#include <openssl/crypto.h>

#include "http/secret.h"
#include "http/xml.h"

#define BLOCK_SIZE (64u << 10)

struct block {
	struct block *next;
	size_t used, size;
	uint64_t data[];
};

/* The state of one parse. */
struct xml_builder {
	XML_Parser parser;
	struct block *blocks;
	struct xml_node *open[XML_MAX_DEPTH];
	struct xml_node **tail[XML_MAX_DEPTH]; /* link for the next child */
	struct buf text[XML_MAX_DEPTH];
	unsigned int depth;
	unsigned int nodes;
	struct xml_node *root;
	int error;
};

static void *allocate(struct xml_builder *b, size_t n)
{
	struct block *block = b->blocks;
	size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;
	void *p;

	n = (n + 7) & ~(size_t)7;
	if (!block || block->size - block->used < n) {
		size = (size + 7) & ~(size_t)7;
		block = malloc(sizeof(*block) + size);
		if (!block)
			return NULL;
		*block = (struct block){.next = b->blocks, .size = size};
		b->blocks = block;
	}
	p = (char *)block->data + block->used;
	block->used += n;
	return p;
}

static char *copy_text(struct xml_builder *b, const char *p, size_t n)
{
	char *to = allocate(b, n + 1);

	if (!to)
		return NULL;
	memcpy(to, p, n);
	to[n] = 0;
	return to;
}

static void give_up(struct xml_builder *b, int error)
{
	if (!b->error)
		b->error = error;
	XML_StopParser(b->parser, XML_FALSE);
}

static void XMLCALL on_start(void *ctx, const char *name, const char **attrs)
{
	struct xml_builder *b = ctx;
	const char *colon = strrchr(name, ':');
	struct xml_node *node;

	(void)attrs;
	if (b->error)
		return;
	if (b->depth == XML_MAX_DEPTH || b->nodes == XML_MAX_NODES) {
		give_up(b, -EPROTO);
		return;
	}
	if (colon)
		name = colon + 1;
	node = allocate(b, sizeof(*node));
	if (node)
		*node = (struct xml_node){
			.name = copy_text(b, name, strlen(name)), .text = ""};
	if (!node || !node->name) {
		give_up(b, -ENOMEM);
		return;
	}
	b->nodes++;
	if (b->depth) {
		*b->tail[b->depth - 1] = node;
		b->tail[b->depth - 1] = &node->next;
	} else {
		b->root = node;
	}
	b->open[b->depth] = node;
	b->tail[b->depth] = &node->child;
	buf_clear(&b->text[b->depth]);
	b->depth++;
}

static void XMLCALL on_text(void *ctx, const char *p, int n)
{
	struct xml_builder *b = ctx;

	if (!b->error && b->depth)
		buf_add(&b->text[b->depth - 1], p, (size_t)n);
}

static void XMLCALL on_end(void *ctx, const char *name)
{
	struct xml_builder *b = ctx;
	struct buf *text;

	(void)name;
	if (b->error || !b->depth)
		return;
	b->depth--;
	text = &b->text[b->depth];
	/* Whitespace between child elements is not text. */
	if (text->len && !b->open[b->depth]->child)
		b->open[b->depth]->text =
			copy_text(b, (char *)text->p, text->len);
	if (text->failed || !b->open[b->depth]->text)
		give_up(b, -ENOMEM);
}

static void XMLCALL on_doctype(void *ctx, const char *name, const char *system,
			       const char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	give_up(ctx, -EPROTO);
}

static void free_blocks(struct block *block)
{
	while (block) {
		struct block *next = block->next;

		OPENSSL_cleanse(block->data, block->used);
		free(block);
		block = next;
	}
}

int xml_parse(struct xml *x, const void *p, size_t n)
{
	struct xml_builder b = {0};
	unsigned int i;

	*x = (struct xml){0};
	if (n > XML_MAX_BYTES)
		return -EMSGSIZE;
	b.parser = XML_ParserCreate(NULL);
	if (!b.parser)
		return -ENOMEM;
	XML_SetUserData(b.parser, &b);
	XML_SetElementHandler(b.parser, on_start, on_end);
	XML_SetCharacterDataHandler(b.parser, on_text);
	XML_SetStartDoctypeDeclHandler(b.parser, on_doctype);
	if (XML_Parse(b.parser, p, (int)n, 1) != XML_STATUS_OK && !b.error)
		b.error = XML_GetErrorCode(b.parser) == XML_ERROR_NO_MEMORY
				  ? -ENOMEM
				  : -EPROTO;
	XML_ParserFree(b.parser);
	for (i = 0; i < XML_MAX_DEPTH; i++)
		secret_free_buf(&b.text[i]);
	if (b.error) {
		free_blocks(b.blocks);
		return b.error;
	}
	*x = (struct xml){.root = b.root, .memory = b.blocks};
	return 0;
}

void xml_free(struct xml *x)
{
	free_blocks(x->memory);
	*x = (struct xml){0};
}

static const struct xml_node *child_n(const struct xml_node *node,
				      const char *name, size_t n)
{
	const struct xml_node *c;

	for (c = node ? node->child : NULL; c; c = c->next)
		if (!strncmp(c->name, name, n) && !c->name[n])
			return c;
	return NULL;
}

const struct xml_node *xml_child(const struct xml_node *node, const char *name)
{
	return child_n(node, name, strlen(name));
}

const struct xml_node *xml_at(const struct xml_node *node, const char *path)
{
	while (node && *path) {
		size_t n = strcspn(path, "/");

		node = child_n(node, path, n);
		path += n + (path[n] == '/');
	}
	return node;
}

const char *xml_text(const struct xml_node *node, const char *path)
{
	node = xml_at(node, path);
	return node ? node->text : NULL;
}
