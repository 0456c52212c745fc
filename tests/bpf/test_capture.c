/* SPDX-License-Identifier: MIT */
/* Records, counters and rings of an attached program, also across restarts of
 * the daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "capture/capture.h"
#include "capture/counters.h"
#include "capture/load.h"
#include "capture/lock.h"
#include "capture/pins.h"
#include "veth.h"

/* Records which frame numbers arrived, and whether in the right ring. */
struct frames_seen {
	unsigned int count[256];
	unsigned int total;
	unsigned int ring, mask;
	bool any_ring;
};

static void on_record(struct frames_seen *s, const struct metlo_rec *rec,
		      const uint8_t *payload)
{
	uint32_t number;

	assert_int_equal(rec->len, 4);
	memcpy(&number, payload, 4);
	assert_true(number < 256);
	assert_int_equal(rec->sport, 10000 + number);
	assert_int_equal(rec->vni, 7);
	if (!s->any_ring)
		assert_int_equal(rec->hash & s->mask, s->ring);
	s->count[number]++;
	s->total++;
}

static void on_records(void *ctx, const struct ring_record *v, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		on_record(ctx, v[i].rec, v[i].payload);
}

static void consume_rings(struct capture *c, struct frames_seen *s)
{
	for (unsigned int i = 0; i < c->rings.n; i++) {
		s->ring = i;
		s->mask = c->rings.n - 1;
		ring_consume(&c->rings.ring[i], SIZE_MAX, on_records, s);
	}
}

/* Waits for n frames, at most a second: delivery on veth is asynchronous. */
static void await(struct capture *c, struct frames_seen *s, unsigned int n)
{
	for (int i = 0; i < 100 && s->total < n; i++) {
		consume_rings(c, s);
		usleep(10000);
	}
}

/* Waits until n records of this attachment are in the rings. */
static void await_records(struct capture *c, uint64_t n)
{
	struct metlo_stats stats = {0};

	for (int i = 0; i < 100 && stats.records < n; i++) {
		usleep(10000);
		counters_read(c->maps.fd[MAP_metlo_stats], &stats);
	}
	assert_int_equal(stats.records, n);
}

static void assert_each_once(const struct frames_seen *s, unsigned int n)
{
	assert_int_equal(s->total, n);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(s->count[i], 1);
}

static void test_records_and_counters(void **state)
{
	struct counters_vni *vnis;
	struct metlo_stats stats;
	struct frames_seen seen = {0};
	struct veth_log h;
	struct capture c;
	uint64_t sum = 0;
	size_t n;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	assert_int_equal(capture_open(&c, &conf), 0);
	assert_int_equal(c.link.mode, XDP_MODE_NATIVE);
	assert_true(c.link.frags);
	assert_false(c.resumed);
	veth_inject(v, 0, 50);
	await(&c, &seen, 50);
	assert_each_once(&seen, 50);

	assert_int_equal(counters_read(c.maps.fd[MAP_metlo_stats], &stats), 0);
	assert_int_equal(stats.delivered, 50);
	assert_int_equal(stats.records, 50);
	assert_int_equal(stats.delivered_bytes, 200);
#define SUM(name, ...) sum += stats.name;
	METLO_OUTCOMES(SUM)
#undef SUM
	assert_int_equal(sum, stats.packets);

	assert_int_equal(counters_read_vnis(c.maps.fd[MAP_metlo_vni],
					    c.maps.fd[MAP_metlo_vni_cpu], &vnis,
					    &n),
			 0);
	assert_int_equal(n, 1);
	assert_int_equal(vnis[0].vni, 7);
	assert_int_equal(vnis[0].stats.packets, 50);
	free(vnis);
	capture_close(&c);
	veth_log_free(&h);
}

static void test_resume_loses_nothing(void **state)
{
	struct frames_seen seen = {0};
	struct veth_log h;
	struct capture c;
	uint32_t first;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	assert_int_equal(capture_open(&c, &conf), 0);
	first = c.dev.native.id;
	veth_inject(v, 0, 20);
	await_records(&c, 20);
	capture_close(&c);
	veth_inject(v, 20, 20); /* while no daemon is running */

	assert_int_equal(capture_open(&c, &conf), 0);
	assert_true(c.resumed);
	assert_int_not_equal(c.dev.native.id, first);
	veth_inject(v, 40, 20);
	await(&c, &seen, 60);
	assert_each_once(&seen, 60);
	capture_close(&c);
	veth_log_free(&h);
}

