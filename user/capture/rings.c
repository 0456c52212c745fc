/* SPDX-License-Identifier: MIT */
/*
 * Replaces rings without losing or reordering records: old rings stay pinned
 * under names that encode the order in which to drain them. See install().
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "capture/pins.h"
#include "capture/rings.h"

/* A pinned ring. */
struct pinned_ring {
	char pin[32];
	int fd;
	uint32_t id;
	size_t size;
};

struct pinned_rings {
	const char *iface;
	unsigned int n;
	struct pinned_ring ring[RINGS_OLD_MAX];
};

static int open_one(void *ctx, const char *pin)
{
	struct bpf_map_info info = {0};
	struct pinned_rings *list = ctx;
	struct pinned_ring *f = &list->ring[list->n];
	__u32 len = sizeof(info);
	int fd;

	if (list->n == RINGS_OLD_MAX || strlen(pin) >= sizeof(f->pin))
		return -E2BIG;
	fd = pins_get(list->iface, pin);
	if (fd < 0)
		return -errno;
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

static int open_rings(struct pinned_rings *list, const char *iface,
		      const char *prefix)
{
	int err;

	list->iface = iface;
	list->n = 0;
	err = pins_each(iface, prefix, open_one, list);
	if (err)
		close_rings(list);
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

/* Renames the pins of the current rings so that their names give the order in
 * which to drain them. */
static int retire(struct pinned_rings *current, const char *iface)
{
	for (unsigned int i = 0; i < current->n; i++) {
		char pin[32];
		int err;

		snprintf(pin, sizeof(pin), "old-%02u-%u", i,
			 current->ring[i].id);
		err = pins_rename(iface, current->ring[i].pin, pin);
		if (err)
			return err;
	}
	return 0;
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

static int replace(struct pinned_rings *current, struct pinned_rings *created,
		   const struct rings_conf *conf)
{
	int err = retire(current, conf->iface);

	if (err) {
		log_error(conf->log,
			  "cannot rename the pins of the old rings: %s",
			  strerror(-err));
		return err;
	}
	err = create_rings(created, conf);
	if (!err)
		err = install(created, current->n, conf);
	if (err)
		log_error(conf->log,
			  "cannot create %u rings of %zu bytes: %s%s", conf->n,
			  conf->size, strerror(-err),
			  err == -ENOMEM ? ": lower --ring-size or --workers"
					 : "");
	return err;
}

static int map_ring(struct ring *r, const struct pinned_ring *f,
		    const struct rings_conf *conf)
{
	int err = ring_open(r, f->fd, f->size);

	if (err)
		log_error(conf->log, "cannot map ring %s: %s", f->pin,
			  strerror(-err));
	return err;
}

/* Maps the current rings, and the old ones from last to first; see install(). */
static int map_rings(struct rings *r, const struct pinned_rings *now,
		     const struct rings_conf *conf)
{
	struct pinned_rings old;
	int err;

	err = open_rings(&old, conf->iface, "old-");
	if (err) {
		log_error(conf->log, "cannot open the old rings: %s",
			  strerror(-err));
		return err;
	}
	for (unsigned int i = old.n; i-- && !err;) {
		memcpy(r->old_pin[r->n_old], old.ring[i].pin,
		       sizeof(old.ring[i].pin));
		err = map_ring(&r->old[r->n_old], &old.ring[i], conf);
		r->n_old += !err;
	}
	close_rings(&old);
	for (unsigned int i = 0; i < now->n && !err; i++) {
		err = map_ring(&r->ring[i], &now->ring[i], conf);
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
	err = open_rings(&current, conf->iface, "ring-");
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
		err = replace(&current, &created, conf);
		now = &created;
	}
	if (!err)
		err = map_rings(r, now, conf);
	if (err)
		rings_close(r);
	close_rings(&current);
	close_rings(&created);
	return err;
}

void rings_unpin_old(const struct rings *r, const char *iface)
{
	for (unsigned int i = 0; i < r->n_old; i++)
		pins_remove(iface, r->old_pin[i]);
}

void rings_close_old(struct rings *r)
{
	for (unsigned int i = 0; i < r->n_old; i++)
		ring_close(&r->old[i]);
	r->n_old = 0;
}

void rings_close(struct rings *r)
{
	rings_close_old(r);
	for (unsigned int i = 0; i < r->n; i++)
		ring_close(&r->ring[i]);
	r->n = 0;
}

int rings_peek(const char *iface, size_t *size, size_t *waiting)
{
	struct pinned_rings current;
	int err = open_rings(&current, iface, "ring-"), n;

	*size = *waiting = 0;
	if (err)
		return err;
	n = (int)current.n;
	for (unsigned int i = 0; i < current.n; i++) {
		struct ring r;

		*size = current.ring[i].size;
		if (ring_open(&r, current.ring[i].fd, current.ring[i].size))
			continue;
		*waiting += ring_waiting(&r);
		ring_close(&r);
	}
	close_rings(&current);
	return n;
}
