/* SPDX-License-Identifier: MIT */
/*
 * Attaches the XDP program by a bpf_link. Tries the multi-buffer build first,
 * then the linear one, and falls back to generic mode only if native mode is
 * not required. A pinned link is updated in place, which loses no packet.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include "capture/drivers.h"
#include "capture/link.h"
#include "capture/load.h"
#include "capture/nlxdp.h"
#include "capture/pins.h"
#include "capture/takeover.h"
#include "metlo_record.h"

static int get_pinned(const char *iface, int version)
{
	char group[PINS_GROUP_MAX];
	int folder, fd;

	if (version < 0)
		return -ENOENT;
	pins_group(group, version);
	folder = pins_open(group, iface);
	if (folder < 0)
		return folder;
	fd = pins_get_at(folder, "link");
	close(folder);
	return fd;
}

int link_unpin(struct link *l, const char *iface)
{
	char group[PINS_GROUP_MAX];
	int folder, err;

	pins_group(group, l->version);
	folder = pins_open(group, iface);
	if (folder < 0)
		return folder;
	err = unlinkat(folder, "link", 0) ? -errno : 0;
	close(folder);
	l->version = -1;
	return err;
}

int link_open_pinned(struct link *l, const struct netdev *dev,
		     const struct log *log)
{
	const int version = takeover_link_version(dev->name);
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);
	int err;

	*l = (struct link){.fd = get_pinned(dev->name, version),
			   .version = version};
	if (l->fd < 0) {
		err = -l->fd;
		l->fd = -1;
		if (err == ENOENT)
			return 0;
		log_error(
			log, "cannot open the link of %s in %s/v%d/%s: %s%s",
			dev->name, METLO_PIN_ROOT, version, dev->name,
			strerror(err),
			err == EACCES || err == EPERM
				? ": it belongs to the user who attached the interface: run as root, or make /sys/fs/bpf accessible to this user and " METLO_PIN_ROOT
				  " theirs"
				: "");
		return -err;
	}
	if (bpf_obj_get_info_by_fd(l->fd, &info, &len)) {
		err = -errno;
		log_error(log, "cannot read the pinned link of %s: %s",
			  dev->name, strerror(-err));
		link_close(l);
		return err;
	}
	if (info.type != BPF_LINK_TYPE_XDP || !info.xdp.ifindex) {
		/* The link's interface was removed; this one took its name. */
		link_close(l);
		link_unpin(l, dev->name);
		return 0;
	}
	/* An ifindex is unique only within its network namespace. */
	if (info.xdp.ifindex != dev->ifindex ||
	    (info.prog_id != dev->native.id &&
	     info.prog_id != dev->generic.id)) {
		log_error(
			log,
			"the link pinned for %s belongs to another interface: its ifindex is %u, not %u: that interface was renamed or is in another network namespace: run metlo-xdp detach %s there",
			dev->name, info.xdp.ifindex, dev->ifindex, dev->name);
		link_close(l);
		return -EEXIST;
	}
	l->mode = dev->native.id ? XDP_MODE_NATIVE : XDP_MODE_GENERIC;
	return 0;
}

/* The attempt to use one build of the program. */
struct attempt {
	int prog_fd; /* negative: not loaded */
	bool frags;
};

static int create_link(const struct netdev *dev, int prog_fd,
		       enum xdp_mode mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	int fd;

	opts.flags = mode == XDP_MODE_NATIVE ? XDP_FLAGS_DRV_MODE
					     : XDP_FLAGS_SKB_MODE;
	fd = bpf_link_create(prog_fd, (int)dev->ifindex, BPF_XDP, &opts);
	return fd < 0 ? -errno : fd;
}

/* 0, or a negative errno, logged. */
static int load_attempt(struct attempt *a, const struct link_conf *conf)
{
	if (a->prog_fd < 0)
		a->prog_fd = load_program(conf->maps, a->frags, conf->log);
	return a->prog_fd < 0 ? a->prog_fd : 0;
}

/* Tries the builds in turn. Returns the link, or a negative errno; *load is set
 * if loading failed, which has been logged. */
static int try_mode(struct attempt tries[2], const struct link_conf *conf,
		    enum xdp_mode mode, const struct attempt **used, bool *load)
{
	int fd = -EOPNOTSUPP;

	*load = false;
	for (int i = conf->no_frags; i < 2; i++) {
		struct attempt *a = &tries[i];

		fd = load_attempt(a, conf);
		if (fd < 0) {
			*load = true;
			return fd;
		}
		fd = create_link(conf->dev, a->prog_fd, mode);
		*used = a;
		if (fd >= 0 || fd == -EPERM || fd == -EBUSY)
			break;
	}
	return fd;
}

/* Explains to the user why native mode was refused. */
static void explain_native_refusal(const struct link_conf *conf,
				   const struct attempt *a, int err, char *out,
				   size_t size)
{
	char extack[256];
	struct refusal r = {
		.dev = conf->dev,
		.error = -err,
		.extack = extack,
		.frags = a->frags,
	};

	nlxdp_try_native(conf->dev->ifindex, a->prog_fd, extack,
			 sizeof(extack));
	refusal_explain(&r, out, size);
}

