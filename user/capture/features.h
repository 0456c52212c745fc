/* SPDX-License-Identifier: MIT */
/* The kernel features that metlo-xdp stands on. */
#ifndef CAPTURE_FEATURES_H
#define CAPTURE_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

#define FEATURES_KERNEL "6.1"

struct feature {
	const char *name;
	const char *since; /* kernel version */
	int present;	   /* 1 yes, 0 no, else a negative errno: could not
			    * be found out, for want of privileges mostly */
};

#define FEATURES_MAX 8

/* Asks the kernel for each. Returns how many. Takes milliseconds. */
size_t features_probe(struct feature out[FEATURES_MAX]);

/* True for a release ("6.1.0-13-amd64") of at least major.minor. */
bool features_release_at_least(const char *release, unsigned int major,
			       unsigned int minor);

/* The features that are surely missing, by name and version, separated by
 * ", "; false if none is. */
bool features_missing(char *out, size_t size);

#endif
