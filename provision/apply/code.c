/* SPDX-License-Identifier: MIT */
/* Resources are named after their position in the plan: the same plan yields the
 * same names. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "apply/code.h"
#include "base/control.h"
#include "base/json.h"
#include "base/list.h"

void code_add(struct code *c, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	buf_add_str(c->b, text);
}

/* In HCL, "${" and "%{" would start a template expression; \uXXXX is the same as
 * in JSON. */
void code_string(struct code *c, const char *s)
{
	const char *end;

	s = s ? s : "";
	if (c->language == CLOUDFORMATION) {
		json_add_string(c->b, s, strlen(s));
		return;
	}
	buf_add_str(c->b, "\"");
	for (end = s + strlen(s); s < end; s++) {
		unsigned int n = control_length((const uint8_t *)s,
						(const uint8_t *)end);
		uint8_t escape[CONTROL_ESCAPE];

		if (n && *s != '\n') {
			control_put(escape, (const uint8_t *)s, n);
			buf_add(c->b, escape, sizeof(escape));
			s += n - 1;
			continue;
		}
		if (*s == '"' || *s == '\\')
			buf_add_str(c->b, "\\");
		else if ((*s == '$' || *s == '%') && s[1] == '{')
			buf_add(c->b, s, 1);
		if (*s == '\n')
			buf_add_str(c->b, "\\n");
		else
			buf_add(c->b, s, 1);
	}
	buf_add_str(c->b, "\"");
}

static const struct step_ops *ops_of(const struct code *c, int step)
{
	return step_ops(c->plan->steps.items[step].type);
}

void code_name(struct code *c, int step)
{
	if (c->language == TERRAFORM)
		code_add(c, "%s.metlo_%d", ops_of(c, step)->terraform.type,
			 step + 1);
	else
		code_add(c, "%s%d", ops_of(c, step)->cloudformation.name,
			 step + 1);
}

void code_begin(struct code *c, int i, size_t part)
{
	if (c->language == TERRAFORM) {
		code_add(c, "\nresource \"%s\" \"metlo_%d",
			 ops_of(c, i)->terraform.type, i + 1);
		if (part)
			code_add(c, "_%zu", part + 1);
		code_add(c, "\" {\n");
		return;
	}
	code_add(c, "%s\n    \"", c->any_resource ? "," : "");
	code_name(c, i);
	if (part)
		code_add(c, "x%zu", part + 1);
	code_add(c, "\": {\n      \"Type\": \"AWS::%s\"",
		 ops_of(c, i)->cloudformation.type);
	if (c->depends_on >= 0) {
		code_add(c, ",\n      \"DependsOn\": \"");
		code_name(c, c->depends_on);
		code_add(c, "\"");
	}
	code_add(c, ",\n      \"Properties\": {");
	c->any_resource = true;
	c->any_property = false;
}

void code_end(struct code *c)
{
	if (c->language == CLOUDFORMATION) {
		code_add(c, "\n      }\n    }");
	} else {
		if (c->depends_on >= 0) {
			code_add(c, "  depends_on = [");
			code_name(c, c->depends_on);
			code_add(c, "]\n");
		}
		code_add(c, "}\n");
	}
	c->depends_on = -1;
}

/* A line "key = value" whose value ends in the same line. */
struct assignment {
	size_t indent;	/* columns */
	size_t end;	/* bytes before " = " */
	size_t columns; /* of the key */
};

static bool read_assignment(const char *line, size_t n, struct assignment *a)
{
	size_t at;

	a->indent = 0;
	while (a->indent < n && line[a->indent] == ' ')
		a->indent++;
	at = a->indent;
	if (at < n && line[at] == '"') {
		/* A quotation mark within a string is escaped. */
		for (at++; at < n && line[at] != '"'; at++)
			at += line[at] == '\\';
		at++;
	} else {
		while (at < n && line[at] != ' ')
			at++;
	}
	a->end = at;
	a->columns = 0;
	for (size_t i = a->indent; i < at && i < n; i++)
		a->columns += ((uint8_t)line[i] & 0xc0) != 0x80;
	return at + 3 < n && !strncmp(line + at, " = ", 3) &&
	       line[n - 1] != '{';
}

/* The columns of the longest key of the assignments that follow each other from
 * text on, all in one block. */
static size_t run_columns(const char *text, size_t indent)
{
	struct assignment a;
	size_t columns = 0;

	for (;;) {
		size_t n = strcspn(text, "\n");

		if (!read_assignment(text, n, &a) || a.indent != indent)
			return columns;
		columns = a.columns > columns ? a.columns : columns;
		text += n + (text[n] != 0);
	}
}

