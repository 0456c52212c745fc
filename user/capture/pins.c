/* SPDX-License-Identifier: MIT */
/*
 * Creates, opens, lists and removes pins in the BPF file system. Their folders
 * belong to the user of the daemon, but root works in them too (a manual attach or
 * detach), so they are opened without following links.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/magic.h>
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

void pins_group(char group[PINS_GROUP_MAX], int layout)
{
	snprintf(group, PINS_GROUP_MAX, "v%d", layout);
}

void pins_folder(char path[PINS_PATH_MAX], const char *iface)
{
	snprintf(path, PINS_PATH_MAX, "%s/v%d/%s", METLO_PIN_ROOT,
		 METLO_LAYOUT_VERSION, iface);
}

/* Opens a folder, at any level without following symbolic links: METLO_PIN_ROOT
 * belongs to the user of the daemon, who must not lead root elsewhere. Creates it
 * if create is set and its parent exists. A descriptor or -errno. Not openat2(),
 * as systemd's RestrictSUIDSGID= replaces it by ENOSYS. */
static int open_folder(const char *path, bool create)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	char name[PINS_PATH_MAX];
	int fd = open("/", flags), next;

	while (fd >= 0 && *path) {
		const size_t n = strcspn(++path, "/");

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		path += n;
		next = create && !*path && mkdirat(fd, name, 0700) &&
				       errno != EEXIST
			       ? -1
			       : openat(fd, name, flags);
		close(fd);
		fd = next;
	}
	return fd < 0 ? -errno : fd;
}

/* Opens the folder of an interface. */
static int open_pins(const char *iface)
{
	char path[PINS_PATH_MAX];

	pins_folder(path, iface);
	return open_folder(path, false);
}

bool pins_closed_to(const struct owner *owner)
{
	int fd = -1;
	bool closed;

	if (owned_enter(owner))
		return false;
	/* The dot: looking it up needs the permission that pins need. */
	fd = open(BPFFS "/.", O_PATH | O_DIRECTORY | O_CLOEXEC);
	closed = fd < 0 && errno == EACCES;
	owned_leave(owner);
	if (fd >= 0)
		close(fd);
	return closed;
}

