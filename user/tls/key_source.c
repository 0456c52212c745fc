/* SPDX-License-Identifier: MIT */
/*
 * Polled by the main thread, so that workers never wait for a file. A socket is bound
 * before privileges are dropped and system calls are restricted; accepting and
 * reading are allowed later. What replaces a file is opened by the user the daemon has
 * become.
 */
#include "tls/key_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/owned_special.h"
#include "base/sanitized.h"
#include "tls/keylog.h"

#define UNIX_PREFIX "unix:"
#define WRITERS_MAX 16u
/* Read of one descriptor by a poll. */
#define POLL_MAX (1u << 20)

/* Bytes of a file that tell whether it is still the same: more than a line, as the
 * secret at its end is the same where a session is resumed. */
#define MARK_MAX KEYLOG_LINE_MAX

struct key_writer {
	int fd; /* -1: free */
	bool regular;
	off_t at;	     /* of a regular file */
	char mark[MARK_MAX]; /* the last bytes before that */
	uint32_t n_mark;
	struct keylog log;
};

/* Of a path: the file that is there, and the one that was there before it, to which
 * its writer may still append. */
enum { FILE_NOW, FILE_BEFORE };

struct key_source {
	struct key_table *table;
	const struct log *log;
	int listener;	 /* -1: it is a file */
	char *path;	 /* of a file that may be replaced, or NULL */
	bool complained; /* that it cannot be opened any more */
	struct key_writer writer[WRITERS_MAX];
	char text[1 << 14];
};

void key_source_protect(void)
{
	/* The leak check at exit traces this process from another one. */
	if (!SANITIZED)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void close_writer(struct key_source *s, struct key_writer *w)
{
	if (w->fd < 0)
		return;
	keylog_end(&w->log, s->table, clock_mono_ns());
	close(w->fd);
	OPENSSL_cleanse(w, sizeof(*w));
	w->fd = -1;
}

static void keep_mark(struct key_writer *w, const char *p, size_t n)
{
	size_t old = w->n_mark;

	if (n >= MARK_MAX) {
		memcpy(w->mark, p + n - MARK_MAX, MARK_MAX);
		w->n_mark = MARK_MAX;
		return;
	}
	if (old > MARK_MAX - n)
		old = MARK_MAX - n;
	memmove(w->mark, w->mark + w->n_mark - old, old);
	memcpy(w->mark + old, p, n);
	w->n_mark = (uint32_t)(old + n);
}

/* Does the file still have what was read last, where it was? Leaves its position
 * there. */
static bool is_marked(const struct key_writer *w)
{
	char there[MARK_MAX];
	bool same;

	if (lseek(w->fd, w->at - (off_t)w->n_mark, SEEK_SET) < 0 ||
	    read(w->fd, there, w->n_mark) != (ssize_t)w->n_mark)
		return false;
	same = memcmp(there, w->mark, w->n_mark) == 0;
	OPENSSL_cleanse(there, sizeof(there));
	return same;
}

/* The file was emptied, to begin again; it may have grown beyond its old size since.
 * A writer that does not append leaves a hole in place of what it had written. */
static void check_size(struct key_source *s, struct key_writer *w)
{
	struct stat st;

	if (fstat(w->fd, &st) || (st.st_size >= w->at && is_marked(w)))
		return;
	keylog_end(&w->log, s->table, clock_mono_ns());
	w->at = lseek(w->fd, 0, SEEK_DATA);
	if (w->at < 0)
		w->at = lseek(w->fd, 0, SEEK_SET);
	OPENSSL_cleanse(w->mark, sizeof(w->mark));
	w->n_mark = 0;
}

/* False: the end. */
static bool read_some(struct key_source *s, struct key_writer *w, size_t max)
{
	size_t total = 0;
	ssize_t n;

	while (total < max) {
		n = read(w->fd, s->text, sizeof(s->text));
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
		keylog_feed(&w->log, s->table, s->text, (size_t)n,
			    clock_mono_ns());
		if (w->regular)
			keep_mark(w, s->text, (size_t)n);
		OPENSSL_cleanse(s->text, (size_t)n);
		total += (size_t)n;
		w->at += n;
	}
	return true;
}

static void accept_writers(struct key_source *s)
{
	for (unsigned int i = 0; i < WRITERS_MAX; i++) {
		struct key_writer *w = &s->writer[i];

		if (w->fd >= 0)
			continue;
		w->fd = accept4(s->listener, NULL, NULL,
				SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (w->fd < 0)
			return;
	}
}

/* A socket cannot be removed at the end, when system calls are restricted. 0 or
 * -errno. */
static int listen_at(struct key_source *s, const struct owner *owner,
		     const char *path)
{
	mode_t mask;
	int err;

	s->listener =
		socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->listener < 0)
		return -errno;
	mask = umask(0177);
	err = owned_bind(owner, s->listener, path);
	umask(mask);
	if (!err && listen(s->listener, (int)WRITERS_MAX))
		err = -errno;
	return err;
}

/* Opens what is at path without waiting, except for the writer of a FIFO that is read
 * as a whole. 0 or -errno. */
static int open_file(struct key_source *s, struct key_writer *w,
		     const char *path, bool whole)
{
	struct stat st;
	int fd;

	if (stat(path, &st))
		return -errno;
	w->regular = !S_ISFIFO(st.st_mode);
	if (w->regular)
		fd = regular_open(path);
	else
		fd = fifo_open(path, O_RDONLY | (whole ? 0 : O_NONBLOCK));
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) || S_ISFIFO(st.st_mode) == w->regular) {
		close(fd);
		return -EINVAL;
	}
	w->fd = fd;
	w->at = 0;
	if (st.st_mode & (S_IRWXO | S_IWGRP))
		log_warn(
			s->log,
			"--tls-keys %s: other users can read or change it: chmod 600 %s",
			path, path);
	return 0;
}

