/* SPDX-License-Identifier: MIT */
/*
 * Root opens files for a user who owns the directory and plays with links, hard
 * links, FIFOs and renames meanwhile: nothing outside that directory is created,
 * changed or given to the user.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/owned_file.h"
#include "delivery/spool.h"
#include "output/logfile.h"
#include "output/outfile.h"
#include "tls/key_source.h"
#include "../common/scale.h"

#define USER 61999

#define OWNER                    \
	{                        \
		true, USER, USER \
	}

static const struct owner user = OWNER;

struct place {
	char base[32];	  /* root's, 0755 */
	char mine[48];	  /* the user's */
	char outside[48]; /* root's; holds the files below */
	char secret[64];  /* 0600 */
	char shared[64];  /* 0666: the user may make hard links to it */
	struct log log;
};

static void spit(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "root's\n", 7), 7);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	/* In memory: syncing would take most of the time. */
	snprintf(p->base, sizeof(p->base), "%s/metlo-owned.XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(p->base) || chmod(p->base, 0755))
		return -1;
	snprintf(p->mine, sizeof(p->mine), "%s/mine", p->base);
	snprintf(p->outside, sizeof(p->outside), "%s/outside", p->base);
	snprintf(p->secret, sizeof(p->secret), "%s/secret", p->outside);
	snprintf(p->shared, sizeof(p->shared), "%s/shared", p->outside);
	if (mkdir(p->mine, 0755) || chown(p->mine, USER, USER) ||
	    mkdir(p->outside, 0755))
		return -1;
	spit(p->secret, 0600);
	spit(p->shared, 0666);
	p->log.out = fopen("/dev/null", "we");
	p->log.program = "test";
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", p->base);
	fclose(p->log.out);
	free(p);
	return system(command);
}

/* Everything outside is as it was set up. */
static void expect_untouched(const struct place *p)
{
	char command[300], text[8];
	struct stat st;
	FILE *f;

	assert_int_equal(stat(p->secret, &st), 0);
	assert_int_equal(st.st_size, 7);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(p->shared, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0666);
	f = fopen(p->secret, "re");
	assert_non_null(f);
	assert_int_equal(fread(text, 1, sizeof(text), f), 7);
	assert_memory_equal(text, "root's\n", 7);
	fclose(f);
	snprintf(
		command, sizeof(command),
		"test \"$(find %s -mindepth 1 | wc -l)\" = 2 && test -z \"$(find %s ! -uid 0)\"",
		p->outside, p->outside);
	assert_int_equal(system(command), 0);
}

/* Opens each type of file that the daemon opens as root, and uses it. */
static void open_all(const struct place *p, bool spool)
{
	const struct logfile_rules rules = {.owner = user};
	char path[128];
	struct logfile *file;
	struct outfile out;
	bool regular;
	int fd;

	snprintf(path, sizeof(path), "%s/sub/out", p->mine);
	file = logfile_open(path, &rules, false, &regular, &p->log);
	if (file) {
		struct iovec line = {.iov_base = (void *)"{}\n", .iov_len = 3};

		logfile_request_reopen(file);
		logfile_write(file, &line, 1);
		logfile_close(file);
	} else if (!regular &&
		   !outfile_open(&out, path, false, &rules, &p->log)) {
		outfile_close(&out, &p->log);
	}
	snprintf(path, sizeof(path), "%s/sub/summary", p->mine);
	fd = owned_open_truncated(&user, path);
	if (fd >= 0)
		close(fd);
	if (!spool)
		return;
	snprintf(path, sizeof(path), "%s/sub/spool", p->mine);
	const struct spool_conf conf = {.dir = path,
					.limit = SPOOL_LIMIT_MIN,
					.memory = 1 << 20,
					.owner = user,
					.log = &p->log};
	struct spool *s = spool_open(&conf);

	if (s) {
		const struct buf none = {0};

		while (spool_recover(s))
			;
		spool_append(s, &none, 1);
		spool_close(s);
	}
}

