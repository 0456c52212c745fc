/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "capture/vni.h"

/* Reads before giving up on a moment at which no CPU moves a slot. */
#define ATTEMPTS 16

struct entry {
	uint32_t vni;
	struct metlo_vni_stats stats;
};

struct entries {
	struct entry *e;
	size_t n, cap;
};

static int add(struct entries *all, uint32_t vni, uint64_t packets,
	       uint64_t bytes)
{
	if (all->n == all->cap) {
		size_t cap = all->cap ? all->cap * 2 : 256;
		struct entry *e = reallocarray(all->e, cap, sizeof(*e));

		if (!e)
			return -ENOMEM;
		all->e = e;
		all->cap = cap;
	}
	all->e[all->n++] = (struct entry){
		.vni = vni,
		.stats = {.packets = packets, .bytes = bytes},
	};
	return 0;
}

static uint64_t moves(const struct metlo_vni_cpu *cpus, int n)
{
	uint64_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += cpus[i].moves;
	return sum;
}

static int add_map(struct entries *all, int fd, struct metlo_vni_stats *values,
		   int n)
{
	uint32_t key, *prev = NULL;

	while (!bpf_map_get_next_key(fd, prev, &key)) {
		struct metlo_vni_stats sum = {0};
		int err;

		prev = &key;
		/* It may have been dropped in the meantime. */
		if (bpf_map_lookup_elem(fd, &key, values))
			continue;
		for (int i = 0; i < n; i++) {
			sum.packets += values[i].packets;
			sum.bytes += values[i].bytes;
		}
		err = add(all, key, sum.packets, sum.bytes);
		if (err)
			return err;
		/* A dropped key makes the walk start anew. */
		if (all->n > 4 * METLO_VNI_MAX)
			return -EAGAIN;
	}
	return 0;
}

static int add_cpus(struct entries *all, const struct metlo_vni_cpu *cpus,
		    int n)
{
	for (int i = 0; i < n; i++) {
		for (size_t j = 0; j < METLO_VNI_SLOTS; j++) {
			const struct metlo_vni_slot *s = &cpus[i].slot[j];
			int err;

			if (!s->packets)
				continue;
			err = add(all, (uint32_t)s->vni, s->packets, s->bytes);
			if (err)
				return err;
		}
	}
	return 0;
}

static int by_vni(const void *a, const void *b)
{
	uint32_t x = ((const struct entry *)a)->vni;
	uint32_t y = ((const struct entry *)b)->vni;

	return (x > y) - (x < y);
}

static void report(struct entries *all, vni_fn fn, void *ctx)
{
	qsort(all->e, all->n, sizeof(*all->e), by_vni);
	for (size_t i = 0; i < all->n;) {
		struct entry sum = all->e[i++];

		for (; i < all->n && all->e[i].vni == sum.vni; i++) {
			sum.stats.packets += all->e[i].stats.packets;
			sum.stats.bytes += all->e[i].stats.bytes;
		}
		fn(ctx, sum.vni, &sum.stats);
	}
}

int vni_read(int vni_fd, int cpu_fd, vni_fn fn, void *ctx)
{
	int n = libbpf_num_possible_cpus(), err = -EAGAIN;
	struct metlo_vni_cpu *cpus;
	struct metlo_vni_stats *values;
	struct entries all = {0};
	uint32_t zero = 0;

	if (n < 0)
		return n;
	cpus = calloc((size_t)n, sizeof(*cpus));
	values = calloc((size_t)n, sizeof(*values));
	if (!cpus || !values) {
		err = -ENOMEM;
		goto out;
	}
	/* A slot that moves to metlo_vni between the two reads would count
	 * twice or not at all. */
	for (int i = 0; i < ATTEMPTS && err == -EAGAIN; i++) {
		uint64_t before;

		all.n = 0;
		err = -errno;
		if (bpf_map_lookup_elem(cpu_fd, &zero, cpus))
			break;
		before = moves(cpus, n);
		err = add_cpus(&all, cpus, n);
		if (!err)
			err = add_map(&all, vni_fd, values, n);
		if (err)
			continue;
		if (bpf_map_lookup_elem(cpu_fd, &zero, cpus))
			err = -errno;
		else if (moves(cpus, n) != before && i + 1 < ATTEMPTS)
			err = -EAGAIN;
	}
	if (!err && all.n)
		report(&all, fn, ctx);
out:
	free(all.e);
	free(values);
	free(cpus);
	return err;
}
