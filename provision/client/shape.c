/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "client/shape.h"

/* One place of an response, XML or JSON. Both NULL: it is not there. */
struct node {
	const struct xml_node *xml;
	const struct cJSON *json;
};

static bool there(struct node n)
{
	return n.xml || n.json;
}

static struct node node_at(struct node n, const char *path)
{
	struct node found = {0};

	if (n.xml) {
		found.xml = xml_at(n.xml, path);
		return found;
	}
	found.json = n.json;
	while (found.json && *path) {
		char name[64];
		size_t len = strcspn(path, "/");

		if (len >= sizeof(name))
			return (struct node){0};
		memcpy(name, path, len);
		name[len] = 0;
		found.json = cJSON_GetObjectItemCaseSensitive(found.json, name);
		path += len + (path[len] == '/');
	}
	if (cJSON_IsNull(found.json))
		found.json = NULL;
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

/* NULL if it is something else than text (or, in JSON, a structure). */
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
		/* What a double holds exactly. */
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

static int read_text(struct node n, char **out)
{
	const char *text = node_text(n);

	if (!text)
		return -EPROTO;
	*out = strdup(text);
	return *out ? 0 : -ENOMEM;
}

/* Room for one more item of this size, zeroed; n is not raised. */
static void *next_slot(struct shape_list *list, size_t size)
{
	void *grown;

	/* Capacity is the next power of two, so that it need not be kept. */
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
	for (item = first_item(n); there(item); item = next_item(item)) {
		void *slot = next_slot(list, shape->size);
		int error = slot ? read_struct(shape, item, slot) : -ENOMEM;

		if (error)
			return error;
		list->n++;
	}
	return 0;
}

static int read_texts(const struct shape_field *f, struct node n,
		      struct aws_strings *out)
{
	struct node item;

	if (n.json && !cJSON_IsArray(n.json))
		return -EPROTO;
	for (item = first_item(n); there(item); item = next_item(item)) {
		struct node at = f->inner ? node_at(item, f->inner) : item;
		char **slot;
		int error;

		if (!there(at))
			continue;
		slot = next_slot((struct shape_list *)out, sizeof(*slot));
		error = slot ? read_text(at, slot) : -ENOMEM;
		if (error)
			return error;
		out->n++;
	}
	return 0;
}

static int read_values(struct node n, struct shape_list *out)
{
	struct node item;

	for (item = first_item(n); there(item); item = next_item(item)) {
		double *slot = next_slot(out, sizeof(*slot));
		int error = slot ? read_double(item, slot) : -ENOMEM;

		if (error)
			return error;
		out->n++;
	}
	return 0;
}

/* <port/> is a number that is not there. */
static bool is_blank(const struct shape_field *f, struct node n)
{
	return n.xml && !*n.xml->text &&
	       (f->type == SHAPE_NUMBER || f->type == SHAPE_DOUBLE ||
		f->type == SHAPE_BOOL);
}

static int read_field(const struct shape_field *f, struct node n, void *to)
{
	switch (f->type) {
	case SHAPE_STRING:
		return read_text(n, to);
	case SHAPE_NUMBER:
		return read_number(n, to);
	case SHAPE_DOUBLE:
		return read_double(n, to);
	case SHAPE_BOOL:
		return read_bool(n, to);
	case SHAPE_LIST:
		return append_structs(f->of, n, to);
	case SHAPE_STRINGS:
		return read_texts(f, n, to);
	case SHAPE_STRUCT:
		return read_struct(f->of, n, to);
	case SHAPE_VALUES:
		return read_values(n, to);
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

		if (there(at) && !is_blank(f, at)) {
			error = read_field(f, at, to);
			if (error) {
				shape_free(shape, out);
				return error;
			}
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
			free(*(char **)at);
			break;
		case SHAPE_LIST:
			shape_free_list(f->of, at);
			break;
		case SHAPE_STRINGS:
			aws_strings_free(at);
			break;
		case SHAPE_STRUCT:
			shape_free(f->of, at);
			break;
		case SHAPE_VALUES:
			free(((struct shape_list *)at)->items);
			break;
		case SHAPE_NUMBER:
		case SHAPE_DOUBLE:
		case SHAPE_BOOL:
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

const struct shape shape_tag = {
	sizeof(struct aws_tag),
	ROWS(ROW(aws_tag, key, STRING, "key"),
	     ROW(aws_tag, value, STRING, "value")),
};
const struct shape shape_query_tag = {
	sizeof(struct aws_tag),
	ROWS(ROW(aws_tag, key, STRING, "Key"),
	     ROW(aws_tag, value, STRING, "Value")),
};
