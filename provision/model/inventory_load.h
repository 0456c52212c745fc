/* SPDX-License-Identifier: MIT */
/* Reads the inventory from AWS. */
#ifndef MODEL_INVENTORY_LOAD_H
#define MODEL_INVENTORY_LOAD_H

#include "model/inventory.h"

/* What inventory_load() is to read beyond what every command looks at. */
struct inventory_scope {
	bool network; /* subnets, VPCs, endpoints: for plans */
	bool health;  /* targets of every target group */
	bool paths;   /* network ACLs and route tables: for verify */
	const struct sources *sources;	/* ECS services among them; or NULL */
	const struct sources *excluded; /* the same */
	bool own_sources; /* and those of all deployments that there are */
};

/* Reads inv (which is overwritten). progress, if not NULL, is told what is being
 * read. On failure inv is empty. */
int inventory_load(struct inventory *inv, struct aws_client *c,
		   const struct inventory_scope *wanted,
		   void (*progress)(void *ctx, const char *what), void *ctx,
		   struct aws_error *err);

#endif
