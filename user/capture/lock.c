/* SPDX-License-Identifier: MIT */
/*
 * The lock file of an interface. Its holder may remove it, so after locking it,
 * check that it is still the file at that path. Anyone who can open a file can
 * flock() it, hence mode 0600. The pid in the file is that of the last daemon, so
 * the kernel's list of locks is asked for the holder first.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/owned_file.h"
#include "capture/lock.h"

/* The owner of the folder could replace the file all the time. */
#define TRIES_MAX 1000

static void lock_path(char *path, size_t size, const char *iface)
{
	snprintf(path, size, "%s/%s.lock", LOCK_FOLDER, iface);
}

/* --- the holder ------------------------------------------------------------- */

/* The process that locked this file according to the kernel. 0 if unknown. */
static pid_t kernel_holder(const struct stat *st)
{
	FILE *f = fopen("/proc/locks", "re");
	unsigned int major, minor;
	unsigned long long ino;
	char line[256];
	pid_t pid = 0;
	int of;

	if (!f)
		return 0;
	while (!pid && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", &of,
			   &major, &minor, &ino) == 4 &&
		    ino == st->st_ino && major == major(st->st_dev) &&
		    minor == minor(st->st_dev))
			pid = of;
	fclose(f);
	return pid > 0 ? pid : 0;
}

/* The holder as far as it can be verified: what the kernel reports, or else
 * what the file says if that process exists. -1 if unknown. */
static pid_t find_holder(int fd)
{
	struct stat st;
	char text[32];
	pid_t pid = fstat(fd, &st) ? 0 : kernel_holder(&st);
	ssize_t n;

	if (pid)
		return pid;
	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	pid = (pid_t)strtol(text, NULL, 10);
	return pid > 0 && (!kill(pid, 0) || errno == EPERM) ? pid : -1;
}

/* The name of a process, "" if unknown. */
static void process_name(char *name, size_t size, pid_t pid)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	f = fopen(path, "re");
	if (!f || !fgets(name, (int)size, f))
		*name = '\0';
	if (f)
		fclose(f);
	name[strcspn(name, "\n")] = '\0';
	/* A process chooses its own name. */
	for (char *p = name; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

static int write_pid(int fd)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n)
		return -errno;
	return 0;
}

/* --- the file ----------------------------------------------------------------- */

static int log_cannot_lock(const char *path, int err, const struct log *log)
{
	log_error(
		log,
		"%s: cannot lock: %s: run as root, or create %s for the user of metlo-xdp (RuntimeDirectory=metlo-xdp in a systemd unit); if its owner or mode is wrong, remove the file while no metlo-xdp runs",
		path, strerror(-err), LOCK_FOLDER);
	return err;
}

/* Opens the folder. If it belongs to the user of the daemon (systemd's
 * RuntimeDirectory=), root works in it with no more access than that user. A
 * descriptor or -errno. */
static int open_folder(struct owner *owner, bool create)
{
	struct stat st;
	int fd, err;

	if (create && mkdir(LOCK_FOLDER, 0755) && errno != EEXIST)
		return -errno;
	fd = open(LOCK_FOLDER, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fstat(fd, &st)			 ? -errno
	      : st.st_mode & (S_IWGRP | S_IWOTH) ? -EPERM
						 : 0;
	if (err) {
		close(fd);
		return err;
	}
	*owner = (struct owner){st.st_uid != 0, st.st_uid, st.st_gid};
	return fd;
}

/* Only its owner may open the file: whoever can open it can lock it. A
 * descriptor or -errno. */
static int open_file(const char *iface, int flags)
{
	struct owner owner;
	struct stat st;
	char name[64];
	int folder = open_folder(&owner, flags & O_CREAT), fd, err;

	if (folder < 0)
		return folder;
	snprintf(name, sizeof(name), "%s.lock", iface);
	fd = owned_enter(&owner);
	if (!fd) {
		fd = openat(folder, name,
			    flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
				    O_NOCTTY,
			    0600);
		err = fd < 0 ? -errno : 0;
		/* Earlier versions created it with mode 0644. */
		if (!err && (fstat(fd, &st) || !S_ISREG(st.st_mode)))
			err = -EINVAL;
		else if (!err && st.st_mode & 0077 && fchmod(fd, 0600))
			err = -errno;
		owned_leave(&owner);
		if (err && fd >= 0)
			close(fd);
		fd = err ? err : fd;
	}
	close(folder);
	return fd;
}

/* False if the previous holder removed the file before we locked it. */
static int is_current(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !lstat(path, &b) && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

/* In a folder of the user, the file may be a hard link to one of others. */
int lock_hand_over(int fd, const struct owner *owner)
{
	struct owner folder = {0};
	const int dir = open_folder(&folder, false);

	if (dir < 0)
		return dir;
	close(dir);
	if (!owner->change || folder.change)
		return 0;
	return fchown(fd, owner->uid, owner->gid) ? -errno : 0;
}

int lock_acquire(const char *iface, pid_t *holder, const struct log *log)
{
	char path[128];
	int fd;

	*holder = 0;
	lock_path(path, sizeof(path), iface);
	for (unsigned int tries = 1;; tries++) {
		fd = open_file(iface, O_RDWR | O_CREAT);
		if (fd == -ENOENT && tries < TRIES_MAX)
			continue; /* the folder was just removed */
		if (fd < 0)
			return log_cannot_lock(path, fd, log);
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			int err = -errno;

			*holder = find_holder(fd);
			close(fd);
			return err == -EWOULDBLOCK
				       ? -EBUSY
				       : log_cannot_lock(path, err, log);
		}
		if (is_current(fd, path))
			break;
		close(fd);
		if (tries >= TRIES_MAX)
			return log_cannot_lock(path, -EAGAIN, log);
	}
	if (write_pid(fd)) {
		int err = -errno;

		close(fd);
		return log_cannot_lock(path, err, log);
	}
	return fd;
}

pid_t lock_holder(const char *iface)
{
	int fd = open_file(iface, O_RDONLY);
	pid_t pid = 0;

	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB))
		pid = find_holder(fd);
	close(fd);
	return pid;
}

int lock_open(const char *iface)
{
	return open_file(iface, O_RDONLY);
}

void lock_remove(const char *iface, int fd)
{
	char path[128];

	lock_path(path, sizeof(path), iface);
	unlink(path);
	rmdir(LOCK_FOLDER);
	close(fd);
}

void lock_report_held(const char *iface, pid_t holder, const struct log *log)
{
	char path[128], name[32];

	lock_path(path, sizeof(path), iface);
	process_name(name, sizeof(name), holder);
	if (holder <= 0)
		log_error(
			log,
			"%s: an unknown process holds the lock %s: find and stop it: fuser %s",
			iface, path, path);
	else if (*name && strncmp(name, "metlo-xdp", 9) != 0)
		log_error(
			log,
			"%s: process %ld (%s), which is not metlo-xdp, holds the lock %s: check what it is, then stop it: kill %ld",
			iface, (long)holder, name, path, (long)holder);
	else
		log_error(
			log,
			"%s: process %ld (metlo-xdp) is already capturing on it: stop that process first: kill %ld",
			iface, (long)holder, (long)holder);
}
