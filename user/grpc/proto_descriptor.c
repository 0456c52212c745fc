/* SPDX-License-Identifier: MIT */
/*
 * Reads descriptors (google/protobuf/descriptor.proto) without generated code.
 * Field numbers stand where they are used, with the field's name. Features are
 * those of editions; proto2 and proto3 are sets of defaults of them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "grpc/proto_descriptor.h"
#include "grpc/proto_store.h"

/* Messages nested in messages. */
#define NESTED_MAX   64
#define NAME_MAX_LEN 4096
#define ONEOF_MAX    0xffff

struct features {
	bool implicit;	/* a value of 0 is not sent */
	bool closed;	/* enums */
	bool delimited; /* messages are groups */
};

/* Where a declaration stands. */
struct scope {
	struct proto_set *set;
	struct proto_span prefix; /* of full names */
	struct features features;
	unsigned int depth;
};

static bool broken(const struct scope *s, const char *what)
{
	return parse_refuse(s->set->err,
			    "%s is malformed; is it a FileDescriptorSet?",
			    what);
}

/* The last value of a field of bytes; empty: none. */
static struct proto_span bytes_of(struct proto_span s, uint32_t number)
{
	struct proto_record r;
	struct proto_span found = {NULL, 0};

	while (proto_next(&s, &r) == 1)
		if (r.number == number && r.wire == PROTO_LEN)
			found = r.data;
	return found;
}

/* prefix.name */
static bool full_name(const struct scope *s, const struct proto_span *name,
		      struct proto_span *out)
{
	const size_t dot = s->prefix.n ? 1 : 0;
	uint8_t *p;

	if (!name->n || s->prefix.n + name->n > NAME_MAX_LEN)
		return broken(s, "a name");
	p = proto_alloc(s->set, s->prefix.n + dot + name->n);
	if (!p)
		return false;
	if (dot) {
		memcpy(p, s->prefix.p, s->prefix.n);
		p[s->prefix.n] = '.';
	}
	memcpy(p + s->prefix.n + dot, name->p, name->n);
	*out = (struct proto_span){p, s->prefix.n + dot + name->n};
	return true;
}

/* The name of a type as others refer to it. */
static struct proto_span without_dot(struct proto_span s)
{
	if (s.n && *s.p == '.') {
		s.p++;
		s.n--;
	}
	return s;
}

/* Overrides features by those of a FeatureSet. */
static bool read_features(struct features *f, struct proto_span s)
{
	struct proto_record r;
	int next;

	while ((next = proto_next(&s, &r)) == 1) {
		if (r.wire != PROTO_VARINT || !r.value)
			continue;
		if (r.number == 1) /* field_presence */
			f->implicit = r.value == 2;
		else if (r.number == 2) /* enum_type */
			f->closed = r.value == 2;
		else if (r.number == 5) /* message_encoding */
			f->delimited = r.value == 2;
	}
	return !next;
}

/* "name": as JSON, or "[name]":. */
static bool set_key(struct proto_set *set, struct proto_field *f,
		    const struct proto_span *name, bool extension)
{
	struct buf text = {0}, quoted = {0};
	bool ok;

	if (extension)
		buf_add_str(&text, "[");
	buf_add(&text, name->p, name->n);
	if (extension)
		buf_add_str(&text, "]");
	json_add_string(&quoted, text.p, text.len);
	buf_add_str(&quoted, ":");
	ok = !text.failed && !quoted.failed &&
	     proto_copy(set, quoted.p, quoted.len, &f->key);
	buf_free(&text);
	buf_free(&quoted);
	return ok;
}

/* The JSON name, if the descriptor lacks it: as protoc forms it. */
static size_t camel_case(const struct proto_span *name, uint8_t *out)
{
	bool up = false;
	size_t n = 0;

	for (size_t i = 0; i < name->n; i++) {
		uint8_t c = name->p[i];

		if (c == '_') {
			up = true;
			continue;
		}
		if (up && c >= 'a' && c <= 'z')
			c = (uint8_t)(c - 'a' + 'A');
		up = false;
		out[n++] = c;
	}
	return n;
}

/* What a FieldDescriptorProto contains. */
struct field_parts {
	struct proto_span name, extendee, json_name, options;
	bool in_oneof;
};

static bool read_field_parts(struct proto_span s, struct proto_field *f,
			     struct field_parts *p)
{
	struct proto_record r;
	int next;

