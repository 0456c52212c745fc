/* SPDX-License-Identifier: MIT */
/*
 * Attaching, resuming and detaching on a veth pair in a network namespace of
 * its own, with frames sent in at the other end. The pins are those of the
 * machine, under names that no other process uses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "base/exit.h"
#include "capture/capture.h"
#include "capture/counters.h"
#include "capture/load.h"
#include "capture/lock.h"
#include "capture/pins.h"

static char dev[16], peer[16];

/* What capture says, in memory. */
struct heard {
	char *text;
	size_t size;
	struct log log;
};

static void listen_in(struct heard *h)
{
	h->log = (struct log){open_memstream(&h->text, &h->size), "test",
			      LOG_LEVEL_INFO};
	assert_non_null(h->log.out);
}

static void heard_free(struct heard *h)
{
	fclose(h->log.out);
	free(h->text);
}

static void assert_heard(const struct heard *h, const char *part)
{
	fflush(h->log.out);
	if (!strstr(h->text, part))
		fail_msg("not said: \"%s\", but:\n%s", part, h->text);
}

static int shell(const char *fmt, ...)
{
	char cmd[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	return system(cmd);
}

static int veth_up(void **state)
{
	(void)state;
	return shell(
		"ip link add %s type veth peer name %s && ip link set %s up && ip link set %s up",
		dev, peer, dev, peer);
}

static int veth_down(void **state)
{
	(void)state;
	if (pins_mounted())
		pins_purge(dev);
	shell("ip link del %s 2>/dev/null", dev);
	shell("rm -f %s/%s.lock; rmdir --ignore-fail-on-non-empty %s 2>/dev/null",
	      LOCK_FOLDER, dev, LOCK_FOLDER);
	return 0;
}

static struct capture_conf default_conf(const struct heard *h)
{
	static struct metlo_config config = {
		.port_bits = {[80 / 64] = 1ull << (80 % 64)},
		.vxlan_port = 4789,
	};

	return (struct capture_conf){
		.iface = dev,
		.wish = LINK_NATIVE,
		.config = &config,
		.rings = 2,
		.ring_size = 1 << 20,
		.keep = true,
		.log = &h->log,
	};
}

/* --- frames ----------------------------------------------------------------- */

static size_t put_ipv4(uint8_t *p, uint8_t proto, size_t payload, uint32_t src,
		       uint32_t dst)
{
	const size_t total = 20 + payload;

	memset(p, 0, 20);
	p[0] = 0x45;
	p[2] = (uint8_t)(total >> 8);
	p[3] = (uint8_t)total;
	p[8] = 64;
	p[9] = proto;
	src = htonl(src);
	dst = htonl(dst);
	memcpy(p + 12, &src, 4);
	memcpy(p + 16, &dst, 4);
	return 20;
}

static size_t put_ethernet(uint8_t *p)
{
	memset(p, 2, 12);
	p[12] = 0x08;
	p[13] = 0x00;
	return 14;
}

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A mirrored segment from port sport to 80 with 4 bytes of payload. */
static size_t make_frame(uint8_t *p, unsigned int sport, uint32_t number)
{
	const size_t inner = 14 + 20 + 20 + 4;
	size_t n = put_ethernet(p);

	n += put_ipv4(p + n, IPPROTO_UDP, 8 + 8 + inner, 0x0a000001,
		      0x0a000002);
	memset(p + n, 0, 16);
	put16(p + n, 40000);
	put16(p + n + 2, 4789);
	put16(p + n + 4, (unsigned int)(16 + inner));
	p[n + 8] = 0x08; /* VXLAN: the VNI is valid */
	p[n + 14] = 7;	 /* VNI 7 */
	n += 16;
	n += put_ethernet(p + n);
	n += put_ipv4(p + n, IPPROTO_TCP, 24, 0x0a010001, 0x0a010002);
	memset(p + n, 0, 20);
	put16(p + n, sport);
	put16(p + n + 2, 80);
	p[n + 12] = 5 << 4;
	p[n + 13] = 0x18; /* PSH, ACK */
	n += 20;
	memcpy(p + n, &number, 4);
	return n + 4;
}

/* Sends one frame for each number from first to first + n - 1, each of a
 * connection of its own. */
static void inject(uint32_t first, uint32_t n)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)if_nametoindex(peer),
				 .sll_protocol = htons(0x0800)};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	assert_true(fd >= 0);
	for (uint32_t i = first; i < first + n; i++) {
		uint8_t frame[256];
		size_t len = make_frame(frame, 10000 + i, i);

		assert_int_equal(sendto(fd, frame, len, 0,
					(struct sockaddr *)&to, sizeof(to)),
				 len);
	}
	close(fd);
}

