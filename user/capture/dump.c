/* SPDX-License-Identifier: MIT */
/*
 * Finds the maps of the loaded program by its id, lends it a ring and sets the word in its
 * configuration that makes it copy packets. If this process dies, the program notices that
 * the time it was given is over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "capture/dump.h"

#define RING_BYTES (16u << 20)
/* How long the program goes on without hearing from us. */
#define LEASE_NS  (5 * NSEC_PER_SEC)
#define POLL_MS	  10
#define MAPS_USED 64u

struct dump {
	struct metlo_config *config; /* mapped, as is conf */
	struct metlo_dump *conf;
	int config_fd, conf_fd, rings_fd, ring_fd;
	struct ring_buffer *reader;
	dump_fn *fn;
	void *ctx;
};

static int on_sample(void *ctx, void *data, size_t size)
{
	const struct metlo_dump_meta *meta = data;
	const struct dump *d = ctx;

	if (size >= sizeof(*meta) && size - sizeof(*meta) >= meta->len &&
	    meta->off <= meta->len)
		d->fn(d->ctx, meta, (const uint8_t *)(meta + 1));
	return 0;
}

static void keep_map(struct dump *d, int fd)
{
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);
	int *to = NULL;

	if (!bpf_obj_get_info_by_fd(fd, &info, &len)) {
		to = !strcmp(info.name, "metlo_config")	     ? &d->config_fd
		     : !strcmp(info.name, "metlo_dump")	     ? &d->conf_fd
		     : !strcmp(info.name, "metlo_dump_ring") ? &d->rings_fd
							     : NULL;
		if (to == &d->conf_fd &&
		    info.value_size != sizeof(struct metlo_dump))
			to = NULL;
	}
	if (to && *to < 0)
		*to = fd;
	else
		close(fd);
}

static int find_maps(struct dump *d, uint32_t prog_id)
{
	struct bpf_prog_info info = {0};
	__u32 ids[MAPS_USED], len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(prog_id), err;

	if (fd < 0)
		return -errno;
	info.map_ids = (__u64)(uintptr_t)ids;
	info.nr_map_ids = MAPS_USED;
	err = bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : 0;
	close(fd);
	for (__u32 i = 0; !err && i < info.nr_map_ids && i < MAPS_USED; i++) {
		const int map = bpf_map_get_fd_by_id(ids[i]);

		if (map >= 0)
			keep_map(d, map);
	}
	if (!err && (d->config_fd < 0 || d->conf_fd < 0 || d->rings_fd < 0))
		err = -EPROTO;
	return err;
}

static void *map_value(int fd, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void renew(struct dump *d)
{
	__atomic_store_n(&d->conf->until_ns, clock_mono_ns() + LEASE_NS,
			 __ATOMIC_RELEASE);
	/* A reload of the daemon clears it. */
	if (!__atomic_load_n(&d->config->dump, __ATOMIC_RELAXED))
		__atomic_store_n(&d->config->dump, 1, __ATOMIC_RELEASE);
}

static int start(struct dump *d, const struct metlo_dump *conf)
{
	const __u32 zero = 0;

	d->config = map_value(d->config_fd, sizeof(*d->config));
	d->conf = map_value(d->conf_fd, sizeof(*d->conf));
	if (!d->config || !d->conf)
		return -errno;
	if (d->config->dump && d->conf->until_ns > clock_mono_ns()) {
		munmap(d->config, sizeof(*d->config));
		d->config = NULL; /* it is the other's */
		return -EBUSY;
	}
	d->ring_fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "metlo_dump_buf", 0,
				    0, RING_BYTES, NULL);
	if (d->ring_fd < 0)
		return -errno;
	d->reader = ring_buffer__new(d->ring_fd, on_sample, d, NULL);
	if (!d->reader ||
	    bpf_map_update_elem(d->rings_fd, &zero, &d->ring_fd, BPF_ANY))
		return -errno;
	*d->conf = *conf;
	renew(d);
	return 0;
}

static int log_error_of(const struct log *log, int err)
{
	if (err == -EPERM || err == -EACCES)
		log_error(log, "dump: not permitted: run it as root");
	else if (err == -EBUSY)
		log_error(log, "dump: another dump of this interface runs");
	else if (err == -EPROTO)
		log_error(
			log,
			"dump: another version of metlo-xdp is attached, which cannot do this: restart its daemon");
	else
		log_error(log, "dump: %s", strerror(-err));
	return err;
}

int dump_open(struct dump **out, uint32_t prog_id,
	      const struct metlo_dump *conf, dump_fn *fn, void *ctx,
	      const struct log *log)
{
	struct dump *d = calloc(1, sizeof(*d));
	int err;

	*out = d;
	if (!d)
		return log_error_of(log, -ENOMEM);
	d->fn = fn;
	d->ctx = ctx;
	d->config_fd = d->conf_fd = d->rings_fd = d->ring_fd = -1;
	err = find_maps(d, prog_id);
	if (!err)
		err = start(d, conf);
	if (!err)
		return 0;
	dump_close(d);
	*out = NULL;
	return log_error_of(log, err);
}

int dump_poll(struct dump *d)
{
	int n;

	renew(d);
	n = ring_buffer__consume(d->reader);
	/* The program wakes nobody. */
	if (!n)
		usleep(POLL_MS * 1000);
	return n < 0 ? n : 0;
}

void dump_counts(const struct dump *d, struct metlo_dump *counts)
{
	*counts = *d->conf;
}

void dump_close(struct dump *d)
{
	const __u32 zero = 0;

	if (!d)
		return;
	if (d->config) {
		__atomic_store_n(&d->config->dump, 0, __ATOMIC_RELEASE);
		bpf_map_delete_elem(d->rings_fd, &zero);
		munmap(d->config, sizeof(*d->config));
	}
	if (d->conf)
		munmap(d->conf, sizeof(*d->conf));
	ring_buffer__free(d->reader);
	for (unsigned int i = 0; i < 4; i++) {
		const int fd[] = {d->config_fd, d->conf_fd, d->rings_fd,
				  d->ring_fd};

		if (fd[i] >= 0)
			close(fd[i]);
	}
	free(d);
}