static int log_other_program(const struct link_conf *conf)
{
	char why[256];

	if (pins_other_layout(conf->dev->name, "link", 0, INT_MAX) >= 0) {
		log_error(
			conf->log,
			"cannot attach to %s: another version of metlo-xdp left its program attached: run metlo-xdp detach %s to remove it",
			conf->dev->name, conf->dev->name);
		return -EBUSY;
	}
	drivers_other_program(conf->dev, why, sizeof(why));
	log_error(conf->log, "cannot attach to %s: %s", conf->dev->name, why);
	return -EBUSY;
}

static int attach_generic(struct link *l, struct attempt tries[2],
			  const struct link_conf *conf)
{
	const struct attempt *used = NULL;
	bool load;
	int fd;

	fd = try_mode(tries, conf, XDP_MODE_GENERIC, &used, &load);
	if (fd < 0) {
		if (!load)
			log_error(conf->log,
				  "cannot attach to %s in generic mode: %s",
				  conf->dev->name, strerror(-fd));
		return fd;
	}
	*l = (struct link){.fd = fd,
			   .mode = XDP_MODE_GENERIC,
			   .frags = used->frags,
			   .version = -1};
	return 0;
}

static int attach_native(struct link *l, struct attempt tries[2],
			 const struct link_conf *conf)
{
	const char *name = conf->dev->name;
	const struct attempt *used = NULL;
	char why[1024];
	bool load;
	int fd;

	fd = try_mode(tries, conf, XDP_MODE_NATIVE, &used, &load);
	if (fd >= 0) {
		*l = (struct link){.fd = fd,
				   .mode = XDP_MODE_NATIVE,
				   .frags = used->frags,
				   .version = -1};
		return 0;
	}
	if (load)
		return fd;
	explain_native_refusal(conf, used, fd, why, sizeof(why));
	if (conf->request == LINK_NATIVE) {
		log_error(conf->log, "cannot attach to %s in native mode: %s",
			  name, why);
		return fd == -EPERM || fd == -EBUSY ? fd : -EOPNOTSUPP;
	}
	log_warn(conf->log, "cannot attach to %s in native mode: %s", name,
		 why);
	log_warn(
		conf->log,
		"%s: continuing in generic mode: the kernel builds a socket buffer for each packet first, which costs several times the CPU and loses packets at lower rates",
		name);
	return attach_generic(l, tries, conf);
}

static void close_attempts(struct attempt tries[2])
{
	for (int i = 0; i < 2; i++)
		if (tries[i].prog_fd >= 0)
			close(tries[i].prog_fd);
}

int link_attach(struct link *l, const struct link_conf *conf)
{
	struct attempt tries[2] = {{-1, true}, {-1, false}};
	int err;

	*l = (struct link){.fd = -1, .version = -1};
	if (conf->dev->native.id || conf->dev->generic.id)
		return log_other_program(conf);
	if (conf->request == LINK_GENERIC)
		err = attach_generic(l, tries, conf);
	else
		err = attach_native(l, tries, conf);
	close_attempts(tries);
	return err;
}

/* Whether the link runs this program: an old one that stayed behind would apply
 * old rules. */
static bool runs(const struct link *l, int prog_fd)
{
	struct bpf_prog_info prog = {0};
	struct bpf_link_info link = {0};
	__u32 prog_len = sizeof(prog), link_len = sizeof(link);

	return !bpf_obj_get_info_by_fd(prog_fd, &prog, &prog_len) &&
	       !bpf_obj_get_info_by_fd(l->fd, &link, &link_len) &&
	       prog.id == link.prog_id;
}

static int update(struct link *l, const struct attempt *a)
{
	if (bpf_link_update(l->fd, a->prog_fd, NULL))
		return -errno;
	l->frags = a->frags;
	return runs(l, a->prog_fd) ? 0 : -EIO;
}

int link_update(struct link *l, const struct link_conf *conf)
{
	struct attempt tries[2] = {{-1, true}, {-1, false}};
	int err = -EOPNOTSUPP;

	for (int i = conf->no_frags; i < 2 && err; i++) {
		err = load_attempt(&tries[i], conf);
		if (err)
			goto out; /* already logged */
		err = update(l, &tries[i]);
	}
	if (err == -EINVAL)
		err = -ESTALE;
	else if (err)
		log_error(
			conf->log,
			"cannot replace the program on %s: %s: run metlo-xdp detach %s and attach again",
			conf->dev->name, strerror(-err), conf->dev->name);
out:
	close_attempts(tries);
	return err;
}

bool link_alive(const struct link *l)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(l->fd, &info, &len) &&
	       info.xdp.ifindex != 0;
}

void link_detach(struct link *l)
{
	if (l->fd >= 0)
		bpf_link_detach(l->fd);
	link_close(l);
}

void link_close(struct link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