/* Which numbers came, and into the right ring? */
struct seen {
	unsigned int count[256];
	unsigned int total;
	unsigned int ring, mask;
	bool any_ring;
};

static void on_record(struct seen *s, const struct metlo_rec *rec,
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

static void consume_rings(struct capture *c, struct seen *s)
{
	for (unsigned int i = 0; i < c->rings.n; i++) {
		s->ring = i;
		s->mask = c->rings.n - 1;
		ring_consume(&c->rings.ring[i], SIZE_MAX, on_records, s);
	}
}

/* Until n came, or a second has passed: delivery on veth is not immediate. */
static void await(struct capture *c, struct seen *s, unsigned int n)
{
	for (int i = 0; i < 100 && s->total < n; i++) {
		consume_rings(c, s);
		usleep(10000);
	}
}

/* Until n records of this attachment are in rings. */
static void await_records(struct capture *c, uint64_t n)
{
	struct metlo_stats stats = {0};

	for (int i = 0; i < 100 && stats.records < n; i++) {
		usleep(10000);
		counters_read(c->maps.fd[MAP_metlo_stats], &stats);
	}
	assert_int_equal(stats.records, n);
}

static void assert_each_once(const struct seen *s, unsigned int n)
{
	assert_int_equal(s->total, n);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(s->count[i], 1);
}

/* --- tests ------------------------------------------------------------------ */

static void test_records_and_counters(void **state)
{
	struct counters_vni *vnis;
	struct metlo_stats stats;
	struct seen seen = {0};
	struct heard h;
	struct capture c;
	uint64_t sum = 0;
	size_t n;

	(void)state;
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	assert_int_equal(c.link.mode, XDP_MODE_NATIVE);
	assert_true(c.link.frags);
	assert_false(c.resumed);
	inject(0, 50);
	await(&c, &seen, 50);
	assert_each_once(&seen, 50);

	assert_int_equal(counters_read(c.maps.fd[MAP_metlo_stats], &stats), 0);
	assert_int_equal(stats.delivered, 50);
	assert_int_equal(stats.records, 50);
	assert_int_equal(stats.delivered_bytes, 200);
#define SUM(name) sum += stats.name;
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
	heard_free(&h);
}

static void test_resume_loses_nothing(void **state)
{
	struct seen seen = {0};
	struct heard h;
	struct capture c;
	uint32_t first;

	(void)state;
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	first = c.dev.native.id;
	inject(0, 20);
	await_records(&c, 20);
	capture_close(&c);
	inject(20, 20); /* while nobody is there */

	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	assert_true(c.resumed);
	assert_int_not_equal(c.dev.native.id, first);
	inject(40, 20);
	await(&c, &seen, 60);
	assert_each_once(&seen, 60);
	capture_close(&c);
	heard_free(&h);
}

static void change_rings(unsigned int from, unsigned int to, size_t size_to)
{
	struct seen old = {.any_ring = true}, now = {0};
	struct heard h;
	struct capture c;

	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	conf.rings = from;
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	inject(0, 100);
	await_records(&c, 100);
	capture_close(&c);

	conf.rings = to;
	conf.ring_size = size_to;
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	assert_heard(&h, "are replaced by");
	assert_int_equal(c.rings.n_old, from);
	inject(100, 100);
	await(&c, &now, 100);
	for (unsigned int i = 0; i < c.rings.n_old; i++)
		ring_consume(&c.rings.old[i], SIZE_MAX, on_records, &old);
	assert_int_equal(old.total, 100);
	assert_int_equal(now.total, 100);
	for (unsigned int i = 0; i < 200; i++)
		assert_int_equal(old.count[i] + now.count[i], 1);

	rings_unpin_old(&c.rings, dev);
	rings_close_old(&c.rings);
	capture_close(&c);
	/* From now on as they are, and the old ones are gone. */
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	assert_int_equal(c.rings.n_old, 0);
	assert_int_equal(c.rings.n, to);
	capture_close(&c);
	heard_free(&h);
}

static void test_more_rings(void **state)
{
	(void)state;
	change_rings(2, 8, 1 << 20);
}

static void test_fewer_rings(void **state)
{
	(void)state;
	change_rings(8, 1, 1 << 20);
}

static void test_larger_rings(void **state)
{
	(void)state;
	change_rings(2, 2, 1 << 21);
}

/* A daemon that was killed between exchanging the rings and emptying the old
 * ones: the next one finds them. */
static void test_interrupted_change(void **state)
{
	struct seen old = {.any_ring = true};
	struct heard h;
	struct capture c;

	(void)state;
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	inject(0, 10);
	await_records(&c, 10);
	capture_close(&c);
	conf.rings = 4;
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	capture_close(&c);
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	assert_int_equal(c.rings.n_old, 2);
	for (unsigned int i = 0; i < c.rings.n_old; i++)
		ring_consume(&c.rings.old[i], SIZE_MAX, on_records, &old);
	assert_each_once(&old, 10);
	capture_close(&c);
	heard_free(&h);
}

static void assert_no_program(void)
{
	struct netdev d;

	assert_int_equal(netdev_read(&d, dev), 0);
	assert_int_equal(d.native.id, 0);
	assert_int_equal(d.generic.id, 0);
}

static void test_purge_leaves_nothing(void **state)
{
	char folder[PINS_PATH_MAX];
	struct heard h;
	struct capture c;

	(void)state;
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	capture_close(&c);
	assert_true(pins_purge(dev) > 0);
	pins_folder(folder, dev);
	assert_int_equal(access(folder, F_OK), -1);
	assert_no_program();
	assert_int_equal(pins_purge(dev), 0);
	heard_free(&h);
}

static void test_not_kept(void **state)
{
	char folder[PINS_PATH_MAX];
	struct seen seen = {0};
	struct heard h;
	struct capture c;

	(void)state;
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	conf.keep = false;
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	pins_folder(folder, dev);
	assert_int_equal(access(folder, F_OK), -1);
	inject(0, 5);
	await(&c, &seen, 5);
	assert_each_once(&seen, 5);
	capture_close(&c);
	for (int i = 0; i < 100; i++) {
		struct netdev d;

		if (!netdev_read(&d, dev) && !d.native.id)
			break;
		usleep(10000);
	}
	assert_no_program();
	heard_free(&h);
}

/* Without frags veth takes no large MTU; with frags it would. */
static void test_mtu_refused(void **state)
{
	struct heard h;
	struct capture c;

	(void)state;
	assert_int_equal(
		shell("ip link set %s mtu 9000 && ip link set %s mtu 9000", dev,
		      peer),
		0);
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	conf.no_frags = true;
	assert_int_equal(capture_open(&c, &conf), EXIT_NOT_SUPPORTED);
	assert_heard(&h, "native XDP is refused");
	assert_heard(&h, "Peer MTU is too large");
	assert_heard(&h,
		     "MTU 9000 is more than driver veth takes with XDP (3520)");
	assert_no_program();

	conf.wish = LINK_AUTO;
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	assert_int_equal(c.link.mode, XDP_MODE_GENERIC);
	assert_heard(&h, "generic mode");
	capture_close(&c);

	/* With frags it is native after all, once detached. */
	conf.no_frags = false;
	pins_purge(dev);
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	assert_int_equal(c.link.mode, XDP_MODE_NATIVE);
	capture_close(&c);
	heard_free(&h);
}

static void test_mode_change(void **state)
{
	struct heard h;
	struct capture c;

	(void)state;
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	conf.wish = LINK_GENERIC;
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	assert_int_equal(c.link.mode, XDP_MODE_GENERIC);
	capture_close(&c);
	conf.wish = LINK_AUTO;
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	assert_int_equal(c.link.mode, XDP_MODE_GENERIC);
	assert_heard(&h, "stays in generic mode");
	capture_close(&c);
	conf.wish = LINK_NATIVE;
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	assert_int_equal(c.link.mode, XDP_MODE_NATIVE);
	capture_close(&c);
	heard_free(&h);
}

static int other_program(void)
{
	/* r0 = XDP_PASS; exit */
	const struct bpf_insn insns[] = {
		{.code = 0xb7, .imm = 2},
		{.code = 0x95},
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "other_prog", "GPL", insns, 2,
			     NULL);
}

static void test_other_program(void **state)
{
	int prog = other_program();
	char id[64];
	struct netdev d;
	struct heard h;
	struct capture c;

	(void)state;
	assert_true(prog >= 0);
	assert_int_equal(bpf_xdp_attach((int)if_nametoindex(dev), prog,
					XDP_FLAGS_DRV_MODE, NULL),
			 0);
	assert_int_equal(netdev_read(&d, dev), 0);
	snprintf(id, sizeof(id), "id %u (other_prog), native mode",
		 d.native.id);
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	conf.wish = LINK_AUTO;
	assert_int_equal(capture_open(&c, &conf), EXIT_FAILED);
	assert_heard(&h, id);
	assert_heard(&h, "xdpdrv off");
	assert_int_equal(pins_purge(dev), 0);
	close(prog);
	heard_free(&h);
}

/* Held by a bpf_link, "ip link set ... off" would be refused. */
static void test_other_link(void **state)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_SKB_MODE);
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);
	int prog = other_program(), fd;
	struct heard h;
	struct capture c;
	char id[64];

	(void)state;
	assert_true(prog >= 0);
	fd = bpf_link_create(prog, (int)if_nametoindex(dev), BPF_XDP, &opts);
	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	snprintf(id, sizeof(id), "bpftool link detach id %u", info.id);
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	assert_int_equal(capture_open(&c, &conf), EXIT_FAILED);
	assert_heard(&h, "(other_prog), generic mode");
	assert_heard(&h, id);
	close(fd);
	close(prog);
	heard_free(&h);
}

