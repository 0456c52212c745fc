/* SPDX-License-Identifier: MIT */
/*
 * Reads XML and JSON responses into C structs, driven by the tables of shape.h,
 * and frees them by the same tables. struct node hides which of the two formats
 * is being read, so each rule exists once.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "client/shape.h"

#define PATH_MAX_LEN 96

/* A place in a response. Both NULL: it does not exist. */
struct node {
	const struct xml_node *xml;
	const struct cJSON *json;
};

static bool exists(struct node n)
{
	return n.xml || n.json;
}

static struct node json_at(struct node n, char *path)
{
	char *name;

	while (n.json && (name = strsep(&path, "/")))
		n.json = cJSON_GetObjectItemCaseSensitive(n.json, name);
	if (cJSON_IsNull(n.json))
		n.json = NULL;
	return n;
}

/* Follows path from n; the first of its alternatives that exists. */
static struct node node_at(struct node n, const char *path)
{
	struct node found = {0};

	while (!exists(found)) {
		size_t len = strcspn(path, "|");
		char one[PATH_MAX_LEN];

		if (len >= sizeof(one))
			break;
		memcpy(one, path, len);
		one[len] = 0;
		if (n.xml)
			found.xml = xml_at(n.xml, one);
		else
			found = json_at(n, one);
		if (!path[len])
			break;
		path += len + 1;
	}
	return found;
}

static struct node first_item(struct node n)
{
	struct node item = {0};

	if (n.xml)
		item.xml = n.xml->child;
	else if (n.json && cJSON_IsArray(n.json))
		item.json = n.json->child;
	return item;
}

static struct node next_item(struct node n)
{
	if (n.xml)
		n.xml = n.xml->next;
	else
		n.json = n.json->next;
	return n;
}

/* The text of an element or JSON string; NULL for any other JSON value. */
static const char *node_text(struct node n)
{
	return n.xml ? n.xml->text : cJSON_GetStringValue(n.json);
}

static int read_double(struct node n, double *out)
{
	const char *text = node_text(n);
	char *end;

	if (n.json && cJSON_IsNumber(n.json)) {
		*out = n.json->valuedouble;
		return 0;
	}
	if (!text || !*text)
		return -EPROTO;
	*out = strtod(text, &end);
	return *end || !isfinite(*out) ? -EPROTO : 0;
}

static int read_number(struct node n, int64_t *out)
{
	const char *text = node_text(n);
	double d;
	char *end;

	if (n.json && cJSON_IsNumber(n.json)) {
		d = n.json->valuedouble;
		/* Beyond 2^53 a double may have been rounded. */
		if (!(d >= -9007199254740992.0 && d <= 9007199254740992.0))
			return -EPROTO;
		*out = (int64_t)d;
		return 0;
	}
	if (!text || !*text)
		return -EPROTO;
	errno = 0;
	*out = strtoll(text, &end, 10);
	return *end || errno ? -EPROTO : 0;
}

static int read_bool(struct node n, bool *out)
{
	const char *text = node_text(n);

	if (cJSON_IsBool(n.json))
		*out = cJSON_IsTrue(n.json);
	else if (text && !strcmp(text, "true"))
		*out = true;
	else if (text && !strcmp(text, "false"))
		*out = false;
	else
		return -EPROTO;
	return 0;
}

static int read_equals(struct node n, const char *string, bool *out)
{
	const char *text = node_text(n);

	if (!text)
		return -EPROTO;
	*out = !strcmp(text, string);
	return 0;
}

static int read_string(struct node n, char **out)
{
	const char *text = node_text(n);

	if (!text)
		return -EPROTO;
	*out = strdup(text);
	return *out ? 0 : -ENOMEM;
}

/* Makes room for one more item and clears it; the caller increments n. */
static void *next_slot(struct shape_list *list, size_t size)
{
	void *grown;

	/* The capacity is n rounded up to a power of two, so it is not stored. */
	if (!(list->n & (list->n - 1))) {
		grown = reallocarray(list->items, list->n ? list->n * 2 : 1,
				     size);
		if (!grown)
			return NULL;
		list->items = grown;
	}
	return memset((char *)list->items + list->n * size, 0, size);
}

static int read_struct(const struct shape *shape, struct node n, void *out);

static int append_structs(const struct shape *shape, struct node n,
			  struct shape_list *list)
{
	struct node item;

	if (n.json && !cJSON_IsArray(n.json))
		return -EPROTO;
	for (item = first_item(n); exists(item); item = next_item(item)) {
		void *slot = next_slot(list, shape->size);
		int error = slot ? read_struct(shape, item, slot) : -ENOMEM;

		if (error)
			return error;
		list->n++;
	}
	return 0;
}

