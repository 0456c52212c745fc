/* SPDX-License-Identifier: MIT */
/* Reads the inventory from AWS. */
#ifndef MODEL_INVENTORY_LOAD_H
#define MODEL_INVENTORY_LOAD_H

#include "model/inventory.h"

/* What to load beyond what every command needs. */
struct inventory_scope {
	bool network; /* subnets, VPCs, endpoints; needed for plans */
	/* Registered targets, which takes one call per target group: of those
	 * that mirrored traffic can be forwarded to, or of all. */
	bool health, all_targets;
	/* Of our load balancers and target groups, or of the former only, which
	 * tell whether they can be deleted. */
	bool attributes, protection;
	bool rules; /* of security groups, ours only; needed for plans */
	/* Route tables if there are several VPCs; needed for plans. */
	bool routes;
	bool quotas; /* of the account; needed for plans */
	bool paths;  /* network ACLs and route tables; needed by verify */
	const struct sources
		*sources; /* load the ECS services among these; may be NULL */
	const struct sources *excluded; /* likewise */
	bool own_sources; /* and those of every existing deployment */
};

/* Loads inv (overwriting it). progress, if not NULL, is called before each part
 * with what is about to be read. On failure inv is left empty. */
int inventory_load(struct inventory *inv, struct aws_client *c,
		   const struct inventory_scope *scope,
		   void (*progress)(void *ctx, const char *what), void *ctx,
		   struct aws_error *err);

#endif
