/* SPDX-License-Identifier: MIT */
/*
 * The system call filter cannot be removed, so each case runs in a child process.
 * Its exit code is the line of the first check that failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/futex.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sanitized.h"
#include "capture/sandbox.h"

#define UNUSED_NUMBER 1000 /* of a system call */

/* In the child; _exit() also under a sanitizer, whose leak check would run. */
#define CHECK(condition)                        \
	do {                                    \
		if (!(condition))               \
			_exit(__LINE__ & 0xff); \
	} while (0)
#define REFUSED(call) CHECK((call) == -1 && errno == ENOSYS)

struct child {
	struct log log;
	char *text; /* what was logged */
	size_t size;
};

static void in_child(void (*run)(struct child *c))
{
	struct child c = {.log = {NULL, "test", LOG_LEVEL_WARN}};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		c.log.out = open_memstream(&c.text, &c.size);
		CHECK(c.log.out);
		run(&c);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		print_error("failed in line %d modulo 256\n",
			    WEXITSTATUS(status));
	assert_int_equal(status, 0);
}

static void enter(struct child *c, unsigned int groups)
{
	CHECK(!sandbox_prepare(&c->log));
	CHECK(!sandbox_enter(groups));
}

/* Number of lines that were logged, after a report. */
static unsigned int logged(struct child *c)
{
	unsigned int n = 0;

	sandbox_report(&c->log);
	CHECK(!fflush(c->log.out));
	for (const char *p = c->text; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

/* --- refused calls --------------------------------------------------------- */

static void refuse(struct child *c)
{
	enter(c, SANDBOX_FILES | SANDBOX_BPF);
	CHECK(logged(c) == 0);
	REFUSED(syscall(SYS_unshare, 0));
	REFUSED(syscall(SYS_unshare, 0));
	CHECK(logged(c) == 1);
	CHECK(strstr(c->text, " unshare "));
	CHECK(strstr(c->text, "ENOSYS"));
	REFUSED(syscall(SYS_unshare, 0));
	CHECK(logged(c) == 1);
	REFUSED(syscall(SYS_mount, "a", "/mnt", "tmpfs", 0, 0));
	REFUSED(syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0));
	REFUSED(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
	REFUSED(syscall(SYS_io_uring_setup, 1, NULL));
	REFUSED(syscall(SYS_keyctl, 0, 0));
	REFUSED(syscall(SYS_memfd_create, "a", 0));
	REFUSED(syscall(SYS_setns, 0, 0));
	REFUSED(syscall(SYS_setuid, 0));
	REFUSED(listen(0, 1));
	CHECK(logged(c) == 10);
	REFUSED(syscall(SYS_ptrace, 0, 0, 0, 0));
	REFUSED(execl("/bin/true", "true", NULL));
	REFUSED(kill(getppid(), 0));
	CHECK(logged(c) == 13);
}

static void test_refused_with_enosys_and_logged_once(void **state)
{
	(void)state;
	in_child(refuse);
}

static void refuse_arguments(struct child *c)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY};
	void *page;

	enter(c, SANDBOX_BPF);
	CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
	CHECK(socket(AF_UNIX, SOCK_DGRAM, 0) >= 0);
	CHECK(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	CHECK(logged(c) == 0);
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0));
	CHECK(logged(c) == 1);
	CHECK(strstr(c->text, " socket (argument 1 is 0x11"));
	REFUSED(socket(AF_INET, SOCK_RAW, IPPROTO_TCP));
	REFUSED(socket(AF_NETLINK, SOCK_RAW, 12));
	CHECK(logged(c) == 1);

	REFUSED(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
	REFUSED(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
	CHECK(logged(c) == 2);
	CHECK(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) < 0 &&
	      errno != ENOSYS);

	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	REFUSED(mprotect(page, 4096, PROT_READ | PROT_EXEC));
	errno = 0;
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
	      errno == ENOSYS);
	CHECK(logged(c) == 4);
	REFUSED(ioctl(0, 0x5412 /* TIOCSTI */, "x"));
	REFUSED(fcntl(0, F_SETOWN, getppid()));
	REFUSED(tgkill(getppid(), getppid(), 0));
	CHECK(logged(c) == 7);
}

