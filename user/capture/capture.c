/* SPDX-License-Identifier: MIT */
/*
 * Sets up the kernel side in an order that never loses a record: lock, then
 * pinned or new maps, rings and configuration, and the program last. Everything
 * that an earlier daemon left pinned is reused.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/random.h>

#include "base/clock.h"
#include "capture/capture.h"
#include "capture/load.h"
#include "capture/lock.h"
#include "capture/pins.h"
#include "capture/takeover.h"
#include "capture/traffic.h"

#define CONFIG_BYTES sizeof(struct metlo_config)
#define SHUNT_BYTES  (METLO_SHUNT_SLOTS * sizeof(struct metlo_shunt))
#define VNI_BYTES    ((1u << 24) / 8)
/* Far longer than the program needs for a packet, even if a hypervisor preempts
 * the CPU halfway. */
#define GRACE_NS 20000000

static int read_device(struct capture *c, const char *iface)
{
	char names[512];
	int err = netdev_read(&c->dev, iface);

	if (!err)
		return 0;
	netdev_names(names, sizeof(names));
	log_error(c->log, "interface %s: %s: available: %s", iface,
		  strerror(-err), names[0] ? names : "only lo");
	return err;
}

static int acquire_lock(struct capture *c)
{
	pid_t holder;

	c->lock_fd = lock_acquire(c->dev.name, &holder, c->log);
	if (c->lock_fd >= 0)
		return 0;
	if (c->lock_fd == -EBUSY)
		lock_report_held(c->dev.name, holder, c->log);
	return c->lock_fd;
}

static void *map_array(const struct capture *c, enum map_index i, size_t bytes,
		       int *err)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		       c->maps.fd[i], 0);

	if (p != MAP_FAILED)
		return p;
	*err = -errno;
	log_error(c->log, "cannot map %s: %s", maps_names[i], strerror(-*err));
	return NULL;
}

static int map_arrays(struct capture *c)
{
	int err = 0;

	c->config = map_array(c, MAP_metlo_config, CONFIG_BYTES, &err);
	if (!err)
		c->shunts = map_array(c, MAP_metlo_shunt, SHUNT_BYTES, &err);
	if (!err)
		c->vni_allow =
			map_array(c, MAP_metlo_vni_allow, VNI_BYTES, &err);
	return err;
}

/* Stores word by word, because the program reads these words concurrently. */
static void store_words(uint64_t *to, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
}

