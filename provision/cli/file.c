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

static int write_all(FILE *f, const struct buf *b)
{
	int rc = 0;

	errno = 0;
	if (fwrite(b->p, 1, b->len, f) != b->len)
		rc = errno ? -errno : -EIO;
	if (fclose(f) && !rc)
		rc = -errno;
	return rc;
}

/* A device, a FIFO or /dev/stdout: there is nothing to replace. */
static int write_through(const char *path, const struct buf *b)
{
	const int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	int rc;

	if (f)
		return write_all(f, b);
	rc = -errno;
	if (fd >= 0)
		close(fd);
	return rc;
}

static int replace(const char *path, const struct buf *b)
{
	char *temporary;
	FILE *f;
	int rc;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	f = create_temporary(temporary);
	rc = f ? write_all(f, b) : -errno;
	if (!rc && rename(temporary, path))
		rc = -errno;
	if (f && rc)
		unlink(temporary);
	free(temporary);
	return rc;
}

int file_replace(const char *path, const struct buf *b)
{
	struct stat st;
	char *target;
	int rc;

	if (b->failed)
		return -ENOMEM;
	if (stat(path, &st))
		return replace(path, b);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return write_through(path, b);
	/* Of a symbolic link, the target is replaced. */
	target = realpath(path, NULL);
	if (!target)
		return -errno;
	rc = replace(target, b);
	free(target);
	return rc;
}