/* A veth pair whose other end has more transmit queues than this one has
 * receive queues takes no native program. */
static void test_queues_refused(void **state)
{
	struct heard h;
	struct capture c;

	(void)state;
	shell("ip link del %s", dev);
	assert_int_equal(
		shell("ip link add %s numrxqueues 1 numtxqueues 1 type veth peer name %s numrxqueues 4 numtxqueues 4 && ip link set %s up && ip link set %s up && ethtool -L %s tx 4",
		      dev, peer, dev, peer, peer),
		0);
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	assert_int_equal(capture_open(&c, &conf), EXIT_NOT_SUPPORTED);
	assert_heard(&h, "number of rx queues not less than peer tx queues");
	assert_heard(&h, "ethtool -L");
	assert_no_program();
	heard_free(&h);
}

static void test_second_daemon(void **state)
{
	struct capture first, second;
	char pid[64];
	struct heard h;

	(void)state;
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	assert_int_equal(capture_open(&first, &conf), EXIT_DONE);
	assert_int_equal(capture_open(&second, &conf), EXIT_FAILED);
	snprintf(pid, sizeof(pid), "process %ld ", (long)getpid());
	assert_heard(&h, pid);
	assert_int_equal(lock_holder(dev), getpid());
	capture_close(&first);
	assert_int_equal(lock_holder(dev), 0);
	assert_int_equal(capture_open(&second, &conf), EXIT_DONE);
	capture_close(&second);
	heard_free(&h);
}

