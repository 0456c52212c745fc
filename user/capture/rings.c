/* SPDX-License-Identifier: MIT */
/*
 * Replaces rings without losing or reordering records: retired rings stay pinned
 * until they are drained, under names that encode in which order. See install().
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "capture/pins.h"
#include "capture/retired.h"
#include "capture/rings.h"

/* A pinned ring. */
struct pinned_ring {
	char pin[32];
	int fd;
	uint32_t id;
	size_t size;
};

struct pinned_rings {
	int folder;
	unsigned int n;
	struct pinned_ring ring[METLO_RINGS_MAX];
};

static int open_one(void *ctx, const char *pin)
{
	struct bpf_map_info info = {0};
	struct pinned_rings *list = ctx;
	struct pinned_ring *f = &list->ring[list->n];
	__u32 len = sizeof(info);
	int fd;

	if (list->n == METLO_RINGS_MAX || strlen(pin) >= sizeof(f->pin))
		return -E2BIG;
	fd = pins_get_at(list->folder, pin);
	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &len)) {
		int err = -errno;

		close(fd);
		return err;
	}
	if (info.type != BPF_MAP_TYPE_RINGBUF) {
		close(fd);
		return -EINVAL;
	}
	memcpy(f->pin, pin, strlen(pin) + 1);
	f->fd = fd;
	f->id = info.id;
	f->size = info.max_entries;
	list->n++;
	return 0;
}

static void close_rings(struct pinned_rings *list)
{
	for (unsigned int i = 0; i < list->n; i++)
		close(list->ring[i].fd);
	list->n = 0;
}

/* Opens the rings in the folder of a layout. */
static int open_rings(struct pinned_rings *list, const char *iface, int version)
{
	char group[PINS_GROUP_MAX];
	int err;

	list->n = 0;
	pins_group(group, version);
	list->folder = pins_open(group, iface);
	if (list->folder < 0)
		return list->folder == -ENOENT ? 0 : list->folder;
	err = pins_each_at(list->folder, "ring-", open_one, list);
	if (err)
		close_rings(list);
	close(list->folder);
	return err;
}

static void ring_pin(char pin[32], unsigned int i)
{
	snprintf(pin, 32, "ring-%02u", i);
}

/* Whether the program uses exactly these rings, and their number and size are
 * as configured. */
static bool matches_conf(const struct pinned_rings *current,
			 const struct rings_conf *conf)
{
	if (current->n != conf->n || *conf->mask != conf->n - 1)
		return false;
	for (__u32 i = 0; i < current->n; i++) {
		__u32 id;

		if (current->ring[i].size != conf->size ||
		    bpf_map_lookup_elem(conf->outer_fd, &i, &id) ||
		    id != current->ring[i].id)
			return false;
	}
	return true;
}

static int create_rings(struct pinned_rings *created,
			const struct rings_conf *conf)
{
	created->n = 0;
	for (unsigned int i = 0; i < conf->n; i++) {
		struct pinned_ring *f = &created->ring[i];
		int err;

		f->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "metlo_ring", 0, 0,
				       (__u32)conf->size, NULL);
		if (f->fd < 0)
			return -errno;
		created->n++;
		f->size = conf->size;
		ring_pin(f->pin, i);
		err = pins_put(conf->iface, f->pin, f->fd);
		if (err)
			return err;
	}
	return 0;
}

static int set_slots(const struct pinned_rings *created, int outer_fd,
		     __u32 from, __u32 to)
{
	for (__u32 i = from; i < to; i++)
		if (bpf_map_update_elem(outer_fd, &i, &created->ring[i].fd,
					BPF_ANY))
			return -errno;
	return 0;
}

/*
 * Switches the program from n_before rings to the created ones while packets
 * flow. Setting a slot waits until no CPU uses the ring that it held before.
 * The order of the steps keeps the order of a connection's records: draining
 * the old rings, last to first, before the new ones yields them in sequence.
 * A connection may move from one old ring to another, to a lower slot and only
 * when the number of rings shrinks, before it moves to its new ring; it never
 * moves back.
 */
static int install(const struct pinned_rings *created, unsigned int n_before,
		   const struct rings_conf *conf)
{
	__u32 n = created->n;
	int err;

	if (n < n_before)
		__atomic_store_n(conf->mask, n - 1, __ATOMIC_RELEASE);
	err = set_slots(created, conf->outer_fd, n_before, n);
	if (err)
		return err;
	if (n >= n_before)
		__atomic_store_n(conf->mask, n - 1, __ATOMIC_RELEASE);
	err = set_slots(created, conf->outer_fd, 0,
			n < n_before ? n : n_before);
	for (__u32 i = n; i < METLO_RINGS_MAX && !err; i++)
		if (bpf_map_delete_elem(conf->outer_fd, &i) && errno != ENOENT)
			err = -errno;
	return err;
}

