/* SPDX-License-Identifier: MIT */
/* For the tests of report/logfile: the file of output_kit written by hand, and
 * what it and those that were rotated have in them. */
#ifndef TESTS_UNIT_LOGFILE_KIT_H
#define TESTS_UNIT_LOGFILE_KIT_H

#include <dirent.h>

#include "output/logfile.h"

#include "output_kit.h"

/* Files of the test but f->path itself, oldest first; returns how many. */
int logfile_kit_list(struct output_kit *f, struct dirent ***entries);
void logfile_kit_free_list(struct dirent **entries, int n);

/* A whole file with a NUL behind; the caller frees it. */
char *logfile_kit_contents(const char *path, size_t *n);
void logfile_kit_expect(const char *path, const char *want);
/* The rotated files and then the file itself, in one piece that the caller
 * frees; how many they are, and the size of the largest. */
char *logfile_kit_everything(struct output_kit *f, int *files, size_t *largest);

/* f->path by f->rules; the test fails where it cannot be opened. */
struct logfile *logfile_kit_open(struct output_kit *f);
void logfile_kit_put(struct logfile *file, const char *lines);
/* Past the logfile: the file has this in it and nothing else. */
void logfile_kit_write_file(const char *path, const void *text, size_t n);

#endif
