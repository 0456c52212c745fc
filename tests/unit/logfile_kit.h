/* SPDX-License-Identifier: MIT */
/* Test helper: writes the file of output_kit directly, and reads it and the
 * rotated files. */
#ifndef TESTS_UNIT_LOGFILE_KIT_H
#define TESTS_UNIT_LOGFILE_KIT_H

#include <dirent.h>

#include "output/logfile.h"

#include "output_kit.h"

/* Lists the files except f->path, oldest first. Returns how many. */
int logfile_kit_list(struct output_kit *f, struct dirent ***entries);
void logfile_kit_free_list(struct dirent **entries, int n);

/* The content of a file with a NUL appended; the caller frees it. */
char *logfile_kit_contents(const char *path, size_t *n);
void logfile_kit_expect(const char *path, const char *want);
/* The content of the rotated files and then of the file itself; the caller frees
 * it. Also their number and the size of the largest. */
char *logfile_kit_everything(struct output_kit *f, int *files, size_t *largest);

/* Opens f->path with f->rules; fails the test if that fails. */
struct logfile *logfile_kit_open(struct output_kit *f);
void logfile_kit_put(struct logfile *file, const char *lines);
/* Expects this to be the whole content of the file. */
void logfile_kit_write_file(const char *path, const void *text, size_t n);

#endif
