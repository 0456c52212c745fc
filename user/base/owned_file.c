/* SPDX-License-Identifier: MIT */
/*
 * Walks a path one component at a time. As long as only root can change the
 * current directory, its entries are root's choice and are followed as root. The
 * first directory that someone else can change ends this: from there on, the rest
 * is resolved with the owner's file system user ID (setfsuid), so that links lead
 * only to what that user can open anyway. A check by path instead of by descriptor
 * could be defeated by renaming in between. Not openat2(), which could do part of
 * it: systemd's RestrictSUIDSGID= replaces it by ENOSYS.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>
#include <linux/securebits.h>

#include "base/owned_file.h"

#define LINKS_MAX 40 /* as in the kernel */

/* --- the thread's file access --------------------------------------------- */

static bool acts_for(const struct owner *owner)
{
	return owner->change && !geteuid();
}

int owned_enter(const struct owner *owner)
{
	if (!acts_for(owner))
		return 0;
	/* Then setfsuid() would leave CAP_DAC_OVERRIDE and the like. */
	if (prctl(PR_GET_SECUREBITS) & SECBIT_NO_SETUID_FIXUP)
		return -EPERM;
	/* The system call, as libc's function changes all threads. Root needs no
	 * supplementary groups, so they are not restored. */
	if (syscall(SYS_setgroups, 1, &owner->gid))
		return -errno;
	setfsgid(owner->gid);
	setfsuid(owner->uid);
	/* Both only report the previous ID; an invalid one changes nothing. */
	if ((uid_t)setfsuid((uid_t)-1) == owner->uid &&
	    (gid_t)setfsgid((gid_t)-1) == owner->gid)
		return 0;
	owned_leave(owner);
	return -EPERM;
}

/* Dropping privileges meanwhile has reset both. */
void owned_leave(const struct owner *owner)
{
	int err = errno;

	if (acts_for(owner)) {
		setfsuid(geteuid());
		setfsgid(getegid());
	}
	errno = err;
}

/* --- walking ---------------------------------------------------------------- */

struct path_walk {
	int dir;
	int links;
	bool as_owner;	     /* between owned_enter() and owned_leave() */
	char rest[PATH_MAX]; /* unresolved */
	char name[NAME_MAX + 1];
};

/* Can none but root change the entries of this directory? */
static bool root_controls(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && !st->st_uid &&
	       !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* May root use this entry? In a sticky directory others can create entries, but
 * not replace or rename those of root. Hard links to root's files and symbolic
 * links may be theirs. */
static bool root_owns_entry(const struct stat *dir, const struct stat *entry)
{
	if (root_controls(dir))
		return true;
	return !dir->st_uid && dir->st_mode & S_ISVTX && !entry->st_uid &&
	       !S_ISLNK(entry->st_mode) &&
	       (S_ISDIR(entry->st_mode) || entry->st_nlink == 1);
}

/* Splits the first component off w->rest. False if it was the last one. */
static bool next_name(struct path_walk *w)
{
	char *p = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(p, "/");
	bool more = p[n + strspn(p + n, "/")];

	if (n > NAME_MAX)
		n = NAME_MAX;
	snprintf(w->name, sizeof(w->name), "%.*s", (int)n, n ? p : ".");
	memmove(w->rest, p + n, strlen(p + n) + 1);
	return more;
}

static int enter_directory(struct path_walk *w, int fd)
{
	close(w->dir);
	w->dir = fd;
	return 0;
}

/* Puts the target of a symbolic link in front of w->rest. */
static int follow(struct path_walk *w, int link)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target) - 1);
	int fd;

	if (n <= 0)
		return n ? -errno : -ENOENT;
	target[n] = '\0';
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	memcpy(rest, w->rest, sizeof(rest));
	if (snprintf(w->rest, sizeof(w->rest), "%s%s%s", target,
		     *rest ? "/" : "", rest) >= (int)sizeof(w->rest))
		return -ENAMETOOLONG;
	if (*target != '/')
		return 0;
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : enter_directory(w, fd);
}

/* Is it a descriptor of a process in /proc, such as self/fd/1? Then nothing on
 * the way is for others to choose. */