static void change_rings(struct veth *v, unsigned int from, unsigned int to,
			 size_t size_to)
{
	struct frames_seen old = {.any_ring = true}, now = {0};
	struct veth_log h;
	struct capture c;

	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	conf.rings = from;
	assert_int_equal(capture_open(&c, &conf), 0);
	veth_inject(v, 0, 100);
	await_records(&c, 100);
	capture_close(&c);

	conf.rings = to;
	conf.ring_size = size_to;
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_logged(&h, "replacing ");
	assert_int_equal(c.rings.n_old, from);
	veth_inject(v, 100, 100);
	await(&c, &now, 100);
	for (unsigned int i = 0; i < c.rings.n_old; i++)
		ring_consume(&c.rings.old[i], SIZE_MAX, on_records, &old);
	assert_int_equal(old.total, 100);
	assert_int_equal(now.total, 100);
	for (unsigned int i = 0; i < 200; i++)
		assert_int_equal(old.count[i] + now.count[i], 1);

	rings_close_old(&c.rings);
	capture_close(&c);
	/* The next open reuses the rings; the old ones no longer exist. */
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_int_equal(c.rings.n_old, 0);
	assert_int_equal(c.rings.n, to);
	capture_close(&c);
	veth_log_free(&h);
}

static void test_more_rings(void **state)
{
	struct veth *v = *state;
	change_rings(v, 2, 8, 1 << 20);
}

static void test_fewer_rings(void **state)
{
	struct veth *v = *state;
	change_rings(v, 8, 1, 1 << 20);
}

static void test_larger_rings(void **state)
{
	struct veth *v = *state;
	change_rings(v, 2, 2, 1 << 21);
}

/* If a daemon is killed after replacing the rings and before draining the old
 * ones, the next daemon drains them. */
static void test_interrupted_change(void **state)
{
	struct frames_seen old = {.any_ring = true};
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	assert_int_equal(capture_open(&c, &conf), 0);
	veth_inject(v, 0, 10);
	await_records(&c, 10);
	capture_close(&c);
	conf.rings = 4;
	assert_int_equal(capture_open(&c, &conf), 0);
	capture_close(&c);
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_int_equal(c.rings.n_old, 2);
	for (unsigned int i = 0; i < c.rings.n_old; i++)
		ring_consume(&c.rings.old[i], SIZE_MAX, on_records, &old);
	assert_each_once(&old, 10);
	capture_close(&c);
	veth_log_free(&h);
}

/* Each daemon replaces the rings and is killed before it drains any: the last one
 * finds all records, those of the first rings first. */
static void test_repeated_change(void **state)
{
	struct frames_seen old = {.any_ring = true};
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	for (unsigned int i = 0; i < 3; i++) {
		conf.rings = i == 1 ? 4 : 2;
		assert_int_equal(capture_open(&c, &conf), 0);
		veth_inject(v, 20 * i, 20);
		await_records(&c, 20 * (i + 1));
		capture_close(&c);
	}
	conf.rings = 1;
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_int_equal(c.rings.n_old, 2 + 4 + 2);
	for (unsigned int i = 0; i < c.rings.n_old; i++) {
		ring_consume(&c.rings.old[i], SIZE_MAX, on_records, &old);
		if (i == 1 || i == 5 || i == 7)
			assert_int_equal(old.total, i == 1   ? 20
						    : i == 5 ? 40
							     : 60);
	}
	assert_each_once(&old, 60);
	rings_close_old(&c.rings);
	capture_close(&c);
	veth_log_free(&h);
}

