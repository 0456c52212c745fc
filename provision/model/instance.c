/* SPDX-License-Identifier: MIT */
/* The list of instance families in the Traffic Mirroring Guide. */
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/instance.h"

/* Families as of 2025-08-28. "m5*" matches m5, m5a, m5ad, ...: the star matches
 * letters only, so not m55. */
static const char *const families[] = {
	/* general purpose */
	"a1", "m4", "m5*", "m6a", "m6g", "m6gd", "m6i", "m6id", "m6idn", "m6in",
	"m7a", "m7g", "m7gd", "m7i", "m7i-flex", "mac1", "mac2*", "t3", "t3a",
	"t4g",
	/* compute optimised */
	"c4", "c5*", "c6a", "c6g", "c6gd", "c6gn", "c6i", "c6id", "c6in", "c7a",
	"c7g", "c7gd", "c7i", "c7i-flex",
	/* memory optimised */
	"r4", "r5*", "r6*", "r7*", "u-*", "u7i*", "x1", "x1e", "x2*", "z1d",
	/* storage optimised */
	"d2", "d3", "d3en", "h1", "i3", "i3en", "i4g", "i4i", "i7i*", "im4gn",
	"is4gen",
	/* accelerated */
	"dl1", "dl2q", "f1", "f2", "g3", "g3s", "g4ad", "g4dn", "g5", "g5g",
	"g6", "g6e", "g6f", "gr6", "gr6f", "inf1", "inf2", "p3", "p3dn", "p4d",
	"p4de", "p5", "p5e", "trn1", "trn1n", "vt1",
	/* high performance computing */
	"hpc6a", "hpc6id", "hpc7a"};

/* Families whose sizes "metal" and "metal-..." are supported too. */
static const char *const metal[] = {"m5",    "m5d",  "m6g", "m6gd", "mac1",
				    "mac2*", "a1",   "c5",  "c5d",  "c6g",
				    "c6gd",  "r5",   "r5b", "r5d",  "r6g",
				    "r6gd",  "x2gd", "z1d", "i3",   "g5g"};

/* Pre-Nitro families that the Guide names as unsupported. */
static const char *const never[] = {"t1",  "t2", "m1", "m2", "m3",  "c1", "c3",
				    "cc2", "r3", "i2", "g2", "hs1", "cr1"};

static bool matches(const char *pattern, const char *name, size_t n)
{
	size_t len = strlen(pattern);

	if (!len || pattern[len - 1] != '*')
		return len == n && !memcmp(pattern, name, n);
	len--;
	if (n < len || memcmp(pattern, name, len))
		return false;
	return n == len || pattern[len - 1] == '-' ||
	       !isdigit((unsigned char)name[len]);
}

static bool listed(const char *const *list, size_t n_list, const char *name,
		   size_t n)
{
	for (size_t i = 0; i < n_list; i++)
		if (matches(list[i], name, n))
			return true;
	return false;
}

#define LISTED(list, name, n) \
	listed(list, sizeof(list) / sizeof(*(list)), name, n)

enum instance_support instance_support(const char *type, const char **why)
{
	const char *dot = strchr(type, '.'), *unused;
	size_t n = dot ? (size_t)(dot - type) : strlen(type);

	if (!why)
		why = &unused;
	*why = "can be mirrored";
	if (LISTED(never, type, n)) {
		*why = "instances of this generation cannot be mirrored; use a Nitro type (T3 or later, M5 or later)";
		return INSTANCE_UNSUPPORTED;
	}
	if (!LISTED(families, type, n)) {
		*why = "is not in AWS's list of supported types (August 2025); AWS may refuse the session";
		return INSTANCE_NOT_LISTED;
	}
	/* High-memory families (u-*, u7i*) count as supported in every size. */
	if (dot && !strncmp(dot, ".metal", 6) && type[0] != 'u' &&
	    !LISTED(metal, type, n)) {
		*why = "bare metal sizes of this family are not in AWS's list of supported types; AWS may refuse the session";
		return INSTANCE_NOT_LISTED;
	}
	return INSTANCE_SUPPORTED;
}

unsigned long instance_size(const char *type)
{
	const char *dot = type ? strchr(type, '.') : NULL;

	if (!dot)
		return 0;
	if (!strncmp(dot, ".metal", 6))
		return 100;
	return strstr(dot, "xlarge") ? strtoul(dot + 1, NULL, 10) : 0;
}
