/* SPDX-License-Identifier: MIT */
/*
 * A pin's name says when to drain the ring and how to read it:
 * <generation>-<METLO_RINGS_MAX - 1 - slot>-v<layout>-<id>, so that sorting the
 * names gives the order. Each call of retired_add() is a generation.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "capture/pins.h"
#include "capture/retired.h"

#define GENERATION_MAX 99999999u

static int last_generation(void *ctx, const char *name)
{
	unsigned int *last = ctx, n;

	if (sscanf(name, "%8u-", &n) == 1 && n > *last)
		*last = n;
	return 0;
}

struct retire {
	int from, to; /* folders */
	unsigned int generation;
	int version;
};

static int move_ring(void *ctx, const char *name)
{
	const struct retire *m = ctx;
	unsigned int slot, id = 0;
	char to[48];

	if (sscanf(name, "ring-%2u", &slot) != 1 &&
	    sscanf(name, "old-%2u-%10u", &slot, &id) != 2)
		return 0;
	if (slot >= METLO_RINGS_MAX)
		return 0;
	snprintf(to, sizeof(to), "%08u-%02u-v%d-%010u", m->generation,
		 METLO_RINGS_MAX - 1 - slot, m->version, id);
	return renameat(m->from, name, m->to, to) ? -errno : 0;
}

static int found_one(void *ctx, const char *name)
{
	(void)name;
	*(bool *)ctx = true;
	return 0;
}

static int move_rings(const char *iface, int from, int version,
		      const char *prefix)
{
	struct retire m = {.from = from, .version = version};
	int err;

	m.to = pins_open(PINS_RETIRED, iface);
	if (m.to < 0)
		return m.to;
	err = pins_each_at(m.to, "", last_generation, &m.generation);
	m.generation++;
	if (!err && m.generation > GENERATION_MAX)
		err = -EOVERFLOW;
	if (!err)
		err = pins_each_at(from, prefix, move_ring, &m);
	close(m.to);
	return err;
}

int retired_add(const char *iface, int version, const char *prefix,
		const struct log *log)
{
	char group[PINS_GROUP_MAX];
	bool any = false;
	int from, err;

	pins_group(group, version);
	from = pins_open(group, iface);
	if (from < 0)
		return from == -ENOENT ? 0 : from;
	err = pins_each_at(from, prefix, found_one, &any);
	if (!err && any) {
		err = pins_create_in(PINS_RETIRED, iface, log);
		if (!err)
			err = move_rings(iface, from, version, prefix);
	}
	close(from);
	if (err)
		log_error(log,
			  "cannot move the pins of the old rings of %s: %s",
			  iface, strerror(-err));
	return err;
}

static int open_one(void *ctx, const char *name)
{
	struct bpf_map_info info = {0};
	struct retired *r = ctx;
	struct retired_ring *ring = &r->ring[r->n];
	__u32 len = sizeof(info);
	int version, fd;

	if (sscanf(name, "%*8u-%*2u-v%d-", &version) != 1 ||
	    strlen(name) >= sizeof(ring->pin))
		return 0;
	if (r->n == RETIRED_MAX)
		return -E2BIG;
	ring->layout = layout_find(version);
	if (!ring->layout)
		return -EPROTO;
	fd = pins_get_at(r->folder, name);
	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) ||
	    info.type != BPF_MAP_TYPE_RINGBUF) {
		close(fd);
		return -EINVAL;
	}
	memcpy(ring->pin, name, strlen(name) + 1);
	ring->fd = fd;
	ring->size = info.max_entries;
	r->n++;
	return 0;
}

int retired_open(struct retired *r, const char *iface, const struct log *log)
{
	int err;

	r->n = 0;
	r->folder = pins_open(PINS_RETIRED, iface);
	if (r->folder == -ENOENT)
		return 0;
	err = r->folder < 0 ? r->folder
			    : pins_each_at(r->folder, "", open_one, r);
	if (!err)
		return 0;
	log_error(
		log,
		"cannot open the old rings of %s in %s/%s/%s: %s: run metlo-xdp detach %s to discard what they hold",
		iface, METLO_PIN_ROOT, PINS_RETIRED, iface, strerror(-err),
		iface);
	retired_close(r);
	if (r->folder >= 0)
		close(r->folder);
	r->folder = -1;
	return err;
}

void retired_close(struct retired *r)
{
	for (unsigned int i = 0; i < r->n; i++)
		close(r->ring[i].fd);
	r->n = 0;
}
