/* SPDX-License-Identifier: MIT */
/* Paths are walked by owned_file; what is there is looked at before it is used. */
#include "base/owned_special.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Removes the socket that an earlier run left. 0 or -errno. */
static int bind_in(int fd, const struct owned_place *place)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct stat st;

	/* There is no bindat() for Unix sockets. */
	if (snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/%s",
		     place->dir, place->name) >= (int)sizeof(at.sun_path))
		return -ENAMETOOLONG;
	if (!fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) &&
	    S_ISSOCK(st.st_mode))
		unlinkat(place->dir, place->name, 0);
	return bind(fd, (const struct sockaddr *)&at, sizeof(at)) ? -errno : 0;
}

int owned_bind(const struct owner *owner, int fd, const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct owned_place place;
	struct stat st;
	int err;

	if (geteuid()) {
		if (strlen(path) >= sizeof(at.sun_path))
			return -ENAMETOOLONG;
		memcpy(at.sun_path, path, strlen(path) + 1);
		if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
			unlink(path);
		return bind(fd, (const struct sockaddr *)&at, sizeof(at))
			       ? -errno
			       : 0;
	}
	err = owned_locate(owner, path, &place);
	if (err)
		return err;
	if (place.magic)
		err = -EINVAL;
	else if (place.as_owner)
		err = owned_enter(owner);
	if (!err)
		err = bind_in(fd, &place);
	if (place.as_owner)
		owned_leave(owner);
	close(place.dir);
	return err;
}

/* As root, opening a device can have effects, so this looks first at what it is. A
 * descriptor or -errno. */
static int fifo_open_trusted(const char *path, int flags)
{
	static const struct owner none;
	struct owned_place place;
	char again[32];
	struct stat st;
	int at = owned_locate(&none, path, &place), fd = -EINVAL;

	if (at)
		return at;
	at = owned_open_at(&none, &place, O_PATH, 0);
	close(place.dir);
	if (at < 0)
		return at;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", at);
	if (fstat(at, &st))
		fd = -errno;
	else if (S_ISLNK(st.st_mode))
		fd = -ELOOP;
	else if (place.as_owner && st.st_nlink > 1)
		fd = -EMLINK;
	else if (S_ISFIFO(st.st_mode))
		fd = open(again, flags | O_CLOEXEC);
	if (fd == -1)
		fd = -errno;
	close(at);
	return fd;
}

int fifo_open(const char *path, int flags)
{
	struct stat st;
	int fd;

	if (!geteuid())
		return fifo_open_trusted(path, flags);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISFIFO(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}
