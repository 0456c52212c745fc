/* SPDX-License-Identifier: MIT */
/*
 * Turns settings into a spec. The command line wins over what the deployment has;
 * options that were not given leave the spec as it is.
 */
#include <string.h>

#include "base/list.h"
#include "base/parse.h"
#include "cli/request.h"
#include "model/filter_text.h"

struct spec request_defaults(const char *name)
{
	return (struct spec){.name = name,
			     .filter = {.side = FILTER_SERVER,
					.protocol = FILTER_TCP,
					.families = FILTER_IPV4},
			     .target = {.id = ""}};
}

static bool add_sources(struct arena *a, const struct string_list *l,
			struct sources *out, struct parse_error *err)
{
	if (l->n)
		*out = (struct sources){0};
	for (unsigned int i = 0; i < l->n; i++) {
		struct source source, *to;
		bool known = false;

		if (!source_parse(a, l->item[i], &source, err))
			return false;
		FOREACH(present, out)
			known |= !strcmp(present->text, source.text);
		to = known ? NULL : ARENA_ADD(a, out);
		if (to)
			*to = source;
	}
	return true;
}

static struct str_list copy_list(struct arena *a, const struct string_list *l)
{
	struct str_list out = {0};

	for (unsigned int i = 0; i < l->n; i++)
		str_list_add(a, &out, l->item[i]);
	return out;
}

static bool set_target(struct arena *a, const struct cli_settings *s,
		       struct spec *spec, struct parse_error *err)
{
	struct target_spec *t = &spec->target;

	if (s->target) {
		struct target_spec to = {0};

		if (!target_parse(a, s->target, &to, err))
			return false;
		/* A deployment that keeps a load balancer of its own keeps its
		 * collectors and subnets; "nlb:NAME" may name that one. */
		if (to.type == TARGET_NLB && t->type == TARGET_NLB &&
		    str_empty(t->id)) {
			to.collectors = t->collectors;
			to.subnets = t->subnets;
		}
		if (to.type == TARGET_PLACED)
			to.collectors = t->collectors;
		*t = to;
	}
	if (s->collectors.n)
		t->collectors = copy_list(a, &s->collectors);
	if (s->subnets.n)
		t->subnets = copy_list(a, &s->subnets);
	if (t->type == TARGET_PLACED && !s->subnets.n)
		return true;
	if ((s->collectors.n || s->subnets.n) &&
	    (t->type != TARGET_NLB || !str_empty(t->id)))
		return parse_refuse(
			err,
			"--collector and --subnet require a load balancer created by metlo-mirror (--target nlb:new), --collector also --target eni:auto");
	return true;
}

static bool set_peers(struct arena *a, const struct string_list *l,
		      struct spec *spec, struct parse_error *err)
{
	if (l->n)
		spec->filter.peers = (struct cidr_list){0};
	for (unsigned int i = 0; i < l->n; i++)
		if (strcmp(l->item[i], "any") != 0 &&
		    !cidr_list_parse(a, l->item[i], &spec->filter.peers, err))
			return false;
	return true;
}

static bool set_filter(struct arena *a, const struct cli_settings *s,
		       struct spec *spec, struct parse_error *err)
{
	struct filter_spec *f = &spec->filter;

	/* "auto" needs the inventory and is resolved when planning. */
	if (s->ports && strcmp(s->ports, PORTS_AUTO) != 0) {
		f->ports = (struct port_list){0};
		if (!filter_ports_parse(a, s->ports, &f->ports, err))
			return false;
	}
	if (s->side && !filter_side_parse(s->side, &f->side, err))
		return false;
	if (s->protocol &&
	    !filter_protocol_parse(s->protocol, &f->protocol, err))
		return false;
	if (s->ip && strcmp(s->ip, "auto") != 0)
		f->families = (strchr(s->ip, '4') ? FILTER_IPV4 : 0) |
			      (strchr(s->ip, '6') ? FILTER_IPV6 : 0);
	if (!set_peers(a, &s->peers, spec, err))
		return false;
	/* "all" includes protocols without ports. */
	if (s->ports && !f->ports.n && !s->protocol &&
	    strcmp(s->ports, PORTS_AUTO) != 0)
		f->protocol = FILTER_ANY_PROTOCOL;
	/* Ports were given for a filter without any: back to TCP. */
	if (s->ports && f->ports.n && !s->protocol &&
	    f->protocol == FILTER_ANY_PROTOCOL)
		f->protocol = FILTER_TCP;
	return true;
}

bool request_packet_length(const char *text, uint32_t *out,
			   struct parse_error *err)
{
	uint64_t bytes = 0;

	if (strcmp(text, "all") != 0 &&
	    !parse_number(text, 0, 65535, &bytes, err))
		return false;
	*out = (uint32_t)bytes;
	return true;
}

/* "none" stands for an empty list. Of equal keys the last wins. */
static bool set_tags(struct arena *a, const struct string_list *l,
		     struct tag_list *out, struct parse_error *err)
{
	if (l->n)
		*out = (struct tag_list){0};
	for (unsigned int i = 0; i < l->n; i++) {
		struct aws_new_tag tag, *present = NULL;

		if (!strcmp(l->item[i], "none"))
			continue;
		if (!tags_parse(a, l->item[i], &tag, err))
			return false;
		FOREACH(t, out)
			if (!strcmp(t->key, tag.key))
				present = t;
		if (present)
			*present = tag;
		else
			tags_add(a, out, tag.key, tag.value);
	}
	return true;
}

bool request_apply(struct arena *a, const struct cli_settings *s,
		   struct spec *spec, struct parse_error *err)
{
	if (!add_sources(a, &s->sources, &spec->sources, err) ||
	    !add_sources(a, &s->excluded, &spec->excluded, err) ||
	    !set_target(a, s, spec, err) || !set_filter(a, s, spec, err) ||
	    !set_tags(a, &s->tags, &spec->tags, err))
		return false;
	if (s->vni)
		spec->vni = s->vni;
	if (s->packet_length &&
	    !request_packet_length(s->packet_length, &spec->packet_length, err))
		return false;
	spec->open_groups |= s->open_groups;
	return true;
}

bool request_given(const struct cli_settings *s)
{
	return s->sources.n || s->excluded.n || s->target || s->ports ||
	       s->collectors.n || s->subnets.n || s->peers.n || s->side ||
	       s->protocol || s->ip || s->vni || s->packet_length ||
	       s->open_groups || s->tags.n;
}

const char *request_missing(struct arena *a, const struct cli_settings *s,
			    const struct spec *spec, bool exists)
{
	struct str_list l = {0};

	if (!spec->sources.n)
		str_list_add(a, &l, "--source");
	if (!exists && !s->target)
		str_list_add(a, &l, "--target");
	if (!exists && !s->ports)
		str_list_add(a, &l, "--ports");
	return l.n ? str_list_text(a, &l, 9) : NULL;
}