/* 0.1.0 kept replaced rings beside the others, as old-<slot>-<id>. */
static void test_interrupted_old_version(void **state)
{
	struct frames_seen old = {.any_ring = true};
	char folder[PINS_PATH_MAX];
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	assert_int_equal(capture_open(&c, &conf), 0);
	veth_inject(v, 0, 10);
	await_records(&c, 10);
	capture_close(&c);
	conf.rings = 4;
	assert_int_equal(capture_open(&c, &conf), 0);
	capture_close(&c);
	pins_folder(folder, v->dev);
	assert_int_equal(
		shell("cd %s/%s/%s && mv *-63-* %s/old-00-99 && mv *-62-* %s/old-01-100",
		      METLO_PIN_ROOT, PINS_RETIRED, v->dev, folder, folder),
		0);
	conf.rings = 1;
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_int_equal(c.rings.n_old, 2 + 4);
	for (unsigned int i = 0; i < 2; i++)
		ring_consume(&c.rings.old[i], SIZE_MAX, on_records, &old);
	assert_each_once(&old, 10);
	rings_close_old(&c.rings);
	capture_close(&c);
	veth_log_free(&h);
}

static void test_purge_leaves_nothing(void **state)
{
	char folder[PINS_PATH_MAX];
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	assert_int_equal(capture_open(&c, &conf), 0);
	capture_close(&c);
	assert_true(pins_purge(v->dev) > 0);
	pins_folder(folder, v->dev);
	assert_int_equal(access(folder, F_OK), -1);
	assert_no_program(v);
	assert_int_equal(pins_purge(v->dev), 0);
	veth_log_free(&h);
}

static void test_not_kept(void **state)
{
	char folder[PINS_PATH_MAX];
	struct frames_seen seen = {0};
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	conf.keep = false;
	assert_int_equal(capture_open(&c, &conf), 0);
	pins_folder(folder, v->dev);
	assert_int_equal(access(folder, F_OK), -1);
	veth_inject(v, 0, 5);
	await(&c, &seen, 5);
	assert_each_once(&seen, 5);
	capture_close(&c);
	for (int i = 0; i < 100; i++) {
		struct netdev d;

		if (!netdev_read(&d, v->dev) && !d.native.id)
			break;
		usleep(10000);
	}
	assert_no_program(v);
	veth_log_free(&h);
}

/* The interface was deleted and recreated: its pinned link is dead. */
static void test_interface_made_anew(void **state)
{
	struct frames_seen seen = {0};
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	assert_int_equal(capture_open(&c, &conf), 0);
	capture_close(&c);
	assert_int_equal(shell("ip link del %s", v->dev), 0);
	assert_int_equal(veth_make(v), 0);
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_false(c.resumed);
	veth_inject(v, 0, 5);
	await(&c, &seen, 5);
	assert_each_once(&seen, 5);
	capture_close(&c);
	veth_log_free(&h);
}

/* Without a consumer the ring fills up: further packets are counted as lost and
 * the records in the ring stay intact. */
static void test_full_ring(void **state)
{
	const uint32_t n = 250;
	struct metlo_stats stats = {0};
	struct frames_seen seen = {0};
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	conf.rings = 1;
	conf.ring_size = (size_t)sysconf(_SC_PAGESIZE);
	assert_int_equal(capture_open(&c, &conf), 0);
	veth_inject(v, 0, n);
	for (int i = 0; i < 100 && stats.delivered + stats.ring_full < n; i++) {
		usleep(10000);
		counters_read(c.maps.fd[MAP_metlo_stats], &stats);
	}
	assert_int_equal(stats.delivered + stats.ring_full, n);
	assert_true(stats.ring_full > 0);
	assert_int_equal(stats.ring_full_bytes, stats.ring_full * 4);
	consume_rings(&c, &seen);
	assert_int_equal(seen.total, stats.delivered);
	capture_close(&c);
	veth_log_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(test_##name, veth_up, veth_down)
		T(records_and_counters), T(resume_loses_nothing),
		T(more_rings),		 T(fewer_rings),
		T(larger_rings),	 T(interrupted_change),
		T(repeated_change),	 T(interrupted_old_version),
		T(purge_leaves_nothing), T(not_kept),
		T(interface_made_anew),	 T(full_ring),
#undef T
	};

	if (!veth_possible("capture"))
		return 0;
	load_messages(0);
	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
