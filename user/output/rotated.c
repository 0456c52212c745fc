/* SPDX-License-Identifier: MIT */
/*
 * Renames a file to a time stamp and removes old ones. Never replaces a file,
 * and never removes one whose name it would not have chosen itself.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output/rotated.h"

/* A digit in the template matches any digit. */
static const char template[] = "00000000T000000.000Z";
#define STAMP (sizeof(template) - 1)
#define TRIES 1000

static int stamp(char to[STAMP + 1], uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char day[32];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    !strftime(day, sizeof(day), "%Y%m%dT%H%M%S", &tm) ||
	    snprintf(to, STAMP + 1, "%s.%03uZ", day,
		     (unsigned int)(ms % 1000)) != (int)STAMP)
		return -EOVERFLOW;
	return 0;
}

/* Was there a file of this name, which was compressed? */
static bool was_compressed(int dir_fd, const char *name)
{
	char other[NAME_MAX + 1];

	return snprintf(other, sizeof(other), "%s" ROTATED_COMPRESSED, name) <=
		       NAME_MAX &&
	       !faccessat(dir_fd, other, F_OK, AT_SYMLINK_NOFOLLOW);
}

/* -EEXIST if to exists. */
static int rename_to(int dir_fd, const char *from, const char *to)
{
	if (was_compressed(dir_fd, to))
		return -EEXIST;
	if (!renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* The file system lacks RENAME_NOREPLACE: not atomic, but close. */
	if (!faccessat(dir_fd, to, F_OK, AT_SYMLINK_NOFOLLOW))
		return -EEXIST;
	return renameat(dir_fd, from, dir_fd, to) ? -errno : 0;
}

int rotated_rename(int dir_fd, const char *name, uint64_t now_ms,
		   uint64_t *last_ms, char to[NAME_MAX + 1])
{
	uint64_t ms = now_ms > *last_ms ? now_ms : *last_ms + 1;
	char time[STAMP + 1];
	int err = -EEXIST;

	for (unsigned int i = 0; err == -EEXIST && i < TRIES; i++, ms++) {
		err = stamp(time, ms);
		if (err)
			return err;
		if (snprintf(to, NAME_MAX + 1, "%s.%s", name, time) > NAME_MAX)
			return -ENAMETOOLONG;
		err = rename_to(dir_fd, name, to);
		if (!err)
			*last_ms = ms;
	}
	return err;
}

/* What may follow the time stamp: also that of a file being compressed. */
static bool is_suffix(const char *text)
{
	const size_t n = strlen(ROTATED_COMPRESSED);

	return !*text || (!strncmp(text, ROTATED_COMPRESSED, n) &&
			  (!text[n] || !strcmp(text + n, ".tmp")));
}

/* Only files with such names are ever removed. */
static bool is_rotated(const char *entry, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(entry, name, n) != 0 || entry[n] != '.' ||
	    strnlen(entry + n + 1, STAMP) != STAMP ||
	    !is_suffix(entry + n + 1 + STAMP))
		return false;
	for (size_t i = 0; i < STAMP; i++) {
		char c = entry[n + 1 + i];

		if (template[i] == '0' ? !isdigit((unsigned char)c)
				       : c != template[i])
			return false;
	}
	return true;
}

/* By name, which is by time. */
static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
	char **item;
	size_t n, cap;
};

static int add_name(struct names *l, const char *name)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		char **item = realloc(l->item, cap * sizeof(*item));

		if (!item)
			return -ENOMEM;
		l->item = item;
		l->cap = cap;
	}
	l->item[l->n] = strdup(name);
	return l->item[l->n++] ? 0 : -ENOMEM;
}

static int read_names(DIR *d, const char *name, struct names *l)
{
	struct dirent *e;
	int err = 0;

	errno = 0;
	while (!err && (e = readdir(d)))
		if (is_rotated(e->d_name, name))
			err = add_name(l, e->d_name);
	return err ? err : -errno;
}

/* n: the length of the name that is rotated. A file and its compressed copy count
 * as one. */
static int remove_oldest(int dir_fd, const struct names *l, size_t n,
			 unsigned int keep)
{
	unsigned int seen = 0;
	int removed = 0;

	for (size_t i = l->n; i--;) {
		seen += i + 1 == l->n ||
			strncmp(l->item[i], l->item[i + 1], n + 1 + STAMP) != 0;
		if (seen <= keep)
			continue;
		if (!unlinkat(dir_fd, l->item[i], 0))
			removed++;
		else if (errno != ENOENT)
			return -errno;
	}
	return removed;
}

static void free_names(struct names *l)
{
	while (l->n)
		free(l->item[--l->n]);
	free(l->item);
}

/* Lists the rotated files of name, sorted. 0 or -errno; the caller frees *l. */
static int list_names(int dir_fd, const char *name, struct names *l)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int err;

	*l = (struct names){0};
	if (!d) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	err = read_names(d, name, l);
	if (!err && l->n)
		qsort(l->item, l->n, sizeof(*l->item), by_name);
	closedir(d);
	return err;
}

int rotated_each_plain(int dir_fd, const char *name,
		       bool (*fn)(void *ctx, const char *name), void *ctx)
{
	const size_t plain = strlen(name) + 1 + STAMP;
	struct names l;
	int err = list_names(dir_fd, name, &l);

	for (size_t i = 0; !err && i < l.n; i++)
		if (strlen(l.item[i]) == plain && !fn(ctx, l.item[i]))
			break;
	free_names(&l);
	return err;
}

int rotated_prune(int dir_fd, const char *name, unsigned int keep)
{
	struct names l;
	int result = list_names(dir_fd, name, &l);

	if (!result && l.n > keep)
		result = remove_oldest(dir_fd, &l, strlen(name), keep);
	free_names(&l);
	return result;
}