static void test_arguments_are_checked(void **state)
{
	(void)state;
	in_child(refuse_arguments);
}

static void write_without_files(struct child *c)
{
	enter(c, 0);
	REFUSED(open("/dev/null", O_WRONLY));
	REFUSED(open("/dev/null", O_RDWR));
	REFUSED(open("/tmp/metlo-sandbox", O_RDONLY | O_CREAT, 0600));
	REFUSED(open("/tmp", O_TMPFILE | O_RDWR, 0600));
	REFUSED(syscall(SYS_unlinkat, AT_FDCWD, "/tmp/metlo-sandbox", 0));
	CHECK(open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
	CHECK(logged(c) == 2);
}

static void unpin_when_attached(struct child *c)
{
	enter(c, SANDBOX_BPF);
	CHECK(unlinkat(AT_FDCWD, "/nonexistent/metlo-sandbox", 0) == -1 &&
	      errno == ENOENT);
	CHECK(logged(c) == 0);
}

static void write_with_files(struct child *c)
{
	enter(c, SANDBOX_FILES);
	CHECK(open("/dev/null", O_WRONLY) >= 0);
	CHECK(open("/dev/null", O_RDWR | O_APPEND) >= 0);
	CHECK(unlink("/nonexistent/metlo-sandbox") == -1 && errno == ENOENT);
	CHECK(logged(c) == 0);
}

static void test_files_are_written_only_if_needed(void **state)
{
	(void)state;
	in_child(write_without_files);
	in_child(write_with_files);
	in_child(unpin_when_attached);
}

static void call_unused_number(struct child *c)
{
	enter(c, 0);
	REFUSED(syscall(UNUSED_NUMBER));
	CHECK(logged(c) == 1);
	CHECK(strstr(c->text, "number 1000 "));
}

static void test_unknown_number(void **state)
{
	(void)state;
	in_child(call_unused_number);
}

/* More different calls than are remembered. */
static void refuse_many(struct child *c)
{
	enter(c, 0);
	for (int i = 0; i < 200; i++)
		REFUSED(syscall(UNUSED_NUMBER + i));
	CHECK(logged(c) >= 32);
	REFUSED(syscall(SYS_unshare, 0));
}

static void test_many_calls(void **state)
{
	(void)state;
	in_child(refuse_many);
}

#ifdef __x86_64__
/* getpid() of the 32-bit architecture, whose number 20 is writev() here. */
static int call_32_bit(void)
{
	int result = 20;

	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 :
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static void other_architecture(struct child *c)
{
	enter(c, 0);
	CHECK(call_32_bit() == -ENOSYS);
	CHECK(logged(c) == 1);
	CHECK(strstr(c->text, "number 20 of another architecture"));
}

static void test_other_architecture(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (!pid)
		_exit(call_32_bit() == getpid() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status) /* this kernel has no 32-bit calls */
		skip();
	in_child(other_architecture);
}
#endif

/* --- threads and signals --------------------------------------------------- */

static _Atomic int go;

static void *call_when_told(void *arg)
{
	int *result = arg;

	while (!go)
		usleep(1000);
	*result = syscall(SYS_unshare, 0) == -1 && errno == ENOSYS;
	return NULL;
}

static void refuse_in_threads(struct child *c)
{
	pthread_t before, after;
	int in_before = 0, in_after = 0;

	CHECK(!sandbox_prepare(&c->log));
	CHECK(!pthread_create(&before, NULL, call_when_told, &in_before));
	CHECK(!sandbox_enter(0));
	CHECK(!pthread_create(&after, NULL, call_when_told, &in_after));
	go = 1;
	CHECK(!pthread_join(before, NULL) && !pthread_join(after, NULL));
	CHECK(in_before && in_after);
	CHECK(logged(c) == 1);
}

static void test_all_threads(void **state)
{
	(void)state;
	in_child(refuse_in_threads);
}

/* As from a parent that blocks all signals. */
static void enter_with_blocked_signals(struct child *c)
{
	sigset_t all;

	sigfillset(&all);
	CHECK(!sigprocmask(SIG_BLOCK, &all, NULL));
	signal(SIGSYS, SIG_IGN);
	refuse_in_threads(c);
}

static void test_parent_blocked_the_signal(void **state)
{
	(void)state;
	in_child(enter_with_blocked_signals);
}

/* libc blocks all signals around these, so that SIGSYS would be fatal. */
static void create_processes(struct child *c)
{
	char *argv[] = {(char *)"true", NULL};
	pid_t pid;

	enter(c, 0);
	REFUSED(fork());
	CHECK(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, NULL) == ENOSYS);
	CHECK(system("true") != 0);
	CHECK(!popen("true", "r"));
	REFUSED(syscall(SYS_clone, 0x10000000 /* CLONE_NEWUSER */ | SIGCHLD, 0,
			0, 0, 0));
	CHECK(logged(c) == 0);
}

static void test_processes_cannot_be_created(void **state)
{
	(void)state;
	if (SANITIZED) /* whose wrappers of these calls need others */
		skip();
	in_child(create_processes);
}

static void foreign_signal(struct child *c)
{
	enter(c, 0);
	raise(SIGSYS);
	CHECK(logged(c) == 0);
	REFUSED(syscall(SYS_unshare, 0));
}

static void test_signal_without_a_call(void **state)
{
	(void)state;
	in_child(foreign_signal);
}

static void test_abort_still_works(void **state)
{
	struct log log = {stderr, "test", LOG_LEVEL_WARN};
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (!pid) {
		CHECK(!sandbox_prepare(&log));
		CHECK(!sandbox_enter(0));
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* --- what must keep working ------------------------------------------------ */

/* Loads NSS modules and maps their code. */
static void resolve(struct child *c)
{
	struct addrinfo *found = NULL;

	enter(c, 0);
	CHECK(!getaddrinfo("localhost", "80", NULL, &found));
	freeaddrinfo(found);
	/* The answer does not matter. */
	(void)!getaddrinfo("metlo-xdp.invalid", "80", NULL, &found);
	CHECK(logged(c) == 0);
}

static void test_name_resolution(void **state)
{
	(void)state;
	in_child(resolve);
}

/* Calls that this libseccomp may not know by name, and others that libc of a
 * supported distribution uses, here or there. Whatever the kernel says, the filter
 * does not refuse them. */
static void call_new_ones(struct child *c)
{
	uint32_t word = 1;
	char random[8];

	enter(c, SANDBOX_FILES);
	syscall(462, NULL, 0, 0);		  /* mseal */
	syscall(453, NULL, 0, 0);		  /* map_shadow_stack */
	syscall(449, NULL, 0, 0, 0);		  /* futex_waitv */
	syscall(454, &word, 1, 1, 2);		  /* futex_wake */
	syscall(437, -1, "", NULL, 0);		  /* openat2 */
	syscall(439, -1, "", 0, 0);		  /* faccessat2 */
	syscall(436, ~0u, ~0u, 0);		  /* close_range */
	syscall(441, -1, NULL, 0, NULL, NULL, 0); /* epoll_pwait2 */
	syscall(SYS_membarrier, 0, 0, 0);
	syscall(SYS_rseq, NULL, 0, 0, 0);
	syscall(SYS_statx, -1, "", 0, 0, NULL);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	CHECK(syscall(SYS_getrandom, random, sizeof(random), 0) > 0);
	syscall(SYS_prlimit64, 0, 7, NULL, NULL);
	CHECK(logged(c) == 0);
}

static void test_new_system_calls(void **state)
{
	(void)state;
	in_child(call_new_ones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_with_enosys_and_logged_once),
		cmocka_unit_test(test_arguments_are_checked),
		cmocka_unit_test(test_files_are_written_only_if_needed),
		cmocka_unit_test(test_unknown_number),
		cmocka_unit_test(test_many_calls),
#ifdef __x86_64__
		cmocka_unit_test(test_other_architecture),
#endif
		cmocka_unit_test(test_all_threads),
		cmocka_unit_test(test_parent_blocked_the_signal),
		cmocka_unit_test(test_processes_cannot_be_created),
		cmocka_unit_test(test_signal_without_a_call),
		cmocka_unit_test(test_abort_still_works),
		cmocka_unit_test(test_name_resolution),
		cmocka_unit_test(test_new_system_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
