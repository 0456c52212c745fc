/* SPDX-License-Identifier: MIT */
/* Is a directory a spool, and what else does it contain? */
#ifndef DELIVERY_SPOOL_DIR_H
#define DELIVERY_SPOOL_DIR_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct spool_others {
	size_t n;		    /* entries that are not a spool's */
	char example[NAME_MAX + 1]; /* the name of one of them, escaped */
	bool in_spool;		    /* the directory was a spool before */
};

/* Reads all names of d. */
void spool_dir_scan(struct spool_others *o, DIR *d);

#endif
