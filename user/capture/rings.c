/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "capture/pins.h"
#include "capture/rings.h"

/* A pinned ring. */
struct found {
	char pin[32];
	int fd;
	uint32_t id;
	size_t size;
};

struct found_list {
	const char *iface;
	unsigned int n;
	struct found ring[RINGS_OLD_MAX];
};

static int find_one(void *ctx, const char *pin)
{
	struct bpf_map_info info = {0};
	struct found_list *list = ctx;
	struct found *f = &list->ring[list->n];
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

static void found_close(struct found_list *list)
{
	for (unsigned int i = 0; i < list->n; i++)
		close(list->ring[i].fd);
	list->n = 0;
}

static int find(struct found_list *list, const char *iface, const char *prefix)
{
	int err;

	list->iface = iface;
	list->n = 0;
	err = pins_each(iface, prefix, find_one, list);
	if (err)
		found_close(list);
	return err;
}

static void ring_pin(char pin[32], unsigned int i)
{
	snprintf(pin, 32, "ring-%02u", i);
}

/* Are these the rings that the program uses, and as they are wanted? */
static bool as_wanted(const struct found_list *have,
		      const struct rings_conf *conf)
{
	if (have->n != conf->n || *conf->mask != conf->n - 1)
		return false;
	for (__u32 i = 0; i < have->n; i++) {
		__u32 id;

		if (have->ring[i].size != conf->size ||
		    bpf_map_lookup_elem(conf->outer_fd, &i, &id) ||
		    id != have->ring[i].id)
			return false;
	}
	return true;
}

/* Puts away the rings there are, under names that say in which order they
 * are to be emptied. */
static int put_away(struct found_list *have, const char *iface)
{
	for (unsigned int i = 0; i < have->n; i++) {
		char pin[32];
		int err;

		snprintf(pin, sizeof(pin), "old-%02u-%u", i, have->ring[i].id);
		err = pins_rename(iface, have->ring[i].pin, pin);
		if (err)
			return err;
	}
	return 0;
}

static int make_rings(struct found_list *made, const struct rings_conf *conf)
{
	made->n = 0;
	for (unsigned int i = 0; i < conf->n; i++) {
		struct found *f = &made->ring[i];
		int err;

		f->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "metlo_ring", 0, 0,
				       (__u32)conf->size, NULL);
		if (f->fd < 0)
			return -errno;
		made->n++;
		f->size = conf->size;
		ring_pin(f->pin, i);
		err = pins_put(conf->iface, f->pin, f->fd);
		if (err)
			return err;
	}
	return 0;
}

static int set_slots(const struct found_list *made, int outer_fd, __u32 from,
		     __u32 to)
{
	for (__u32 i = from; i < to; i++)
		if (bpf_map_update_elem(outer_fd, &i, &made->ring[i].fd,
					BPF_ANY))
			return -errno;
	return 0;
}

/*
 * Lets the program use the rings of made in place of n_before others, while
 * packets flow. Setting a slot waits until no CPU uses the ring that was in
 * it. The order sees to it that a connection's records go from an old ring to
 * its new one without a third between, so that emptying the old rings, from
 * the last to the first, before the new ones keeps them in order.
 */
static int install(const struct found_list *made, unsigned int n_before,
		   const struct rings_conf *conf)
{
	__u32 n = made->n;
	int err;

	if (n < n_before)
		__atomic_store_n(conf->mask, n - 1, __ATOMIC_RELEASE);
	err = set_slots(made, conf->outer_fd, n_before, n);
	if (err)
		return err;
	if (n >= n_before)
		__atomic_store_n(conf->mask, n - 1, __ATOMIC_RELEASE);
	err = set_slots(made, conf->outer_fd, 0, n < n_before ? n : n_before);
	for (__u32 i = n; i < METLO_RINGS_MAX && !err; i++)
		if (bpf_map_delete_elem(conf->outer_fd, &i) && errno != ENOENT)
			err = -errno;
	return err;
}

static int replace(struct found_list *have, struct found_list *made,
		   const struct rings_conf *conf)
{
	int err = put_away(have, conf->iface);

	if (err) {
		log_error(conf->log, "cannot put the old rings away: %s",
			  strerror(-err));
		return err;
	}
	err = make_rings(made, conf);
	if (!err)
		err = install(made, have->n, conf);
	if (err)
		log_error(conf->log, "cannot make %u rings of %zu bytes: %s%s",
			  conf->n, conf->size, strerror(-err),
			  err == -ENOMEM ? ": lower --ring-size or --workers"
					 : "");
	return err;
}

static int map_found(struct ring *r, const struct found *f,
		     const struct rings_conf *conf)
{
	int err = ring_open(r, f->fd, f->size);

	if (err)
		log_error(conf->log, "cannot map ring %s: %s", f->pin,
			  strerror(-err));
	return err;
}

/* The old ones from the last to the first; see install(). */
static int map_rings(struct rings *r, const struct found_list *now,
		     const struct rings_conf *conf)
{
	struct found_list old;
	int err;

	err = find(&old, conf->iface, "old-");
	if (err) {
		log_error(conf->log, "cannot open the old rings: %s",
			  strerror(-err));
		return err;
	}
	for (unsigned int i = old.n; i-- && !err;) {
		memcpy(r->old_pin[r->n_old], old.ring[i].pin,
		       sizeof(old.ring[i].pin));
		err = map_found(&r->old[r->n_old], &old.ring[i], conf);
		r->n_old += !err;
	}
	found_close(&old);
	for (unsigned int i = 0; i < now->n && !err; i++) {
		err = map_found(&r->ring[i], &now->ring[i], conf);
		r->n += !err;
	}
	return err;
}

int rings_open(struct rings *r, const struct rings_conf *conf)
{
	struct found_list have, made = {.n = 0};
	const struct found_list *now = &have;
	int err;

	memset(r, 0, sizeof(*r));
	err = find(&have, conf->iface, "ring-");
	if (err) {
		log_error(conf->log, "cannot open the pinned rings: %s",
			  strerror(-err));
		return err;
	}
	if (!as_wanted(&have, conf)) {
		if (have.n)
			log_info(
				conf->log,
				"%u rings of %zu bytes are replaced by %u of %zu; what they hold is processed first",
				have.n, have.ring[0].size, conf->n, conf->size);
		err = replace(&have, &made, conf);
		now = &made;
	}
	if (!err)
		err = map_rings(r, now, conf);
	if (err)
		rings_close(r);
	found_close(&have);
	found_close(&made);
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
	struct found_list have;
	int err = find(&have, iface, "ring-"), n;

	*size = *waiting = 0;
	if (err)
		return err;
	n = (int)have.n;
	for (unsigned int i = 0; i < have.n; i++) {
		struct ring r;

		*size = have.ring[i].size;
		if (ring_open(&r, have.ring[i].fd, have.ring[i].size))
			continue;
		*waiting += ring_waiting(&r);
		ring_close(&r);
	}
	found_close(&have);
	return n;
}
