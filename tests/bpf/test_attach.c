/* SPDX-License-Identifier: MIT */
/* Failures to attach, or to attach in the requested mode: the messages, and that
 * other programs and pins remain untouched. */
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

/* Without frags, veth rejects a large MTU; with frags it does not. */
static void test_mtu_refused(void **state)
{
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	assert_int_equal(
		shell("ip link set %s mtu 9000 && ip link set %s mtu 9000",
		      v->dev, v->peer),
		0);
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	conf.no_frags = true;
	assert_int_equal(capture_open(&c, &conf), -EOPNOTSUPP);
	assert_logged(&h, "in native mode: ");
	assert_logged(&h, "Peer MTU is too large");
	assert_logged(
		&h,
		"MTU 9000 exceeds what driver veth supports with XDP (3520)");
	assert_no_program(v);

	conf.request = LINK_AUTO;
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_int_equal(c.link.mode, XDP_MODE_GENERIC);
	assert_logged(&h, "generic mode");
	capture_close(&c);

	/* With frags native mode works, but only after detaching. */
	conf.no_frags = false;
	pins_purge(v->dev);
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_int_equal(c.link.mode, XDP_MODE_NATIVE);
	capture_close(&c);
	veth_log_free(&h);
}

static void test_mode_change(void **state)
{
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	conf.request = LINK_GENERIC;
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_int_equal(c.link.mode, XDP_MODE_GENERIC);
	capture_close(&c);
	conf.request = LINK_AUTO;
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_int_equal(c.link.mode, XDP_MODE_GENERIC);
	assert_logged(&h, "remains attached in generic mode");
	capture_close(&c);
	conf.request = LINK_NATIVE;
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_int_equal(c.link.mode, XDP_MODE_NATIVE);
	capture_close(&c);
	veth_log_free(&h);
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

/* A link made for a program of another expected_attach_type does not accept
 * ours. */
static void test_other_attach_type(void **state)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	struct veth_log h;
	struct capture c;
	int prog, link;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	prog = other_program();
	assert_true(prog >= 0);
	link = bpf_link_create(prog, (int)if_nametoindex(v->dev), BPF_XDP,
			       &opts);
	assert_true(link >= 0);
	assert_int_equal(pins_mount(&h.log), 0);
	assert_int_equal(pins_create(v->dev, &h.log), 0);
	assert_int_equal(pins_put(v->dev, "link", link), 0);
	close(link);
	close(prog);
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_logged(&h, "packets are missed in between");
	assert_logged(&h, "attached again after ");
	capture_close(&c);
	/* From then on, in place. */
	veth_log_free(&h);
	veth_log_open(&h);
	conf.log = &h.log;
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_true(c.resumed);
	capture_close(&c);
	veth_log_free(&h);
}

static void test_other_program(void **state)
{
	int prog = other_program();
	char id[64];
	struct netdev d;
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	assert_true(prog >= 0);
	assert_int_equal(bpf_xdp_attach((int)if_nametoindex(v->dev), prog,
					XDP_FLAGS_DRV_MODE, NULL),
			 0);
	assert_int_equal(netdev_read(&d, v->dev), 0);
	snprintf(id, sizeof(id), "id %u (other_prog), native mode",
		 d.native.id);
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	conf.request = LINK_AUTO;
	assert_int_equal(capture_open(&c, &conf), -EBUSY);
	assert_logged(&h, id);
	assert_logged(&h, "xdpdrv off");
	assert_int_equal(pins_purge(v->dev), 0);
	close(prog);
	veth_log_free(&h);
}

/* "ip link set ... off" fails for a program held by a bpf_link, so the message
 * must name the link instead. */
static void test_other_link(void **state)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_SKB_MODE);
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);
	int prog = other_program(), fd;
	struct veth_log h;
	struct capture c;
	char id[64];

	struct veth *v = *state;
	assert_true(prog >= 0);
	fd = bpf_link_create(prog, (int)if_nametoindex(v->dev), BPF_XDP, &opts);
	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	snprintf(id, sizeof(id), "bpftool link detach id %u", info.id);
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	assert_int_equal(capture_open(&c, &conf), -EBUSY);
	assert_logged(&h, "(other_prog), generic mode");
	assert_logged(&h, id);
	close(fd);
	close(prog);
	veth_log_free(&h);
}

/* veth rejects a native program if the other end has more transmit queues than
 * this end has receive queues. */
static void test_queues_refused(void **state)
{
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	shell("ip link del %s", v->dev);
	assert_int_equal(
		shell("ip link add %s numrxqueues 1 numtxqueues 1 type veth peer name %s numrxqueues 4 numtxqueues 4 && ip link set %s up && ip link set %s up && ethtool -L %s tx 4",
		      v->dev, v->peer, v->dev, v->peer, v->peer),
		0);
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	assert_int_equal(capture_open(&c, &conf), -EOPNOTSUPP);
	assert_logged(&h, "number of rx queues not less than peer tx queues");
	assert_logged(&h, "ethtool -L");
	assert_no_program(v);
	veth_log_free(&h);
}

