/* SPDX-License-Identifier: MIT */
/* Which instance types support Traffic Mirroring. No API reports this, so the
 * list comes from the Traffic Mirroring Guide; a type missing from it yields a
 * warning and is tried anyway. */
#ifndef MODEL_INSTANCE_H
#define MODEL_INSTANCE_H

enum instance_support {
	INSTANCE_SUPPORTED,
	INSTANCE_NOT_LISTED, /* newer than the list, or not an instance type */
	INSTANCE_UNSUPPORTED /* documented as unsupported */
};

/* type: "m5.large". *why, if why is not NULL, is set to a static explanation
 * for display. */
enum instance_support instance_support(const char *type, const char **why);

/* The size of an instance type as a multiple of xlarge; metal counts as 100, what
 * is smaller as 0. */
unsigned long instance_size(const char *type);

#endif
