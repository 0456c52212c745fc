/* SPDX-License-Identifier: MIT */
/* Checks everything about the machine that does not depend on an interface. */
#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include "capture/features.h"
#include "capture/pins.h"
#include "capture/privileges.h"
#include "cli/doctor_machine.h"

static void check_kernel(struct doctor *d, const char *release)
{
	struct feature f[FEATURES_MAX];
	size_t n = features_probe(f), missing = 0, unknown = 0;

	for (size_t i = 0; i < n; i++) {
		missing += f[i].present == 0;
		unknown += f[i].present < 0;
		if (f[i].present == 0)
			doctor_report(
				d, DOCTOR_FAIL, "kernel feature",
				"%s (Linux %s) is missing: run Linux %s or later",
				f[i].name, f[i].since, FEATURES_KERNEL);
	}
	if (features_release_at_least(release, 6, 1))
		doctor_report(d, DOCTOR_OK, "kernel", "%s", release);
	else
		doctor_report(
			d, missing ? DOCTOR_FAIL : DOCTOR_WARN, "kernel",
			"%s is older than %s, the oldest that metlo-xdp is tested with: upgrade it",
			release, FEATURES_KERNEL);
	if (unknown)
		doctor_report(
			d, DOCTOR_WARN, "kernel features",
			"%zu of %zu could not be probed: run doctor as root",
			unknown, n);
	else if (!missing)
		doctor_report(d, DOCTOR_OK, "kernel features",
			      "all %zu required ones are present", n);
}

static void check_btf(struct doctor *d)
{
	if (!access("/sys/kernel/btf/vmlinux", R_OK))
		doctor_report(d, DOCTOR_OK, "BTF", "/sys/kernel/btf/vmlinux");
	else
		doctor_report(
			d, DOCTOR_WARN, "BTF",
			"missing: attach works, but bpftool shows less: use a kernel built with CONFIG_DEBUG_INFO_BTF=y");
}

/* The first number in a file, or -1. */
static long read_number(const char *path)
{
	FILE *f = fopen(path, "re");
	long n = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &n) != 1)
		n = -1;
	fclose(f);
	return n;
}

static void check_jit(struct doctor *d)
{
	if (read_number("/proc/sys/net/core/bpf_jit_enable") == 0)
		doctor_report(
			d, DOCTOR_WARN, "BPF JIT",
			"off, which makes the XDP program several times slower: sysctl net.core.bpf_jit_enable=1");
	else
		doctor_report(d, DOCTOR_OK, "BPF JIT", "on");
}

static void check_capabilities(struct doctor *d)
{
	char missing[64];

	if (privileges_missing(privileges_effective(), missing,
			       sizeof(missing)))
		doctor_report(
			d, DOCTOR_FAIL, "capabilities",
			"missing for attach: %s: run it as root, or attach --attach-only as root first, as the service does",
			missing);
	else
		doctor_report(d, DOCTOR_OK, "capabilities",
			      "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON");
}

static void check_memlock(struct doctor *d, const char *release)
{
	struct rlimit lim;

	if (features_release_at_least(release, 5, 11)) {
		doctor_report(
			d, DOCTOR_OK, "memlock",
			"does not apply: this kernel charges BPF memory to the cgroup");
		return;
	}
	if (getrlimit(RLIMIT_MEMLOCK, &lim) || lim.rlim_cur == RLIM_INFINITY)
		doctor_report(d, DOCTOR_OK, "memlock", "unlimited");
	else
		doctor_report(
			d, DOCTOR_WARN, "memlock",
			"%llu KiB, too little for the rings: ulimit -l unlimited, or LimitMEMLOCK=infinity for the service",
			(unsigned long long)lim.rlim_cur / 1024);
}

static void check_bpffs(struct doctor *d)
{
	if (pins_mounted())
		doctor_report(d, DOCTOR_OK, "BPF file system", "/sys/fs/bpf");
	else
		doctor_report(
			d, DOCTOR_WARN, "BPF file system",
			"not mounted; attach mounts it if permitted: mount -t bpf bpf /sys/fs/bpf");
}

static void check_user(struct doctor *d)
{
	if (getpwnam("metlo-xdp"))
		doctor_report(d, DOCTOR_OK, "user", "metlo-xdp");
	else
		doctor_report(
			d, DOCTOR_OK, "user",
			"an unused user ID (a dedicated user is better: useradd --system --no-create-home metlo-xdp)");
}

static void check_clock(struct doctor *d)
{
	struct timex t = {0};
	int state = adjtimex(&t);

	if (state < 0)
		doctor_report(d, DOCTOR_WARN, "clock", "cannot be read: %s",
			      strerror(errno));
	else if (state == TIME_ERROR || t.status & STA_UNSYNC)
		doctor_report(
			d, DOCTOR_WARN, "clock",
			"not synchronized, so the times of transactions may be wrong: run chrony or systemd-timesyncd");
	else
		doctor_report(d, DOCTOR_OK, "clock",
			      "synchronized, error at most %ld us", t.maxerror);
}

void doctor_machine(struct doctor *d)
{
	struct utsname u;

	if (uname(&u))
		strcpy(u.release, "0");
	check_kernel(d, u.release);
	check_btf(d);
	check_jit(d);
	check_capabilities(d);
	check_memlock(d, u.release);
	check_bpffs(d);
	check_user(d);
	check_clock(d);
}
