/* SPDX-License-Identifier: MIT */
/* What there is, as people and programs want to see it. Texts live in the arena
 * that is given, or in the inventory. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "model/inventory.h"

enum view_state {
	VIEW_ACTIVE,
	VIEW_IDLE,   /* as it should be, but nothing flows now */
	VIEW_BROKEN, /* mirrored packets are lost */
};

struct session_view {
	const struct mirror_session *session;
	const char *deployment;		 /* NULL: made by somebody else */
	const struct ec2_interface *eni; /* NULL: gone */
	const char *source; /* what was asked for: "ecs:web/api", or "" */
	const char *type;   /* of that: "ECS service" */
	const char *name;   /* of the interface or its instance, or "" */
	enum view_state state;
	const char *why; /* "active", "instance stopped", "target is gone" */
};

/* AWS has no state of a session: it is what its source, filter and target are.
 * The inventory should have the health of targets. */
void view_session(struct arena *a, const struct inventory *f,
		  const struct mirror_session *s, struct session_view *out);

/* "network load balancer metlo-1a2b", "network interface eni-1 (collector)". */
const char *view_target(struct arena *a, const struct inventory *f,
			const struct mirror_target *t);

/* What a target is now, for people ("2 of 3 collectors are healthy"). */
enum view_state view_target_state(struct arena *a, const struct inventory *f,
				  const struct mirror_target *t,
				  const char **why);

/* Healthy and all targets behind a load balancer's VXLAN listener; false when
 * that was not read. */
bool view_health(const struct inventory *f, const char *load_balancer_arn,
		 size_t *healthy, size_t *all);

/* "TCP ports 80,443 of the sources, IPv4", from a spec. */
const char *view_filter(struct arena *a, const struct filter_spec *filter);

#endif