void capture_set(struct capture *c, const struct metlo_config *config,
		 const uint64_t *vni_allow)
{
	struct metlo_config *m = c->config;

	if (config->vni_filter)
		store_words(c->vni_allow, vni_allow, VNI_BYTES / 8);
	__atomic_store_n(&m->vni_filter, config->vni_filter, __ATOMIC_RELEASE);
	/* A port captured before and after must never be missed in between. The
	 * program tests the port bits first and any_port second. So any_port is
	 * set before the bits change, and before it is cleared, every packet
	 * that was tested against the old bits must be done. */
	if (config->any_port)
		__atomic_store_n(&m->any_port, 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	store_words((uint64_t *)m->port_bits,
		    (const uint64_t *)config->port_bits, 1024);
	if (m->any_port && !config->any_port)
		nanosleep(&(struct timespec){.tv_nsec = GRACE_NS}, NULL);
	__atomic_store_n(&m->any_port, config->any_port, __ATOMIC_RELEASE);
	__atomic_store_n(&m->pass_vxlan, config->pass_vxlan, __ATOMIC_RELAXED);
	__atomic_store_n(&m->vxlan_port, config->vxlan_port, __ATOMIC_RELAXED);
	__atomic_store_n(&m->sample_out, config->sample_out, __ATOMIC_RELAXED);
}

static int configure(struct capture *c, const struct capture_conf *conf)
{
	struct metlo_config *m = c->config;

	/* Keep the seed of an earlier daemon: the records that still wait were
	 * distributed among the rings by it. */
	if (!m->hash_seed)
		m->hash_seed = takeover_seed(c->dev.name);
	if (!m->hash_seed && getrandom(&m->hash_seed, sizeof(m->hash_seed),
				       0) != (ssize_t)sizeof(m->hash_seed)) {
		log_error(c->log, "cannot get random numbers: %s",
			  strerror(errno));
		return -EIO;
	}
	capture_set(c, conf->config, conf->vni_allow);
	/* Withdraw the shunts of the previous daemon: this one does not know
	 * their flows, and the tuples may have been reused. */
	for (size_t i = 0; i < METLO_SHUNT_SLOTS; i++)
		if (c->shunts[i].mode)
			__atomic_store_n(&c->shunts[i].mode, METLO_SHUNT_OFF,
					 __ATOMIC_RELAXED);
	return 0;
}

/* A pinned map of another type does not come from any version: using it fails
 * with errors that say nothing. */
static int check_types(const struct capture *c)
{
	const int wrong = maps_wrong_type(&c->maps);

	if (wrong < 0)
		return 0;
	log_error(
		c->log,
		"the pinned map %s of %s is not of the type that metlo-xdp makes: run as root: metlo-xdp detach %s, which discards the records waiting in the rings, and attach again",
		maps_names[wrong], c->dev.name, c->dev.name);
	return -EEXIST;
}

/* Opens the maps that exist, and creates and pins the others. */
static int open_maps(struct capture *c, bool adopt)
{
	bool complete = true;
	int err;

	err = maps_open_pinned(&c->maps, c->dev.name);
	if (!err)
		err = takeover_share_maps(&c->maps, c->dev.name);
	if (err) {
		log_error(c->log, "cannot open the pinned maps of %s: %s",
			  c->dev.name, strerror(-err));
		return err;
	}
	err = check_types(c);
	if (err)
		return err;
	c->created = c->maps.fd[MAP_metlo_stats] < 0;
	for (int i = 0; i < MAPS_N; i++)
		complete &= c->maps.fd[i] >= 0;
	if (complete)
		return 0;
	if (adopt) {
		log_error(
			c->log,
			"%s: not all of its maps are pinned: run as root: metlo-xdp attach %s --attach-only",
			c->dev.name, c->dev.name);
		return -EPERM;
	}
	err = load_maps(&c->maps, c->log);
	if (err)
		return err;
	err = maps_pin(&c->maps, c->dev.name);
	if (err)
		log_error(c->log, "cannot pin the maps of %s: %s", c->dev.name,
			  strerror(-err));
	return err;
}

/* Completes rings and configuration before the program sees a packet. */
static int prepare_maps(struct capture *c, const struct capture_conf *conf)
{
	struct rings_conf rings = {
		.iface = c->dev.name,
		.n = conf->rings,
		.size = conf->ring_size,
		.adopt = conf->adopt,
		.log = c->log,
	};
	int err;

	err = open_maps(c, conf->adopt);
	if (err)
		return err;
	err = map_arrays(c);
	if (err)
		return err;
	rings.outer_fd = c->maps.fd[MAP_metlo_rings];
	rings.mask = &c->config->ring_mask;
	err = rings_open(&c->rings, &rings);
	return err ? err : configure(c, conf);
}

static bool other_mode(const struct link *l, enum link_request request)
{
	return (request == LINK_NATIVE && l->mode != XDP_MODE_NATIVE) ||
	       (request == LINK_GENERIC && l->mode != XDP_MODE_GENERIC);
}

/* The way by detaching: the one in which packets are missed. They pass to the
 * network stack, so the counters of the interface have them, but not ours. */
static int reattach(struct capture *c, const char *iface,
		    const struct link_conf *link)
{
	const uint64_t begin = clock_mono_ns();
	int err;

	link_detach(&c->link);
	link_unpin(&c->link, iface);
	netdev_read(&c->dev, iface);
	err = link_attach(&c->link, link);
	if (!err)
		log_warn(c->log, "%s: attached again after %llu us",
			 c->dev.name,
			 (unsigned long long)(clock_mono_ns() - begin) / 1000);
	return err;
}

static int update(struct capture *c, const struct capture_conf *conf,
		  const struct link_conf *link)
{
	int err;

	if (other_mode(&c->link, conf->request)) {
		log_warn(
			c->log,
			"%s is attached in %s mode: reattaching it; packets are missed in between",
			c->dev.name, xdp_mode_name(c->link.mode));
		return reattach(c, conf->iface, link);
	}
	err = link_update(&c->link, link);
	if (err == -ESTALE) {
		log_warn(
			c->log,
			"%s was attached by a version whose program this one cannot replace in place: reattaching it; packets are missed in between",
			c->dev.name);
		return reattach(c, conf->iface, link);
	}
	if (!err && c->link.mode == XDP_MODE_GENERIC &&
	    conf->request == LINK_AUTO)
		log_warn(
			c->log,
			"%s remains attached in generic mode: run metlo-xdp detach %s first to try native mode again",
			c->dev.name, c->dev.name);
	return err;
}

/* The interface must be attached already if nothing can be loaded. */
static int check_adopted(const struct capture *c,
			 const struct capture_conf *conf)
{
	if (!conf->adopt || c->resumed)
		return 0;
	log_error(
		c->log,
		"%s: nothing is attached: run as root: metlo-xdp attach %s --attach-only",
		c->dev.name, c->dev.name);
	return -EPERM;
}

static int attach_or_update(struct capture *c, const struct capture_conf *conf)
{
	struct link_conf link = {
		.dev = &c->dev,
		.request = conf->request,
		.maps = &c->maps,
		.no_frags = conf->no_frags,
		.log = c->log,
	};
	int err;

	err = c->link.fd >= 0 ? update(c, conf, &link)
			      : link_attach(&c->link, &link);
	if (err || c->link.version == METLO_LAYOUT_VERSION)
		return err;
	/* The pin of an earlier layout is removed later: an interrupted start
	 * must leave one. */
	err = pins_put(c->dev.name, "link", c->link.fd);
	if (err)
		log_error(c->log, "cannot pin the link of %s: %s", c->dev.name,
			  strerror(-err));
	return err;
}

static void purge_own(const struct capture *c, bool detach)
{
	char group[PINS_GROUP_MAX];

	pins_group(group, METLO_LAYOUT_VERSION);
	pins_purge_group(group, c->dev.name, detach);
}

static int open_adopted(struct capture *c)
{
	const int err = maps_open_adopted(&c->maps, c->dev.name);

	if (err >= 0)
		return 0;
	log_error(
		c->log,
		"cannot open the counters of %s that an earlier version left: %s",
		c->dev.name, strerror(-err));
	return err;
}

static int hand_over(const struct capture *c, const struct capture_conf *conf)
{
	char group[PINS_GROUP_MAX];
	int err;

	pins_group(group, METLO_LAYOUT_VERSION);
	err = pins_hand_over(group, c->dev.name, &conf->owner);
	if (!err)
		err = pins_hand_over(PINS_RETIRED, c->dev.name, &conf->owner);
	if (err)
		log_error(
			c->log,
			"cannot give the pins of %s to the user of the daemon: %s",
			c->dev.name, owned_error(&conf->owner, -err));
	return err;
}

void capture_undo(struct capture *c)
{
	if (!c->resumed) {
		link_detach(&c->link);
		/* Maps that were there before may have records in their rings. */
		if (c->created)
			purge_own(c, true);
		else
			pins_remove(c->dev.name, "link");
		if (c->lock_fd >= 0)
			lock_remove(c->dev.name, c->lock_fd);
		c->lock_fd = -1;
	}
	capture_close(c);
}

int capture_open(struct capture *c, const struct capture_conf *conf)
{
	int err;

	memset(c, 0, sizeof(*c));
	c->log = conf->log;
	c->link.fd = c->lock_fd = c->watch_fd = -1;
	c->rings.old_folder = -1;
	maps_init(&c->maps);

	err = read_device(c, conf->iface);
	if (!err)
		err = acquire_lock(c);
	if (err)
		return err;
	err = pins_mount(c->log);
	if (!err)
		err = takeover_check(c->dev.name, c->log);
	if (!err)
		err = link_open_pinned(&c->link, &c->dev, c->log);
	if (err) {
		/* The pins may belong to another attachment: leave them alone. */
		capture_close(c);
		return err;
	}
	c->resumed = c->link.fd >= 0;
	err = check_adopted(c, conf);
	if (!err && !conf->adopt)
		err = pins_create(c->dev.name, c->log);
	if (!err)
		err = prepare_maps(c, conf);
	if (!err && !conf->adopt)
		err = attach_or_update(c, conf);
	/* Without privileges: takeover_finish() was done by those who had them. */
	if (!err && !conf->adopt)
		err = takeover_finish(&c->maps, c->dev.name, c->log);
	else if (!err)
		err = open_adopted(c);
	if (!err)
		err = rings_open_old(&c->rings, c->dev.name, c->log);
	if (!err && !conf->adopt && conf->keep)
		err = hand_over(c, conf);
	if (err) {
		capture_undo(c);
		return err;
	}
	/* Only for hints: without it, they say less. */
	c->watch_fd = traffic_watch_open(c->dev.ifindex,
					 (uint16_t)conf->config->vxlan_port);
	/* Without pins, the kernel detaches and frees everything when the
	 * process ends, however it ends. */
	if (!conf->keep) {
		purge_own(c, false);
		pins_purge_group(PINS_RETIRED, c->dev.name, false);
	}
	return 0;
}

void capture_unwatch(struct capture *c)
{
	if (c->watch_fd >= 0)
		close(c->watch_fd);
	c->watch_fd = -1;
}

void capture_close(struct capture *c)
{
	capture_unwatch(c);
	rings_close(&c->rings);
	if (c->config)
		munmap(c->config, CONFIG_BYTES);
	if (c->shunts)
		munmap(c->shunts, SHUNT_BYTES);
	if (c->vni_allow)
		munmap(c->vni_allow, VNI_BYTES);
	c->config = NULL;
	c->shunts = NULL;
	c->vni_allow = NULL;
	maps_close(&c->maps);
	link_close(&c->link);
	if (c->lock_fd >= 0)
		close(c->lock_fd);
	c->lock_fd = -1;
}
