/* SPDX-License-Identifier: MIT */
/*
 * Pins keep link and maps alive when the daemon exits. They are in
 * METLO_PIN_ROOT/v<layout>/<interface>/; a version with another record layout
 * uses another folder, so its maps are never reused.
 */
#ifndef CAPTURE_PINS_H
#define CAPTURE_PINS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/owned_file.h"

#define PINS_PATH_MAX 256

/* Mounts the BPF file system unless it is mounted already. 0, or a negative
 * errno after logging what to do. */
int pins_mount(const struct log *log);

/* Whether the BPF file system is mounted. */
bool pins_mounted(void);

/* Formats the path of the interface's folder. */
void pins_folder(char path[PINS_PATH_MAX], const char *iface);

/* Creates the folder, accessible to its owner only. 0, or a negative errno
 * after logging it. */
int pins_create(const char *iface, const struct log *log);

/* Gives the interface's folder and pins to the owner, if root acts for one, and
 * lets others enter its parents, which remain root's. 0 or a negative errno. */
int pins_hand_over(const char *iface, const struct owner *owner);

/* Opens a pinned object. Its file descriptor, or a negative errno, which is
 * also in errno: -ENOENT if there is no such pin. */
int pins_get(const char *iface, const char *name);
/* Pins fd, replacing an existing pin. 0 or a negative errno. */
int pins_put(const char *iface, const char *name, int fd);
int pins_rename(const char *iface, const char *from, const char *to);
int pins_remove(const char *iface, const char *name);

/* Calls fn for each pin whose name starts with prefix, ordered by name. A
 * negative result of fn ends the iteration and is returned. */
int pins_each(const char *iface, const char *prefix,
	      int (*fn)(void *ctx, const char *name), void *ctx);

/* Detaches the interface's links and removes its pins, of every layout version,
 * with their folders and any parents that become empty. Detaching explicitly
 * ensures that the program is off the interface on return. Returns the number
 * of pins removed, or a negative errno. */
int pins_purge(const char *iface);

/* The same for this version's folder only. Without detach, a link stays
 * attached as long as a process has it open. */
int pins_purge_own(const char *iface, bool detach);

/* Whether a version with another record layout has pins for the interface. */
bool pins_other_layout(const char *iface);

/* Calls fn for each interface that has a folder of this layout version; the
 * result is as of pins_each(). */
int pins_each_interface(int (*fn)(void *ctx, const char *iface), void *ctx);

#endif
