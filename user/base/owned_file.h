/* SPDX-License-Identifier: MIT */
/*
 * Files that root opens for writing on behalf of the user it becomes later. That
 * user must gain nothing from links, FIFOs or renames in directories it controls:
 * there, files are opened with its permissions, never with root's.
 */
#ifndef BASE_OWNED_FILE_H
#define BASE_OWNED_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* The user who will own the files. Zero-initialised: files are opened as the
 * current user and keep their owner. */
struct owner {
	bool change;
	uid_t uid;
	gid_t gid;
};

/* Who else may use files that are created. Zero-initialised: nobody, mode 0600. */
struct file_access {
	mode_t mode; /* 0: not given */
	bool has_group;
	gid_t group;
};

/* The directory and the last component of a path. */
struct owned_place {
	int dir;       /* O_PATH; the caller closes it */
	bool as_owner; /* others than root can change the directory */
	bool magic;    /* in /proc: the last component may be a magic link */
	char name[PATH_MAX];
};

/*
 * Gives the calling thread the file access of the owner until owned_leave():
 * user, group and no other groups. No effect without owner->change or without
 * root. The supplementary groups of the thread are not restored. 0 or -errno.
 */
int owned_enter(const struct owner *owner);
void owned_leave(const struct owner *owner);

/*
 * Resolves all but the last component of path, for an owner with change set.
 * Directories that only root can change are resolved as root, including symbolic
 * links in them; everything after the first other directory as the owner. In a
 * sticky directory (/tmp), this depends on the owner of the entry. Without
 * owner->change, a symbolic link there is refused: -ELOOP. 0 or -errno.
 */
int owned_locate(const struct owner *owner, const char *path,
		 struct owned_place *place);

/*
 * Opens place, never through a symbolic link. flags are those of open(2); with
 * O_CREAT the file must not exist (O_EXCL) and gets the mode and the owner. A
 * descriptor or -errno. -ELOOP: a symbolic link.
 */
int owned_open_at(const struct owner *owner, const struct owned_place *place,
		  int flags, mode_t mode);

/*
 * Opens the regular file path without waiting, creating it with mode 0600 if
 * necessary. If root acts for another user, *place is where it is, and the caller
 * closes place->dir; else place->dir is -1. A descriptor or -errno; *regular is
 * false if something else is there, which was not opened.
 */
int owned_open_regular(const struct owner *owner, const char *path, int flags,
		       struct owned_place *place, bool *regular);

/* Opens path, creating it if necessary, and truncates it if it is a regular
 * file. Never waits for the reader of a FIFO. A descriptor or -errno. */
int owned_open_truncated(const struct owner *owner, const char *path);

/*
 * Opens the directory path, creating it if necessary with mode 0700. *root_only:
 * none but root can have changed its contents. A descriptor or -errno.
 */
int owned_open_directory(const struct owner *owner, const char *path,
			 bool *root_only);

/*
 * Gives a directory for which root_only was set, and the regular files in it, to
 * the owner. Files with several hard links are not touched: -EMLINK. 0 or
 * -errno.
 */
int owned_hand_over(const struct owner *owner, int dir_fd);

/*
 * Gives an open regular file the mode and group of a, those that are given. Only a
 * file of the owner is changed: -EPERM for others. 0 or -errno.
 */
int owned_set_access(const struct owner *owner, const struct file_access *a,
		     int fd);

/* Why opening failed, as text for a message: err is positive. */
const char *owned_error(const struct owner *owner, int err);

/*
 * Opens a file for reading, unless it is a FIFO, device or socket, which could
 * block or never end. Does not wait. As root, refuses links that others could have
 * made: symbolic ones, and files with several hard links in their directories. A
 * descriptor, or -errno: -EINVAL if it is not a regular file, -ELOOP or -EMLINK for
 * a link, for which regular_error() has texts.
 */
int regular_open(const char *path);
const char *regular_error(int err);
/* Appends all of such a file to out. 0 or -errno; -EFBIG: longer than max. */
int regular_read(const char *path, size_t max, struct buf *out);

#endif
