/* SPDX-License-Identifier: MIT */
/*
 * The file is locked (flock), so there is one writer and a torn last line can
 * only be left over from a writer that has ended. A write that fails midway is
 * truncated back to whole lines. Rotation renames the file and creates a new
 * one; when that fails, lines continue into the old file, since losing them
 * would be worse than a file that is too long.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "output/compress.h"
#include "output/lines.h"
#include "output/logfile.h"
#include "output/rotated.h"
#include "output/tail.h"
#include "output/vectors.h"

/* Time between attempts to rotate after one has failed. */
#define RETRY_NS (60 * NSEC_PER_SEC)

struct logfile {
	const char *path; /* as given */
	const struct logfile_rules *rules;
	const struct log *log;
	bool sync;
	int fd;
	int dir_fd;
	char *real;	  /* path with symbolic links resolved */
	const char *name; /* its last component */
	uint64_t size;
	uint64_t period;  /* number of the rotate_interval its lines are from */
	uint64_t last_ms; /* see rotated_rename() */
	uint64_t retry_ns; /* CLOCK_MONOTONIC; 0: last rotation worked */
	struct compressor *compressor; /* NULL: none */
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

#define OPEN_FLAGS (O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* With a single writer, a torn last line is safe to truncate. */
static int lock(const struct logfile *f, int fd)
{
	if (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
		return 0;
	log_error(
		f->log,
		"%s: another metlo-xdp, or another --output of this one, writes to this file: use a different file for each",
		f->path);
	return -EBUSY;
}

/* Truncates a torn last line. */
static void repair_tail(const struct logfile *f, int fd, uint64_t size)
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
			"%s: cannot check or repair its last line: %s: it may be incomplete",
			f->path, strerror(-err));
	else if (t.keep < size)
		log_warn(
			f->log,
			"%s: its last line was incomplete: truncated the file by %llu bytes",
			f->path, (unsigned long long)(size - t.keep));
}

/* 0 or -errno, logged. */
static int set_access(const struct logfile *f, int fd)
{
	const struct logfile_rules *r = f->rules;
	int err = owned_set_access(&r->owner, &r->access, fd);

	if (err)
		log_error(
			f->log,
			"%s: cannot set its mode or group: %s: the file must belong to the user of the daemon, and that user to the group of --file-group",
			f->path, strerror(-err));
	return err;
}

/* Makes fd the file that is written to. On failure closes fd and leaves f as it
 * was. 0 or -errno, logged. */
static int adopt(struct logfile *f, int fd)
{
	struct stat st;
	int err;

	err = lock(f, fd);
	if (err) {
		close(fd);
		return err;
	}
	if (fstat(fd, &st)) {
		err = -errno;
		log_error(f->log, "%s: %s", f->path, strerror(errno));
		close(fd);
		return err;
	}
	if (st.st_size && f->rules->empty) {
		log_error(
			f->log,
			"%s: is not empty, and a document cannot be appended to it: remove it or choose another name",
			f->path);
		close(fd);
		return -EEXIST;
	}
	if (st.st_size)
		repair_tail(f, fd, (uint64_t)st.st_size);
	f->period = period_of(f, (uint64_t)st.st_mtime);
	/* Not fatal for a file that is already in use. */
	if (set_access(f, fd) && f->fd < 0) {
		close(fd);
		return -EPERM;
	}
	if (!fstat(fd, &st))
		f->size = (uint64_t)st.st_size;
	f->fd = fd;
	return 0;
}

/* Finds the directory and name of path, which exists. 0 or -errno. */
static int open_directory(struct logfile *f, const char *path)
{
	char *slash;

	f->real = realpath(path, NULL);
	if (!f->real)
		return -errno;
	slash = strrchr(f->real, '/');
	f->name = slash + 1;
	*slash = '\0';
	f->dir_fd = open(*f->real ? f->real : "/",
			 O_PATH | O_DIRECTORY | O_CLOEXEC);
	return f->dir_fd < 0 ? -errno : 0;
}

/* Uses the directory of place and closes it. 0 or -errno. */
static int adopt_place(struct logfile *f, struct owned_place *place)
{
	char self[40];

	if (place->magic) {
		close(place->dir);
		snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
		return open_directory(f, self);
	}
	f->dir_fd = place->dir;
	f->name = f->real = strdup(place->name);
	return f->real ? 0 : -ENOMEM;
}

/* May the future owner rotate the file? */
static int check_owner_access(const struct logfile *f)
{
	int err = owned_enter(&f->rules->owner);

	if (err)
		return err;
	err = faccessat(f->dir_fd, ".", W_OK | X_OK, AT_EACCESS) ? -errno : 0;
	owned_leave(&f->rules->owner);
	return err;
}