static void test_no_such_interface(void **state)
{
	struct heard h;
	struct capture c;

	(void)state;
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	conf.iface = "nosuch0";
	assert_int_equal(capture_open(&c, &conf), EXIT_FAILED);
	assert_heard(&h, "nosuch0");
	assert_heard(&h, dev);
	assert_heard(&h, peer);
	heard_free(&h);
}

/* A pin under our name that is another map: said, and left alone. */
static void test_incompatible_pin(void **state)
{
	struct heard h;
	struct capture c;
	int fd;

	(void)state;
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	capture_close(&c);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "other", 4, 8, 1, NULL);
	assert_true(fd >= 0);
	assert_int_equal(pins_put(dev, "metlo_stats", fd), 0);
	close(fd);
	assert_int_equal(capture_open(&c, &conf), EXIT_FAILED);
	assert_heard(&h, "metlo_stats");
	assert_heard(&h, "metlo-xdp detach");
	assert_true(pins_purge(dev) > 0);
	heard_free(&h);
}

/* Left by a version with another record layout: not reused, not taken for
 * somebody else's, and detach removes it. */
static void test_other_layout(void **state)
{
	char folder[PINS_PATH_MAX];
	struct heard h;
	struct capture c;

	(void)state;
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	capture_close(&c);
	pins_folder(folder, dev);
	assert_int_equal(
		shell("mkdir -p %s/v0/%s && mv %s/* %s/v0/%s/ && rmdir %s",
		      METLO_PIN_ROOT, dev, folder, METLO_PIN_ROOT, dev, folder),
		0);
	assert_int_equal(capture_open(&c, &conf), EXIT_FAILED);
	assert_heard(&h, "another version of metlo-xdp");
	assert_heard(&h, "metlo-xdp detach");
	assert_true(pins_purge(dev) > 0);
	assert_no_program();
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	capture_close(&c);
	heard_free(&h);
}

