/* SPDX-License-Identifier: MIT */
/* Probes the kernel for the BPF features that the XDP program uses. */
#include <errno.h>
#include <stdio.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "capture/features.h"
#include "capture/privileges.h"

static int probe_map(int type)
{
	return libbpf_probe_bpf_map_type((enum bpf_map_type)type, NULL);
}

static int probe_xdp_helper(int helper)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP,
				       (enum bpf_func_id)helper, NULL);
}

static int probe_program(int type)
{
	return libbpf_probe_bpf_prog_type((enum bpf_prog_type)type, NULL);
}

static const struct {
	const char *name, *since;
	int (*probe)(int what);
	int what;
} required[] = {
	{"XDP programs", "4.8", probe_program, BPF_PROG_TYPE_XDP},
	{"ring buffers", "5.8", probe_map, BPF_MAP_TYPE_RINGBUF},
	{"arrays of maps", "4.12", probe_map, BPF_MAP_TYPE_ARRAY_OF_MAPS},
	{"per-CPU arrays", "4.6", probe_map, BPF_MAP_TYPE_PERCPU_ARRAY},
	{"LRU hashes", "4.10", probe_map, BPF_MAP_TYPE_LRU_HASH},
	{"bpf_ringbuf_output in XDP", "5.8", probe_xdp_helper,
	 BPF_FUNC_ringbuf_output},
	{"bpf_xdp_load_bytes", "5.18", probe_xdp_helper,
	 BPF_FUNC_xdp_load_bytes},
};

_Static_assert(sizeof(required) / sizeof(*required) <= FEATURES_MAX,
	       "FEATURES_MAX is too small");

size_t features_probe(struct feature out[FEATURES_MAX])
{
	size_t n = sizeof(required) / sizeof(*required);
	char missing[64];
	bool may = !privileges_missing(privileges_effective(), missing,
				       sizeof(missing));

	/* Without privileges every probe fails, whatever the kernel supports. */
	for (size_t i = 0; i < n; i++)
		out[i] = (struct feature){
			.name = required[i].name,
			.since = required[i].since,
			.present = may ? required[i].probe(required[i].what)
				       : -EPERM,
		};
	return n;
}

bool features_release_at_least(const char *release, unsigned int major,
			       unsigned int minor)
{
	unsigned int a, b = 0;

	if (sscanf(release, "%u.%u", &a, &b) < 1)
		return false;
	return a > major || (a == major && b >= minor);
}

bool features_missing(char *out, size_t size)
{
	struct feature f[FEATURES_MAX];
	size_t n = features_probe(f), used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (f[i].present || used >= size)
			continue;
		used += (size_t)snprintf(out + used, size - used,
					 "%s%s (Linux %s)", used ? ", " : "",
					 f[i].name, f[i].since);
	}
	return used > 0;
}
