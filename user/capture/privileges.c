/* SPDX-License-Identifier: MIT */
/*
 * Capabilities and the change of user. libc applies setresuid() to all threads,
 * capset() only affects the calling one; the result is verified in /proc.
 */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "capture/privileges.h"

/* Added in Linux 5.8; the headers may be older. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

static const struct {
	unsigned int number;
	const char *name;
} needed[] = {
	{CAP_BPF, "CAP_BPF"},
	{CAP_NET_ADMIN, "CAP_NET_ADMIN"},
	{CAP_PERFMON, "CAP_PERFMON"},
};

uint64_t privileges_effective(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2] = {0};

	if (syscall(SYS_capget, &h, d))
		return 0;
	return (uint64_t)d[1].effective << 32 | d[0].effective;
}

bool privileges_missing(uint64_t effective, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		bool has = effective >> needed[i].number & 1;

		/* CAP_SYS_ADMIN implies CAP_BPF and CAP_PERFMON, which were
		 * split off from it. */
		if (!has && needed[i].number != CAP_NET_ADMIN)
			has = effective >> CAP_SYS_ADMIN & 1;
		if (!has && n < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s",
					      n ? ", " : "", needed[i].name);
	}
	return n > 0;
}

/* Is the ID in use by a user, a group or a unit with DynamicUser=? */
static bool id_in_use(unsigned int id)
{
	char path[64];

	snprintf(path, sizeof(path), "/run/systemd/dynamic-uid/%u", id);
	return getpwuid(id) || getgrgid(id) || !access(path, F_OK);
}

/* The same ID at every start as long as it stays unused, since files keep it. 0
 * if all are in use. */
static unsigned int unused_id(void)
{
	/* The range that systemd reserves for dynamic users. */
	enum { FIRST = 61184, LAST = 65519, START = 62537 };
	unsigned int id = START;

	do {
		if (!id_in_use(id))
			return id;
		id = id == LAST ? FIRST : id + 1;
	} while (id != START);
	return 0;
}

/* For root without --user where metlo-xdp does not exist. Not nobody: other
 * services run as nobody and could read what the daemon writes. */
static int numeric_user(struct privileges_user *u, const struct log *log)
{
	const unsigned int id = unused_id();

	if (!id) {
		log_error(
			log,
			"user metlo-xdp: no such user, and no unused user ID: run: useradd --system --no-create-home metlo-xdp");
		return -ENOENT;
	}
	u->uid = id;
	u->gid = id;
	u->change = true;
	snprintf(u->name, sizeof(u->name), "%u", id);
	log_info(
		log,
		"user metlo-xdp: no such user: using the unused user ID %u instead; to create the user: useradd --system --no-create-home metlo-xdp",
		id);
	return 0;
}

int privileges_user(struct privileges_user *u, const char *name,
		    const struct log *log)
{
	const struct passwd *pw;

	memset(u, 0, sizeof(*u));
	u->uid = getuid();
	u->gid = getgid();
	if (name)
		pw = getpwnam(name);
	else
		pw = geteuid() ? getpwuid(geteuid()) : getpwnam("metlo-xdp");
	if (!pw && !name && !geteuid())
		return numeric_user(u, log);
	if (!pw && name) {
		log_error(
			log,
			"user %s: no such user: choose another with --user, or run: useradd --system --no-create-home metlo-xdp",
			name);
		return -ENOENT;
	}
	if (pw)
		snprintf(u->name, sizeof(u->name), "%s", pw->pw_name);
	else
		snprintf(u->name, sizeof(u->name), "%u", (unsigned)geteuid());
	if (pw && pw->pw_uid != geteuid()) {
		if (geteuid()) {
			log_error(
				log,
				"--user %s: only root can become another user: omit it, or run as root",
				name);
			return -EPERM;
		}
		u->uid = pw->pw_uid;
		u->gid = pw->pw_gid;
		u->change = true;
	}
	return 0;
}

/* Without CAP_SETPCAP (the systemd unit) the set stays, which the unit limits to
 * what attaching needs. */
static int drop_bounding_set(const struct log *log)
{
	int err;

	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
		if (!prctl(PR_CAPBSET_DROP, cap))
			continue;
		err = -errno;
		if (err == -EPERM &&
		    !(privileges_effective() >> CAP_SETPCAP & 1))
			return 0;
		log_error(log, "cannot drop the capability bounding set: %s",
			  strerror(-err));
		return err;
	}
	return 0;
}

int privileges_no_new(const struct log *log)
{
	int err;

	if (!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return drop_bounding_set(log);
	err = -errno;
	log_error(log, "cannot set no_new_privs: %s", strerror(-err));
	return err;
}

int privileges_drop_caps(const struct log *log)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2] = {0};
	int err;

	/* Fails on kernels without ambient capabilities, which is fine. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (!syscall(SYS_capget, &h, d) &&
	    !(d[0].permitted | d[1].permitted | d[0].inheritable |
	      d[1].inheritable))
		return 0; /* the unit's filter may lack capset() */
	memset(d, 0, sizeof(d));
	if (!syscall(SYS_capset, &h, d))
		return 0;
	err = -errno;
	log_error(log, "cannot drop the capabilities: %s", strerror(-err));
	return err;
}

/* Is the bounding set of this thread empty? */
static bool bounding_empty(void)
{
	unsigned long cap = 0;
	int has;

	do
		has = prctl(PR_CAPBSET_READ, cap++);
	while (!has);
	return has < 0;
}

/* All capability sets of one thread, combined, with or without the bounding set;
 * all ones if they cannot be read, so that an unknown state counts as privileged. */
static uint64_t thread_caps(const char *tid, bool bounding)
{
	char path[300], line[256];
	uint64_t caps = 0;
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%s/status", tid);
	f = fopen(path, "re");
	if (!f)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Cap", 3) || line[6] != ':' ||
		    (!bounding && !strncmp(line, "CapBnd", 6)))
			continue;
		caps |= strtoull(line + 7, NULL, 16);
		found++;
	}
	fclose(f);
	/* Inherited, permitted and effective at least. */
	return found >= 3 ? caps : UINT64_MAX;
}

static int verify_dropped(const struct log *log)
{
	const bool bounding = bounding_empty();
	DIR *d = opendir("/proc/self/task");
	int err = 0;

	/* Without /proc, rely on the results of the system calls. */
	if (!d)
		return 0;
	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.' || !thread_caps(e->d_name, bounding))
			continue;
		log_error(
			log,
			"thread %s still has capabilities after dropping them",
			e->d_name);
		err = -EPERM;
	}
	closedir(d);
	return err;
}

int privileges_drop(const struct privileges_user *u, const struct log *log)
{
	const gid_t groups[] = {u->gid, u->extra};
	int err;

	if (u->change && (setgroups(u->has_extra ? 2 : 1, groups) ||
			  setresgid(u->gid, u->gid, u->gid) ||
			  setresuid(u->uid, u->uid, u->uid))) {
		err = -errno;
		log_error(log, "cannot become user %s: %s", u->name,
			  strerror(-err));
		return err;
	}
	err = privileges_drop_caps(log);
	return err ? err : verify_dropped(log);
}