static bool is_descriptor(const struct path_walk *w)
{
	const char *fd = strrchr(w->rest, '/');
	struct statfs fs;

	if (fstatfs(w->dir, &fs) || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	fd = fd ? fd + 1 : w->name;
	if (!*fd || fd[strspn(fd, "0123456789")])
		return false;
	if (!*w->rest) /* in self/fd already */
		return true;
	return !strncmp(w->rest, "/fd/", 4) && fd == w->rest + 4;
}

static int end_here(struct path_walk *w, struct owned_place *place, bool magic)
{
	if (snprintf(place->name, sizeof(place->name), "%s%s", w->name,
		     magic ? w->rest : "") >= (int)sizeof(place->name))
		return -ENAMETOOLONG;
	place->magic = magic;
	place->as_owner = w->as_owner;
	place->dir = w->dir;
	w->dir = -1;
	return 0;
}

/* As the kernel does with fs.protected_symlinks: in a directory such as /tmp, the
 * owner does not follow the links of third parties. */
static bool owner_may_follow(const struct owner *owner, const struct stat *dir,
			     const struct stat *link)
{
	return !(dir->st_mode & S_ISVTX && dir->st_mode & S_IWOTH) ||
	       link->st_uid == owner->uid || link->st_uid == dir->st_uid;
}

/* One component of what others can change. Magic links of /proc, which would
 * reopen what root has open, are followed by their text like any others, which
 * does nothing of the kind. 0 to continue, 1 at the end, or -errno. */
static int step_as_owner(const struct owner *owner, struct path_walk *w,
			 struct owned_place *place, const struct stat *dir,
			 bool more)
{
	struct stat entry;
	int fd, err;

	if (!more)
		return end_here(w, place, false) ?: 1;
	fd = openat(w->dir, w->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &entry))
		err = -errno;
	else if (!S_ISLNK(entry.st_mode))
		return enter_directory(w, fd);
	else if (!owner->change)
		err = -ELOOP;
	else
		err = owner_may_follow(owner, dir, &entry) ? follow(w, fd)
							   : -EACCES;
	close(fd);
	return err;
}

/* One component of what only root can change, until the first one that others
 * can. 0 to continue, 1 at the end, or -errno. */
static int step(const struct owner *owner, struct path_walk *w,
		struct owned_place *place)
{
	const bool more = next_name(w);
	struct stat dir, entry;
	int fd, err;

	if (fstat(w->dir, &dir))
		return -errno;
	if (w->as_owner)
		return step_as_owner(owner, w, place, &dir, more);
	/* The target of /dev/stdout. */
	if (is_descriptor(w))
		return end_here(w, place, true) ?: 1;
	fd = openat(w->dir, w->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !more && root_controls(&dir))
		return end_here(w, place, false) ?: 1;
	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd < 0 || fstat(fd, &entry) || !root_owns_entry(&dir, &entry)) {
		if (fd >= 0)
			close(fd);
		err = owned_enter(owner);
		w->as_owner = !err;
		return err ?: step_as_owner(owner, w, place, &dir, more);
	}
	if (S_ISLNK(entry.st_mode)) {
		err = follow(w, fd);
		close(fd);
		return err;
	}
	if (more)
		return enter_directory(w, fd);
	close(fd);
	return end_here(w, place, false) ?: 1;
}

int owned_locate(const struct owner *owner, const char *path,
		 struct owned_place *place)
{
	struct path_walk w = {0};
	int err = 0;

	*place = (struct owned_place){.dir = -1};
	if (!*path)
		return -ENOENT;
	if (snprintf(w.rest, sizeof(w.rest), "%s", path) >= (int)sizeof(w.rest))
		return -ENAMETOOLONG;
	w.dir = open(*path == '/' ? "/" : ".",
		     O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w.dir < 0)
		return -errno;
	while (!err)
		err = step(owner, &w, place);
	if (w.as_owner)
		owned_leave(owner);
	if (w.dir >= 0)
		close(w.dir);
	return err < 0 ? err : 0;
}

/* --- opening ---------------------------------------------------------------- */

