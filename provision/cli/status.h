/* SPDX-License-Identifier: MIT */
/*
 * Whether traffic is mirrored now. AWS reports no state for a session; it is
 * derived from its source, filter and target in the inventory, which should have
 * been loaded with the health of targets.
 */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include "model/inventory.h"

enum mirroring_state {
	MIRRORING_ACTIVE,
	MIRRORING_IDLE,	  /* set up correctly, but no packets flow now */
	MIRRORING_BROKEN, /* mirrored packets are lost */
};

/* Strings belong to the arena or the inventory. */
struct session_status {
	const struct mirror_session *session;
	const char *deployment; /* NULL if metlo-mirror did not create it */
	const struct ec2_interface *eni; /* NULL if it no longer exists */
	const char *source; /* the requested source, "ecs:web/api", or "" */
	const char *type;   /* type of that source: "ECS service" */
	const char *name;   /* of the interface or its instance, or "" */
	enum mirroring_state state;
	const char *why; /* "active", "instance stopped", ... */
};

void status_session(struct arena *a, const struct inventory *inv,
		    const struct mirror_session *s, struct session_status *out);

/* The number of sessions that belong to a deployment. */
size_t status_count_sessions(const struct inventory *inv,
			     const char *deployment);

/* The state of a target, with a text such as "2 of 3 collectors healthy". */
enum mirroring_state status_target(struct arena *a, const struct inventory *inv,
				   const struct mirror_target *t,
				   const char **why);

#endif
