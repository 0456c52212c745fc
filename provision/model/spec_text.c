/* SPDX-License-Identifier: MIT */
/*
 * The spec as text: "v=1 source=i-1 source=tag:Env=prod port=80 ...". Spaces
 * inside values, and characters that tags do not allow, are escaped as @XX.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "model/spec_text.h"
#include "base/list.h"
#include "model/filter_text.h"

#define VERSION "1"

static const char *escape(struct arena *a, const char *s)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = strlen(s);
	char *text = arena_alloc(a, 3 * n + 1), *w = text;

	if (!text)
		return "";
	for (; *s; s++) {
		uint8_t c = (uint8_t)*s;

		if ((c < 0x80 && isalnum(c)) || strchr("._:/=+-", c)) {
			*w++ = (char)c;
		} else {
			*w++ = '@';
			*w++ = hex[c >> 4];
			*w++ = hex[c & 15];
		}
	}
	*w = 0;
	return text;
}

static const char *unescape(struct arena *a, const char *s, size_t n)
{
	char *text = arena_alloc(a, n + 1), *w = text;

	if (!text)
		return "";
	for (size_t i = 0; i < n; i++) {
		int hi, lo;

		if (s[i] != '@') {
			*w++ = s[i];
			continue;
		}
		hi = i + 2 < n ? parse_hex_digit((uint8_t)s[i + 1]) : -1;
		lo = i + 2 < n ? parse_hex_digit((uint8_t)s[i + 2]) : -1;
		if (hi < 0 || lo < 0 || !(hi << 4 | lo))
			return NULL;
		*w++ = (char)(hi << 4 | lo);
		i += 2;
	}
	return text;
}

static const char *item(struct arena *a, const char *text, const char *key,
			const char *value)
{
	return arena_printf(a, "%s%s%s=%s", text, *text ? " " : "", key,
			    escape(a, value));
}

static const char *items(struct arena *a, const char *text, const char *key,
			 const struct str_list *l)
{
	FOREACH(value, l)
		text = item(a, text, key, *value);
	return text;
}

static const char *target_text(struct arena *a, const struct target_spec *t)
{
	if (t->type != TARGET_NLB || !strncmp(t->id, "arn:", 4))
		return t->id;
	return *t->id ? arena_printf(a, "nlb:%s", t->id) : "nlb:new";
}

const char *spec_encode(struct arena *a, const struct spec *s)
{
	const struct filter_spec *f = &s->filter;
	const char *text = item(a, "", "v", VERSION);
	char cidr[CIDR_TEXT_MAX];

	FOREACH(src, &s->sources)
		text = item(a, text, "source", src->text);
	FOREACH(src, &s->excluded)
		text = item(a, text, "exclude", src->text);
	FOREACH(r, &f->ports) {
		struct port_list one = {r, 1};

		text = item(a, text, "port", filter_ports_text(a, &one));
	}
	text = item(a, text, "side", filter_side_text(f->side));
	text = item(a, text, "protocol", filter_protocol_text(f->protocol));
	text = item(a, text, "ip",
		    f->families == FILTER_IPV4	 ? "4"
		    : f->families == FILTER_IPV6 ? "6"
						 : "46");
	FOREACH(peer, &f->peers)
		text = item(a, text, "peer", cidr_text(peer, cidr));
	text = item(a, text, "target", target_text(a, &s->target));
	text = items(a, text, "collector", &s->target.collectors);
	text = items(a, text, "subnet", &s->target.subnets);
	if (s->vni)
		text = item(a, text, "vni", arena_printf(a, "%u", s->vni));
	if (s->packet_length)
		text = item(a, text, "length",
			    arena_printf(a, "%u", s->packet_length));
	if (s->open_groups)
		text = item(a, text, "groups", "open");
	FOREACH(tag, &s->tags)
		text = item(a, text, "tag",
			    arena_printf(a, "%s=%s", tag->key, tag->value));
	return text;
}

static bool add_source(struct arena *a, const char *v, struct sources *l,
		       struct parse_error *err)
{
	struct source source, *to;

	if (!source_parse(a, v, &source, err))
		return false;
	to = ARENA_ADD(a, l);
	if (to)
		*to = source;
	return to || parse_refuse(err, "out of memory");
}

static bool add_port(struct arena *a, const char *v, struct spec *s,
		     struct parse_error *err)
{
	struct port_list more = {0};
	struct port_range *to;

	if (!filter_ports_parse(a, v, &more, err))
		return false;
	FOREACH(range, &more) {
		to = ARENA_ADD(a, &s->filter.ports);
		if (!to)
			return parse_refuse(err, "out of memory");
		*to = *range;
	}
	return true;
}

static bool add_tag(struct arena *a, const char *v, struct tag_list *l,
		    struct parse_error *err)
{
	struct aws_new_tag tag;

	if (!tags_parse(a, v, &tag, err))
		return false;
	tags_add(a, l, tag.key, tag.value);
	return true;
}

static bool set_number(const char *v, uint32_t max, uint32_t *to,
		       struct parse_error *err)
{
	uint64_t n;

	if (!parse_number(v, 1, max, &n, err))
		return false;
	*to = (uint32_t)n;
	return true;
}

static bool set_families(const char *v, unsigned int *to,
			 struct parse_error *err)
{
	if (strcmp(v, "4") && strcmp(v, "6") && strcmp(v, "46"))
		return parse_refuse(err, "ip=%.20s is not one of 4, 6, 46", v);
	*to = (strchr(v, '4') ? FILTER_IPV4 : 0) |
	      (strchr(v, '6') ? FILTER_IPV6 : 0);
	return true;
}

static bool decode_item(struct arena *a, const char *key, const char *v,
			struct spec *s, struct parse_error *err)
{
	struct filter_spec *f = &s->filter;

	if (!strcmp(key, "v"))
		return !strcmp(v, VERSION) ||
		       parse_refuse(
			       err,
			       "this deployment was created by a newer metlo-mirror (spec version %.20s); upgrade metlo-mirror",
			       v);
	if (!strcmp(key, "source"))
		return add_source(a, v, &s->sources, err);
	if (!strcmp(key, "exclude"))
		return add_source(a, v, &s->excluded, err);
	if (!strcmp(key, "port"))
		return add_port(a, v, s, err);
	if (!strcmp(key, "side"))
		return filter_side_parse(v, &f->side, err);
	if (!strcmp(key, "protocol"))
		return filter_protocol_parse(v, &f->protocol, err);
	if (!strcmp(key, "ip"))
		return set_families(v, &f->families, err);
	if (!strcmp(key, "peer"))
		return cidr_list_parse(a, v, &f->peers, err);
	if (!strcmp(key, "target"))
		return target_parse(a, v, &s->target, err);
	if (!strcmp(key, "tag"))
		return add_tag(a, v, &s->tags, err);
	if (!strcmp(key, "collector"))
		str_list_add(a, &s->target.collectors, v);
	else if (!strcmp(key, "subnet"))
		str_list_add(a, &s->target.subnets, v);
	else if (!strcmp(key, "vni"))
		return set_number(v, VNI_MAX, &s->vni, err);
	else if (!strcmp(key, "length"))
		return set_number(v, 65535, &s->packet_length, err);
	else if (!strcmp(key, "groups"))
		s->open_groups = !strcmp(v, "open");
	else
		return parse_refuse(err, "unknown item \"%.40s\" in the spec",
				    key);
	return true;
}

bool spec_decode(struct arena *a, const char *text, struct spec *out,
		 struct parse_error *err)
{
	struct spec s = {.name = out->name ? out->name : "",
			 .filter = {.side = FILTER_SERVER,
				    .protocol = FILTER_TCP,
				    .families = FILTER_IPV4},
			 .target = {.id = ""}};
	const char *key, *value, *equals;

	if (strncmp(text, "v=", 2))
		return parse_refuse(err, "the tags contain no valid spec");
	for (;;) {
		size_t n;

		text += strspn(text, " ");
		if (!*text)
			break;
		n = strcspn(text, " ");
		equals = memchr(text, '=', n);
		if (!equals)
			return parse_refuse(
				err, "\"%.40s\" in the spec has no value",
				text);
		key = arena_dup_n(a, text, (size_t)(equals - text));
		value = unescape(a, equals + 1,
				 n - (size_t)(equals - text) - 1);
		if (!value)
			return parse_refuse(
				err, "\"%.40s\" in the spec is malformed",
				text);
		if (!decode_item(a, key, value, &s, err))
			return false;
		text += n;
	}
	if (a->failed)
		return parse_refuse(err, "out of memory");
	*out = s;
	return true;
}