int pins_open(const char *group, const char *iface)
{
	char path[PINS_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s", METLO_PIN_ROOT, group, iface);
	return open_folder(path, false);
}

/* Creates each folder from METLO_PIN_ROOT down. */
int pins_create_in(const char *group, const char *iface, const struct log *log)
{
	char path[PINS_PATH_MAX];
	int fd = 0;

	snprintf(path, sizeof(path), "%s/%s/%s", METLO_PIN_ROOT, group, iface);
	for (char *p = path + strlen(METLO_PIN_ROOT); p && fd >= 0;) {
		char c = *p;

		*p = '\0';
		fd = open_folder(path, true);
		if (fd < 0)
			log_error(
				log,
				"%s: cannot create this folder: %s: make its parent writable for the user of metlo-xdp, or run as root",
				path, strerror(-fd));
		else
			close(fd);
		*p = c;
		p = c ? strchr(p + 1, '/') ?: p + strlen(p) : NULL;
	}
	return fd < 0 ? fd : 0;
}

int pins_create(const char *iface, const struct log *log)
{
	char group[PINS_GROUP_MAX];

	pins_group(group, METLO_LAYOUT_VERSION);
	return pins_create_in(group, iface, log);
}

/* Earlier versions gave METLO_PIN_ROOT to the user of the daemon. */
static int share_with_others(const char *path)
{
	char self[64];
	int fd = open_folder(path, false), err;

	if (fd < 0)
		return fd;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	err = fchownat(fd, "", 0, 0, AT_EMPTY_PATH) || chmod(self, 0755)
		      ? -errno
		      : 0;
	close(fd);
	return err;
}

int pins_hand_over(const char *group, const char *iface,
		   const struct owner *owner)
{
	char path[PINS_PATH_MAX];
	int folder, err;

	if (!owner->change)
		return 0;
	folder = pins_open(group, iface);
	if (folder < 0)
		return folder == -ENOENT ? 0 : folder;
	snprintf(path, sizeof(path), "%s/%s", METLO_PIN_ROOT, group);
	err = share_with_others(METLO_PIN_ROOT);
	if (!err)
		err = share_with_others(path);
	if (!err)
		err = owned_hand_over(owner, folder);
	close(folder);
	return err;
}

/* The path of a pin in an open folder, for bpf(2). */
static void pin_path(char path[PINS_PATH_MAX], int folder, const char *name)
{
	snprintf(path, PINS_PATH_MAX, "/proc/self/fd/%d/%s", folder, name);
}

int pins_get_at(int folder, const char *name)
{
	char self[64];
	struct stat st;
	int pin = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), fd;

	if (pin < 0)
		return -errno;
	if (fstat(pin, &st) || !S_ISREG(st.st_mode)) {
		close(pin);
		return -ELOOP;
	}
	/* By descriptor, as bpf(2) follows links. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", pin);
	fd = bpf_obj_get(self);
	if (fd < 0)
		fd = -errno;
	close(pin);
	return fd;
}

int pins_get(const char *iface, const char *name)
{
	int folder = open_pins(iface), fd;

	fd = folder < 0 ? folder : pins_get_at(folder, name);
	if (folder >= 0)
		close(folder);
	if (fd < 0)
		errno = -fd;
	return fd;
}

int pins_put(const char *iface, const char *name, int fd)
{
	char path[PINS_PATH_MAX];
	int folder = open_pins(iface), err = 0;

	if (folder < 0)
		return folder;
	pin_path(path, folder, name);
	if ((unlinkat(folder, name, 0) && errno != ENOENT) ||
	    bpf_obj_pin(fd, path))
		err = -errno;
	close(folder);
	return err;
}

int pins_rename(const char *iface, const char *from, const char *to)
{
	int folder = open_pins(iface), err;

	if (folder < 0)
		return folder;
	err = renameat(folder, from, folder, to) ? -errno : 0;
	close(folder);
	return err;
}

int pins_remove(const char *iface, const char *name)
{
	int folder = open_pins(iface), err;

	if (folder < 0)
		return folder;
	err = unlinkat(folder, name, 0) ? -errno : 0;
	close(folder);
	return err;
}

/* The list is read beforehand, so fn may remove entries. */
int pins_each_at(int folder, const char *prefix,
		 int (*fn)(void *ctx, const char *name), void *ctx)
{
	struct dirent **entries;
	int n, err = 0;

	n = scandirat(folder, ".", &entries, NULL, alphasort);
	if (n < 0)
		return -errno;
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

static int each_entry(const char *path, const char *prefix,
		      int (*fn)(void *ctx, const char *name), void *ctx)
{
	int folder = open_folder(path, false), err;

	if (folder < 0)
		return folder == -ENOENT ? 0 : folder;
	err = pins_each_at(folder, prefix, fn, ctx);
	close(folder);
	return err;
}

int pins_each(const char *iface, const char *prefix,
	      int (*fn)(void *ctx, const char *name), void *ctx)
{
	char path[PINS_PATH_MAX];

	pins_folder(path, iface);
	return each_entry(path, prefix, fn, ctx);
}

struct each_interface {
	int (*fn)(void *ctx, const char *iface);
	void *ctx;
	int version; /* of the group */
};

static int each_in_group(void *ctx, const char *iface)
{
	const struct each_interface *e = ctx;

	/* During an upgrade, the interface has a folder in two groups. */
	if (pins_other_layout(iface, ".", e->version + 1, INT_MAX) >= 0)
		return 0;
	return e->fn(e->ctx, iface);
}

static int each_group(void *ctx, const char *group)
{
	struct each_interface *e = ctx;
	char path[PINS_PATH_MAX];

	e->version = atoi(group + 1);
	if (snprintf(path, sizeof(path), "%s/%s", METLO_PIN_ROOT, group) >=
	    (int)sizeof(path))
		return 0;
	return each_entry(path, "", each_in_group, e);
}

int pins_each_interface(int (*fn)(void *ctx, const char *iface), void *ctx)
{
	struct each_interface e = {fn, ctx, 0};

	return each_entry(METLO_PIN_ROOT, "v", each_group, &e);
}

struct purge {
	const char *iface;
	bool detach;
	int folder; /* open */
	int n;
};

static int purge_pin(void *ctx, const char *name)
{
	struct purge *p = ctx;
	int fd;

	if (p->detach && !strcmp(name, "link")) {
		fd = pins_get_at(p->folder, name);
		if (fd >= 0) {
			/* Fails if the link's interface no longer exists. */
			bpf_link_detach(fd);
			close(fd);
		}
	}
	if (unlinkat(p->folder, name, 0))
		return -errno;
	p->n++;
	return 0;
}

static int purge_group(void *ctx, const char *group)
{
	struct purge *p = ctx;
	char parent[PINS_PATH_MAX], path[PINS_PATH_MAX];
	int fd, err;

	snprintf(parent, sizeof(parent), "%s/%s", METLO_PIN_ROOT, group);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s/%s", METLO_PIN_ROOT,
			     group, p->iface) >= sizeof(path))
		return -ENAMETOOLONG;
	p->folder = open_folder(path, false);
	if (p->folder < 0 && p->folder != -ENOENT)
		return p->folder;
	if (p->folder >= 0) {
		err = each_entry(path, "", purge_pin, p);
		close(p->folder);
		if (err < 0)
			return err;
	}
	fd = open_folder(parent, false);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	err = unlinkat(fd, p->iface, AT_REMOVEDIR) && errno != ENOENT ? -errno
								      : 0;
	close(fd);
	/* Fails while other interfaces have pins. */
	if (!err)
		rmdir(parent);
	return err;
}

int pins_purge(const char *iface)
{
	struct purge p = {.iface = iface, .detach = true};
	int err;

	err = each_entry(METLO_PIN_ROOT, "v", purge_group, &p);
	if (!err)
		err = purge_group(&p, PINS_RETIRED);
	if (err < 0)
		return err;
	rmdir(METLO_PIN_ROOT);
	return p.n;
}

int pins_purge_group(const char *group, const char *iface, bool detach)
{
	struct purge p = {.iface = iface, .detach = detach};
	int err = purge_group(&p, group);

	if (err < 0)
		return err;
	rmdir(METLO_PIN_ROOT);
	return p.n;
}

struct find_layout {
	const char *iface;
	const char *pin;
	int from, to; /* range of the versions to find */
	int version;  /* the highest found, -1: none */
};

static int find_layout(void *ctx, const char *group)
{
	struct find_layout *f = ctx;
	int version = atoi(group + 1), folder;

	if (version < f->from || version > f->to || version <= f->version)
		return 0;
	folder = pins_open(group, f->iface);
	if (folder < 0)
		return 0;
	if (!faccessat(folder, f->pin, F_OK, AT_SYMLINK_NOFOLLOW))
		f->version = version;
	close(folder);
	return 0;
}

int pins_other_layout(const char *iface, const char *pin, int from, int to)
{
	struct find_layout f = {iface, pin, from, to, -1};

	each_entry(METLO_PIN_ROOT, "v", find_layout, &f);
	return f.version;
}
