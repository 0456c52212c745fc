/* SPDX-License-Identifier: MIT */
/* Reads the file of --config, at startup and again on SIGHUP. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include "base/log.h"
#include "base/opt.h"
#include "config/settings.h"

/*
 * Parses the file at path into set. Its text is kept in settings->config_text,
 * which the parsed values point into. On the first call *fd is 0 and receives
 * the open descriptor; later calls pass it back, and the caller closes it.
 *
 * The first read runs as root, later ones as an unprivileged user. If that user
 * may not open the path, the file is read through *fd, provided that it is
 * still the same inode. Returns 0, or -errno after logging the reason.
 */
int config_file_read(struct opt_set *set, struct settings *settings,
		     const char *path, int *fd, const struct log *log);

#endif