static int replace(struct pinned_rings *created, const struct rings_conf *conf)
{
	int err = retired_add(conf->iface, METLO_LAYOUT_VERSION, "ring-",
			      conf->log);

	if (err)
		return err;
	err = create_rings(created, conf);
	if (!err)
		err = install(created, *conf->mask + 1, conf);
	if (err)
		log_error(conf->log,
			  "cannot create %u rings of %zu bytes: %s%s", conf->n,
			  conf->size, strerror(-err),
			  err == -ENOMEM ? ": lower --ring-size or --workers"
					 : "");
	return err;
}

static int map_ring(struct ring *r, int fd, size_t size, const char *pin,
		    const struct log *log)
{
	int err = ring_open(r, fd, size);

	if (err)
		log_error(log, "cannot map ring %s: %s", pin, strerror(-err));
	return err;
}

static int map_rings(struct rings *r, const struct pinned_rings *now,
		     const struct log *log)
{
	int err = 0;

	for (unsigned int i = 0; i < now->n && !err; i++) {
		const struct pinned_ring *f = &now->ring[i];

		err = map_ring(&r->ring[i], f->fd, f->size, f->pin, log);
		r->n += !err;
	}
	return err;
}

int rings_open(struct rings *r, const struct rings_conf *conf)
{
	struct pinned_rings current, created = {.n = 0};
	const struct pinned_rings *now = &current;
	int err;

	memset(r, 0, sizeof(*r));
	r->old_folder = -1;
	/* A 0.1.0 that was killed may have left some. */
	err = retired_add(conf->iface, METLO_LAYOUT_VERSION, "old-", conf->log);
	if (err)
		return err;
	err = open_rings(&current, conf->iface, METLO_LAYOUT_VERSION);
	if (err) {
		log_error(conf->log, "cannot open the pinned rings: %s",
			  strerror(-err));
		return err;
	}
	if (conf->adopt && !matches_conf(&current, conf)) {
		log_error(
			conf->log,
			"%s has %u rings, which are not the %u of %zu bytes configured, and replacing them needs privileges: run as root: metlo-xdp attach %s --attach-only, with the same --workers and --ring-size",
			conf->iface, current.n, conf->n, conf->size,
			conf->iface);
		err = -EPERM;
	} else if (!matches_conf(&current, conf)) {
		if (current.n)
			log_info(
				conf->log,
				"replacing %u rings of %zu bytes by %u of %zu; their records are processed first",
				current.n, current.ring[0].size, conf->n,
				conf->size);
		err = replace(&created, conf);
		now = &created;
	}
	if (!err)
		err = map_rings(r, now, conf->log);
	if (err)
		rings_close(r);
	close_rings(&current);
	close_rings(&created);
	return err;
}

int rings_open_old(struct rings *r, const char *iface, const struct log *log)
{
	struct retired old;
	int err = retired_open(&old, iface, log);

	if (err)
		return err;
	r->old_folder = old.folder;
	for (unsigned int i = 0; i < old.n && !err; i++) {
		const struct retired_ring *f = &old.ring[i];
		struct ring *to = &r->old[r->n_old];

		err = map_ring(to, f->fd, f->size, f->pin, log);
		if (err)
			break;
		if (f->layout != &layout_current)
			to->layout = f->layout;
		memcpy(r->old_pin[r->n_old], f->pin, sizeof(f->pin));
		r->n_old++;
	}
	retired_close(&old);
	return err;
}

void rings_close_old(struct rings *r)
{
	for (unsigned int i = 0; i < r->n_old; i++) {
		if (!ring_waiting(&r->old[i]))
			unlinkat(r->old_folder, r->old_pin[i], 0);
		ring_close(&r->old[i]);
	}
	r->n_old = 0;
	if (r->old_folder >= 0)
		close(r->old_folder);
	r->old_folder = -1;
}

void rings_close(struct rings *r)
{
	rings_close_old(r);
	for (unsigned int i = 0; i < r->n; i++)
		ring_close(&r->ring[i]);
	r->n = 0;
}

static size_t waiting_in(int fd, size_t size)
{
	struct ring r;
	size_t n;

	if (ring_open(&r, fd, size))
		return 0;
	n = ring_waiting(&r);
	ring_close(&r);
	return n;
}

int rings_peek(const char *iface, int version, size_t *size, size_t *waiting)
{
	struct pinned_rings current;
	struct retired old;
	int err = open_rings(&current, iface, version), n;

	*size = *waiting = 0;
	if (err)
		return err;
	n = (int)current.n;
	for (unsigned int i = 0; i < current.n; i++) {
		*size = current.ring[i].size;
		*waiting += waiting_in(current.ring[i].fd, *size);
	}
	close_rings(&current);
	if (retired_open(&old, iface, NULL))
		return n;
	for (unsigned int i = 0; i < old.n; i++)
		*waiting += waiting_in(old.ring[i].fd, old.ring[i].size);
	retired_close(&old);
	if (old.folder >= 0)
		close(old.folder);
	return n;
}
