/* SPDX-License-Identifier: MIT */
/*
 * The lock file of an interface. Its holder may remove it, so after locking it,
 * check that it is still the file at that path.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#include "capture/lock.h"

static void lock_path(char *path, size_t size, const char *iface)
{
	snprintf(path, size, "%s/%s.lock", LOCK_FOLDER, iface);
}

static pid_t read_pid(int fd)
{
	char text[32];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}

static int write_pid(int fd)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n)
		return -errno;
	return 0;
}

/* False if the previous holder removed the file before we locked it. */
static int is_current(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !stat(path, &b) && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

static int log_cannot_lock(const char *path, int err, const struct log *log)
{
	log_error(
		log,
		"%s: log_cannot_lock lock: %s: run as root, or create %s for the user of metlo-xdp (RuntimeDirectory=metlo-xdp in a systemd unit)",
		path, strerror(-err), LOCK_FOLDER);
	return err;
}

int lock_acquire(const char *iface, pid_t *holder, const struct log *log)
{
	char path[128];
	int fd;

	*holder = 0;
	lock_path(path, sizeof(path), iface);
	for (;;) {
		if (mkdir(LOCK_FOLDER, 0755) && errno != EEXIST)
			return log_cannot_lock(LOCK_FOLDER, -errno, log);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			  0644);
		if (fd < 0 && errno == ENOENT)
			continue; /* the folder was just removed */
		if (fd < 0)
			return log_cannot_lock(path, -errno, log);
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			int err = -errno;

			*holder = read_pid(fd);
			close(fd);
			return err == -EWOULDBLOCK
				       ? -EBUSY
				       : log_cannot_lock(path, err, log);
		}
		if (is_current(fd, path))
			break;
		close(fd);
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
	char path[128];
	pid_t pid = 0;
	int fd;

	lock_path(path, sizeof(path), iface);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB))
		pid = read_pid(fd);
	close(fd);
	return pid;
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
	log_error(
		log,
		"%s: process %ld (metlo-xdp) is already capturing on it: stop that process first: kill %ld",
		iface, (long)holder, (long)holder);
}