/* --- the user -------------------------------------------------------------- */

static void become_user(void)
{
	if (setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
		_exit(1);
}

/* Replaces name, in the current directory, by something of type n. */
static void replace(const struct place *p, const char *name, unsigned int n)
{
	char path[128];

	unlink(name);
	rmdir(name);
	switch (n % 8) {
	case 0:
		n = (unsigned int)symlink(p->secret, name);
		break;
	case 1:
		snprintf(path, sizeof(path), "%s/new", p->outside);
		n = (unsigned int)symlink(path, name);
		break;
	case 2:
		n = (unsigned int)link(p->shared, name);
		break;
	case 3:
		n = (unsigned int)link(p->secret, name);
		break;
	case 4:
		n = (unsigned int)mkfifo(name, 0666);
		break;
	case 5:
		close(open(name, O_CREAT | O_WRONLY, 0600));
		break;
	case 6:
		n = (unsigned int)symlink(p->outside, name);
		break;
	default:
		break;
	}
}

static const char *const names[] = {
	"out",
	"summary",
	"spool/lock",
	"spool/0000000000000001.spool",
	"spool/0000000000000001.acks",
	"spool",
};

#define N_NAMES (sizeof(names) / sizeof(*names))

/* In two of three rounds "sub" is a directory, else a link to the outside. */
static void play(const struct place *p, unsigned int n)
{
	unlink("sub");
	if (n % 3 == 0) {
		if (rename("sub", "away") || symlink(p->outside, "sub"))
			return;
		unlink("sub");
		if (rename("away", "sub"))
			return;
	}
	mkdir("sub", 0755);
	if (chdir("sub"))
		return;
	mkdir("spool", 0700);
	replace(p, names[n % N_NAMES], n / N_NAMES);
	if (chdir(".."))
		_exit(1);
}

static void test_race(void **state)
{
	const unsigned int n = test_scale(7000, 100000);
	struct place *p = *state;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		become_user();
		if (chdir(p->mine))
			_exit(1);
		for (unsigned int i = 0;; i++)
			play(p, i);
	}
	for (unsigned int i = 0; i < n; i++)
		open_all(p, i % 16 == 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	expect_untouched(p);
}

/* Without a race: each name, each type, each order. */
static void test_each(void **state)
{
	struct place *p = *state;

	for (unsigned int i = 0; i < 8 * N_NAMES * 3; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (!child) {
			become_user();
			if (!chdir(p->mine))
				play(p, i);
			_exit(0);
		}
		assert_int_equal(waitpid(child, NULL, 0), child);
		open_all(p, true);
	}
	expect_untouched(p);
}

/* --- what must work ---------------------------------------------------------- */

static void expect_owner(const char *path, uid_t uid, mode_t mode)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_mode & 07777, mode);
}

static struct logfile *open_log(const struct place *p, const char *path)
{
	static const struct logfile_rules rules = {.owner = OWNER};
	bool regular;

	return logfile_open(path, &rules, false, &regular, &p->log);
}

/* Root's directories and links are root's choice. */
static void test_root_directory(void **state)
{
	struct place *p = *state;
	char path[128], link[128];

	snprintf(path, sizeof(path), "%s/new", p->base);
	snprintf(link, sizeof(link), "%s/link", p->base);
	assert_int_equal(symlink("./outside/../new", link), 0);
	assert_int_equal(logfile_close(open_log(p, link)), 0);
	expect_owner(path, USER, 0600);
	/* An existing file keeps its owner. */
	assert_int_equal(logfile_close(open_log(p, p->secret)), 0);
	expect_owner(p->secret, 0, 0600);
	/* Out of reach for the user, and then a directory of the user. */
	assert_int_equal(chmod(p->base, 0700), 0);
	snprintf(path, sizeof(path), "%s/own", p->mine);
	assert_int_equal(logfile_close(open_log(p, path)), 0);
	expect_owner(path, USER, 0600);
}

