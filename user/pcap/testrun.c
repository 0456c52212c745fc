/* SPDX-License-Identifier: MIT */
/*
 * Runs frames through the XDP program in the kernel, with BPF_PROG_TEST_RUN and
 * private maps and rings.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "capture/counters.h"
#include "pcap/testrun.h"
#include "metlo_xdp.skel.h"

#define RING_SIZE_DEFAULT (4u << 20)
#define ETHERNET_HEADER	  14
#define VNI_ALLOW_BYTES	  ((size_t)1 << 21)
#define SHUNT_BYTES	  (METLO_SHUNT_SLOTS * sizeof(struct metlo_shunt))

struct testrun {
	struct metlo_xdp *skel;
	struct ring_buffer *rings;
	struct metlo_config *config;
	struct metlo_shunt *shunts;
	int ring_fds[METLO_RINGS_MAX];
	unsigned int n_rings;
	uint64_t runts, runt_bytes; /* shorter than an Ethernet header */
	uint64_t snapped;	    /* bytes missing from the capture */
	/* arguments of the current testrun_drain() */
	uint64_t ts_ns;
	frames_emit emit;
	void *ctx;
};

static size_t whole_pages(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

static void *map_memory(const struct bpf_map *map, size_t n)
{
	void *p = mmap(NULL, whole_pages(n), PROT_READ | PROT_WRITE, MAP_SHARED,
		       bpf_map__fd(map), 0);

	return p == MAP_FAILED ? NULL : p;
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct testrun *t = ctx;
	struct metlo_rec rec;

	if (size < sizeof(rec))
		return -EBADMSG;
	memcpy(&rec, data, sizeof(rec));
	if (rec.len > size - sizeof(rec))
		return -EBADMSG;
	rec.ts_ns = t->ts_ns;
	t->emit(t->ctx, &rec, (const uint8_t *)data + sizeof(rec));
	return 0;
}

static int create_rings(struct testrun *t, uint32_t size)
{
	int rings = bpf_map__fd(t->skel->maps.metlo_rings);

	for (uint32_t i = 0; i < t->n_rings; i++) {
		int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "metlo_ring", 0,
					0, size, NULL);
		int err;

		if (fd < 0)
			return fd;
		t->ring_fds[i] = fd;
		err = bpf_map_update_elem(rings, &i, &fd, BPF_ANY);
		if (err)
			return err;
		if (i) {
			err = ring_buffer__add(t->rings, fd, on_record, t);
			if (err)
				return err;
			continue;
		}
		t->rings = ring_buffer__new(fd, on_record, t, NULL);
		if (!t->rings)
			return -errno;
	}
	return 0;
}

static int set_up(struct testrun *t, const struct testrun_conf *conf)
{
	const struct frames_conf *frames = conf->frames;
	struct bpf_program *prog;
	uint32_t flags;
	int err;

	t->skel = metlo_xdp__open();
	if (!t->skel)
		return -errno;
	prog = t->skel->progs.metlo_xdp;
	flags = bpf_program__flags(prog);
	if (!conf->no_frags)
		bpf_program__set_flags(prog, flags | BPF_F_XDP_HAS_FRAGS);
	err = metlo_xdp__load(t->skel);
	if (err)
		return err;
	err = create_rings(t, conf->ring_size ? conf->ring_size
					      : RING_SIZE_DEFAULT);
	if (err)
		return err;
	t->config = map_memory(t->skel->maps.metlo_config, sizeof(*t->config));
	t->shunts = map_memory(t->skel->maps.metlo_shunt, SHUNT_BYTES);
	if (!t->config || !t->shunts)
		return -errno;
	*t->config = frames->config;
	if (frames->vni_allow) {
		void *allow = map_memory(t->skel->maps.metlo_vni_allow,
					 VNI_ALLOW_BYTES);

		if (!allow)
			return -errno;
		memcpy(allow, frames->vni_allow, VNI_ALLOW_BYTES);
		munmap(allow, VNI_ALLOW_BYTES);
	}
	return 0;
}

