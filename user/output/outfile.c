/* SPDX-License-Identifier: MIT */
/*
 * Writes to something that may have a slow reader. Waiting for it must be
 * interruptible (stop_fd), or the program could not end.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/outfile.h"
#include "output/vectors.h"

/*
 * Opens a pipe or terminal a second time to get a file description of our own:
 * O_NONBLOCK on an inherited one would affect the other processes that share
 * it. Where that is not permitted, and on sockets, write_some() writes at most
 * PIPE_BUF bytes after poll() has reported room.
 */
static void make_nonblocking(struct outfile *s)
{
	char path[32];
	struct stat st;
	int fd;

	if (fstat(s->fd, &st) < 0)
		return;
	s->may_block =
		S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(s->fd);
	if (!s->may_block || S_ISSOCK(st.st_mode))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (s->owned)
		close(s->fd);
	s->fd = fd;
	s->owned = true;
	s->may_block = false;
}

/* Checks and prepares s->fd, which is not a regular file. 0 or -errno, logged. */
static int open_other(struct outfile *s, const struct log *log)
{
	int flags = s->fd >= 0 ? fcntl(s->fd, F_GETFL) : -1, err;

	if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) {
		make_nonblocking(s);
		return 0;
	}
	err = flags < 0 ? errno : EBADF;
	log_error(log, "%s: cannot be opened for writing: %s%s", s->name,
		  strerror(err),
		  err == ENXIO ? ": start the reader of this pipe first" : "");
	return -err;
}

/* Opens something that is not a regular file. -1 with errno. */
static int open_special(const char *path, bool wait_for_reader,
			const struct owner *owner)
{
	const int flags = O_WRONLY | O_APPEND | O_CLOEXEC |
			  (wait_for_reader ? 0 : O_NONBLOCK);
	struct owned_place place;
	int fd;

	if (!owner->change || geteuid())
		return open(path, flags);
	fd = owned_locate(owner, path, &place);
	if (!fd) {
		fd = owned_open_at(owner, &place, flags, 0);
		close(place.dir);
	}
	if (fd < 0)
		errno = -fd;
	return fd < 0 ? -1 : fd;
}

int outfile_open(struct outfile *s, const char *path, bool wait_for_reader,
		 const struct logfile_rules *rules, const struct log *log)
{
	bool regular;

	*s = (struct outfile){.fd = STDOUT_FILENO, .name = "standard output"};
	if (!strcmp(path, "-"))
		return open_other(s, log);
	*s = (struct outfile){.fd = -1, .name = path};
	s->file = logfile_open(path, rules, !wait_for_reader, &regular, log);
	if (s->file)
		return 0;
	if (regular)
		return -EIO; /* logged */
	s->fd = open_special(path, wait_for_reader, &rules->owner);
	s->owned = s->fd >= 0;
	return open_other(s, log);
}

void outfile_request_reopen(struct outfile *s)
{
	if (s->file)
		logfile_request_reopen(s->file);
}

void outfile_tick(struct outfile *s)
{
	if (s->file)
		logfile_tick(s->file);
}

/* false with ETIMEDOUT once stop_fd is readable. */
static bool wait_writable(const struct outfile *s, int stop_fd)
{
	struct pollfd fds[2] = {{.fd = s->fd, .events = POLLOUT},
				{.fd = stop_fd, .events = POLLIN}};

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	if (fds[0].revents || !fds[1].revents)
		return true;
	errno = ETIMEDOUT;
	return false;
}

static ssize_t write_some(const struct outfile *s, const struct iovec *iov,
			  int n, int stop_fd)
{
	ssize_t r;

	do {
		if (s->may_block) {
			if (!wait_writable(s, stop_fd))
				return -1;
			r = write(s->fd, iov->iov_base,
				  iov->iov_len < PIPE_BUF ? iov->iov_len
							  : PIPE_BUF);
		} else {
			r = writev(s->fd, iov, n);
			if (r < 0 && errno == EAGAIN) {
				if (!wait_writable(s, stop_fd))
					return -1;
				errno = EINTR;
			}
		}
	} while (r < 0 && errno == EINTR);
	return r;
}

uint64_t outfile_write(struct outfile *s, struct iovec *iov, int n, int stop_fd)
{
	uint64_t done = 0;
	ssize_t r;

	if (s->file)
		return logfile_write(s->file, iov, n);
	while (n) {
		r = write_some(s, iov, n, stop_fd);
		if (r < 0)
			return done;
		done += (uint64_t)r;
		vectors_advance(&iov, &n, (uint64_t)r);
	}
	errno = 0;
	return done;
}

int outfile_close(struct outfile *s, const struct log *log)
{
	struct logfile *file = s->file;
	int err = 0;

	s->file = NULL;
	if (file)
		return logfile_close(file);
	if (!s->owned)
		return 0;
	if (close(s->fd) < 0 && errno != EINTR) {
		err = -errno;
		log_error(log, "%s: %s", s->name, strerror(errno));
	}
	s->owned = false;
	return err;
}
