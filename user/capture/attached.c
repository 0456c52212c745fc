/* SPDX-License-Identifier: MIT */
/* Reads the state of an attachment from its pins, or from the program on the
 * interface if nothing is pinned. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "capture/attached.h"
#include "capture/lock.h"
#include "capture/maps.h"
#include "capture/pins.h"
#include "capture/rings.h"

static int read_link(struct attached *a)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);
	int fd = pins_get(a->iface, "link"), err = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
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
	int err = pins_mounted() ? maps_open_pinned(m, a->iface) : 0;

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
	const __u32 zero = 0;
	int err;

	err = counters_read(m->fd[MAP_metlo_stats], &a->stats);
	if (err)
		return err;
	if (m->fd[MAP_metlo_config] >= 0 &&
	    bpf_map_lookup_elem(m->fd[MAP_metlo_config], &zero, &a->config))
		return -errno;
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
		rings_peek(iface, &a->ring_size, &a->waiting);
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
	char folder[PINS_PATH_MAX];

	pins_folder(folder, iface);
	return pins_mounted() && !access(folder, F_OK);
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
