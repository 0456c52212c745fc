/* SPDX-License-Identifier: MIT */
/*
 * Pins keep link and maps alive when the daemon exits. They are in
 * METLO_PIN_ROOT/v<layout>/<interface>/; a version with another record layout
 * uses another folder (see takeover.h). Rings that wait to be drained are in
 * METLO_PIN_ROOT/retired/<interface>/ (see retired.h), whatever their layout.
 */
#ifndef CAPTURE_PINS_H
#define CAPTURE_PINS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/owned_file.h"

#define PINS_PATH_MAX  256
#define PINS_GROUP_MAX 16
/* The group of folders that rings wait in until they are drained; those of the
 * layouts start with "v". */
#define PINS_RETIRED "retired"

/* Mounts the BPF file system unless it is mounted already. 0, or a negative
 * errno after logging what to do. */
int pins_mount(const struct log *log);

/* Whether the BPF file system is mounted. */
bool pins_mounted(void);

/* Formats the name of the group of folders of a layout: "v<layout>". */
void pins_group(char group[PINS_GROUP_MAX], int layout);

/* Formats the path of the interface's folder of this layout. */
void pins_folder(char path[PINS_PATH_MAX], const char *iface);

/* Creates the folder, accessible to its owner only. 0, or a negative errno
 * after logging it. */
int pins_create(const char *iface, const struct log *log);
int pins_create_in(const char *group, const char *iface, const struct log *log);

/* Opens the interface's folder in a group. A descriptor for the functions of
 * openat(2) and those below, or a negative errno. */
int pins_open(const char *group, const char *iface);

/* Gives the interface's folder and pins in a group to the owner, if root acts for
 * one, and lets others enter its parents, which remain root's. 0, also if there is
 * no such folder, or a negative errno. */
int pins_hand_over(const char *group, const char *iface,
		   const struct owner *owner);

/* Whether the owner, or else the caller, is kept out of the BPF file system, which
 * systemd mounts for root only. */
bool pins_closed_to(const struct owner *owner);

/* Opens a pinned object. Its file descriptor, or a negative errno, which is
 * also in errno: -ENOENT if there is no such pin. */
int pins_get(const char *iface, const char *name);
int pins_get_at(int folder, const char *name);
/* Pins fd, replacing an existing pin. 0 or a negative errno. */
int pins_put(const char *iface, const char *name, int fd);
int pins_rename(const char *iface, const char *from, const char *to);
int pins_remove(const char *iface, const char *name);

/* Calls fn for each pin whose name starts with prefix, ordered by name. A
 * negative result of fn ends the iteration and is returned. */
int pins_each(const char *iface, const char *prefix,
	      int (*fn)(void *ctx, const char *name), void *ctx);
int pins_each_at(int folder, const char *prefix,
		 int (*fn)(void *ctx, const char *name), void *ctx);

/* Detaches the interface's links and removes its pins, of every layout version
 * and in PINS_RETIRED, with their folders and any parents that become empty. Detaching explicitly
 * ensures that the program is off the interface on return. Returns the number
 * of pins removed, or a negative errno. */
int pins_purge(const char *iface);

/* The same for one group only. Without detach, a link stays attached as long as
 * a process has it open. */
int pins_purge_group(const char *group, const char *iface, bool detach);

/* The highest layout version from from to to of which the interface has this
 * pin; -1: none. */
int pins_other_layout(const char *iface, const char *pin, int from, int to);

/* Calls fn once for each interface that has a folder of any layout version; the
 * result is as of pins_each(). */
int pins_each_interface(int (*fn)(void *ctx, const char *iface), void *ctx);

#endif