static int check_rotation(const struct logfile *f)
{
	const struct logfile_rules *r = f->rules;
	int err;

	if (!r->rotate_size && !r->rotate_interval)
		return 0;
	err = check_owner_access(f);
	if (err)
		log_error(
			f->log,
			"%s: user %u will not be able to rotate it: %s: chown its directory to that user, or choose another user with --user",
			f->path,
			(unsigned int)(r->owner.change ? r->owner.uid
						       : geteuid()),
			strerror(-err));
	return err;
}

/* Opens path and sets f->fd, f->dir_fd and f->name. 0 or -errno, logged unless
 * *regular is false. */
static int open_file(struct logfile *f, bool *regular)
{
	const struct owner *owner = &f->rules->owner;
	struct owned_place place;
	int fd = owned_open_regular(owner, f->path, OPEN_FLAGS, &place,
				    regular),
	    err;

	err = fd < 0 ? fd : adopt(f, fd);
	if (err) {
		if (fd < 0 && *regular)
			log_error(f->log,
				  "%s: cannot be opened for writing: %s",
				  f->path, owned_error(owner, -fd));
		if (place.dir >= 0)
			close(place.dir);
		return err;
	}
	err = place.dir >= 0 ? adopt_place(f, &place)
			     : open_directory(f, f->path);
	if (err)
		log_error(f->log, "%s: cannot open its directory: %s", f->path,
			  strerror(-err));
	return err;
}

static int start_compressor(struct logfile *f)
{
	if (!f->rules->compress)
		return 0;
	f->compressor =
		compressor_new(f->dir_fd, f->name, &f->rules->owner, f->log);
	return f->compressor ? 0 : -ENOMEM;
}

struct logfile *logfile_open(const char *path,
			     const struct logfile_rules *rules, bool sync,
			     bool *regular, const struct log *log)
{
	struct logfile *f = calloc(1, sizeof(*f));

	*regular = true;
	if (!f) {
		log_error(log, "%s: %s", path, strerror(errno));
		return NULL;
	}
	*f = (struct logfile){.path = path,
			      .rules = rules,
			      .log = log,
			      .fd = -1,
			      .dir_fd = -1};
	f->sync = sync;
	if (open_file(f, regular) || check_rotation(f) || start_compressor(f)) {
		f->sync = false;
		logfile_close(f);
		return NULL;
	}
	return f;
}

/* --- rotation ---------------------------------------------------------------- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Starts writeback of the old file without waiting for it, and closes it. */
static void retire(const struct logfile *f, int fd)
{
	sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (close(fd) && errno != EINTR)
		log_error(f->log, "%s: %s", f->path, strerror(errno));
}

/* Copies mode and group of the file before it; best effort. */
static void copy_mode(int fd, const struct stat *st)
{
	int err = fchmod(fd, st->st_mode & 0777);

	if (!err)
		err = fchown(fd, (uid_t)-1, st->st_gid);
	(void)err;
}

/* Opens or creates the file by its name and switches to it, unless it is the
 * same one. 0 or -errno, logged. */
static int reopen_here(struct logfile *f)
{
	/* Names in the directory were resolved at the start. */
	const int flags =
		OPEN_FLAGS | (f->rules->owner.change ? O_NOFOLLOW : 0);
	int old = f->fd, fd, err;
	struct stat was = {0}, is;
	bool created = false;

	fd = openat(f->dir_fd, f->name, flags);
	if (fd < 0 && errno == ENOENT) {
		fd = openat(f->dir_fd, f->name, flags | O_CREAT | O_EXCL, 0600);
		created = fd >= 0;
	}
	if (fd < 0 || fstat(old, &was) || fstat(fd, &is)) {
		err = -errno;
		log_error(
			f->log,
			"%s: cannot be reopened: %s: lines continue into the old file; allow user %u to write there (logrotate: create 0600 USER GROUP)",
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
			"%s: is no longer a regular file: lines continue into the old one",
			f->path);
		close(fd);
		return -EINVAL;
	}
	if (created)
		copy_mode(fd, &was);
	err = adopt(f, fd);
	if (err)
		return err;
	retire(f, old);
	return 0;
}

/* The thread of the sink may run before privileges are dropped. */
static int reopen(struct logfile *f)
{
	int err = owned_enter(&f->rules->owner);

	if (err)
		return err;
	err = reopen_here(f);
	owned_leave(&f->rules->owner);
	return err;
}

static void prune(const struct logfile *f)
{
	int n;

	if (!f->rules->rotate_keep)
		return;
	n = rotated_prune(f->dir_fd, f->name, f->rules->rotate_keep);
	if (n < 0)
		log_warn(f->log, "%s: cannot remove old rotated files: %s",
			 f->path, strerror(-n));
	else if (n)
		log_debug(f->log, "%s: removed %d old rotated files", f->path,
			  n);
}

