/* SPDX-License-Identifier: MIT */
/* Reads the state of an attachment from its pins, or from the program on the
 * interface if nothing is pinned. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "capture/attached.h"
#include "capture/lock.h"
#include "capture/maps.h"
#include "capture/pins.h"
#include "capture/rings.h"

/* Finds the layout whose maps the program uses. Between two steps of an upgrade
 * there are two; the link is the last to be pinned for the new one. */
static int find_layout(struct attached *a)
{
	a->layout = pins_other_layout(a->iface, "link", 0, INT_MAX);
	if (a->layout < 0)
		a->layout = pins_other_layout(
			a->iface, maps_names[MAP_metlo_stats], 0, INT_MAX);
	if (a->layout < 0)
		a->layout = METLO_LAYOUT_VERSION;
	return layout_find(a->layout) ? 0 : -EPROTO;
}

static int read_link(struct attached *a)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);
	char group[PINS_GROUP_MAX];
	int folder, fd, err = 0;

	pins_group(group, a->layout);
	folder = pins_open(group, a->iface);
	if (folder < 0)
		return folder == -ENOENT ? 0 : folder;
	fd = pins_get_at(folder, "link");
	close(folder);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	a->pinned = true;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		err = -errno;
	close(fd);
	if (err || info.type != BPF_LINK_TYPE_XDP)
		return err;
	a->ifindex = info.xdp.ifindex;
	a->live = info.xdp.ifindex != 0;
	a->prog_id = info.prog_id;
	return 0;
}

static void find_mode(struct attached *a)
{
	if (a->prog_id && a->prog_id == a->dev.native.id)
		a->mode = XDP_MODE_NATIVE;
	else if (a->prog_id && a->prog_id == a->dev.generic.id)
		a->mode = XDP_MODE_GENERIC;
}

/* With --detach-on-exit nothing is pinned. The program on the interface is then
 * ours only if a daemon holds the interface's lock. */
static int open_unpinned(struct attached *a, struct maps *m)
{
	const struct netdev_program *p =
		a->dev.native.id ? &a->dev.native : &a->dev.generic;
	int err;

	if (!p->id || !a->daemon)
		return -ENOENT;
	err = maps_open_program(m, p->id);
	if (err)
		return err;
	a->prog_id = p->id;
	a->live = true;
	a->ifindex = a->dev.ifindex;
	return 0;
}

static int open_maps(struct attached *a, struct maps *m)
{
	int err = 0;

	if (pins_mounted())
		err = maps_open_layout(m, a->iface, layout_find(a->layout));
	if (!err)
		err = maps_open_adopted(m, a->iface);
	if (err)
		return err;
	if (m->fd[MAP_metlo_stats] >= 0) {
		a->pinned = true;
		return 0;
	}
	maps_close(m);
	return open_unpinned(a, m);
}

static int read_maps(struct attached *a, const struct maps *m)
{
	int err;

	err = counters_read_all(m, &a->stats);
	if (!err && m->fd[MAP_metlo_config] >= 0)
		err = maps_read_config(m->fd[MAP_metlo_config], m->layout,
				       &a->config);
	if (err)
		return err;
	a->rings = a->config.ring_mask + 1;
	if (m->fd[MAP_metlo_vni] < 0 || m->fd[MAP_metlo_vni_cpu] < 0)
		return 0;
	return counters_read_vnis(m->fd[MAP_metlo_vni],
				  m->fd[MAP_metlo_vni_cpu], &a->vnis,
				  &a->n_vnis);
}

int attached_read(struct attached *a, const char *iface)
{
	struct maps maps;
	int err = 0;

	memset(a, 0, sizeof(*a));
	maps_init(&maps);
	if (strlen(iface) >= sizeof(a->iface) || strchr(iface, '/'))
		return -ENOENT;
	memcpy(a->iface, iface, strlen(iface) + 1);
	if (netdev_read(&a->dev, iface))
		a->dev.ifindex = 0;
	a->daemon = lock_holder(iface);
	if (pins_mounted())
		err = find_layout(a);
	if (!err && pins_mounted())
		err = read_link(a);
	if (!err)
		err = open_maps(a, &maps);
	if (err) {
		maps_close(&maps);
		return err;
	}
	find_mode(a);
	err = read_maps(a, &maps);
	maps_close(&maps);
	if (!err && a->pinned)
		rings_peek(iface, a->layout, &a->ring_size, &a->waiting);
	if (err)
		attached_free(a);
	return err;
}

void attached_free(struct attached *a)
{
	free(a->vnis);
	a->vnis = NULL;
	a->n_vnis = 0;
}

struct each {
	int (*fn)(void *ctx, const char *iface);
	void *ctx;
};

static int each_pinned(void *ctx, const char *iface)
{
	const struct each *e = ctx;

	return e->fn(e->ctx, iface);
}

static bool has_pins(const char *iface)
{
	return pins_mounted() && pins_other_layout(iface, ".", 0, INT_MAX) >= 0;
}

int attached_each(int (*fn)(void *ctx, const char *iface), void *ctx)
{
	struct each e = {fn, ctx};
	struct if_nameindex *all;
	int err = 0;

	if (pins_mounted())
		err = pins_each_interface(each_pinned, &e);
	if (err < 0)
		return err;
	all = if_nameindex();
	if (!all)
		return -errno;
	for (struct if_nameindex *i = all; i->if_index && err >= 0; i++) {
		struct netdev d;

		if (has_pins(i->if_name) || netdev_read(&d, i->if_name))
			continue;
		if (!strcmp(d.native.name, "metlo_xdp") ||
		    !strcmp(d.generic.name, "metlo_xdp"))
			err = fn(ctx, i->if_name);
	}
	if_freenameindex(all);
	return err < 0 ? err : 0;
}
