/* SPDX-License-Identifier: MIT */
/* The kernel features that metlo-xdp depends on. */
#ifndef CAPTURE_FEATURES_H
#define CAPTURE_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

#define FEATURES_KERNEL "6.1"

struct feature {
	const char *name;
	const char *since; /* kernel version */
	int present;	   /* 1 yes, 0 no, or a negative errno: the probe
			    * failed, usually for lack of privileges */
};

#define FEATURES_MAX 8

/* Probes each feature and returns their number. Takes milliseconds. */
size_t features_probe(struct feature out[FEATURES_MAX]);

/* Whether a release such as "6.1.0-13-amd64" is at least major.minor. */
bool features_release_at_least(const char *release, unsigned int major,
			       unsigned int minor);

/* Whether features are known to be missing; lists their names and versions,
 * separated by ", ". */
bool features_missing(char *out, size_t size);

#endif
