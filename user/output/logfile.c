/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "output/logfile.h"
#include "output/rotated.h"
#include "output/tail.h"
#include "output/vectors.h"

/* What could not be rotated is tried again after this. */
#define RETRY_NS (60 * NSEC_PER_SEC)

struct logfile {
	const char *path; /* as given */
	const struct logfile_rules *rules;
	const struct log *log;
	bool sync;
	int fd;
	int dir_fd;
	char *real;	  /* the path without symbolic links */
	const char *name; /* the last part of it */
	uint64_t size;
	uint64_t period;   /* of the clock, in which its lines were written */
	uint64_t last_ms;  /* time in the name of the last rotated file */
	uint64_t retry_ns; /* CLOCK_MONOTONIC; 0: nothing failed */
	atomic_bool reopen;
};

static uint64_t period_of(const struct logfile *f, uint64_t seconds)
{
	return f->rules->rotate_interval ? seconds / f->rules->rotate_interval
					 : 0;
}

static uint64_t now_seconds(void)
{
	return clock_real_ns() / NSEC_PER_SEC;
}

/* --- opening ---------------------------------------------------------------- */

/* -1 with errno; *regular is false for what is not ours to deal with. */
static int open_path(const char *path, bool *created, bool *regular)
{
	const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK;
	struct stat st;
	/* Only for its owner: it holds what people send. */
	int fd = open(path, flags | O_CREAT | O_EXCL, 0600);

	*created = fd >= 0;
	*regular = true;
	if (fd >= 0 || errno != EEXIST)
		return fd;
	/* A symbolic link may lead to what is not there yet. */
	if (stat(path, &st)) {
		fd = open(path, flags | O_CREAT, 0600);
		*created = fd >= 0;
		return fd;
	}
	*regular = S_ISREG(st.st_mode);
	return *regular ? open(path, flags) : -1;
}

