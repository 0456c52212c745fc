/* SPDX-License-Identifier: MIT */
/*
 * One file at a time: written to NAME.zst.tmp, synced, renamed to NAME.zst, and only
 * then is the original removed. Readers may see both for a moment, never neither.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "output/compress.h"
#include "output/rotated.h"

#define LEVEL  3
#define BUFFER (128u << 10)
#define LOWEST 19
#define TEMP   ROTATED_COMPRESSED ".tmp"

struct compressor {
	int dir_fd;
	const char *name;
	const struct owner *owner;
	const struct log *log;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool work, end;	   /* under the lock */
	atomic_bool abort; /* stop within a file */
};

/* A file that is being compressed. */
struct job {
	const struct compressor *c;
	int in, out;
	ZSTD_CCtx *zstd;
	uint8_t *buffer; /* BUFFER bytes for each side */
};

static int write_out(const struct job *j, const uint8_t *p, size_t n)
{
	ssize_t done;

	for (; n; p += done, n -= (size_t)done) {
		done = write(j->out, p, n);
		if (done < 0 && errno == EINTR)
			done = 0;
		else if (done < 0)
			return -errno;
	}
	return 0;
}

/* Compresses n bytes of the buffer. 0 or -errno. */
static int push(const struct job *j, size_t n, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = {j->buffer, n, 0};
	size_t left;
	int err;

	do {
		ZSTD_outBuffer out = {j->buffer + BUFFER, BUFFER, 0};

		left = ZSTD_compressStream2(j->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			return -EIO;
		err = write_out(j, j->buffer + BUFFER, out.pos);
	} while (!err && (how == ZSTD_e_end ? left != 0 : in.pos < in.size));
	return err;
}

static int copy(const struct job *j)
{
	ssize_t n;
	int err;

	do {
		n = read(j->in, j->buffer, BUFFER);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (atomic_load(&j->c->abort))
			return -ECANCELED;
		err = push(j, (size_t)n, n ? ZSTD_e_continue : ZSTD_e_end);
		if (err)
			return err;
	} while (n);
	return fsync(j->out) ? -errno : 0;
}

/* The copy is for those who may read the original. */
static int copy_access(const struct job *j)
{
	struct stat from, to;

	if (fstat(j->in, &from) || fstat(j->out, &to))
		return -errno;
	if (to.st_gid != from.st_gid && fchown(j->out, (uid_t)-1, from.st_gid))
		return fchmod(j->out, from.st_mode & 0700) ? -errno : 0;
	return fchmod(j->out, from.st_mode & 0777) ? -errno : 0;
}

static int compress_to(struct job *j)
{
	int err = copy_access(j);

	if (err)
		return err;
	j->zstd = ZSTD_createCCtx();
	j->buffer = malloc(2 * (size_t)BUFFER);
	if (!j->zstd || !j->buffer ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(
		    j->zstd, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(
		    ZSTD_CCtx_setParameter(j->zstd, ZSTD_c_checksumFlag, 1)))
		err = -ENOMEM;
	else
		err = copy(j);
	ZSTD_freeCCtx(j->zstd);
	free(j->buffer);
	return err;
}

/* Makes the names in the directory durable. */
static int sync_directory(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = fsync(fd) && errno != EINVAL ? -errno : 0;
	close(fd);
	return err;
}

/* Puts the complete copy in place of the original. */
static int replace(const struct compressor *c, const char *name,
		   const char *temp)
{
	char to[NAME_MAX + 1];
	int err;

	snprintf(to, sizeof(to), "%s" ROTATED_COMPRESSED, name);
	/* One that is there was made of the same file, before a crash. */
	if (renameat(c->dir_fd, temp, c->dir_fd, to))
		return -errno;
	err = sync_directory(c->dir_fd);
	if (!err && unlinkat(c->dir_fd, name, 0) && errno != ENOENT)
		err = -errno;
	return err;
}

static int compress_file(const struct compressor *c, const char *name)
{
	const int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct job j = {.c = c, .out = -1};
	char temp[NAME_MAX + 1];
	struct stat st;
	int err = 0;

	if (snprintf(temp, sizeof(temp), "%s" TEMP, name) > NAME_MAX)
		return -ENAMETOOLONG;
	j.in = openat(c->dir_fd, name, O_RDONLY | flags);
	if (j.in < 0 || fstat(j.in, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	/* Its writer holds the lock, and continues in it if it cannot open
	 * another file. */
	else if (flock(j.in, LOCK_EX | LOCK_NB))
		err = -ENOENT;
	if (!err) {
		/* Left over from a crash. */
		unlinkat(c->dir_fd, temp, 0);
		j.out = openat(c->dir_fd, temp,
			       O_WRONLY | O_CREAT | O_EXCL | flags, 0600);
		err = j.out < 0 ? -errno : compress_to(&j);
	}
	if (j.in >= 0)
		close(j.in);
	if (j.out >= 0) {
		if (close(j.out) && !err && errno != EINTR)
			err = -errno;
		if (!err)
			err = replace(c, name, temp);
		if (err)
			unlinkat(c->dir_fd, temp, 0);
	}
	return err;
}

/* For rotated_each_plain(). */
static bool compress_next(void *compressor, const char *name)
{
	const struct compressor *c = compressor;
	int err = compress_file(c, name);

	/* -ENOENT: it was removed meanwhile, or is in use. */
	if (err && err != -ENOENT && err != -ECANCELED)
		log_warn(
			c->log,
			"%s: cannot be compressed: %s: it stays as it is; next attempt after the next rotation",
			name, strerror(-err));
	return !atomic_load(&c->abort);
}

static void compress_all(struct compressor *c)
{
	int err = rotated_each_plain(c->dir_fd, c->name, compress_next, c);

	if (err)
		log_warn(c->log, "%s: cannot compress rotated files: %s",
			 c->name, strerror(-err));
}

/* The thread may start as root, shortly before the process becomes the owner. Acting
 * for the owner until then would clear the groups of the thread for good, among them
 * perhaps the one that the files have. */
static void await_owner(const struct compressor *c)
{
	const struct timespec nap = {.tv_nsec = 20 * 1000000};

	while (c->owner->change && !geteuid() && !atomic_load(&c->abort))
		nanosleep(&nap, NULL);
}

static void *run(void *compressor)
{
	struct compressor *c = compressor;
	bool end;

	/* In Linux, of this thread only. */
	setpriority(PRIO_PROCESS, 0, LOWEST);
	await_owner(c);
	do {
		pthread_mutex_lock(&c->lock);
		while (!c->work && !c->end)
			pthread_cond_wait(&c->wake, &c->lock);
		end = c->end && !c->work;
		c->work = false;
		pthread_mutex_unlock(&c->lock);
		if (!end && !atomic_load(&c->abort))
			compress_all(c);
	} while (!end);
	return NULL;
}

struct compressor *compressor_new(int dir_fd, const char *name,
				  const struct owner *owner,
				  const struct log *log)
{
	struct compressor *c = calloc(1, sizeof(*c));
	sigset_t all, old;
	int err = c ? 0 : ENOMEM;

	if (c) {
		*c = (struct compressor){.dir_fd = dir_fd,
					 .name = name,
					 .owner = owner,
					 .log = log,
					 .work = true};
		pthread_mutex_init(&c->lock, NULL);
		pthread_cond_init(&c->wake, NULL);
		/* Signals are for the main thread. */
		sigfillset(&all);
		pthread_sigmask(SIG_BLOCK, &all, &old);
		err = pthread_create(&c->thread, NULL, run, c);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	if (!err)
		return c;
	log_error(log, "%s: cannot start to compress rotated files: %s", name,
		  strerror(err));
	free(c);
	return NULL;
}

void compressor_wake(struct compressor *c)
{
	pthread_mutex_lock(&c->lock);
	c->work = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

void compressor_free(struct compressor *c, bool finish)
{
	if (!c)
		return;
	if (!finish)
		atomic_store(&c->abort, true);
	pthread_mutex_lock(&c->lock);
	c->end = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->wake);
	free(c);
}
