/* SPDX-License-Identifier: MIT */
/*
 * The list has old and new spellings of each call, as libc chooses by its own
 * version and by architecture: open, openat; select, pselect6; epoll_wait,
 * epoll_pwait2. Names that an architecture lacks are skipped. It serves our own
 * code and what runs inside the process: libc's resolver with its NSS modules
 * (loaded on first use, so files can still be mapped as code), OpenSSL, libcurl
 * and libmicrohttpd of the supported distributions.
 *
 * Left out on purpose is what an intruder needs to get further: executing
 * programs, new processes and namespaces, ptrace and the memory of other processes,
 * signals to them, new BPF programs and maps, perf events, io_uring, keys, mounts,
 * raw and packet sockets, listening, memory that is both writable and executable.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <asm/ioctls.h>
#include <linux/bpf.h>
#include <linux/sockios.h>

#include "capture/sandbox_rules.h"

/* Arguments of type int: the upper half of the register is undefined. */
#define INT 0xffffffffu

#define ARG(i, m, v)                     \
	{                                \
		(i), (uint64_t)(m), (v), \
	}
#define INT_IS(i, v)  ARG(i, INT, (uint64_t)(uint32_t)(v))
#define WITHOUT(i, m) ARG(i, m, 0)

#define WHEN(name_, groups_)                         \
	{                                            \
		.name = (name_), .groups = (groups_) \
	}
#define PLAIN(name_) WHEN(name_, 0)
#define ADDED(name_, number_)                        \
	{                                            \
		.name = (name_), .number = (number_) \
	}
#define ONLY(name_, groups_, ...)                                           \
	{                                                                   \
		.name = (name_), .groups = (groups_), .arg = {__VA_ARGS__}, \
	}

#define NAMESPACES                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define OPENS_TO_WRITE (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)
#define SOCKET_TYPE    0xf /* without SOCK_CLOEXEC and SOCK_NONBLOCK */

/* The headers may be older. */
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
/* TCGETS2; its definition needs a struct that clashes with libc's. */
#define GET_TERMIOS2 0x802c542au

#define DO_SOCKET(domain, type) \
	ONLY("socket", 0, INT_IS(0, domain), ARG(1, SOCKET_TYPE, type))
#define DO_FCNTL(command) ONLY("fcntl", 0, INT_IS(1, command))
#define DO_IOCTL(request) ONLY("ioctl", 0, INT_IS(1, request))
#define DO_PRCTL(option)  ONLY("prctl", 0, INT_IS(0, option))
#define DO_BPF(command) \
	ONLY("bpf", SANDBOX_BPF | SANDBOX_TEST_RUN, INT_IS(0, command))