	memset(p, 0, sizeof(*p));
	f->oneof = -1;
	while ((next = proto_next(&s, &r)) == 1) {
		if (r.number == 1) {
			p->name = r.data;
		} else if (r.number == 2) {
			p->extendee = without_dot(r.data);
		} else if (r.number == 3) {
			f->number = r.value < 1u << 29 ? (uint32_t)r.value : 0;
		} else if (r.number == 4) { /* label */
			f->repeated = r.value == 3;
		} else if (r.number == 5) {
			f->type = r.value < 255 ? (uint8_t)r.value : 0;
		} else if (r.number == 6) {
			f->type_name = without_dot(r.data);
		} else if (r.number == 8) {
			p->options = r.data;
		} else if (r.number == 9) { /* oneof_index */
			f->oneof = (int32_t)(r.value & ONEOF_MAX);
			p->in_oneof = true;
		} else if (r.number == 10) {
			p->json_name = r.data;
		}
	}
	return !next && p->name.n && f->number && f->type >= PROTO_DOUBLE &&
	       f->type <= PROTO_SINT64;
}

/* extension: its extendee, or NULL for a member of a message. */
static bool read_field(const struct scope *s, struct proto_span data,
		       struct proto_field *f, struct proto_span *extendee)
{
	struct features features = s->features;
	struct field_parts p;
	uint8_t camel[NAME_MAX_LEN];

	if (!read_field_parts(data, f, &p) || p.name.n > NAME_MAX_LEN)
		return broken(s, "a field");
	if (!read_features(&features, bytes_of(p.options, 21)))
		return broken(s, "an option");
	if (extendee) {
		*extendee = p.extendee;
		f->oneof = -1;
		if (!full_name(s, &p.name, &p.json_name))
			return false;
	} else if (!p.json_name.n) {
		p.json_name =
			(struct proto_span){camel, camel_case(&p.name, camel)};
	}
	proto_note_oneof(s->set, f);
	if (f->type == PROTO_MESSAGE && features.delimited)
		f->type = PROTO_GROUP_TYPE;
	f->presence = extendee || p.in_oneof || !features.implicit ||
		      f->type == PROTO_MESSAGE || f->type == PROTO_GROUP_TYPE;
	return set_key(s->set, f, &p.json_name, extendee);
}

static int compare_values(const void *a, const void *b)
{
	const struct proto_enum_value *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	/* In the order of the descriptor. */
	return (x->name.p > y->name.p) - (x->name.p < y->name.p);
}

static bool read_value(struct proto_span s, struct proto_enum_value *v)
{
	struct proto_record r;
	int next;

	while ((next = proto_next(&s, &r)) == 1) {
		if (r.number == 1)
			v->name = r.data;
		else if (r.number == 2)
			v->number = (int32_t)r.value;
	}
	return !next && v->name.n;
}

static size_t count(struct proto_span s, uint32_t number)
{
	struct proto_record r;
	size_t n = 0;

	while (proto_next(&s, &r) == 1)
		n += r.number == number && r.wire == PROTO_LEN;
	return n;
}

static bool read_enum(const struct scope *s, struct proto_span data)
{
	struct proto_span name = bytes_of(data, 1), rest = data;
	struct features features = s->features;
	const size_t n = count(data, 2);
	struct proto_enum_value *values;
	struct proto_record r;
	struct proto_enum *e;
	size_t kept = 0;
	int next;

	if (!read_features(&features, bytes_of(bytes_of(data, 3), 7)))
		return broken(s, "an option");
	if (!full_name(s, &name, &name))
		return false;
	if (proto_is_special(&name))
		return true;
	e = proto_add_enum(s->set);
	values = proto_alloc(s->set, n * sizeof(*values));
	if (!e || !values)
		return false;
	e->name = name;
	e->closed = features.closed;
	e->values = values;
	while ((next = proto_next(&rest, &r)) == 1)
		if (r.number == 2 && r.wire == PROTO_LEN &&
		    !read_value(r.data, &values[e->n_values++]))
			return broken(s, "a value of an enum");
	if (next)
		return broken(s, "an enum");
	/* Of several names of a number, the first counts. */
	if (n)
		qsort(values, n, sizeof(*values), compare_values);
	for (size_t i = 0; i < n; i++)
		if (!kept || values[kept - 1].number != values[i].number)
			values[kept++] = values[i];
	e->n_values = kept;
	return true;
}

static bool read_extension(const struct scope *s, struct proto_span data)
{
	struct proto_extension *e = proto_add_extension(s->set);

	return e && read_field(s, data, &e->field, &e->extendee);
}

/* Options of a message: map_entry, features. */
static bool read_message_options(struct proto_message *m, struct scope *in,
				 struct proto_span s)
{
	struct proto_record r;
	int next;

	while ((next = proto_next(&s, &r)) == 1) {
		if (r.number == 7 && r.wire == PROTO_VARINT)
			m->map_entry = r.value;
		else if (r.number == 12 && r.wire == PROTO_LEN &&
			 !read_features(&in->features, r.data))
			return false;
	}
	return !next;
}

