/* SPDX-License-Identifier: MIT */
/*
 * The file of --names: a JSON object per line,
 *
 *	{"vni":7000,"address":"10.0.0.0/24","name":"web","labels":{"team":"a"}}
 *
 * of which vni and labels are optional.
 */
#ifndef TRACE_NAMES_FILE_H
#define TRACE_NAMES_FILE_H

#include "base/log.h"
#include "trace/names.h"

#define NAMES_FILE_MAX	 (64u << 20) /* bytes of the file */
#define NAMES_LINE_MAX	 (64u << 10)
#define NAMES_NAME_MAX	 1024u
#define NAMES_LABELS_MAX 64u	     /* labels of a mapping */
#define NAMES_LABELS_LEN (32u << 10) /* bytes of them as JSON */

/* Why a text was refused. */
struct names_error {
	unsigned int line; /* 0: the whole */
	struct parse_error why;
};

/* Parses the text of a file, all or nothing. NULL with *err otherwise. */
struct name_table *names_parse(const char *text, size_t n,
			       struct names_error *err);

/* Reads a file, which must be a regular one. 0 or -errno, logged; -EINVAL: its
 * contents are refused. */
int names_read(const char *path, struct name_table **out,
	       const struct log *log);

#endif
