/* SPDX-License-Identifier: MIT */
/* Looks the sources up among the registered targets of every target group. */
#include <string.h>

#include "plan/discover.h"
#include "base/list.h"
#include "model/filter_text.h"

static bool is_source(const struct candidates *sources,
		      const struct elbv2_target_group *group, const char *id)
{
	FOREACH(src, sources) {
		const struct ec2_interface *e = src->eni;

		if (str_same(e->instance_id, id) ||
		    (str_same(e->private_ip, id) &&
		     str_same(e->vpc_id, group->vpc_id)))
			return true;
	}
	return false;
}

/* HTTP runs over TCP. UDP target groups are skipped: they include those of
 * collectors. */
static bool may_be_http(const struct elbv2_target_group *g)
{
	return str_same(g->protocol, "HTTP") ||
	       str_same(g->protocol, "HTTPS") || str_same(g->protocol, "TCP") ||
	       str_same(g->protocol, "TLS") || str_same(g->protocol, "TCP_UDP");
}

const char *discover_ports(struct arena *a, const struct inventory *inv,
			   const struct candidates *sources)
{
	struct port_list ports = {0};
	struct parse_error unused;
	const char *text = "";

	FOREACH(g, &inv->registered) {
		for (size_t k = 0; may_be_http(g->group) && k < g->targets.n;
		     k++) {
			const struct elbv2_target *t = &g->targets.items[k];

			if (t->port > 0 && t->port <= 65535 &&
			    is_source(sources, g->group, t->id))
				text = arena_printf(a, "%s%s%ld", text,
						    *text ? "," : "",
						    (long)t->port);
		}
	}
	/* Parse and format again: sorts and removes duplicates. */
	if (!*text || !filter_ports_parse(a, text, &ports, &unused))
		return NULL;
	return filter_ports_text(a, &ports);
}
