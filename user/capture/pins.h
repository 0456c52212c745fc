/* SPDX-License-Identifier: MIT */
/*
 * Where link and maps outlive the daemon:
 * METLO_PIN_ROOT/v<layout>/<interface>/. Maps of another record layout lie in
 * another folder and are never reused.
 */
#ifndef CAPTURE_PINS_H
#define CAPTURE_PINS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

#define PINS_PATH_MAX 256

/* Mounts the BPF file system where it should be but is not. 0, or a negative
 * errno after having logged what to do. */
int pins_mount(const struct log *log);

/* True if a BPF file system is there. */
bool pins_mounted(void);

/* The folder of the interface, without creating it. */
void pins_folder(char path[PINS_PATH_MAX], const char *iface);
void pins_path(char path[PINS_PATH_MAX], const char *iface, const char *name);

/* Creates the folder, closed to others. 0, or a negative errno, logged. */
int pins_create(const char *iface, const struct log *log);

/* The object pinned there, or a negative errno (-ENOENT). */
int pins_get(const char *iface, const char *name);
/* Pins fd, in the place of what was there. 0 or a negative errno. */
int pins_put(const char *iface, const char *name, int fd);
int pins_rename(const char *iface, const char *from, const char *to);
int pins_remove(const char *iface, const char *name);

/* Calls fn for each pin whose name begins with prefix, in the order of the
 * names. A negative result of fn ends it and is returned. */
int pins_each(const char *iface, const char *prefix,
	      int (*fn)(void *ctx, const char *name), void *ctx);

/* Removes the pins of the interface in every layout's folder, the folders and
 * what becomes empty above them. Links are detached first, so that the program
 * is off the interface on return. How many pins there were, or a negative
 * errno. */
int pins_purge(const char *iface);

/* The same for this version's folder alone; without detach, those who have a
 * link open keep it. */
int pins_purge_own(const char *iface, bool detach);

/* True if a version with another record layout has pinned something for the
 * interface. */
bool pins_other_layout(const char *iface);

/* Calls fn for each interface that has a folder of this layout. */
int pins_each_interface(int (*fn)(void *ctx, const char *iface), void *ctx);

#endif
