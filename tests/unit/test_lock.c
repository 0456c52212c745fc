/* SPDX-License-Identifier: MIT */
/*
 * The lock of an interface, in a /run of its own: other users cannot hold it, a
 * stale pid is not reported, and links in a directory of the daemon's user lead
 * nowhere.
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
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/lock.h"
#include "../common/scale.h"

#define USER 61999
#define PATH LOCK_FOLDER "/t0.lock"

static char logged[4096];
static struct log log_to = {.program = "test"};

static int empty_run(void **state)
{
	(void)state;
	umount("/run");
	log_to.out = fmemopen(logged, sizeof(logged), "w");
	return mount("none", "/run", "tmpfs", 0, "mode=0755");
}

static int close_log(void **state)
{
	(void)state;
	return fclose(log_to.out);
}

static void expect_file(uid_t uid)
{
	struct stat st;

	assert_int_equal(lstat(PATH, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_uid, uid);
}

static void test_private(void **state)
{
	pid_t holder;
	int fd = lock_acquire("t0", &holder, &log_to), status;
	pid_t child;

	(void)state;
	assert_true(fd >= 0);
	expect_file(0);
	assert_int_equal(lock_holder("t0"), getpid());
	child = fork();
	if (!child)
		_exit(setresuid(USER, USER, USER) ||
		      open(PATH, O_RDONLY) >= 0 || errno != EACCES);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	lock_remove("t0", fd);
	assert_int_equal(lock_holder("t0"), 0);
}

/* Someone else holds the file, which names a process that has ended. */
static void test_stale_pid(void **state)
{
	pid_t holder;
	int fd;

	(void)state;
	assert_int_equal(mkdir(LOCK_FOLDER, 0755), 0);
	fd = open(PATH, O_RDWR | O_CREAT, 0644);
	assert_int_equal(write(fd, "4194303\n", 8), 8);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(lock_acquire("t0", &holder, &log_to), -EBUSY);
	assert_int_not_equal(holder, 4194303);
	assert_true(holder == getpid() || holder == -1);
	lock_report_held("t0", holder, &log_to);
	fflush(log_to.out);
	assert_non_null(strstr(logged, PATH));
	assert_null(strstr(logged, "4194303"));
	close(fd);
	/* Earlier versions left it readable for all. */
	fd = lock_acquire("t0", &holder, &log_to);
	assert_true(fd >= 0);
	expect_file(0);
	lock_remove("t0", fd);
}

/* systemd's RuntimeDirectory= belongs to the user of the daemon. */
static void test_directory_of_user(void **state)
{
	static const char secret[] = "/run/secret";
	struct stat st;
	pid_t holder;
	int fd;

	(void)state;
	assert_int_equal(mkdir(LOCK_FOLDER, 0755), 0);
	assert_int_equal(chown(LOCK_FOLDER, USER, USER), 0);
	fd = open(secret, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "12345678", 8), 8);
	close(fd);
	assert_int_equal(link(secret, PATH), 0);
	assert_int_equal(lock_acquire("t0", &holder, &log_to), -EACCES);
	unlink(PATH);
	assert_int_equal(symlink("../secret", PATH), 0);
	assert_int_equal(lock_acquire("t0", &holder, &log_to), -ELOOP);
	unlink(PATH);
	assert_int_equal(mkfifo(PATH, 0666), 0);
	assert_true(lock_acquire("t0", &holder, &log_to) < 0);
	unlink(PATH);
	assert_int_equal(stat(secret, &st), 0);
	assert_int_equal(st.st_size, 8);
	assert_int_equal(st.st_uid, 0);
	fd = lock_acquire("t0", &holder, &log_to);
	assert_true(fd >= 0);
	expect_file(USER);
	close(fd);
}

/* Replaces the lock, in the current directory, by something of type n. */
static void replace(unsigned int n)
{
	static const char name[] = "t0.lock";

	unlink(name);
	rmdir(name);
	switch (n % 7) {
	case 0:
		n = (unsigned int)symlink("../secret", name);
		break;
	case 1:
		n = (unsigned int)symlink("../new", name);
		break;
	case 2:
		n = (unsigned int)link("../shared", name);
		break;
	case 3:
		n = (unsigned int)mkfifo(name, 0666);
		break;
	case 4:
		n = (unsigned int)mkdir(name, 0700);
		break;
	case 5:
		close(open(name, O_CREAT | O_WRONLY, 0644));
		break;
	default:
		break;
	}
}

static void play(void)
{
	if (chdir(LOCK_FOLDER) || setresgid(USER, USER, USER) ||
	    setresuid(USER, USER, USER))
		_exit(1);
	for (unsigned int i = 0;; i++)
		replace(i);
}

static void expect_owner(const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode, S_IFREG | mode);
}

/* Root locks, gives the lock away and removes it while its user plays. */
static void test_race(void **state)
{
	const unsigned int n = test_scale(2000, 10000);
	const struct owner owner = {true, USER, USER};
	struct stat st;
	pid_t holder, child;

	(void)state;
	fclose(log_to.out);
	log_to.out = fopen("/dev/null", "we");
	close(open("/run/secret", O_CREAT | O_WRONLY, 0600));
	close(open("/run/shared", O_CREAT | O_WRONLY, 0600));
	assert_int_equal(chmod("/run/shared", 0666), 0);
	assert_int_equal(mkdir(LOCK_FOLDER, 0755), 0);
	close(open(LOCK_FOLDER "/keep", O_CREAT | O_WRONLY, 0600));
	assert_int_equal(chown(LOCK_FOLDER, USER, USER), 0);
	child = fork();
	if (!child)
		play();
	for (unsigned int i = 0; i < n; i++) {
		int fd = lock_acquire("t0", &holder, &log_to);

		lock_holder("t0");
		if (fd < 0)
			continue;
		lock_hand_over(fd, &owner);
		if (i % 2)
			lock_remove("t0", fd);
		else
			close(fd);
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	expect_owner("/run/secret", 0600);
	expect_owner("/run/shared", 0666);
	assert_int_equal(stat("/run/new", &st), -1);
}

/* In a folder of root, the lock can be given to the user. */
static void test_hand_over(void **state)
{
	const struct owner owner = {true, USER, USER};
	pid_t holder, child;
	int fd = lock_acquire("t0", &holder, &log_to), status;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(lock_hand_over(fd, &owner), 0);
	expect_file(USER);
	close(fd);
	child = fork();
	if (!child)
		_exit(setresuid(USER, USER, USER) ||
		      lock_acquire("t0", &holder, &log_to) < 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_directory_of_all(void **state)
{
	pid_t holder;

	(void)state;
	assert_int_equal(mkdir(LOCK_FOLDER, 0755), 0);
	assert_int_equal(chmod(LOCK_FOLDER, 0777), 0);
	assert_int_equal(lock_acquire("t0", &holder, &log_to), -EPERM);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, empty_run, close_log)
	const struct CMUnitTest tests[] = {
		TEST(test_private),
		TEST(test_stale_pid),
		TEST(test_directory_of_user),
		TEST(test_directory_of_all),
		TEST(test_race),
		TEST(test_hand_over),
	};

	if (geteuid() || unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/run", "tmpfs", 0, NULL)) {
		puts("skip lock # needs root and mount namespaces");
		return 0;
	}
	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
