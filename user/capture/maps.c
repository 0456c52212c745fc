/* SPDX-License-Identifier: MIT */
/* Opens the maps by pin or through a loaded program, and pins them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "capture/maps.h"
#include "capture/pins.h"

/* maps_open_program() finds maps by the name that the kernel reports, of which
 * libbpf keeps at most 15 bytes. */
#define NAME_FITS(name, type) \
	_Static_assert(sizeof(#name) <= BPF_OBJ_NAME_LEN, #name " is too long");
MAPS_LIST(NAME_FITS)
#undef NAME_FITS

const char *const maps_names[MAPS_N] = {
#define MAP_NAME(name, type) #name,
	MAPS_LIST(MAP_NAME)
#undef MAP_NAME
};

static const __u32 map_types[MAPS_N] = {
#define MAP_TYPE(name, type) BPF_MAP_TYPE_##type,
	MAPS_LIST(MAP_TYPE)
#undef MAP_TYPE
};

void maps_init(struct maps *m)
{
	for (int i = 0; i < MAPS_N; i++)
		m->fd[i] = -1;
	m->layout = &layout_current;
	m->n_adopted = 0;
}

static void close_adopted(struct maps *m)
{
	for (unsigned int i = 0; i < m->n_adopted; i++)
		close(m->adopted[i].fd);
	m->n_adopted = 0;
}

void maps_close(struct maps *m)
{
	for (int i = 0; i < MAPS_N; i++) {
		if (m->fd[i] >= 0)
			close(m->fd[i]);
		m->fd[i] = -1;
	}
	close_adopted(m);
}

static int open_folder(const char *iface, const struct layout *layout)
{
	char group[PINS_GROUP_MAX];

	pins_group(group, layout->version);
	return pins_open(group, iface);
}

int maps_open_layout(struct maps *m, const char *iface,
		     const struct layout *layout)
{
	int folder, err = 0;

	maps_init(m);
	m->layout = layout;
	folder = open_folder(iface, layout);
	if (folder < 0)
		return folder == -ENOENT ? 0 : folder;
	for (int i = 0; i < MAPS_N && !err; i++) {
		int fd = pins_get_at(folder, maps_names[i]);

		if (fd < 0 && fd != -ENOENT)
			err = fd;
		m->fd[i] = fd < 0 ? -1 : fd;
	}
	close(folder);
	if (err)
		maps_close(m);
	return err;
}

int maps_open_pinned(struct maps *m, const char *iface)
{
	return maps_open_layout(m, iface, &layout_current);
}

int maps_wrong_type(const struct maps *m)
{
	for (int i = 0; i < MAPS_N; i++) {
		struct bpf_map_info info = {0};
		__u32 len = sizeof(info);

		if (m->fd[i] >= 0 &&
		    (bpf_obj_get_info_by_fd(m->fd[i], &info, &len) ||
		     info.type != map_types[i]))
			return i;
	}
	return -1;
}

struct adopting {
	struct maps *maps;
	int folder;
};

static int open_adopted(void *ctx, const char *name)
{
	const struct adopting *a = ctx;
	struct maps *m = a->maps;
	const struct layout *l = layout_find(atoi(name + strlen(MAPS_ADOPTED)));
	int fd;

	if (!l)
		return -EPROTO;
	if (m->n_adopted == MAPS_ADOPTED_MAX)
		return -E2BIG;
	fd = pins_get_at(a->folder, name);
	if (fd < 0)
		return fd;
	m->adopted[m->n_adopted++] = (struct maps_adopted){fd, l};
	return 0;
}

int maps_open_adopted(struct maps *m, const char *iface)
{
	struct adopting a = {.maps = m};
	int err;

	close_adopted(m);
	a.folder = open_folder(iface, m->layout);
	if (a.folder < 0)
		return a.folder == -ENOENT ? 0 : a.folder;
	err = pins_each_at(a.folder, MAPS_ADOPTED, open_adopted, &a);
	close(a.folder);
	return err;
}

/* Whether the value of a map has the size that its layout says. */
static int check_value_size(int fd, size_t size)
{
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	return info.value_size == size ? 0 : -EPROTO;
}

int maps_read_config(int fd, const struct layout *layout,
		     struct metlo_config *config)
{
	int err = check_value_size(fd, layout->config_size);
	const __u32 zero = 0;
	void *value;

	if (err)
		return err;
	value = malloc(layout->config_size);
	if (!value)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &zero, value))
		err = -errno;
	else if (layout->config)
		layout->config(config, value);
	else
		memcpy(config, value, sizeof(*config));
	free(value);
	return err;
}

/* Stores fd if it is one of the listed maps and that one is not open yet, or
 * else closes it. */
static void adopt(struct maps *m, int fd)
{
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);

	if (!bpf_obj_get_info_by_fd(fd, &info, &len)) {
		for (int i = 0; i < MAPS_N; i++) {
			if (m->fd[i] < 0 && !strcmp(info.name, maps_names[i])) {
				m->fd[i] = fd;
				return;
			}
		}
	}
	close(fd);
}

int maps_open_program(struct maps *m, uint32_t prog_id)
{
	struct bpf_prog_info info = {0};
	__u32 ids[32], len = sizeof(info);
	int fd, err;

	maps_init(m);
	fd = bpf_prog_get_fd_by_id(prog_id);
	if (fd < 0)
		return -errno;
	info.map_ids = (__u64)(uintptr_t)ids;
	info.nr_map_ids = sizeof(ids) / sizeof(*ids);
	err = bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : 0;
	close(fd);
	if (err)
		return err;
	if (strcmp(info.name, "metlo_xdp"))
		return -ENOENT;
	for (__u32 i = 0; i < info.nr_map_ids && i < 32; i++) {
		int map = bpf_map_get_fd_by_id(ids[i]);

		if (map >= 0)
			adopt(m, map);
	}
	return m->fd[MAP_metlo_stats] < 0 ? -ENOENT : 0;
}

int maps_pin(const struct maps *m, const char *iface)
{
	for (int i = 0; i < MAPS_N; i++) {
		int err = pins_put(iface, maps_names[i], m->fd[i]);

		if (err)
			return err;
	}
	return 0;
}