const struct sandbox_rule sandbox_rules[] = {
	/* Reading and writing what is open. */
	PLAIN("read"),
	PLAIN("readv"),
	PLAIN("pread64"),
	PLAIN("preadv"),
	PLAIN("preadv2"),
	PLAIN("write"),
	PLAIN("writev"),
	PLAIN("pwrite64"),
	PLAIN("pwritev"),
	PLAIN("pwritev2"),
	PLAIN("sendfile"),
	PLAIN("splice"),
	PLAIN("lseek"),
	PLAIN("close"),
	ADDED("close_range", 436),
	PLAIN("dup"),
	PLAIN("pipe"),
	PLAIN("pipe2"),
	PLAIN("eventfd"),
	PLAIN("eventfd2"),
	PLAIN("fadvise64"),
	PLAIN("flock"),
	PLAIN("fsync"),
	PLAIN("fdatasync"),

	/* Opening and examining files. */
	PLAIN("stat"),
	PLAIN("fstat"),
	PLAIN("lstat"),
	PLAIN("newfstatat"),
	PLAIN("statx"),
	PLAIN("statfs"),
	PLAIN("fstatfs"),
	PLAIN("access"),
	PLAIN("faccessat"),
	ADDED("faccessat2", 439),
	PLAIN("readlink"),
	PLAIN("readlinkat"),
	PLAIN("getdents64"),
	PLAIN("getcwd"),
	ONLY("open", SANDBOX_NO_FILES, WITHOUT(1, OPENS_TO_WRITE)),
	ONLY("openat", SANDBOX_NO_FILES, WITHOUT(2, OPENS_TO_WRITE)),

	/* The pins of old rings, once they are drained. */
	WHEN("unlinkat", SANDBOX_FILES | SANDBOX_BPF),

	/* Output files, their rotation, and the spool. openat2() takes its flags
	 * from memory, where they cannot be checked. */
	WHEN("open", SANDBOX_FILES),
	WHEN("openat", SANDBOX_FILES),
	{.name = "openat2", .groups = SANDBOX_FILES, .number = 437},
	WHEN("creat", SANDBOX_FILES),
	WHEN("mkdir", SANDBOX_FILES),
	WHEN("mkdirat", SANDBOX_FILES),
	WHEN("unlink", SANDBOX_FILES),
	WHEN("rename", SANDBOX_FILES),
	WHEN("renameat", SANDBOX_FILES),
	WHEN("renameat2", SANDBOX_FILES),
	WHEN("link", SANDBOX_FILES),
	WHEN("linkat", SANDBOX_FILES),
	WHEN("truncate", SANDBOX_FILES),
	WHEN("ftruncate", SANDBOX_FILES),
	WHEN("fallocate", SANDBOX_FILES),
	WHEN("sync_file_range", SANDBOX_FILES),
	WHEN("copy_file_range", SANDBOX_FILES),
	WHEN("fchmod", SANDBOX_FILES),
	WHEN("fchown", SANDBOX_FILES),
	WHEN("fchownat", SANDBOX_FILES),
	WHEN("utimensat", SANDBOX_FILES),
	WHEN("umask", SANDBOX_FILES),
	/* Without effect once privileges are dropped. */
	WHEN("setfsuid", SANDBOX_FILES),
	WHEN("setfsgid", SANDBOX_FILES),

	DO_FCNTL(F_DUPFD),
	DO_FCNTL(F_DUPFD_CLOEXEC),
	DO_FCNTL(F_GETFD),
	DO_FCNTL(F_SETFD),
	DO_FCNTL(F_GETFL),
	DO_FCNTL(F_SETFL),
	DO_FCNTL(F_GETLK),
	DO_FCNTL(F_SETLK),
	DO_FCNTL(F_SETLKW),
	DO_FCNTL(F_OFD_GETLK),
	DO_FCNTL(F_OFD_SETLK),
	DO_FCNTL(F_OFD_SETLKW),
	DO_FCNTL(F_GETPIPE_SZ),
	/* isatty() of old and new libc; the resolver; state of interfaces. */
	DO_IOCTL(TCGETS),
	DO_IOCTL(GET_TERMIOS2),
	DO_IOCTL(TIOCGWINSZ),
	DO_IOCTL(FIONREAD),
	DO_IOCTL(FIONBIO),
	DO_IOCTL(FIOCLEX),
	DO_IOCTL(SIOCOUTQ),
	DO_IOCTL(SIOCGIFINDEX),
	DO_IOCTL(SIOCGIFNAME),
	DO_IOCTL(SIOCGIFFLAGS),

	/* Waiting. */
	PLAIN("select"),
	PLAIN("pselect6"),
	PLAIN("poll"),
	PLAIN("ppoll"),
	PLAIN("epoll_create"),
	PLAIN("epoll_create1"),
	PLAIN("epoll_ctl"),
	PLAIN("epoll_wait"),
	PLAIN("epoll_pwait"),
	ADDED("epoll_pwait2", 441),
	PLAIN("timerfd_create"),
	PLAIN("timerfd_settime"),
	PLAIN("timerfd_gettime"),

	/* Sockets. The C library reads addresses and routes by netlink. */
	DO_SOCKET(AF_UNIX, SOCK_STREAM),
	DO_SOCKET(AF_UNIX, SOCK_DGRAM),
	DO_SOCKET(AF_UNIX, SOCK_SEQPACKET),
	DO_SOCKET(AF_INET, SOCK_STREAM),
	DO_SOCKET(AF_INET, SOCK_DGRAM),
	DO_SOCKET(AF_INET6, SOCK_STREAM),
	DO_SOCKET(AF_INET6, SOCK_DGRAM),
	ONLY("socket", 0, INT_IS(0, AF_NETLINK), INT_IS(2, 0)),
	ONLY("socketpair", 0, INT_IS(0, AF_UNIX)),
	PLAIN("connect"),
	PLAIN("bind"),
	PLAIN("accept"),
	PLAIN("accept4"),
	PLAIN("getsockname"),
	PLAIN("getpeername"),
	PLAIN("getsockopt"),
	PLAIN("setsockopt"),
	PLAIN("shutdown"),
	PLAIN("sendto"),
	PLAIN("recvfrom"),
	PLAIN("sendmsg"),
	PLAIN("recvmsg"),
	PLAIN("sendmmsg"),
	PLAIN("recvmmsg"),

	/* Memory. Code comes from files, and is never writable. */
	PLAIN("brk"),
	PLAIN("munmap"),
	PLAIN("mremap"),
	PLAIN("madvise"),
	PLAIN("membarrier"),
	ADDED("mseal", 462),
	ADDED("map_shadow_stack", 453),
	ONLY("mmap", 0, WITHOUT(2, PROT_EXEC)),
	ONLY("mmap", 0, ARG(2, PROT_EXEC | PROT_WRITE, PROT_EXEC),
	     WITHOUT(3, MAP_ANONYMOUS)),
	ONLY("mprotect", 0, WITHOUT(2, PROT_EXEC)),

	/* Threads. */
	ONLY("clone", 0, ARG(0, CLONE_THREAD | NAMESPACES, CLONE_THREAD)),
	PLAIN("set_robust_list"),
	PLAIN("get_robust_list"),
	PLAIN("rseq"),
	PLAIN("set_tid_address"),
	PLAIN("arch_prctl"),
	PLAIN("futex"),
	ADDED("futex_waitv", 449),
	ADDED("futex_wake", 454),
	ADDED("futex_wait", 455),
	ADDED("futex_requeue", 456),
	PLAIN("sched_yield"),
	/* The thread that compresses makes itself unimportant. */
	ONLY("setpriority", SANDBOX_FILES, INT_IS(0, PRIO_PROCESS),
	     INT_IS(1, 0)),
	PLAIN("sched_getaffinity"),
	PLAIN("getcpu"),
	PLAIN("exit"),
	PLAIN("exit_group"),
	PLAIN("restart_syscall"),
	DO_PRCTL(PR_SET_NAME),
	DO_PRCTL(PR_GET_NAME),
	DO_PRCTL(PR_SET_VMA),
	/* Secrets in a capture file: no core dumps from then on. */
	ONLY("prctl", 0, INT_IS(0, PR_SET_DUMPABLE), INT_IS(1, 0)),

	/* Signals: only to itself, as abort() and pthread_cancel() do. */
	PLAIN("rt_sigaction"),
	PLAIN("rt_sigprocmask"),
	PLAIN("rt_sigpending"),
	PLAIN("rt_sigreturn"),
	PLAIN("rt_sigsuspend"),
	PLAIN("rt_sigtimedwait"),
	PLAIN("sigaltstack"),
	PLAIN("alarm"),
	WHEN("tgkill", SANDBOX_SELF),

	/* Clocks, and what a process may ask about itself. */
	PLAIN("clock_gettime"),
	PLAIN("clock_getres"),
	PLAIN("clock_nanosleep"),
	PLAIN("nanosleep"),
	PLAIN("gettimeofday"),
	PLAIN("time"),
	PLAIN("times"),
	PLAIN("getrandom"),
	PLAIN("getpid"),
	PLAIN("gettid"),
	PLAIN("getppid"),
	PLAIN("getuid"),
	PLAIN("geteuid"),
	PLAIN("getgid"),
	PLAIN("getegid"),
	PLAIN("getresuid"),
	PLAIN("getresgid"),
	PLAIN("getgroups"),
	PLAIN("getrusage"),
	PLAIN("getrlimit"),
	ONLY("prlimit64", 0, ARG(2, UINT64_MAX, 0)),
	PLAIN("capget"),
	PLAIN("uname"),
	PLAIN("sysinfo"),

	/* The open maps and the link: nothing can be loaded or attached. */
	DO_BPF(BPF_MAP_LOOKUP_ELEM),
	DO_BPF(BPF_MAP_UPDATE_ELEM),
	DO_BPF(BPF_MAP_DELETE_ELEM),
	DO_BPF(BPF_MAP_GET_NEXT_KEY),
	DO_BPF(BPF_OBJ_GET_INFO_BY_FD),
	ONLY("bpf", SANDBOX_TEST_RUN, INT_IS(0, BPF_PROG_TEST_RUN)),
};

const size_t sandbox_rule_count =
	sizeof(sandbox_rules) / sizeof(*sandbox_rules);
