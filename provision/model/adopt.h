/* SPDX-License-Identifier: MIT */
/*
 * Resources that lost their tags. Tags are the only state, and anyone who may
 * tag a resource may remove them; but what this program creates also has a
 * description or a name that contains that of its deployment, and the resources
 * of a deployment refer to each other.
 */
#ifndef MODEL_ADOPT_H
#define MODEL_ADOPT_H

#include "model/inventory.h"

/* The tags in front of the others of an adopted resource that AWS does not have. */
#define ADOPTED_TAGS 2

/* Gives the resources in the inventory that are ours by name and by reference the
 * tags that they lack, and lists their ids in inv->adopted. In AWS nothing
 * changes. */
void inventory_adopt(struct inventory *inv);

#endif
