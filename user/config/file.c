/* SPDX-License-Identifier: MIT */
/*
 * Reads the configuration file. SIGHUP reads it again after privileges were
 * dropped, so the descriptor of the first read stays open: it still gives
 * access to a file that only root can open, as long as the path names the same
 * inode.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/owned_file.h"
#include "config/file.h"

/* No sane configuration is longer; anything that is must be another file. */
#define CONFIG_MAX (1u << 20)

/* True if path still names the file that fd refers to. */
static bool same_file(const char *path, int fd)
{
	struct stat a, b;

	return !stat(path, &a) && !fstat(fd, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* Returns a descriptor at offset 0, or -errno after logging why. */
static int reopen(const char *path, int first, const struct log *log)
{
	int fd = regular_open(path), err = -fd;

	if (fd < 0 && err == EACCES && same_file(path, first)) {
		fd = fcntl(first, F_DUPFD_CLOEXEC, 3);
		err = errno;
	} else if (fd < 0 && err == EACCES) {
		log_error(
			log,
			"%s: permission denied, and this is not the file that was opened at startup: give user %u read access to it and search access to its directories (chgrp, chmod), or edit the file in place",
			path, (unsigned int)geteuid());
		return -EACCES;
	}
	if (fd < 0) {
		log_error(log, "%s: %s", path, regular_error(err));
		return -err;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Returns the length, or -errno. */
static ssize_t read_all(int fd, char *to, size_t max)
{
	size_t n = 0;
	ssize_t r;

	do {
		r = read(fd, to + n, max - n);
		if (r > 0)
			n += (size_t)r;
	} while ((r > 0 && n < max) || (r < 0 && errno == EINTR));
	return r < 0 ? -errno : (ssize_t)n;
}

static int read_text(struct opt_set *set, struct settings *settings,
		     const char *path, int fd, const struct log *log)
{
	ssize_t n = -ENOMEM;

	free(settings->config_text);
	settings->config_text = malloc(CONFIG_MAX + 1);
	if (settings->config_text)
		n = read_all(fd, settings->config_text, CONFIG_MAX);
	if (n < 0) {
		log_error(log, "%s: %s", path, strerror((int)-n));
		return (int)n;
	}
	if (n == CONFIG_MAX) {
		log_error(log,
			  "%s: longer than %u bytes: not a configuration file?",
			  path, CONFIG_MAX);
		return -EFBIG;
	}
	settings->config_text[n] = 0;
	return opt_file(set, path, settings->config_text, (size_t)n, log);
}

int config_file_read(struct opt_set *set, struct settings *settings,
		     const char *path, int *fd, const struct log *log)
{
	int now, err;

	if (!*fd) {
		now = regular_open(path);
		if (now < 0) {
			log_error(log, "%s: %s", path, regular_error(-now));
			return now;
		}
		*fd = now;
		return read_text(set, settings, path, now, log);
	}
	now = reopen(path, *fd, log);
	if (now < 0)
		return now;
	err = read_text(set, settings, path, now, log);
	close(now);
	return err;
}
