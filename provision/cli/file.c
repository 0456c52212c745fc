/* SPDX-License-Identifier: MIT */
/* Files that other programs read while they are replaced. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/file.h"

/* Creates a file under an unpredictable name, because other users may be able to
 * create links in the directory. name is a template of mkostemp(). */
static FILE *create_temporary(char *name)
{
	const mode_t mask = umask(0077);
	const int fd = mkostemp(name, O_CLOEXEC);
	FILE *f;

	umask(mask);
	if (fd < 0)
		return NULL;
	f = fchmod(fd, 0666 & ~mask) ? NULL : fdopen(fd, "w");
	if (!f) {
		close(fd);
		unlink(name);
	}
	return f;
}

int file_replace(const char *path, const struct buf *b)
{
	char *temporary;
	FILE *f;
	int rc = 0;

	if (b->failed || asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	f = create_temporary(temporary);
	if (!f)
		rc = -errno;
	if (f && fwrite(b->p, 1, b->len, f) != b->len)
		rc = -EIO;
	if (f && fclose(f) && !rc)
		rc = -errno;
	if (!rc && rename(temporary, path))
		rc = -errno;
	if (f && rc)
		unlink(temporary);
	free(temporary);
	return rc;
}
