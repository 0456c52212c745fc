/* SPDX-License-Identifier: MIT */
#include "logfile_kit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int logfile_kit_list(struct output_kit *f, struct dirent ***entries)
{
	int n = scandir(f->dir, entries, NULL, alphasort), kept = 0;

	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		if (strncmp((*entries)[i]->d_name, "out.", 4))
			free((*entries)[i]);
		else
			(*entries)[kept++] = (*entries)[i];
	}
	return kept;
}

void logfile_kit_free_list(struct dirent **entries, int n)
{
	while (n)
		free(entries[--n]);
	free(entries);
}

char *logfile_kit_contents(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *text;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	text = malloc((size_t)st.st_size + 1);
	assert_non_null(text);
	*n = fread(text, 1, (size_t)st.st_size, f);
	text[*n] = '\0';
	fclose(f);
	return text;
}

void logfile_kit_expect(const char *path, const char *want)
{
	size_t n;
	char *text = logfile_kit_contents(path, &n);

	assert_string_equal(text, want);
	free(text);
}

char *logfile_kit_everything(struct output_kit *f, int *files, size_t *largest)
{
	struct dirent **entries;
	int n = logfile_kit_list(f, &entries);
	char *all = NULL, path[400];
	size_t at = 0, size;

	*files = n + 1;
	*largest = 0;
	for (int i = 0; i <= n; i++) {
		char *text;

		if (i < n)
			snprintf(path, sizeof(path), "%s/%s", f->dir,
				 entries[i]->d_name);
		text = logfile_kit_contents(i < n ? path : f->path, &size);
		all = realloc(all, at + size + 1);
		assert_non_null(all);
		memcpy(all + at, text, size + 1);
		at += size;
		*largest = size > *largest ? size : *largest;
		free(text);
	}
	logfile_kit_free_list(entries, n);
	return all;
}

struct logfile *logfile_kit_open(struct output_kit *f)
{
	bool regular;
	struct logfile *file =
		logfile_open(f->path, &f->rules, true, &regular, &f->log);

	if (!file)
		fail_msg("not opened: %s", output_kit_said(f));
	return file;
}

void logfile_kit_put(struct logfile *file, const char *lines)
{
	struct iovec iov = {(void *)(uintptr_t)lines, strlen(lines)};

	assert_int_equal(logfile_write(file, &iov, 1), strlen(lines));
}

void logfile_kit_write_file(const char *path, const void *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	close(fd);
}