/* In /tmp, a new file is opened as the user, a link of others never. */
static void test_sticky_directory(void **state)
{
	struct place *p = *state;
	char path[128];
	bool root_only;
	int fd;

	assert_int_equal(chmod(p->outside, 01777), 0);
	snprintf(path, sizeof(path), "%s/new", p->outside);
	assert_int_equal(logfile_close(open_log(p, path)), 0);
	expect_owner(path, USER, 0600);
	snprintf(path, sizeof(path), "%s/hard", p->outside);
	assert_int_equal(link(p->secret, path), 0);
	assert_null(open_log(p, path));
	snprintf(path, sizeof(path), "%s/soft", p->outside);
	assert_int_equal(symlink(p->secret, path), 0);
	assert_int_equal(lchown(path, USER, USER), 0);
	assert_null(open_log(p, path));
	snprintf(path, sizeof(path), "%s/dir", p->outside);
	fd = owned_open_directory(&user, path, &root_only);
	assert_true(fd >= 0 && !root_only);
	close(fd);
	expect_owner(path, USER, 0700);
}

/* A directory that only root could change is handed over, unless a file in it
 * has another name elsewhere. */
static void test_hand_over(void **state)
{
	struct place *p = *state;
	bool root_only;
	int fd = owned_open_directory(&user, p->outside, &root_only);
	char path[128];

	assert_true(fd >= 0 && root_only);
	snprintf(path, sizeof(path), "%s/hard", p->base);
	assert_int_equal(link(p->secret, path), 0);
	assert_int_equal(owned_hand_over(&user, fd), -EMLINK);
	expect_owner(p->secret, 0, 0600);
	expect_owner(p->outside, 0, 0755);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(owned_hand_over(&user, fd), 0);
	expect_owner(p->secret, USER, 0600);
	expect_owner(p->outside, USER, 0755);
	close(fd);
}

/* Devices and descriptors that the administrator names. */
static void test_special(void **state)
{
	static const struct logfile_rules rules = {.owner = OWNER};
	struct place *p = *state;
	char path[32];
	struct outfile out;
	int fds[2];

	assert_int_equal(
		outfile_open(&out, "/dev/null", false, &rules, &p->log), 0);
	assert_int_equal(outfile_close(&out, &p->log), 0);
	assert_int_equal(pipe(fds), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[1]);
	assert_int_equal(outfile_open(&out, path, false, &rules, &p->log), 0);
	assert_int_equal(outfile_close(&out, &p->log), 0);
	close(fds[0]);
	close(fds[1]);
	fds[0] = open(p->secret, O_WRONLY | O_APPEND);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	assert_int_equal(outfile_open(&out, path, false, &rules, &p->log), 0);
	assert_non_null(out.file);
	assert_int_equal(outfile_close(&out, &p->log), 0);
	close(fds[0]);
}

static void test_regular_only(void **state)
{
	struct place *p = *state;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/fifo", p->base);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(regular_open(path), -EINVAL);
	assert_int_equal(regular_open("/dev/zero"), -EINVAL);
	assert_int_equal(regular_open(p->base), -EISDIR);
	assert_int_equal(regular_open("/nonexistent"), -ENOENT);
	fd = regular_open(p->secret);
	assert_true(fd >= 0);
	close(fd);
}

