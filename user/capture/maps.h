/* SPDX-License-Identifier: MIT */
/* File descriptors of the XDP program's maps that outlive the daemon. */
#ifndef CAPTURE_MAPS_H
#define CAPTURE_MAPS_H

#include <stdint.h>

#include "capture/layouts.h"

/* Name and type in the current layout. */
#define MAPS_LIST(X)                   \
	X(metlo_stats, PERCPU_ARRAY)   \
	X(metlo_vni, LRU_PERCPU_HASH)  \
	X(metlo_vni_cpu, PERCPU_ARRAY) \
	X(metlo_config, ARRAY)         \
	X(metlo_vni_allow, ARRAY)      \
	X(metlo_shunt, ARRAY)          \
	X(metlo_rings, ARRAY_OF_MAPS)

enum map_index {
#define MAP_INDEX(name, type) MAP_##name,
	MAPS_LIST(MAP_INDEX)
#undef MAP_INDEX
		MAPS_N
};

/* Counters of earlier layouts are pinned under this name and the layout. */
#define MAPS_ADOPTED	 "metlo_stats-v"
#define MAPS_ADOPTED_MAX 8

/* The counters of a program of an earlier layout, which no longer runs. */
struct maps_adopted {
	int fd;
	const struct layout *layout;
};

struct maps {
	int fd[MAPS_N]; /* -1: not open */
	const struct layout *layout;
	unsigned int n_adopted;
	struct maps_adopted adopted[MAPS_ADOPTED_MAX];
};

/* Names of the maps, which are also the names of their pins. */
extern const char *const maps_names[MAPS_N];

void maps_init(struct maps *m);
void maps_close(struct maps *m);

/* Opens the maps that are pinned for the interface; the others stay -1. 0, or
 * the negative errno of a pin that exists but cannot be opened. */
int maps_open_pinned(struct maps *m, const char *iface);

/* The same for the maps of a layout that this version knows, to read them only.
 * Those of other layouts than m->layout need conversion. */
int maps_open_layout(struct maps *m, const char *iface,
		     const struct layout *layout);

/* The index of the first open map that is not of its type; -1: none. */
int maps_wrong_type(const struct maps *m);

/* Opens the counters that are pinned beside the maps. 0, or a negative errno:
 * -EPROTO of a layout that this version does not know, -E2BIG too many. */
int maps_open_adopted(struct maps *m, const char *iface);

/* Reads and converts the configuration. 0 or a negative errno. */
int maps_read_config(int fd, const struct layout *layout,
		     struct metlo_config *config);

/* Opens the maps of a loaded program by its id, which needs CAP_SYS_ADMIN. 0,
 * or a negative errno: -ENOENT if the program is not metlo_xdp. */
int maps_open_program(struct maps *m, uint32_t prog_id);

/* Pins all maps. 0 or a negative errno. */
int maps_pin(const struct maps *m, const char *iface);

#endif
