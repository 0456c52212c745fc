/* SPDX-License-Identifier: MIT */
/*
 * Names for the addresses that a collector sees. A VNI belongs to a deployment and
 * thus leads to the networks of its sources, in which an address is unique.
 */
#ifndef MODEL_NAMES_H
#define MODEL_NAMES_H

#include "base/buf.h"
#include "model/inventory.h"
#include "model/tags.h"

struct name_entry {
	uint32_t vni;
	const char *address; /* "10.0.0.1", "fd00::1" or "10.0.0.0/24" */
	const char *name;
	struct tag_list labels; /* keys are unique */
	const char *id;		/* of the interface or subnet */
};

struct name_list LIST_OF(struct name_entry);

/* The interfaces and subnets of every VPC with sources of the deployments, by VNI
 * and address. An address that stands for several interfaces, because two VPCs
 * of a deployment overlap, is left out and counted in *ambiguous. The strings
 * are in a and inv. */
struct name_list names_list(struct arena *a, const struct inventory *inv,
			    const struct str_list *deployments,
			    size_t *ambiguous);

/* Appends one JSON object per line. */
void names_write(struct buf *to, const struct name_list *l);

#endif