/* Root's own links lead anywhere; those that others can make or move, nowhere. */
static void test_read_links(void **state)
{
	struct place *p = *state;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/link", p->base);
	assert_int_equal(symlink(p->secret, path), 0);
	fd = regular_open(path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/own", p->mine);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(chown(path, USER, USER), 0);
	fd = regular_open(path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/soft", p->mine);
	assert_int_equal(symlink(p->secret, path), 0);
	assert_int_equal(regular_open(path), -ELOOP);
	assert_non_null(strstr(regular_error(ELOOP), "symbolic link"));
	snprintf(path, sizeof(path), "%s/hard", p->mine);
	assert_int_equal(link(p->secret, path), 0);
	assert_int_equal(regular_open(path), -EMLINK);
	assert_non_null(strstr(regular_error(EMLINK), "hard links"));
	snprintf(path, sizeof(path), "%s/dir", p->mine);
	assert_int_equal(symlink(p->outside, path), 0);
	snprintf(path, sizeof(path), "%s/dir/%s", p->mine,
		 strrchr(p->secret, '/') + 1);
	assert_int_equal(regular_open(path), -ELOOP);
	fd = open(p->secret, O_RDONLY);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	assert_int_equal(close(regular_open(path)), 0);
	close(fd);
}

/* A socket is made, and an old one removed, with the user's access. */
static void test_key_socket(void **state)
{
	const struct place *p = *state;
	struct key_table *keys = key_table_new(0, 0);
	struct key_source *source;
	char place[128], link[64], old[64];
	struct stat st;

	snprintf(link, sizeof(link), "%s/link", p->mine);
	snprintf(old, sizeof(old), "%s/s", p->outside);
	snprintf(place, sizeof(place), "unix:%s/s", link);
	assert_int_equal(symlink(p->outside, link), 0);
	source = key_source_open(place, &user, keys, false, &p->log);
	assert_null(source);
	assert_int_equal(lstat(old, &st), -1);

	/* One of root's there stays. */
	assert_int_equal(mknod(old, S_IFSOCK | 0600, 0), 0);
	assert_int_equal(lstat(old, &st), 0);
	const ino_t ino = st.st_ino;

	assert_null(key_source_open(place, &user, keys, false, &p->log));
	assert_int_equal(lstat(old, &st), 0);
	assert_int_equal(st.st_ino, ino);
	assert_int_equal(unlink(old), 0);

	/* In the user's directory it is the user's, also the second time. */
	snprintf(place, sizeof(place), "unix:%s/s", p->mine);
	for (unsigned int i = 0; i < 2; i++) {
		source = key_source_open(place, &user, keys, false, &p->log);
		assert_non_null(source);
		key_source_close(source);
		assert_int_equal(lstat(place + strlen("unix:"), &st), 0);
		assert_true(S_ISSOCK(st.st_mode));
		assert_int_equal(st.st_uid, USER);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	key_table_free(keys);
	expect_untouched(p);
}

/* A FIFO of root is not read for others; in their directory, without a link, it may
 * be. */
static void test_key_fifo(void **state)
{
	const struct place *p = *state;
	struct key_table *keys = key_table_new(0, 0);
	struct key_source *source;
	char fifo[64], link[64];

	snprintf(fifo, sizeof(fifo), "%s/fifo", p->outside);
	snprintf(link, sizeof(link), "%s/link", p->mine);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink(fifo, link), 0);
	assert_null(key_source_open(link, &user, keys, false, &p->log));
	source = key_source_open(fifo, &user, keys, false, &p->log);
	assert_non_null(source);
	key_source_close(source);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(mkfifo(link, 0600), 0);
	source = key_source_open(link, &user, keys, false, &p->log);
	assert_non_null(source);
	key_source_close(source);
	assert_int_equal(unlink(fifo), 0);
	key_table_free(keys);
	expect_untouched(p);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_race),	   TEST(test_each),
		TEST(test_root_directory), TEST(test_sticky_directory),
		TEST(test_hand_over),	   TEST(test_special),
		TEST(test_regular_only),   TEST(test_read_links),
		TEST(test_key_socket),	   TEST(test_key_fifo),
	};

	if (geteuid()) {
		puts("skip owned_file # needs root");
		return 0;
	}
	return cmocka_run_group_tests_name("owned_file", tests, NULL, NULL);
}