/* 0 or -errno. */
static int read_whole(struct key_source *s)
{
	do {
		errno = 0;
	} while (read_some(s, &s->writer[FILE_NOW], POLL_MAX) &&
		 errno != EINTR);
	if (errno == EINTR)
		return -EINTR;
	keylog_end(&s->writer[FILE_NOW].log, s->table, clock_mono_ns());
	return 0;
}

/* Another file may have taken the place of the one that is read. */
static void check_place(struct key_source *s)
{
	struct key_writer *now = &s->writer[FILE_NOW],
			  *before = &s->writer[FILE_BEFORE];
	struct key_writer fresh = {.fd = -1};
	struct stat there, here;
	int err;

	if (!s->path || stat(s->path, &there) || fstat(now->fd, &here) ||
	    (there.st_dev == here.st_dev && there.st_ino == here.st_ino))
		return;
	err = open_file(s, &fresh, s->path, false);
	if (err) {
		if (!s->complained)
			log_warn(
				s->log,
				"--tls-keys %s: cannot open the file that has replaced it: %s; make it readable by the user of this process",
				s->path, regular_error(-err));
		s->complained = true;
		return;
	}
	s->complained = false;
	close_writer(s, before);
	*before = *now;
	*now = fresh;
	OPENSSL_cleanse(&fresh, sizeof(fresh));
	log_info(s->log, "--tls-keys %s: was replaced; reading the new file",
		 s->path);
}

static void poll_file(struct key_source *s, struct key_writer *w)
{
	if (w->fd < 0)
		return;
	if (w->regular)
		check_size(s, w);
	/* All writers of a FIFO have gone: the next one begins a line. */
	if (!read_some(s, w, POLL_MAX) && !w->regular)
		keylog_end(&w->log, s->table, clock_mono_ns());
}

static void poll_files(struct key_source *s)
{
	poll_file(s, &s->writer[FILE_BEFORE]);
	poll_file(s, &s->writer[FILE_NOW]);
	check_place(s);
}

void key_source_poll(struct key_source *s)
{
	if (!s)
		return;
	key_table_expire(s->table, clock_mono_ns());
	if (s->listener < 0) {
		poll_files(s);
		return;
	}
	accept_writers(s);
	for (unsigned int i = 0; i < WRITERS_MAX; i++)
		if (s->writer[i].fd >= 0 &&
		    !read_some(s, &s->writer[i], POLL_MAX))
			close_writer(s, &s->writer[i]);
}

/* 0 or -errno. */
static int open_place(struct key_source *s, const char *place,
		      const struct owner *owner, bool whole)
{
	int err;

	if (strncmp(place, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return listen_at(s, owner, place + strlen(UNIX_PREFIX));
	err = open_file(s, &s->writer[FILE_NOW], place, whole);
	if (err)
		return err;
	if (whole)
		return read_whole(s);
	s->path = strdup(place);
	return s->path ? 0 : -ENOMEM;
}

struct key_source *key_source_open(const char *place, const struct owner *owner,
				   struct key_table *t, bool whole,
				   const struct log *log)
{
	struct key_source *s = calloc(1, sizeof(*s));
	int err = -ENOMEM;

	if (s) {
		s->table = t;
		s->log = log;
		s->listener = -1;
		for (unsigned int i = 0; i < WRITERS_MAX; i++)
			s->writer[i].fd = -1;
		err = open_place(s, place, owner, whole);
		if (!err)
			return s;
		key_source_close(s);
	}
	log_error(log, "--tls-keys %s: %s", place,
		  err == -EINVAL ? regular_error(-err)
				 : owned_error(owner, -err));
	return NULL;
}

void key_source_close(struct key_source *s)
{
	if (!s)
		return;
	for (unsigned int i = 0; i < WRITERS_MAX; i++)
		close_writer(s, &s->writer[i]);
	if (s->listener >= 0)
		close(s->listener);
	free(s->path);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}