/* Does the name still refer to the file that we write to? */
static bool has_name(const struct logfile *f)
{
	struct stat named, ours;

	return !fstatat(f->dir_fd, f->name, &named, AT_SYMLINK_NOFOLLOW) &&
	       !fstat(f->fd, &ours) && same_file(&named, &ours);
}

/* Lines continue into the same file. */
static void rotation_failed(struct logfile *f, int err)
{
	if (!f->retry_ns)
		log_error(
			f->log,
			"%s: cannot be rotated: %s: lines continue into the same file; next attempt in a minute",
			f->path, strerror(-err));
	f->retry_ns = clock_mono_ns() + RETRY_NS;
}

static int rename_and_reopen(struct logfile *f)
{
	char to[NAME_MAX + 1];
	int err = 0;

	/* Renamed or removed by something else: that was the rotation. */
	if (!has_name(f)) {
		err = reopen_here(f);
	} else {
		err = rotated_rename(f->dir_fd, f->name,
				     clock_real_ns() / NSEC_PER_MSEC,
				     &f->last_ms, to);
		if (!err) {
			err = reopen_here(f);
			if (err)
				renameat2(f->dir_fd, to, f->dir_fd, f->name,
					  RENAME_NOREPLACE);
		}
	}
	if (err)
		return err;
	prune(f);
	if (f->compressor)
		compressor_wake(f->compressor);
	return 0;
}

static void rotate(struct logfile *f)
{
	int err = owned_enter(&f->rules->owner);

	if (!err) {
		err = rename_and_reopen(f);
		owned_leave(&f->rules->owner);
	}
	if (err)
		rotation_failed(f, err);
	else
		f->retry_ns = 0;
}

static bool may_rotate(const struct logfile *f)
{
	return f->size && (!f->retry_ns || clock_mono_ns() >= f->retry_ns);
}

void logfile_request_reopen(struct logfile *f)
{
	atomic_store(&f->reopen, true);
}

void logfile_tick(struct logfile *f)
{
	if (atomic_exchange(&f->reopen, false))
		reopen(f);
	if (f->rules->rotate_interval && may_rotate(f) &&
	    period_of(f, now_seconds()) != f->period)
		rotate(f);
}

/* --- writing ------------------------------------------------------------------ */

/* Returns how many bytes were written; errno is 0 or what stopped it. */
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

/* As logfile_write(), but without rotation; iov is not modified. */
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
	lines = lines_whole(iov, n, done);
	/* Truncate the torn line; not if the size is unexpected, since then
	 * something else has truncated the file too. */
	if (lines < done && !fstat(f->fd, &st) &&
	    (uint64_t)st.st_size == f->size &&
	    !ftruncate(f->fd, (off_t)(f->size - (done - lines)))) {
		f->size -= done - lines;
		done = lines;
	}
	errno = err;
	return done;
}

/* How many bytes may be added before the file must be rotated. */
static uint64_t fits(const struct logfile *f, const struct iovec *iov, int n)
{
	const uint64_t limit = f->rules->rotate_size;

	return limit > f->size ? lines_within(iov, n, limit - f->size) : 0;
}

/* How many bytes to write into the file next. Rotates it first if it is full. */
static uint64_t next_part(struct logfile *f, const struct iovec *iov, int n)
{
	uint64_t part;

	if (!f->rules->rotate_size)
		return UINT64_MAX;
	part = fits(f, iov, n);
	if (!part && may_rotate(f)) {
		rotate(f);
		part = fits(f, iov, n);
	}
	if (part)
		return part;
	/* A line that exceeds rotate_size gets a file of its own. If rotation
	 * failed, everything goes into this one. */
	return f->size ? UINT64_MAX : lines_first(iov);
}

uint64_t logfile_write(struct logfile *f, struct iovec *iov, int n)
{
	uint64_t done = 0, part, written;
	struct stat st;

	logfile_tick(f);
	/* Something else may truncate the file (logrotate's copytruncate). */
	if (!fstat(f->fd, &st))
		f->size = (uint64_t)st.st_size;
	while (n) {
		struct iovec last;
		int k = 0;

		part = next_part(f, iov, n);
		/* Take vectors up to part bytes; the last one may be split. */
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

int logfile_close(struct logfile *f)
{
	int err = 0;

	compressor_free(f->compressor, !f->sync);
	if (f->fd >= 0 && f->sync && fdatasync(f->fd) && errno != EINVAL &&
	    errno != EROFS) {
		err = -errno;
		log_error(f->log, "%s: cannot be synced: %s", f->path,
			  strerror(errno));
	}
	/* Network file systems report write errors here. */
	if (f->fd >= 0 && close(f->fd) && errno != EINTR) {
		err = -errno;
		log_error(f->log, "%s: %s", f->path, strerror(errno));
	}
	if (f->dir_fd >= 0)
		close(f->dir_fd);
	free(f->real);
	free(f);
	return err;
}