int owned_open_at(const struct owner *owner, const struct owned_place *place,
		  int flags, mode_t mode)
{
	const bool create = flags & O_CREAT;
	int fd = 0, err;

	flags |= O_CLOEXEC | (create ? O_EXCL : 0) |
		 (place->magic ? 0 : O_NOFOLLOW);
	if (place->as_owner)
		fd = owned_enter(owner);
	if (fd)
		return fd;
	fd = openat(place->dir, place->name, flags, mode);
	err = fd < 0 ? -errno : 0;
	if (place->as_owner)
		owned_leave(owner);
	else if (!err && create && acts_for(owner) &&
		 fchown(fd, owner->uid, owner->gid)) {
		err = -errno;
		close(fd);
	}
	return err ? err : fd;
}

static int open_located(const struct owner *owner, const char *path, int flags,
			mode_t mode)
{
	struct owned_place place;
	int fd, err;

	if (!acts_for(owner)) {
		fd = open(path, flags | O_CREAT | O_CLOEXEC, mode);
		return fd < 0 ? -errno : fd;
	}
	err = owned_locate(owner, path, &place);
	if (err)
		return err;
	fd = owned_open_at(owner, &place, flags | O_CREAT, mode);
	if (fd == -EEXIST)
		fd = owned_open_at(owner, &place, flags, 0);
	close(place.dir);
	return fd;
}

/* A descriptor or -errno. */
static int open_as_self(const char *path, int flags, bool *regular)
{
	struct stat st;
	int fd = open(path, flags | O_CREAT | O_EXCL, 0600);

	if (fd >= 0 || errno != EEXIST)
		return fd < 0 ? -errno : fd;
	/* A dangling symbolic link: O_EXCL refuses it, O_CREAT follows it. */
	if (stat(path, &st)) {
		fd = open(path, flags | O_CREAT, 0600);
		return fd < 0 ? -errno : fd;
	}
	*regular = S_ISREG(st.st_mode);
	fd = *regular ? open(path, flags) : -1;
	return fd < 0 ? -errno : fd;
}

int owned_open_regular(const struct owner *owner, const char *path, int flags,
		       struct owned_place *place, bool *regular)
{
	struct stat st;
	int fd;

	*regular = true;
	place->dir = -1;
	flags |= O_NONBLOCK | O_CLOEXEC;
	if (!acts_for(owner))
		return open_as_self(path, flags, regular);
	fd = owned_locate(owner, path, place);
	if (fd)
		return fd;
	fd = owned_open_at(owner, place, flags | O_CREAT, 0600);
	if (fd == -EEXIST)
		fd = owned_open_at(owner, place, flags, 0);
	/* ENXIO: a FIFO without a reader, or a socket. */
	*regular =
		fd >= 0 ? !fstat(fd, &st) && S_ISREG(st.st_mode) : fd != -ENXIO;
	if (fd >= 0 && *regular)
		return fd;
	if (fd >= 0)
		close(fd);
	close(place->dir);
	place->dir = -1;
	return fd < 0 ? fd : -EINVAL;
}

int owned_open_truncated(const struct owner *owner, const char *path)
{
	int fd = open_located(owner, path, O_WRONLY | O_NONBLOCK | O_NOCTTY,
			      0666),
	    err;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) || (S_ISREG(st.st_mode) && ftruncate(fd, 0)) ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* --- directories ------------------------------------------------------------ */

int owned_open_directory(const struct owner *owner, const char *path,
			 bool *root_only)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	struct owned_place place;
	struct stat st;
	int fd, err;

	*root_only = false;
	if (!acts_for(owner)) {
		fd = mkdir(path, 0700) && errno != EEXIST ? -1
							  : open(path, flags);
		return fd < 0 ? -errno : fd;
	}
	err = owned_locate(owner, path, &place);
	if (err)
		return err;
	err = place.as_owner ? owned_enter(owner) : 0;
	if (!err && mkdirat(place.dir, place.name, 0700) && errno != EEXIST)
		err = -errno;
	if (place.as_owner)
		owned_leave(owner);
	fd = err ? err : owned_open_at(owner, &place, flags, 0);
	*root_only = fd >= 0 && !place.as_owner && !fstat(fd, &st) &&
		     root_controls(&st);
	close(place.dir);
	return fd;
}

