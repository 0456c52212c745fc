/* SPDX-License-Identifier: MIT */
/*
 * Distinguishes a spool from a directory that was named by mistake. Entries of others in
 * a spool are ignored; in any other directory they are a reason not to use it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/control.h"
#include "delivery/segment.h"
#include "delivery/spool_dir.h"

/* A segment or its acknowledgements. */
static bool is_ours(const char *name)
{
	uint64_t seq;
	size_t n = strlen(name);
	char copy[64];

	if (n > 5 && n < sizeof(copy) && !strcmp(name + n - 5, ".acks")) {
		snprintf(copy, sizeof(copy), "%.*s.spool", (int)n - 5, name);
		name = copy;
	}
	return segment_is_name(name, &seq);
}

/* In any directory: "lost+found" is in the root of a file system. */
static bool is_neutral(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..") ||
	       !strcmp(name, "lock") || !strcmp(name, "lost+found");
}

/* Is there a lock as a spool has it? It is all that remains once everything was
 * delivered. Other programs' locks are usually readable for everyone. */
static bool has_lock(DIR *d)
{
	struct stat st;

	return !fstatat(dirfd(d), "lock", &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISREG(st.st_mode) && !st.st_size && !(st.st_mode & 077);
}

void spool_dir_scan(struct spool_others *o, DIR *d)
{
	struct dirent *e;

	*o = (struct spool_others){.in_spool = has_lock(d)};
	while ((e = readdir(d))) {
		if (is_neutral(e->d_name))
			continue;
		if (is_ours(e->d_name))
			o->in_spool = true;
		else if (!o->n++)
			control_escape(o->example, sizeof(o->example),
				       e->d_name, false);
	}
}
