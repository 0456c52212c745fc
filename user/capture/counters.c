/* SPDX-License-Identifier: MIT */
/*
 * Sums per-CPU counters. Those per VNI live in two maps between which the XDP
 * program moves slots; a move counter detects a move during the reading.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "capture/counters.h"

#define STATS_WORDS (sizeof(struct metlo_stats) / sizeof(__u64))
/* A slot that moves between the two tables while they are being read would be
 * counted twice or not at all, so they are read again, at most this often. */
#define VNI_TRIES 4

_Static_assert(sizeof(struct metlo_stats) % sizeof(__u64) == 0,
	       "struct metlo_stats is summed by words");

static void add_stats(struct metlo_stats *sum, const struct metlo_stats *one)
{
	const __u64 *from = (const __u64 *)one;
	__u64 *to = (__u64 *)sum;

	for (size_t i = 0; i < STATS_WORDS; i++)
		to[i] += from[i];
}

/* Adds the counters of all CPUs, of any layout, to sum. */
static int add_counters(int fd, const struct layout *layout,
			struct metlo_stats *sum)
{
	int cpus = libbpf_num_possible_cpus(), err = 0;
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);
	const __u32 key = 0;
	uint8_t *all;

	if (cpus <= 0)
		return cpus ? cpus : -EINVAL;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	if (info.value_size != layout->stats_size)
		return -EPROTO;
	all = calloc((size_t)cpus, layout->stats_size);
	if (!all)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &key, all))
		err = -errno;
	for (int i = 0; i < cpus && !err; i++) {
		const void *value = all + (size_t)i * layout->stats_size;
		struct metlo_stats one;

		if (layout->stats)
			layout->stats(&one, value);
		else
			memcpy(&one, value, sizeof(one));
		add_stats(sum, &one);
	}
	free(all);
	return err;
}

int counters_read(int stats_fd, struct metlo_stats *sum)
{
	struct metlo_stats total = {0};
	int err = add_counters(stats_fd, &layout_current, &total);

	if (!err)
		*sum = total;
	return err;
}

int counters_read_all(const struct maps *m, struct metlo_stats *sum)
{
	struct metlo_stats total = {0};
	int err = add_counters(m->fd[MAP_metlo_stats], m->layout, &total);

	for (unsigned int i = 0; i < m->n_adopted && !err; i++)
		err = add_counters(m->adopted[i].fd, m->adopted[i].layout,
				   &total);
	if (!err)
		*sum = total;
	return err;
}

/* Buffers for one pass over the VNI counters. */
struct vni_reader {
	int vni_fd, cpu_fd;
	size_t cpus, entries;		 /* of metlo_vni */
	struct metlo_vni_stats *per_cpu; /* one value of metlo_vni */
	struct metlo_vni_cpu *tables;	 /* the value of metlo_vni_cpu */
	struct counters_vni *list;
	size_t n, max;
};

static void add(struct vni_reader *r, uint32_t vni, uint64_t packets,
		uint64_t bytes)
{
	struct counters_vni *v;

	if (!packets || r->n == r->max)
		return;
	v = &r->list[r->n++];
	v->vni = vni;
	v->stats.packets = packets;
	v->stats.bytes = bytes;
}

static int read_tables(struct vni_reader *r, uint64_t *moves)
{
	const __u32 key = 0;

	if (bpf_map_lookup_elem(r->cpu_fd, &key, r->tables))
		return -errno;
	*moves = 0;
	for (size_t c = 0; c < r->cpus; c++)
		*moves += r->tables[c].moves;
	return 0;
}

static int read_hash(struct vni_reader *r)
{
	__u32 key, next;
	int err;

	err = bpf_map_get_next_key(r->vni_fd, NULL, &next);
	for (size_t i = 0; !err && i < r->entries; i++) {
		key = next;
		/* A key may be evicted between listing and lookup. */
		if (!bpf_map_lookup_elem(r->vni_fd, &key, r->per_cpu))
			for (size_t c = 0; c < r->cpus; c++)
				add(r, key, r->per_cpu[c].packets,
				    r->per_cpu[c].bytes);
		err = bpf_map_get_next_key(r->vni_fd, &key, &next);
	}
	return err && errno != ENOENT ? -errno : 0;
}

static int by_vni(const void *a, const void *b)
{
	const struct counters_vni *x = a, *y = b;

	return x->vni < y->vni ? -1 : x->vni > y->vni;
}

static void merge(struct vni_reader *r)
{
	size_t to = 0;

	if (!r->n)
		return;
	qsort(r->list, r->n, sizeof(*r->list), by_vni);
	for (size_t i = 1; i < r->n; i++) {
		if (r->list[i].vni == r->list[to].vni) {
			r->list[to].stats.packets += r->list[i].stats.packets;
			r->list[to].stats.bytes += r->list[i].stats.bytes;
		} else {
			r->list[++to] = r->list[i];
		}
	}
	r->n = to + 1;
}

static int read_vnis(struct vni_reader *r)
{
	uint64_t before = 0, after = 0;
	int err, tries = 0;

	err = read_tables(r, &before);
	while (!err) {
		r->n = 0;
		err = read_hash(r);
		if (err)
			break;
		err = read_tables(r, &after);
		if (err || before == after || ++tries == VNI_TRIES)
			break;
		before = after;
	}
	if (err)
		return err;
	for (size_t c = 0; c < r->cpus; c++)
		for (size_t i = 0; i < METLO_VNI_SLOTS; i++)
			add(r, (uint32_t)r->tables[c].slot[i].vni,
			    r->tables[c].slot[i].packets,
			    r->tables[c].slot[i].bytes);
	merge(r);
	return 0;
}

int counters_read_vnis(int vni_fd, int vni_cpu_fd, struct counters_vni **vnis,
		       size_t *n)
{
	int cpus = libbpf_num_possible_cpus(), err = -ENOMEM;
	struct vni_reader r = {.vni_fd = vni_fd, .cpu_fd = vni_cpu_fd};
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);

	if (cpus <= 0)
		return cpus ? cpus : -EINVAL;
	if (bpf_obj_get_info_by_fd(vni_fd, &info, &len))
		return -errno;
	r.cpus = (size_t)cpus;
	r.entries = info.max_entries;
	r.max = r.cpus * (r.entries + METLO_VNI_SLOTS);
	r.per_cpu = calloc(r.cpus, sizeof(*r.per_cpu));
	r.tables = calloc(r.cpus, sizeof(*r.tables));
	r.list = calloc(r.max, sizeof(*r.list));
	if (r.per_cpu && r.tables && r.list)
		err = read_vnis(&r);
	free(r.per_cpu);
	free(r.tables);
	if (err) {
		free(r.list);
		return err;
	}
	*vnis = r.list;
	*n = r.n;
	return 0;
}