void code_align(struct buf *out, const char *text)
{
	size_t columns = 0;
	bool in_run = false;

	while (*text) {
		size_t n = strcspn(text, "\n"), all = n + (text[n] != 0);
		struct assignment a;
		bool assigns = read_assignment(text, n, &a);

		if (assigns && !in_run)
			columns = run_columns(text, a.indent);
		in_run = assigns;
		buf_add(out, text, assigns ? a.end : all);
		for (size_t i = a.columns; assigns && i < columns; i++)
			buf_add_str(out, " ");
		if (assigns)
			buf_add(out, text + a.end, all - a.end);
		text += all;
	}
}

void code_key(struct code *c, const char *cfn)
{
	code_add(c, "%s\n        \"%s\": ", c->any_property ? "," : "", cfn);
	c->any_property = true;
}

/* Starts a property; false if the language has no name for it. */
static bool begin_property(struct code *c, const char *tf, const char *cfn)
{
	const char *name = c->language == TERRAFORM ? tf : cfn;

	if (name && c->language == TERRAFORM)
		code_add(c, "  %s = ", name);
	else if (name)
		code_key(c, name);
	return name != NULL;
}

static void end_property(struct code *c)
{
	if (c->language == TERRAFORM)
		code_add(c, "\n");
}

void code_text(struct code *c, const char *tf, const char *cfn,
	       const char *value)
{
	if (!begin_property(c, tf, cfn))
		return;
	code_string(c, value);
	end_property(c);
}

void code_number(struct code *c, const char *tf, const char *cfn,
		 unsigned int value)
{
	if (!begin_property(c, tf, cfn))
		return;
	code_add(c, "%u", value);
	end_property(c);
}

void code_ref_value(struct code *c, struct ref r)
{
	const char *attribute;

	if (r.step < 0) {
		code_string(c, r.id);
		return;
	}
	if (c->language == TERRAFORM) {
		attribute = ops_of(c, r.step)->terraform.ref;
		code_name(c, r.step);
		code_add(c, ".%s", attribute ? attribute : "id");
		return;
	}
	attribute = ops_of(c, r.step)->cloudformation.ref;
	code_add(c, attribute ? "{\"Fn::GetAtt\": [\"" : "{\"Ref\": \"");
	code_name(c, r.step);
	if (attribute)
		code_add(c, "\", \"%s\"]}", attribute);
	else
		code_add(c, "\"}");
}

void code_ref(struct code *c, const char *tf, const char *cfn, struct ref r)
{
	if (!begin_property(c, tf, cfn))
		return;
	code_ref_value(c, r);
	end_property(c);
}

void code_texts(struct code *c, const char *tf, const char *cfn,
		const struct str_list *l)
{
	if (!begin_property(c, tf, cfn))
		return;
	code_add(c, "[");
	FOREACH(s, l) {
		code_add(c, s == l->items ? "" : ", ");
		code_string(c, *s);
	}
	code_add(c, "]");
	end_property(c);
}

void code_ports(struct code *c, const char *tf, const char *cfn,
		const struct port_range *r)
{
	if (c->language == TERRAFORM) {
		code_add(c,
			 "  %s {\n    from_port = %u\n    to_port = %u\n  }\n",
			 tf, r->from, r->to);
		return;
	}
	code_key(c, cfn);
	code_add(c, "{\"FromPort\": %u, \"ToPort\": %u}", r->from, r->to);
}

static void add_pair(struct code *c, bool first, const char *key,
		     const char *value)
{
	code_add(c, "%s{\"Key\": ", first ? "" : ", ");
	code_string(c, key);
	code_add(c, ", \"Value\": ");
	code_string(c, value);
	code_add(c, "}");
}

void code_pairs(struct code *c, const char *cfn, const struct tag_list *l)
{
	code_key(c, cfn);
	code_add(c, "[");
	FOREACH(tag, l)
		add_pair(c, tag == l->items, tag->key, tag->value);
	code_add(c, "]");
}

static void add_tag(struct code *c, const char *key, const char *value)
{
	code_add(c, "    ");
	code_string(c, key);
	code_add(c, " = ");
	code_string(c, value);
	code_add(c, "\n");
}

/* Marks the resource as managed by the code, so that sync leaves it alone. */
void code_tags(struct code *c, const struct tag_list *l)
{
	if (c->language == CLOUDFORMATION) {
		code_key(c, "Tags");
		code_add(c, "[");
		add_pair(c, true, TAG_MANAGED_BY, "cloudformation");
		FOREACH(tag, l)
			add_pair(c, false, tag->key, tag->value);
		code_add(c, "]");
		return;
	}
	code_add(c, "  tags = {\n");
	FOREACH(tag, l)
		add_tag(c, tag->key, tag->value);
	add_tag(c, TAG_MANAGED_BY, "terraform");
	code_add(c, "  }\n");
}
