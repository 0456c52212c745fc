/* SPDX-License-Identifier: MIT */
/*
 * Locks both the directory and the file "lock" in it, which is all that earlier
 * versions lock. Others may have put something else there; then the directory's
 * lock suffices.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/owned_file.h"
#include "delivery/spool_lock.h"

static int report(int err, const struct segment_dir *d, const char *path,
		  const struct log *log)
{
	if (err == -EWOULDBLOCK) {
		log_error(
			log,
			"spool %s: in use by another metlo-xdp: stop that one, or use another directory",
			path);
		return -EBUSY;
	}
	log_error(log, "spool %s: cannot be locked: %s", path,
		  owned_error(&d->owner, -err));
	return err;
}

static int open_lock(const struct segment_dir *d)
{
	int err = owned_enter(&d->owner), fd;

	if (err)
		return err;
	fd = openat(d->fd, "lock",
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
			    O_NOCTTY,
		    0600);
	fd = fd < 0 ? -errno : fd;
	owned_leave(&d->owner);
	return fd;
}

/* Did opening the lock fail because of what is there, while the directory itself
 * can be used? */
static bool is_foreign(const struct segment_dir *d, int err)
{
	struct stat st;

	if (fstatat(d->fd, "lock", &st, AT_SYMLINK_NOFOLLOW))
		return false;
	if (!S_ISREG(st.st_mode))
		return err != -EROFS;
	return (err == -EACCES || err == -EPERM) &&
	       !faccessat(d->fd, ".", W_OK, AT_EACCESS);
}

int spool_lock(int *fd, const struct segment_dir *d, const char *path,
	       const struct log *log)
{
	const bool locked = !flock(d->fd, LOCK_EX | LOCK_NB);

	/* Not every file system can lock a directory. */
	if (!locked && errno == EWOULDBLOCK)
		return report(-errno, d, path, log);
	*fd = open_lock(d);
	if (*fd >= 0)
		return flock(*fd, LOCK_EX | LOCK_NB)
			       ? report(-errno, d, path, log)
			       : 0;
	if (!locked || !is_foreign(d, *fd)) {
		log_error(log, "spool %s: cannot be written: %s", path,
			  owned_error(&d->owner, -*fd));
		return *fd;
	}
	log_warn(log, "spool %s/lock: cannot be used: %s: move it elsewhere",
		 path, strerror(-*fd));
	*fd = -1;
	return 0;
}