/* Items that lack the element inner are skipped. */
static int read_strings(struct node n, const char *inner,
			struct aws_strings *out)
{
	struct node item;

	if (n.json && !cJSON_IsArray(n.json))
		return -EPROTO;
	for (item = first_item(n); exists(item); item = next_item(item)) {
		struct node at = *inner ? node_at(item, inner) : item;
		char **slot;
		int error;

		if (!exists(at))
			continue;
		slot = next_slot((struct shape_list *)out, sizeof(*slot));
		error = slot ? read_string(at, slot) : -ENOMEM;
		if (error)
			return error;
		out->n++;
	}
	return 0;
}

static int read_values(struct node n, struct shape_list *out)
{
	struct node item;

	for (item = first_item(n); exists(item); item = next_item(item)) {
		double *slot = next_slot(out, sizeof(*slot));
		int error = slot ? read_double(item, slot) : -ENOMEM;

		if (error)
			return error;
		out->n++;
	}
	return 0;
}

static int read_sum(struct node n, double *out)
{
	struct node item;

	for (item = first_item(n); exists(item); item = next_item(item)) {
		double value;

		if (read_double(item, &value))
			return -EPROTO;
		*out += value;
	}
	return 0;
}

/* An empty element such as <port/> is a missing number, not an invalid one. */
static bool is_blank(const struct shape_field *f, struct node n)
{
	return n.xml && !*n.xml->text &&
	       (f->type == SHAPE_NUMBER || f->type == SHAPE_BOOL);
}

static int read_field(const struct shape_field *f, struct node n, void *to)
{
	switch (f->type) {
	case SHAPE_STRING:
	case SHAPE_KEY:
		return read_string(n, to);
	case SHAPE_NUMBER:
		return read_number(n, to);
	case SHAPE_BOOL:
		return read_bool(n, to);
	case SHAPE_EQUALS:
		return read_equals(n, f->string, to);
	case SHAPE_LIST:
		return append_structs(f->of(), n, to);
	case SHAPE_STRINGS:
		return read_strings(n, f->string, to);
	case SHAPE_VALUES:
		return read_values(n, to);
	case SHAPE_SUM:
		return read_sum(n, to);
	}
	return -EINVAL;
}

static int read_struct(const struct shape *shape, struct node n, void *out)
{
	const struct shape_field *f;
	int error;

	memset(out, 0, shape->size);
	for (f = shape->fields; f->path; f++) {
		struct node at = node_at(n, f->path);
		void *to = (char *)out + f->offset;

		if (exists(at) && !is_blank(f, at)) {
			error = read_field(f, at, to);
			if (error) {
				shape_free(shape, out);
				return error;
			}
		} else if (f->type == SHAPE_KEY) {
			shape_free(shape, out);
			return -EPROTO;
		} else if (f->type == SHAPE_NUMBER) {
			*(int64_t *)to = f->missing;
		}
	}
	return 0;
}

int shape_from_xml(const struct shape *shape, const struct xml_node *node,
		   void *out)
{
	return read_struct(shape, (struct node){.xml = node}, out);
}

int shape_from_json(const struct shape *shape, const struct cJSON *node,
		    void *out)
{
	return read_struct(shape, (struct node){.json = node}, out);
}

int shape_append_xml(const struct shape *shape, const struct xml_node *node,
		     struct shape_list *list)
{
	return append_structs(shape, (struct node){.xml = node}, list);
}

int shape_append_json(const struct shape *shape, const struct cJSON *node,
		      struct shape_list *list)
{
	return append_structs(shape, (struct node){.json = node}, list);
}

void shape_free(const struct shape *shape, void *out)
{
	const struct shape_field *f;

	for (f = shape->fields; f->path; f++) {
		void *at = (char *)out + f->offset;

		switch (f->type) {
		case SHAPE_STRING:
		case SHAPE_KEY:
			free(*(char **)at);
			break;
		case SHAPE_LIST:
			shape_free_list(f->of(), at);
			break;
		case SHAPE_STRINGS:
			aws_strings_free(at);
			break;
		case SHAPE_VALUES:
			free(((struct shape_list *)at)->items);
			break;
		case SHAPE_NUMBER:
		case SHAPE_BOOL:
		case SHAPE_EQUALS:
		case SHAPE_SUM:
			break;
		}
	}
	memset(out, 0, shape->size);
}

void shape_free_list(const struct shape *shape, struct shape_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		shape_free(shape, (char *)list->items + i * shape->size);
	free(list->items);
	*list = (struct shape_list){0};
}

/* EC2 spells the members of a tag in lower case, the query services do not. */
#define AWS_TAG(X)             \
	X(KEY, key, "key|Key") \
	X(STRING, value, "value|Value")
SHAPE_TABLE(aws_tag, aws_tags, AWS_TAG)
