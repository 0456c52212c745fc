/* SPDX-License-Identifier: MIT */
/*
 * The order of the steps is that of takeover.h. Nothing is copied that may still
 * change: rings and counters move by renaming their pins, which is atomic.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "capture/layouts.h"
#include "capture/pins.h"
#include "capture/retired.h"
#include "capture/takeover.h"

/* Maps that the old and the new program both use, so that nothing need be added
 * up. Their values never change; other values would get maps of another name. */
static const enum map_index shared[] = {MAP_metlo_vni, MAP_metlo_vni_cpu};

/* The latest layout version after ours of which the interface has this pin, or
 * -1. */
static int later_version(const char *iface, const char *pin)
{
	return pins_other_layout(iface, pin, METLO_LAYOUT_VERSION + 1, INT_MAX);
}

int takeover_check(const char *iface, const struct log *log)
{
	int version = later_version(iface, "link");

	if (version < 0) {
		version = later_version(iface, maps_names[MAP_metlo_stats]);
		if (version >= 0)
			log_warn(
				log,
				"%s/v%d/%s belongs to a later version of metlo-xdp, which is not attached: leaving it alone: metlo-xdp detach %s removes it",
				METLO_PIN_ROOT, version, iface, iface);
		return 0;
	}
	log_error(
		log,
		"%s was attached by a later version of metlo-xdp, and %s/v%d/%s has a layout that this version does not know (it knows up to %d): start that version again; or, to go back to this one, stop it, run metlo-xdp detach %s, which discards the records waiting in the rings, and start this one",
		iface, METLO_PIN_ROOT, version, iface, METLO_LAYOUT_VERSION,
		iface);
	return -EOPNOTSUPP;
}

/* The latest earlier layout of which the interface has this pin, or NULL. */
static const struct layout *latest_earlier(const char *iface, const char *pin)
{
	int version =
		pins_other_layout(iface, pin, 0, METLO_LAYOUT_VERSION - 1);

	return version < 0 ? NULL : layout_find(version);
}

int takeover_link_version(const char *iface)
{
	const struct layout *l;

	if (pins_other_layout(iface, "link", METLO_LAYOUT_VERSION,
			      METLO_LAYOUT_VERSION) >= 0)
		return METLO_LAYOUT_VERSION;
	l = latest_earlier(iface, "link");
	return l ? l->version : -1;
}

static int open_folder(const char *iface, const struct layout *l)
{
	char group[PINS_GROUP_MAX];

	pins_group(group, l->version);
	return pins_open(group, iface);
}

static int get_pin(const char *iface, const struct layout *l, const char *name)
{
	int folder = open_folder(iface, l), fd;

	if (folder < 0)
		return folder;
	fd = pins_get_at(folder, name);
	close(folder);
	return fd;
}

int takeover_share_maps(struct maps *m, const char *iface)
{
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++) {
		const char *name = maps_names[shared[i]];
		const struct layout *l = latest_earlier(iface, name);
		int fd;

		if (!l || m->fd[shared[i]] >= 0)
			continue;
		fd = get_pin(iface, l, name);
		if (fd < 0)
			return fd;
		m->fd[shared[i]] = fd;
	}
	return 0;
}

uint64_t takeover_seed(const char *iface)
{
	const char *name = maps_names[MAP_metlo_config];
	const struct layout *l = latest_earlier(iface, name);
	struct metlo_config config;
	int fd;

	fd = l ? get_pin(iface, l, name) : -ENOENT;
	if (fd < 0)
		return 0;
	if (maps_read_config(fd, l, &config))
		config.hash_seed = 0;
	close(fd);
	return config.hash_seed;
}

/* Returns once no CPU runs the replaced program any more. Removing a ring from
 * the map of rings waits for that; the rings themselves stay. */
static int await_old_program(int folder)
{
	int fd = pins_get_at(folder, maps_names[MAP_metlo_rings]), err = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	for (__u32 i = 0; i < METLO_RINGS_MAX && !err; i++)
		if (bpf_map_delete_elem(fd, &i) && errno != ENOENT)
			err = -errno;
	close(fd);
	return err;
}

struct adopt {
	int from, to;
	int version; /* of the layout in from */
};

/* Moves the counters of the layout itself, and those that it had adopted. */
static int move_stats(void *ctx, const char *name)
{
	const struct adopt *m = ctx;
	char to[64];

	if (strcmp(name, maps_names[MAP_metlo_stats]))
		snprintf(to, sizeof(to), "%.48s", name);
	else
		snprintf(to, sizeof(to), MAPS_ADOPTED "%d", m->version);
	return renameat(m->from, name, m->to, to) ? -errno : 0;
}

static int adopt_stats(int from, int version, const char *iface)
{
	struct adopt m = {.from = from, .version = version};
	int err;

	m.to = open_folder(iface, &layout_current);
	if (m.to < 0)
		return m.to;
	err = pins_each_at(from, maps_names[MAP_metlo_stats], move_stats, &m);
	close(m.to);
	return err;
}

static int finish_one(const char *iface, const struct layout *l,
		      const struct log *log)
{
	char group[PINS_GROUP_MAX];
	int folder = open_folder(iface, l), err;

	if (folder < 0)
		return folder == -ENOENT ? 0 : folder;
	log_info(
		log,
		"%s: taking over from a version with record layout %d: its records are processed first",
		iface, l->version);
	/* A restart of the old version must not resume here from now on. */
	err = unlinkat(folder, "link", 0) && errno != ENOENT ? -errno : 0;
	if (!err)
		err = await_old_program(folder);
	if (!err)
		err = retired_add(iface, l->version, "old-", log);
	if (!err)
		err = retired_add(iface, l->version, "ring-", log);
	if (!err)
		err = adopt_stats(folder, l->version, iface);
	close(folder);
	pins_group(group, l->version);
	return err ? err : pins_purge_group(group, iface, false);
}

int takeover_finish(struct maps *m, const char *iface, const struct log *log)
{
	const struct layout *l;
	int err = 0;

	for (size_t i = 0; err >= 0 && (l = layout_earlier(i)); i++)
		err = finish_one(iface, l, log);
	if (err >= 0)
		err = maps_open_adopted(m, iface);
	if (err >= 0)
		return 0;
	log_error(
		log,
		"%s: cannot take over from an earlier version: %s: start again, or run metlo-xdp detach %s first, which discards the records waiting in the rings",
		iface, strerror(-err), iface);
	return err;
}