static bool read_message(const struct scope *s, struct proto_span data)
{
	struct proto_span name = bytes_of(data, 1), rest = data;
	const size_t n = count(data, 2);
	struct proto_message *m;
	struct scope in = *s;
	struct proto_record r;
	bool ok = true;
	int next;

	if (++in.depth > NESTED_MAX)
		return broken(s, "a message that is nested too deeply");
	if (!full_name(s, &name, &in.prefix))
		return false;
	if (proto_is_special(&in.prefix))
		return true;
	m = proto_add_message(s->set);
	if (!m)
		return false;
	m->name = in.prefix;
	m->fields = proto_alloc(s->set, n * sizeof(*m->fields));
	if (!m->fields)
		return false;
	if (!read_message_options(m, &in, bytes_of(data, 7)))
		return broken(s, "an option");
	while (ok && (next = proto_next(&rest, &r)) == 1) {
		if (r.wire != PROTO_LEN)
			continue;
		if (r.number == 2)
			ok = read_field(&in, r.data, &m->fields[m->n_fields++],
					NULL);
		else if (r.number == 3)
			ok = read_message(&in, r.data);
		else if (r.number == 4)
			ok = read_enum(&in, r.data);
		else if (r.number == 6)
			ok = read_extension(&in, r.data);
	}
	return ok && (!next || broken(s, "a message"));
}

static bool read_method(const struct scope *s, struct proto_span data)
{
	struct proto_method *m = proto_add_method(s->set);
	struct proto_span name = {NULL, 0};
	struct proto_record r;
	uint8_t *p;
	int next;

	if (!m)
		return false;
	while ((next = proto_next(&data, &r)) == 1) {
		if (r.number == 1)
			name = r.data;
		else if (r.number == 2)
			m->in_name = without_dot(r.data);
		else if (r.number == 3)
			m->out_name = without_dot(r.data);
		else if (r.number == 5)
			m->in_stream = r.value;
		else if (r.number == 6)
			m->out_stream = r.value;
	}
	if (next || !name.n)
		return broken(s, "a method");
	p = proto_alloc(s->set, s->prefix.n + 1 + name.n);
	if (!p)
		return false;
	if (s->prefix.n)
		memcpy(p, s->prefix.p, s->prefix.n);
	p[s->prefix.n] = '/';
	memcpy(p + s->prefix.n + 1, name.p, name.n);
	m->path = (struct proto_span){p, s->prefix.n + 1 + name.n};
	return true;
}

static bool read_service(const struct scope *s, struct proto_span data)
{
	struct proto_span name = bytes_of(data, 1);
	struct scope in = *s;
	struct proto_record r;
	int next;

	if (!full_name(s, &name, &in.prefix))
		return false;
	while ((next = proto_next(&data, &r)) == 1)
		if (r.number == 2 && r.wire == PROTO_LEN &&
		    !read_method(&in, r.data))
			return false;
	return !next || broken(s, "a service");
}

static bool read_file(struct proto_set *set, struct proto_span data)
{
	const struct proto_span syntax = bytes_of(data, 12);
	struct scope s = {.set = set, .prefix = bytes_of(data, 2)};
	struct proto_record r;
	bool ok = true;
	int next;

	/* Without a syntax it is proto2. */
	if (proto_span_is(&syntax, "proto3"))
		s.features = (struct features){.implicit = true};
	else if (proto_span_is(&syntax, "editions"))
		s.features = (struct features){0};
	else
		s.features = (struct features){.closed = true};
	if (!read_features(&s.features, bytes_of(bytes_of(data, 8), 50)))
		return broken(&s, "an option");
	while (ok && (next = proto_next(&data, &r)) == 1) {
		if (r.wire != PROTO_LEN)
			continue;
		if (r.number == 4)
			ok = read_message(&s, r.data);
		else if (r.number == 5)
			ok = read_enum(&s, r.data);
		else if (r.number == 6)
			ok = read_service(&s, r.data);
		else if (r.number == 7)
			ok = read_extension(&s, r.data);
	}
	return ok && (!next || broken(&s, "a file"));
}

static bool read_set(struct proto_set *set, struct proto_span data)
{
	const struct scope s = {.set = set};
	struct proto_record r;
	size_t files = 0;
	int next;

	if (!proto_add_special(set))
		return false;
	while ((next = proto_next(&data, &r)) == 1)
		if (r.number == 1 && r.wire == PROTO_LEN) {
			files++;
			if (!read_file(set, r.data))
				return false;
		}
	if (next)
		return broken(&s, "it");
	if (!files)
		return parse_refuse(set->err, "%s", "it describes no file");
	return proto_resolve(set);
}

struct proto_set *proto_set_parse(const uint8_t *p, size_t n,
				  struct parse_error *err)
{
	struct proto_set *set = calloc(1, sizeof(*set));
	struct proto_span data;

	if (!set) {
		parse_refuse(err, "%s", "out of memory");
		return NULL;
	}
	set->err = err;
	/* Names stay where they are. */
	if (!proto_copy(set, p, n, &data) || !read_set(set, data)) {
		proto_set_free(set);
		return NULL;
	}
	set->err = NULL;
	return set;
}
