/* SPDX-License-Identifier: MIT */
/*
 * Root works with the pins in a folder of the daemon's user, who replaces folder
 * and pins by links meanwhile: what is pinned elsewhere is never opened, removed
 * or given away. In a BPF file system of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/bpf.h>

#include "capture/maps.h"
#include "capture/pins.h"
#include "metlo_record.h"
#include "../common/scale.h"

#define USER	61999
#define OUTSIDE "/sys/fs/bpf/outside"
#define IFACE	"t0"

static const struct owner user = {true, USER, USER};
static struct log quiet;

static int new_map(void)
{
	return bpf_map_create(BPF_MAP_TYPE_ARRAY, "test", 4, 8, 1, NULL);
}

static uint32_t id_of(int fd)
{
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

/* Pins a map outside and returns its ID. */
static uint32_t outside(void)
{
	int fd = new_map();
	uint32_t id = id_of(fd);

	assert_true(fd >= 0);
	assert_int_equal(mkdir(OUTSIDE, 0755), 0);
	assert_int_equal(bpf_obj_pin(fd, OUTSIDE "/link"), 0);
	close(fd);
	return id;
}

static int empty_bpffs(void **state)
{
	(void)state;
	umount2("/sys/fs/bpf", MNT_DETACH);
	return mount("none", "/sys/fs/bpf", "bpf", 0, "mode=0755");
}

static void expect_untouched(uint32_t id)
{
	struct stat st;
	int fd = bpf_obj_get(OUTSIDE "/link");

	assert_true(fd >= 0);
	assert_int_equal(id_of(fd), id);
	close(fd);
	assert_int_equal(stat(OUTSIDE "/link", &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(stat(OUTSIDE, &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(system("test \"$(ls /sys/fs/bpf/outside)\" = link"),
			 0);
}

/* In the folder of the layout, which earlier versions gave to the user. */
static void play(void)
{
	char folder[PINS_PATH_MAX];

	pins_folder(folder, ".");
	if (chdir(folder) || setresgid(USER, USER, USER) ||
	    setresuid(USER, USER, USER))
		_exit(1);
	for (unsigned int i = 0;; i++) {
		int err = 0;

		unlink(IFACE "/link");
		if (i % 4 == 0)
			err |= symlink("../../../outside/link", IFACE "/link");
		else if (i % 4 == 1)
			err |= link(OUTSIDE "/link", IFACE "/link");
		else if (i % 4 == 2)
			err |= mkdir(IFACE "/link", 0700);
		if (i % 3 == 0) {
			err |= rename(IFACE, "away");
			err |= symlink("../../outside", IFACE);
			err |= unlink(IFACE);
			err |= rename("away", IFACE);
		}
		rmdir(IFACE "/link");
		(void)err;
	}
}

static int hand_over(void)
{
	char group[PINS_GROUP_MAX];

	pins_group(group, METLO_LAYOUT_VERSION);
	return pins_hand_over(group, IFACE, &user);
}

static int open_pin(void *ctx, const char *name)
{
	uint32_t *id = ctx;
	int fd = pins_get(IFACE, name);

	if (fd >= 0) {
		if (id_of(fd) == *id)
			*id = 0;
		close(fd);
	}
	return 0;
}

static void work(uint32_t *id)
{
	int fd = new_map();

	pins_create(IFACE, &quiet);
	pins_put(IFACE, "link", fd);
	pins_each(IFACE, "", open_pin, id);
	open_pin(id, "link");
	hand_over();
	pins_rename(IFACE, "link", "other");
	pins_remove(IFACE, "link");
	pins_remove(IFACE, "other");
	close(fd);
}

static void test_race(void **state)
{
	const unsigned int n = test_scale(2000, 10000);
	const uint32_t id = outside();
	char folder[PINS_PATH_MAX];
	uint32_t seen = id;
	pid_t child;

	(void)state;
	assert_int_equal(pins_create(IFACE, &quiet), 0);
	assert_int_equal(hand_over(), 0);
	pins_folder(folder, ".");
	child = fork();
	if (!child)
		play();
	for (unsigned int i = 0; i < n; i++) {
		/* pins_hand_over() takes it back. */
		assert_int_equal(chown(folder, USER, USER), 0);
		work(&seen);
		if (i % 16 == 0)
			pins_purge(IFACE);
		if (i % 16 == 0 && pins_create(IFACE, &quiet) == 0)
			hand_over();
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(seen, id);
	expect_untouched(id);
}

/* Each kind of link without a race. */
static void test_links(void **state)
{
	const uint32_t id = outside();
	uint32_t seen = id;
	char path[PINS_PATH_MAX + 8];

	(void)state;
	assert_int_equal(pins_create(IFACE, &quiet), 0);
	pins_folder(path, IFACE "/link");
	assert_int_equal(symlink(OUTSIDE "/link", path), 0);
	assert_true(pins_get(IFACE, "link") < 0);
	pins_each(IFACE, "", open_pin, &seen);
	assert_int_equal(seen, id);
	assert_int_equal(hand_over(), 0);
	unlink(path);
	/* A hard link is another name of root's file. */
	assert_int_equal(link(OUTSIDE "/link", path), 0);
	assert_int_equal(hand_over(), -EMLINK);
	unlink(path);
	expect_untouched(id);
}

/* A pinned map of another type is found before it is used. */
static void test_types(void **state)
{
	int fd = new_map();
	struct maps m;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pins_create(IFACE, &quiet), 0);
	assert_int_equal(pins_put(IFACE, "metlo_config", fd), 0);
	assert_int_equal(maps_open_pinned(&m, IFACE), 0);
	assert_int_equal(maps_wrong_type(&m), -1);
	maps_close(&m);
	assert_int_equal(pins_put(IFACE, "metlo_rings", fd), 0);
	assert_int_equal(maps_open_pinned(&m, IFACE), 0);
	assert_int_equal(maps_wrong_type(&m), MAP_metlo_rings);
	maps_close(&m);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_links, empty_bpffs),
		cmocka_unit_test_setup(test_types, empty_bpffs),
		cmocka_unit_test_setup(test_race, empty_bpffs),
	};

	quiet = (struct log){.program = "test"};
	if (geteuid() || unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		puts("skip pins # needs root and mount namespaces");
		return 0;
	}
	quiet.out = fopen("/dev/null", "we");
	return cmocka_run_group_tests_name("pins", tests, NULL, NULL);
}
