/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "capture/counters.h"

#define STATS_WORDS (sizeof(struct metlo_stats) / sizeof(__u64))

_Static_assert(sizeof(struct metlo_stats) % sizeof(__u64) == 0,
	       "struct metlo_stats is summed by words");

int counters_read(int stats_fd, struct metlo_stats *sum)
{
	int cpus = libbpf_num_possible_cpus();
	__u64 total[STATS_WORDS] = {0};
	const __u32 key = 0;
	__u64 *values;
	int err = 0;

	if (cpus <= 0)
		return cpus ? cpus : -EINVAL;
	values = calloc((size_t)cpus, sizeof(*sum));
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(stats_fd, &key, values)) {
		err = -errno;
		goto out;
	}
	for (size_t i = 0; i < (size_t)cpus * STATS_WORDS; i++)
		total[i % STATS_WORDS] += values[i];
	memcpy(sum, total, sizeof(*sum));
out:
	free(values);
	return err;
}

int counters_each_vni(int vni_fd, size_t max,
		      void (*fn)(void *ctx, uint32_t vni,
				 const struct metlo_vni_stats *s),
		      void *ctx)
{
	struct metlo_vni_stats s;
	__u32 key, next;
	int err;

	err = bpf_map_get_next_key(vni_fd, NULL, &next);
	for (; !err && max; max--) {
		key = next;
		/* A key may go between being listed and being looked up. */
		if (!bpf_map_lookup_elem(vni_fd, &key, &s))
			fn(ctx, key, &s);
		err = bpf_map_get_next_key(vni_fd, &key, &next);
	}
	return err && errno != ENOENT ? -errno : 0;
}
