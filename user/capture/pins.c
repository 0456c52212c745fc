/* SPDX-License-Identifier: MIT */
/* Creates, opens, lists and removes pins in the BPF file system. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/magic.h>
#include <linux/types.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "capture/pins.h"
#include "metlo_record.h"

#define BPFFS "/sys/fs/bpf"

static bool on_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

/* In a sandboxed service, only our folder may be visible. */
bool pins_mounted(void)
{
	return on_bpffs(METLO_PIN_ROOT) || on_bpffs(BPFFS);
}

int pins_mount(const struct log *log)
{
	int err;

	if (pins_mounted())
		return 0;
	if (!mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		   "mode=0700")) {
		log_info(log, "mounted the BPF file system on %s", BPFFS);
		return 0;
	}
	err = -errno;
	log_error(
		log,
		"%s: the BPF file system is not mounted, and mounting it failed: %s: run as root: mount -t bpf bpf %s",
		BPFFS, strerror(-err), BPFFS);
	return err;
}

void pins_folder(char path[PINS_PATH_MAX], const char *iface)
{
	snprintf(path, PINS_PATH_MAX, "%s/v%d/%s", METLO_PIN_ROOT,
		 METLO_LAYOUT_VERSION, iface);
}

void pins_path(char path[PINS_PATH_MAX], const char *iface, const char *name)
{
	snprintf(path, PINS_PATH_MAX, "%s/v%d/%s/%s", METLO_PIN_ROOT,
		 METLO_LAYOUT_VERSION, iface, name);
}

int pins_create(const char *iface, const struct log *log)
{
	char path[PINS_PATH_MAX];

	pins_folder(path, iface);
	/* Create each folder from METLO_PIN_ROOT down. */
	for (char *p = path + strlen(METLO_PIN_ROOT); p;
	     p = strchr(p + 1, '/')) {
		char c = *p;
		int err = 0;

		*p = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			err = -errno;
		if (err) {
			log_error(
				log,
				"%s: cannot create this folder: %s: make its parent writable for the user of metlo-xdp, or run as root",
				path, strerror(-err));
			return err;
		}
		*p = c;
	}
	if (mkdir(path, 0700) && errno != EEXIST) {
		int err = -errno;

		log_error(log, "%s: cannot create this folder: %s", path,
			  strerror(-err));
		return err;
	}
	return 0;
}

int pins_get(const char *iface, const char *name)
{
	char path[PINS_PATH_MAX];

	pins_path(path, iface, name);
	return bpf_obj_get(path);
}

int pins_put(const char *iface, const char *name, int fd)
{
	char path[PINS_PATH_MAX];

	pins_path(path, iface, name);
	if (unlink(path) && errno != ENOENT)
		return -errno;
	return bpf_obj_pin(fd, path) ? -errno : 0;
}

int pins_rename(const char *iface, const char *from, const char *to)
{
	char a[PINS_PATH_MAX], b[PINS_PATH_MAX];

	pins_path(a, iface, from);
	pins_path(b, iface, to);
	return rename(a, b) ? -errno : 0;
}

int pins_remove(const char *iface, const char *name)
{
	char path[PINS_PATH_MAX];

	pins_path(path, iface, name);
	return unlink(path) ? -errno : 0;
}

/* Calls fn for the entries of a folder, ordered by name. The list is read
 * beforehand, so fn may remove entries. */
static int each_entry(const char *path, const char *prefix,
		      int (*fn)(void *ctx, const char *name), void *ctx)
{
	struct dirent **entries;
	int n, err = 0;

	n = scandir(path, &entries, NULL, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (err >= 0 && name[0] != '.' &&
		    !strncmp(name, prefix, strlen(prefix)))
			err = fn(ctx, name);
		free(entries[i]);
	}
	free(entries);
	return err < 0 ? err : 0;
}

int pins_each(const char *iface, const char *prefix,
	      int (*fn)(void *ctx, const char *name), void *ctx)
{
	char path[PINS_PATH_MAX];

	pins_folder(path, iface);
	return each_entry(path, prefix, fn, ctx);
}

int pins_each_interface(int (*fn)(void *ctx, const char *iface), void *ctx)
{
	char path[PINS_PATH_MAX];

	snprintf(path, sizeof(path), "%s/v%d", METLO_PIN_ROOT,
		 METLO_LAYOUT_VERSION);
	return each_entry(path, "", fn, ctx);
}

struct purge {
	const char *iface;
	bool detach;
	char folder[PINS_PATH_MAX];
	int n;
};

static int purge_pin(void *ctx, const char *name)
{
	struct purge *p = ctx;
	char path[2 * PINS_PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", p->folder, name);
	if (p->detach && !strcmp(name, "link")) {
		fd = bpf_obj_get(path);
		if (fd >= 0) {
			/* Fails if the link's interface no longer exists. */
			bpf_link_detach(fd);
			close(fd);
		}
	}
	if (unlink(path))
		return -errno;
	p->n++;
	return 0;
}

static int purge_layout(void *ctx, const char *layout)
{
	struct purge *p = ctx;
	char parent[PINS_PATH_MAX];
	int err;

	snprintf(parent, sizeof(parent), "%s/%s", METLO_PIN_ROOT, layout);
	if ((size_t)snprintf(p->folder, sizeof(p->folder), "%s/%s/%s",
			     METLO_PIN_ROOT, layout,
			     p->iface) >= sizeof(p->folder))
		return -ENAMETOOLONG;
	err = each_entry(p->folder, "", purge_pin, p);
	if (err < 0)
		return err;
	if (rmdir(p->folder) && errno != ENOENT)
		return -errno;
	/* Fails while other interfaces have pins. */
	rmdir(parent);
	return 0;
}

int pins_purge(const char *iface)
{
	struct purge p = {.iface = iface, .detach = true};
	int err;

	err = each_entry(METLO_PIN_ROOT, "v", purge_layout, &p);
	if (err < 0)
		return err;
	rmdir(METLO_PIN_ROOT);
	return p.n;
}

int pins_purge_own(const char *iface, bool detach)
{
	struct purge p = {.iface = iface, .detach = detach};
	char layout[16];
	int err;

	snprintf(layout, sizeof(layout), "v%d", METLO_LAYOUT_VERSION);
	err = purge_layout(&p, layout);
	if (err < 0)
		return err;
	rmdir(METLO_PIN_ROOT);
	return p.n;
}

struct find_layout {
	const char *iface;
	bool found;
};

static int find_layout(void *ctx, const char *layout)
{
	struct find_layout *f = ctx;
	char path[2 * PINS_PATH_MAX], ours[16];

	snprintf(ours, sizeof(ours), "v%d", METLO_LAYOUT_VERSION);
	snprintf(path, sizeof(path), "%s/%s/%s", METLO_PIN_ROOT, layout,
		 f->iface);
	f->found |= strcmp(layout, ours) && !access(path, F_OK);
	return 0;
}

bool pins_other_layout(const char *iface)
{
	struct find_layout f = {.iface = iface};

	each_entry(METLO_PIN_ROOT, "v", find_layout, &f);
	return f.found;
}