static int hand_over_file(const struct owner *owner, int dir_fd,
			  const char *name)
{
	int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), err = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) &&
	    (st.st_uid != owner->uid || st.st_gid != owner->gid)) {
		if (st.st_nlink > 1)
			err = -EMLINK;
		else if (fchownat(fd, "", owner->uid, owner->gid,
				  AT_EMPTY_PATH))
			err = -errno;
	}
	close(fd);
	return err;
}

/* The directory last: while it is root's, its contents cannot change. */
int owned_hand_over(const struct owner *owner, int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	int err = 0;

	if (!d) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	while (!err && (e = readdir(d)))
		err = hand_over_file(owner, dir_fd, e->d_name);
	closedir(d);
	if (!err && fchownat(dir_fd, "", owner->uid, owner->gid, AT_EMPTY_PATH))
		err = -errno;
	return err;
}

/* --- access ------------------------------------------------------------------- */

int owned_set_access(const struct owner *owner, const struct file_access *a,
		     int fd)
{
	struct stat st;

	if (!a->mode && !a->has_group)
		return 0;
	if (fstat(fd, &st))
		return -errno;
	/* Root must not open up the files of others. */
	if (acts_for(owner) && st.st_uid != owner->uid)
		return -EPERM;
	/* The group first, so that the previous one never gets the mode. */
	if (a->has_group && st.st_gid != a->group &&
	    fchown(fd, (uid_t)-1, a->group))
		return -errno;
	if (a->mode && (st.st_mode & 07777) != a->mode && fchmod(fd, a->mode))
		return -errno;
	return 0;
}

/* --- messages and reading --------------------------------------------------- */

const char *owned_error(const struct owner *owner, int err)
{
	if (err == ELOOP)
		return "it is a symbolic link that a user other than root can change: name the file it refers to";
	if (err == EMLINK)
		return "it has several hard links: copy it and remove the others";
	if (err == EACCES && acts_for(owner))
		return "permission denied to the user of the daemon, and root does not write to directories that others can change: chown the file and its directory to that user";
	return strerror(err);
}

/* As root, through no link that others could have made: it would open any file
 * for them, of which messages about its content quote parts. */
static int open_trusted(const char *path, int flags)
{
	static const struct owner none;
	struct owned_place place;
	struct stat st;
	int fd = owned_locate(&none, path, &place);

	if (fd)
		return fd;
	fd = owned_open_at(&none, &place, flags, 0);
	close(place.dir);
	if (fd < 0 || !place.as_owner || fstat(fd, &st) || st.st_nlink < 2)
		return fd;
	close(fd);
	return -EMLINK;
}

int regular_open(const char *path)
{
	/* O_NONBLOCK: opening a FIFO would wait for its writer. It has no effect
	 * on regular files. */
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct stat st;
	int fd, err;

	if (geteuid()) {
		fd = open(path, flags);
		fd = fd < 0 ? -errno : fd;
	} else {
		fd = open_trusted(path, flags);
	}
	if (fd < 0)
		return fd == -ENXIO ? -EINVAL : fd;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	close(fd);
	return err;
}

/* Appends what is left of a file. */
static int read_rest(int fd, size_t max, struct buf *out)
{
	const size_t step = 1 << 16;
	uint8_t *p;
	ssize_t n;

	do {
		p = buf_reserve(out, step);
		if (!p)
			return -ENOMEM;
		n = read(fd, p, step);
		if (n < 0 && errno != EINTR)
			return -errno;
		out->len += n > 0 ? (size_t)n : 0;
		if (out->len > max)
			return -EFBIG;
	} while (n);
	return 0;
}

int regular_read(const char *path, size_t max, struct buf *out)
{
	int fd = regular_open(path), err;

	if (fd < 0)
		return fd;
	err = read_rest(fd, max, out);
	close(fd);
	return err;
}

/* Texts about links do not depend on who will own the file. */
const char *regular_error(int err)
{
	static const struct owner none;

	return err == EINVAL
		       ? "not a regular file but a FIFO, device or socket: copy its contents to a file"
		       : owned_error(&none, err);
}