static void test_second_daemon(void **state)
{
	struct capture first, second;
	char pid[64];
	struct veth_log h;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	assert_int_equal(capture_open(&first, &conf), 0);
	assert_int_equal(capture_open(&second, &conf), -EBUSY);
	snprintf(pid, sizeof(pid), "process %ld ", (long)getpid());
	assert_logged(&h, pid);
	assert_int_equal(lock_holder(v->dev), getpid());
	capture_close(&first);
	assert_int_equal(lock_holder(v->dev), 0);
	assert_int_equal(capture_open(&second, &conf), 0);
	capture_close(&second);
	veth_log_free(&h);
}

static void test_no_such_interface(void **state)
{
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	conf.iface = "nosuch0";
	assert_int_equal(capture_open(&c, &conf), -ENODEV);
	assert_logged(&h, "nosuch0");
	assert_logged(&h, v->dev);
	assert_logged(&h, v->peer);
	veth_log_free(&h);
}

/* A pin with our name but another kind of map is reported and left alone. */
static void test_incompatible_pin(void **state)
{
	struct veth_log h;
	struct capture c;
	int fd;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	assert_int_equal(capture_open(&c, &conf), 0);
	capture_close(&c);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "other", 4, 8, 1, NULL);
	assert_true(fd >= 0);
	assert_int_equal(pins_put(v->dev, "metlo_stats", fd), 0);
	close(fd);
	assert_int_equal(capture_open(&c, &conf), -EEXIST);
	assert_logged(&h, "metlo_stats");
	assert_logged(&h, "metlo-xdp detach");
	assert_true(pins_purge(v->dev) > 0);
	veth_log_free(&h);
}

/* Pins of a version with another record layout are not reused, are recognized as
 * ours, and are removed by detach. */
static void test_other_layout(void **state)
{
	char folder[PINS_PATH_MAX];
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	assert_int_equal(capture_open(&c, &conf), 0);
	capture_close(&c);
	pins_folder(folder, v->dev);
	assert_int_equal(
		shell("mkdir -p %s/v0/%s && mv %s/* %s/v0/%s/ && rmdir %s",
		      METLO_PIN_ROOT, v->dev, folder, METLO_PIN_ROOT, v->dev,
		      folder),
		0);
	assert_int_equal(capture_open(&c, &conf), -EBUSY);
	assert_logged(&h, "another version of metlo-xdp");
	assert_logged(&h, "metlo-xdp detach");
	assert_true(pins_purge(v->dev) > 0);
	assert_no_program(v);
	assert_int_equal(capture_open(&c, &conf), 0);
	capture_close(&c);
	veth_log_free(&h);
}

/* What a later version left is neither used nor removed. */
static void test_later_layout(void **state)
{
	char folder[PINS_PATH_MAX];
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	assert_int_equal(capture_open(&c, &conf), 0);
	capture_close(&c);
	pins_folder(folder, v->dev);
	assert_int_equal(shell("mkdir -p %s/v99 && mv %s %s/v99/",
			       METLO_PIN_ROOT, folder, METLO_PIN_ROOT),
			 0);
	assert_int_equal(capture_open(&c, &conf), -EOPNOTSUPP);
	assert_logged(&h, "later version of metlo-xdp");
	assert_logged(&h, "metlo-xdp detach");
	/* Without its link the interface is free. */
	assert_int_equal(shell("rm %s/v99/%s/link", METLO_PIN_ROOT, v->dev), 0);
	assert_no_program(v);
	assert_int_equal(capture_open(&c, &conf), 0);
	assert_logged(&h, "leaving it alone");
	assert_false(c.resumed);
	capture_close(&c);
	assert_int_equal(
		shell("test -e %s/v99/%s/metlo_stats", METLO_PIN_ROOT, v->dev),
		0);
	assert_true(pins_purge(v->dev) > 0);
	assert_no_program(v);
	veth_log_free(&h);
}

/* The user of the daemon owns the folders of the pins. Links that it makes there
 * lead neither attach nor detach elsewhere. */
static void test_linked_folder(void **state)
{
	static const char dir[] = "/tmp/metlo-pins-outside";
	char folder[PINS_PATH_MAX], group[PINS_GROUP_MAX];
	struct veth_log h;
	struct capture c;

	struct veth *v = *state;
	veth_log_open(&h);
	struct capture_conf conf = veth_conf(v, &h);

	pins_group(group, METLO_LAYOUT_VERSION);
	pins_folder(folder, v->dev);
	assert_int_equal(pins_mount(&h.log), 0);
	assert_int_equal(
		shell("rm -rf %s && mkdir %s && touch %s/file && mkdir -p %s && rmdir %s && ln -s %s %s",
		      dir, dir, dir, folder, folder, dir, folder),
		0);
	assert_true(capture_open(&c, &conf) < 0);
	assert_true(pins_purge(v->dev) < 0);
	assert_true(pins_purge_group(group, v->dev, true) < 0);
	assert_true(pins_remove(v->dev, "file") < 0);
	assert_int_equal(shell("test \"$(ls %s)\" = file && rm -r %s %s", dir,
			       dir, folder),
			 0);
	veth_log_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(test_##name, veth_up, veth_down)
		T(mtu_refused),	      T(mode_change),	    T(other_program),
		T(other_link),	      T(queues_refused),    T(second_daemon),
		T(no_such_interface), T(incompatible_pin),  T(other_layout),
		T(linked_folder),     T(other_attach_type), T(later_layout),
#undef T
	};

	if (!veth_possible("attach"))
		return 0;
	load_messages(0);
	return cmocka_run_group_tests_name("attach", tests, NULL, NULL);
}
