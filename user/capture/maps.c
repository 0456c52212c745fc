/* SPDX-License-Identifier: MIT */
/* Opens the maps by pin or through a loaded program, and pins them. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "capture/maps.h"
#include "capture/pins.h"

/* maps_open_program() finds maps by the name that the kernel reports, of which
 * libbpf keeps at most 15 bytes. */
#define NAME_FITS(name) \
	_Static_assert(sizeof(#name) <= BPF_OBJ_NAME_LEN, #name " is too long");
MAPS_LIST(NAME_FITS)
#undef NAME_FITS

const char *const maps_names[MAPS_N] = {
#define MAP_NAME(name) #name,
	MAPS_LIST(MAP_NAME)
#undef MAP_NAME
};

void maps_init(struct maps *m)
{
	for (int i = 0; i < MAPS_N; i++)
		m->fd[i] = -1;
}

void maps_close(struct maps *m)
{
	for (int i = 0; i < MAPS_N; i++) {
		if (m->fd[i] >= 0)
			close(m->fd[i]);
		m->fd[i] = -1;
	}
}

int maps_open_pinned(struct maps *m, const char *iface)
{
	maps_init(m);
	for (int i = 0; i < MAPS_N; i++) {
		int fd = pins_get(iface, maps_names[i]);

		if (fd < 0 && errno != ENOENT) {
			int err = -errno;

			maps_close(m);
			return err;
		}
		m->fd[i] = fd < 0 ? -1 : fd;
	}
	return 0;
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