struct testrun *testrun_new(const struct testrun_conf *conf)
{
	const struct frames_conf *frames = conf->frames;
	struct testrun *t;
	int err;

	if (frames->raw || frames->config.ring_mask >= METLO_RINGS_MAX ||
	    (frames->config.vni_filter && !frames->vni_allow)) {
		errno = EINVAL;
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->n_rings = frames->config.ring_mask + 1;
	memset(t->ring_fds, -1, sizeof(t->ring_fds));
	err = set_up(t, conf);
	if (err) {
		testrun_free(t);
		errno = -err;
		return NULL;
	}
	return t;
}

void testrun_free(struct testrun *t)
{
	if (!t)
		return;
	ring_buffer__free(t->rings);
	for (size_t i = 0; i < METLO_RINGS_MAX; i++) {
		if (t->ring_fds[i] >= 0)
			close(t->ring_fds[i]);
	}
	if (t->config)
		munmap(t->config, whole_pages(sizeof(*t->config)));
	if (t->shunts)
		munmap(t->shunts, whole_pages(SHUNT_BYTES));
	metlo_xdp__destroy(t->skel);
	free(t);
}

static int run(struct testrun *t, struct bpf_test_run_opts *opts)
{
	int err = bpf_prog_test_run_opts(
		bpf_program__fd(t->skel->progs.metlo_xdp), opts);

	return err ? -errno : 0;
}

int testrun_push(struct testrun *t, const uint8_t *frame, size_t len,
		 size_t linear)
{
	struct xdp_md ctx = {.data_end = (uint32_t)linear};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = (uint32_t)len, .repeat = 1);
	int err;

	if (linear) {
		opts.ctx_in = &ctx;
		opts.ctx_size_in = sizeof(ctx);
	}
	err = run(t, &opts);
	return err ? err : (int)opts.retval;
}

int testrun_drain(struct testrun *t, uint64_t ts_ns, frames_emit emit,
		  void *ctx)
{
	int n;

	t->ts_ns = ts_ns;
	t->emit = emit;
	t->ctx = ctx;
	n = ring_buffer__consume(t->rings);
	return n < 0 ? n : 0;
}

int testrun_feed(struct testrun *t, const uint8_t *frame, size_t caplen,
		 size_t wire_len, uint64_t ts_ns, frames_emit emit, void *ctx)
{
	int verdict = XDP_PASS, err;

	if (wire_len < caplen)
		wire_len = caplen;
	if (caplen < ETHERNET_HEADER) {
		t->runts++;
		t->runt_bytes += wire_len;
		return verdict;
	}
	verdict = testrun_push(t, frame, caplen, 0);
	if (verdict < 0)
		return verdict;
	t->snapped += wire_len - caplen;
	err = testrun_drain(t, ts_ns, emit, ctx);
	return err ? err : verdict;
}

int testrun_cost(struct testrun *t, const uint8_t *frame, size_t len,
		 uint32_t repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = (uint32_t)len, .repeat = (int)repeat);
	int err = run(t, &opts);

	return err ? err : (int)opts.duration;
}

struct metlo_config *testrun_config(struct testrun *t)
{
	return t->config;
}

struct metlo_shunt *testrun_shunts(struct testrun *t)
{
	return t->shunts;
}

int testrun_stats(const struct testrun *t, struct metlo_stats *out)
{
	int err = counters_read(bpf_map__fd(t->skel->maps.metlo_stats), out);

	if (err)
		return err;
	out->packets += t->runts;
	out->bad_outer += t->runts;
	out->bytes += t->runt_bytes + t->snapped;
	return 0;
}

int testrun_each_vni(const struct testrun *t,
		     void (*fn)(void *ctx, uint32_t vni,
				const struct metlo_vni_stats *s),
		     void *ctx)
{
	struct counters_vni *vnis;
	size_t n;
	int err = counters_read_vnis(bpf_map__fd(t->skel->maps.metlo_vni),
				     bpf_map__fd(t->skel->maps.metlo_vni_cpu),
				     &vnis, &n);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		fn(ctx, vnis[i].vni, &vnis[i].stats);
	free(vnis);
	return 0;
}
