/* SPDX-License-Identifier: MIT */
/* Which instance types can be mirrored. No API says so: this is the list of the
 * Traffic Mirroring Guide, so that what is not in it gives a warning and is
 * tried anyway. */
#ifndef MODEL_INSTANCE_H
#define MODEL_INSTANCE_H

enum instance_support {
	INSTANCE_SUPPORTED,
	INSTANCE_NOT_LISTED, /* newer than the list, or not a type at all */
	INSTANCE_UNSUPPORTED /* known not to be mirrored */
};

/* type: "m5.large". *why, if not NULL, is set to a static text for people. */
enum instance_support instance_support(const char *type, const char **why);

#endif