/* One writer: what the last one did not finish may then be cut off. */
static bool lock(const struct logfile *f, int fd)
{
	if (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
		return true;
	log_error(
		f->log,
		"%s: another metlo-xdp, or another --output of this one, writes to it: give each a file of its own",
		f->path);
	return false;
}

/* Cuts off what is no whole line. */
static void mend(const struct logfile *f, int fd, uint64_t size)
{
	struct tail t = {.keep = size};
	char self[40];
	int err, in;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	in = open(self, O_RDONLY | O_CLOEXEC);
	err = in < 0 ? -errno : tail_find(in, size, &t);
	if (in >= 0)
		close(in);
	if (!err && t.keep < size && ftruncate(fd, (off_t)t.keep))
		err = -errno;
	if (!err && t.newline && write(fd, "\n", 1) != 1)
		err = -errno;
	if (err)
		log_warn(
			f->log,
			"%s: whether its last line is whole cannot be seen, or not mended: %s",
			f->path, strerror(-err));
	else if (t.keep < size)
		log_warn(
			f->log,
			"%s: its last line was not finished when its writer ended: %llu bytes are cut off",
			f->path, (unsigned long long)(size - t.keep));
}

/* Makes fd the file that is written to. false after a message; fd is then
 * closed and the file as before. */
static bool adopt(struct logfile *f, int fd)
{
	struct stat st;

	if (!lock(f, fd)) {
		close(fd);
		return false;
	}
	if (fstat(fd, &st)) {
		log_error(f->log, "%s: %s", f->path, strerror(errno));
		close(fd);
		return false;
	}
	if (st.st_size)
		mend(f, fd, (uint64_t)st.st_size);
	f->period = period_of(f, (uint64_t)st.st_mtime);
	if (!fstat(fd, &st))
		f->size = (uint64_t)st.st_size;
	f->fd = fd;
	return true;
}

static bool find_folder(struct logfile *f)
{
	char *slash;

	f->real = realpath(f->path, NULL);
	if (!f->real)
		return false;
	slash = strrchr(f->real, '/');
	f->name = slash + 1;
	*slash = '\0';
	f->dir_fd = open(*f->real ? f->real : "/",
			 O_PATH | O_DIRECTORY | O_CLOEXEC);
	return f->dir_fd >= 0;
}

static void change_owner(const struct logfile *f, int fd)
{
	const struct owner *owner = &f->rules->owner;

	if (owner->change && fchown(fd, owner->uid, owner->gid))
		log_warn(f->log, "%s: cannot change its owner to user %u: %s",
			 f->path, (unsigned int)owner->uid, strerror(errno));
}

/* As who will rotate; in this thread, and for files only (setfsuid(2)). */
static int access_later(const struct logfile *f)
{
	const struct logfile_rules *r = f->rules;
	uid_t uid = 0;
	gid_t gid = 0;
	int err;

	if (r->owner.change) {
		gid = (gid_t)setfsgid(r->owner.gid);
		uid = (uid_t)setfsuid(r->owner.uid);
	}
	err = faccessat(f->dir_fd, ".", W_OK | X_OK, AT_EACCESS) ? -errno : 0;
	if (r->owner.change) {
		setfsuid(uid);
		setfsgid(gid);
	}
	return err;
}

static bool can_rotate(const struct logfile *f)
{
	const struct logfile_rules *r = f->rules;
	int err;

	if (!r->rotate_size && !r->rotate_interval)
		return true;
	err = access_later(f);
	if (err)
		log_error(
			f->log,
			"%s: user %u will not be able to rotate it: %s: give its folder to that user (chown), or name another one by --user",
			f->path,
			(unsigned int)(r->owner.change ? r->owner.uid
						       : geteuid()),
			strerror(-err));
	return !err;
}

struct logfile *logfile_open(const char *path,
			     const struct logfile_rules *rules, bool sync,
			     bool *regular, const struct log *log)
{
	struct logfile *f;
	bool created;
	int fd = open_path(path, &created, regular);

	if (fd < 0) {
		if (*regular)
			log_error(log, "%s: cannot be opened for writing: %s",
				  path, strerror(errno));
		return NULL;
	}
	f = calloc(1, sizeof(*f));
	if (!f) {
		log_error(log, "%s: %s", path, strerror(errno));
		close(fd);
		return NULL;
	}
	*f = (struct logfile){.path = path,
			      .rules = rules,
			      .log = log,
			      .sync = sync,
			      .fd = -1,
			      .dir_fd = -1};
	if (created)
		change_owner(f, fd);
	if (!adopt(f, fd))
		goto fail;
	if (!find_folder(f))
		log_error(log, "%s: its folder cannot be opened: %s", path,
			  strerror(errno));
	else if (can_rotate(f))
		return f;
fail:
	f->sync = false;
	logfile_close(f);
	return NULL;
}

/* --- another file ------------------------------------------------------------ */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The disk gets to work on what was written, without being waited for. */
static void leave(const struct logfile *f, int fd)
{
	sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (close(fd) && errno != EINTR)
		log_error(f->log, "%s: %s", f->path, strerror(errno));
}

/* Like the one before it, as far as we may. */
static void make_alike(int fd, const struct stat *st)
{
	int err = fchmod(fd, st->st_mode & 0777);

	if (!err)
		err = fchown(fd, (uid_t)-1, st->st_gid);
	(void)err;
}

/* Opens the name anew. 0, or a negative errno after having logged why not. */
static int open_anew(struct logfile *f)
{
	const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK;
	int old = f->fd, fd, err;
	struct stat was = {0}, is;
	bool made = false;

	fd = openat(f->dir_fd, f->name, flags);
	if (fd < 0 && errno == ENOENT) {
		fd = openat(f->dir_fd, f->name, flags | O_CREAT | O_EXCL, 0600);
		made = fd >= 0;
	}
	if (fd < 0 || fstat(old, &was) || fstat(fd, &is)) {
		err = -errno;
		log_error(
			f->log,
			"%s: cannot be opened anew: %s: lines go on into the old file; user %u has to be able to write there (logrotate: create 0600 USER GROUP)",
			f->path, strerror(-err), (unsigned int)geteuid());
		if (fd >= 0)
			close(fd);
		return err;
	}
	if (same_file(&was, &is)) {
		close(fd);
		return 0;
	}
	if (!S_ISREG(is.st_mode)) {
		log_error(
			f->log,
			"%s: is no regular file any more: lines go on into the old one",
			f->path);
		close(fd);
		return -EINVAL;
	}
	if (made)
		make_alike(fd, &was);
	if (!adopt(f, fd))
		return -EBUSY;
	leave(f, old);
	return 0;
}

static void prune(const struct logfile *f)
{
	int n;

	if (!f->rules->rotate_keep)
		return;
	n = rotated_prune(f->dir_fd, f->name, f->rules->rotate_keep);
	if (n < 0)
		log_warn(f->log, "%s: old rotated files cannot be removed: %s",
			 f->path, strerror(-n));
	else if (n)
		log_debug(f->log, "%s: %d old rotated files removed", f->path,
			  n);
}

/* The name is still that of the file that we write to. */
static bool has_name(const struct logfile *f)
{
	struct stat named, ours;

	return !fstatat(f->dir_fd, f->name, &named, AT_SYMLINK_NOFOLLOW) &&
	       !fstat(f->fd, &ours) && same_file(&named, &ours);
}

/* Lines have to go on into the file as it is. */
static void rotation_failed(struct logfile *f, int err)
{
	if (!f->retry_ns)
		log_error(
			f->log,
			"%s: cannot be rotated: %s: lines go on into the same file, and it is tried again every minute",
			f->path, strerror(-err));
	f->retry_ns = clock_mono_ns() + RETRY_NS;
}

static void rotate(struct logfile *f)
{
	char to[NAME_MAX + 1];
	int err = 0;

	/* Somebody else has renamed or removed it: that was the rotation. */
	if (!has_name(f)) {
		err = open_anew(f);
	} else {
		err = rotated_rename(f->dir_fd, f->name,
				     clock_real_ns() / NSEC_PER_MSEC,
				     &f->last_ms, to);
		if (!err) {
			err = open_anew(f);
			if (err)
				renameat2(f->dir_fd, to, f->dir_fd, f->name,
					  RENAME_NOREPLACE);
		}
	}
	if (err) {
		rotation_failed(f, err);
		return;
	}
	f->retry_ns = 0;
	prune(f);
}

static bool may_rotate(const struct logfile *f)
{
	return f->size && (!f->retry_ns || clock_mono_ns() >= f->retry_ns);
}

void logfile_ask_reopen(struct logfile *f)
{
	atomic_store(&f->reopen, true);
}

void logfile_tend(struct logfile *f)
{
	if (atomic_exchange(&f->reopen, false))
		open_anew(f);
	if (f->rules->rotate_interval && may_rotate(f) &&
	    period_of(f, now_seconds()) != f->period)
		rotate(f);
}

/* --- writing ------------------------------------------------------------------ */

/* n bytes of the vectors, then iov and *count are behind them. Returns how many
 * were written before an error, which is in errno, or 0. */
static uint64_t write_all(int fd, struct iovec *iov, int n)
{
	uint64_t done = 0;
	ssize_t r;

	while (n) {
		r = writev(fd, iov, n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return done;
		done += (uint64_t)r;
		vectors_advance(&iov, &n, (uint64_t)r);
	}
	errno = 0;
	return done;
}

/* Of the first done bytes of the vectors, those that are whole lines. */
static uint64_t whole(const struct iovec *iov, int n, uint64_t done)
{
	uint64_t before = 0, lines = 0;

	for (int i = 0; i < n && before < done; i++) {
		size_t here = done - before < iov[i].iov_len
				      ? (size_t)(done - before)
				      : iov[i].iov_len;
		const char *base = iov[i].iov_base;
		const char *newline = memrchr(base, '\n', here);

		if (newline)
			lines = before + (uint64_t)(newline - base) + 1;
		before += here;
	}
	return lines;
}

/* Writes n vectors into this file. As logfile_write(). */
static uint64_t write_here(struct logfile *f, const struct iovec *iov, int n)
{
	struct iovec copy[LOGFILE_VECTORS];
	uint64_t done, lines;
	struct stat st;
	int err;

	memcpy(copy, iov, (size_t)n * sizeof(*iov));
	done = write_all(f->fd, copy, n);
	err = errno;
	if (!f->size && done)
		f->period = period_of(f, now_seconds());
	f->size += done;
	errno = err;
	if (!err)
		return done;
	lines = whole(iov, n, done);
	/* Unless the file is not as long as it should be: then somebody else
	 * has cut it, and where is not known. */
	if (lines < done && !fstat(f->fd, &st) &&
	    (uint64_t)st.st_size == f->size &&
	    !ftruncate(f->fd, (off_t)(f->size - (done - lines)))) {
		f->size -= done - lines;
		done = lines;
	}
	errno = err;
	return done;
}

/* How many bytes of whole lines fit into room. */
static uint64_t fitting(const struct iovec *iov, int n, uint64_t room)
{
	uint64_t all = 0;

	for (int i = 0; i < n; i++)
		all += iov[i].iov_len;
	return all <= room ? all : whole(iov, n, room);
}

static uint64_t first_line(const struct iovec *iov)
{
	const char *newline = memchr(iov->iov_base, '\n', iov->iov_len);

	return newline ? (uint64_t)(newline - (char *)iov->iov_base) + 1
		       : iov->iov_len;
}

static uint64_t that_fits(const struct logfile *f, const struct iovec *iov,
			  int n)
{
	const uint64_t limit = f->rules->rotate_size;

	return limit > f->size ? fitting(iov, n, limit - f->size) : 0;
}

/* What goes into this file next, after having rotated it where that is due. */
static uint64_t next_part(struct logfile *f, const struct iovec *iov, int n)
{
	uint64_t part;

	if (!f->rules->rotate_size)
		return UINT64_MAX;
	part = that_fits(f, iov, n);
	if (!part && may_rotate(f)) {
		rotate(f);
		part = that_fits(f, iov, n);
	}
	if (part)
		return part;
	/* A line that is longer than a file may be gets one of its own. What
	 * cannot be rotated takes everything. */
	return f->size ? UINT64_MAX : first_line(iov);
}

uint64_t logfile_write(struct logfile *f, struct iovec *iov, int n)
{
	uint64_t done = 0, part, written;
	struct stat st;

	logfile_tend(f);
	/* Others may cut the file (logrotate's copytruncate). */
	if (!fstat(f->fd, &st))
		f->size = (uint64_t)st.st_size;
	while (n) {
		struct iovec last;
		int k = 0;

		part = next_part(f, iov, n);
		/* The vectors up to part, of which the last may be cut. */
		for (written = 0; k < n && written < part; k++)
			written += iov[k].iov_len;
		last = iov[k - 1];
		if (written > part)
			iov[k - 1].iov_len -= (size_t)(written - part);
		written = write_here(f, iov, k);
		iov[k - 1] = last;
		done += written;
		if (errno)
			return done;
		vectors_advance(&iov, &n, written);
	}
	errno = 0;
	return done;
}

bool logfile_close(struct logfile *f)
{
	bool ok = true;

	if (f->fd >= 0 && f->sync && fdatasync(f->fd) && errno != EINVAL &&
	    errno != EROFS) {
		log_error(f->log, "%s: %s", f->path, strerror(errno));
		ok = false;
	}
	/* File systems of the network tell here what could not be written. */
	if (f->fd >= 0 && close(f->fd) && errno != EINTR) {
		log_error(f->log, "%s: %s", f->path, strerror(errno));
		ok = false;
	}
	if (f->dir_fd >= 0)
		close(f->dir_fd);
	free(f->real);
	free(f);
	return ok;
}