/* The interface was removed and made again: its pinned link is dead. */
static void test_interface_made_anew(void **state)
{
	struct seen seen = {0};
	struct heard h;
	struct capture c;

	(void)state;
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	capture_close(&c);
	assert_int_equal(shell("ip link del %s", dev), 0);
	assert_int_equal(veth_up(NULL), 0);
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	assert_false(c.resumed);
	inject(0, 5);
	await(&c, &seen, 5);
	assert_each_once(&seen, 5);
	capture_close(&c);
	heard_free(&h);
}

/* Nobody consumes: the ring fills, the rest is counted, and what was in it
 * is still right. */
static void test_full_ring(void **state)
{
	const uint32_t n = 250;
	struct metlo_stats stats = {0};
	struct seen seen = {0};
	struct heard h;
	struct capture c;

	(void)state;
	listen_in(&h);
	struct capture_conf conf = default_conf(&h);

	conf.rings = 1;
	conf.ring_size = (size_t)sysconf(_SC_PAGESIZE);
	assert_int_equal(capture_open(&c, &conf), EXIT_DONE);
	inject(0, n);
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
	heard_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(test_##name, veth_up, veth_down)
		T(records_and_counters),
		T(resume_loses_nothing),
		T(more_rings),
		T(fewer_rings),
		T(larger_rings),
		T(interrupted_change),
		T(purge_leaves_nothing),
		T(not_kept),
		T(mtu_refused),
		T(mode_change),
		T(other_program),
		T(other_link),
		T(queues_refused),
		T(second_daemon),
		T(no_such_interface),
		T(incompatible_pin),
		T(interface_made_anew),
		T(other_layout),
		T(full_ring),
#undef T
	};

	if (geteuid()) {
		printf("skip capture # needs root\n");
		return 0;
	}
	if (unshare(CLONE_NEWNET)) {
		printf("skip capture # no network namespaces: %s\n",
		       strerror(errno));
		return 0;
	}
	snprintf(dev, sizeof(dev), "mxt%da", getpid());
	snprintf(peer, sizeof(peer), "mxt%db", getpid());
	load_messages(0);
	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
