/* SPDX-License-Identifier: MIT */
/*
 * Loads the embedded XDP program, or only its maps. File descriptors are
 * duplicated so that they outlive the libbpf object, which is closed at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "capture/features.h"
#include "capture/load.h"
#include "metlo_record.h"
#include "metlo_xdp.skel.h"

#define VERIFIER_LOG_SIZE (256u * 1024)

static int print_nothing(enum libbpf_print_level level, const char *fmt,
			 va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static int print_warnings(enum libbpf_print_level level, const char *fmt,
			  va_list ap)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, fmt, ap);
}

static int print_all(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	return vfprintf(stderr, fmt, ap);
}

void load_messages(unsigned int verbose)
{
	libbpf_set_print(!verbose	? print_nothing
			 : verbose == 1 ? print_warnings
					: print_all);
}

/* The first attribute in which a map differs from the definition, and its two
 * values; NULL if there is none. */
static const char *differing(const struct bpf_map *want, int fd, __u32 *is,
			     __u32 *wanted)
{
	const bool any_size =
		!strcmp(bpf_map__name(want), maps_names[MAP_metlo_vni]);

	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return "type (unreadable)";
#define DIFFERS(what, value)                     \
	*is = (info.what);                       \
	*wanted = (__u32)bpf_map__##value(want); \
	if (*is != *wanted)                      \
	return #what
	DIFFERS(type, type);
	DIFFERS(key_size, key_size);
	DIFFERS(value_size, value_size);
	/* The program does not depend on this one's. */
	if (!any_size) {
		DIFFERS(max_entries, max_entries);
	}
#undef DIFFERS
	/* Of the flags compare one: the kernel adds others by itself. */
	*is = info.map_flags & BPF_F_MMAPABLE;
	*wanted = bpf_map__map_flags(want) & BPF_F_MMAPABLE;
	return *is == *wanted ? NULL : "map_flags";
}

static int reuse_maps(struct bpf_object *obj, const struct maps *m,
		      const struct log *log)
{
	for (int i = 0; i < MAPS_N; i++) {
		const char *what;
		struct bpf_map *map;
		__u32 is = 0, wanted = 0;

		if (m->fd[i] < 0)
			continue;
		map = bpf_object__find_map_by_name(obj, maps_names[i]);
		what = map ? differing(map, m->fd[i], &is, &wanted) : "name";
		if (what) {
			log_error(
				log,
				"the pinned map %s does not have the layout that this version expects: its %s is %u, not %u: run metlo-xdp detach to remove it, which discards the records waiting in the rings",
				maps_names[i], what, is, wanted);
			return -EEXIST;
		}
		if (bpf_map__reuse_fd(map, m->fd[i])) {
			int err = -errno;

			log_error(log, "cannot use the pinned map %s: %s",
				  maps_names[i], strerror(-err));
			return err;
		}
	}
	return 0;
}

/* Adds the maps that loading created to m. */
static int keep_maps(const struct bpf_object *obj, struct maps *m)
{
	for (int i = 0; i < MAPS_N; i++) {
		const struct bpf_map *map;

		if (m->fd[i] >= 0)
			continue;
		map = bpf_object__find_map_by_name(obj, maps_names[i]);
		if (!map)
			return -ENOENT;
		m->fd[i] = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3);
		if (m->fd[i] < 0)
			return -errno;
	}
	return 0;
}

/* The end of the verifier log: its last lines name the cause. */
static const char *last_lines(const char *text)
{
	const char *p = text + strlen(text);

	for (int lines = 0; p > text && lines < 6; p--)
		if (p[-1] == '\n')
			lines++;
	return p;
}

static int log_load_error(int err, const char *verifier, const struct log *log)
{
	char missing[512];

	if (err == -EPERM) {
		log_error(
			log,
			"cannot load the XDP program: not permitted: run as root, and not in a container without CAP_BPF, CAP_NET_ADMIN or CAP_PERFMON");
		return -EPERM;
	}
	if (features_missing(missing, sizeof(missing))) {
		log_error(
			log,
			"cannot load the XDP program: this kernel lacks: %s: run Linux %s or later",
			missing, FEATURES_KERNEL);
		return -EOPNOTSUPP;
	}
	log_error(log, "cannot load the XDP program: %s%s%s", strerror(-err),
		  verifier[0] ? ": verifier log:\n" : "", last_lines(verifier));
	return err;
}

/* What to load, and the result. */
struct load {
	bool program; /* else the maps alone */
	bool frags;
	int prog_fd; /* result; a duplicate that the caller closes */
};

static int load_skeleton(struct metlo_xdp *skel, struct load *l, struct maps *m,
			 const char *verifier, const struct log *log)
{
	struct bpf_program *prog = skel->progs.metlo_xdp;
	int err;

	bpf_program__set_autoload(prog, l->program);
	/* A link accepts only programs of the type that it was created with, so
	 * every version must have the same. */
	bpf_program__set_expected_attach_type(prog, BPF_XDP);
	if (l->frags)
		bpf_program__set_flags(prog, BPF_F_XDP_HAS_FRAGS);
	err = reuse_maps(skel->obj, m, log);
	if (err)
		return err;
	err = metlo_xdp__load(skel);
	if (err)
		return log_load_error(err, verifier, log);
	err = keep_maps(skel->obj, m);
	if (!err && l->program) {
		l->prog_fd = fcntl(bpf_program__fd(prog), F_DUPFD_CLOEXEC, 3);
		err = l->prog_fd < 0 ? -errno : 0;
	}
	if (err)
		log_error(log, "cannot load the XDP program: %s",
			  strerror(-err));
	return err;
}

static int load(struct load *l, struct maps *m, const struct log *log)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct metlo_xdp *skel;
	char *verifier;
	int err;

	verifier = calloc(1, VERIFIER_LOG_SIZE);
	if (!verifier) {
		log_error(log, "cannot load the XDP program: out of memory");
		return -ENOMEM;
	}
	opts.kernel_log_buf = verifier;
	opts.kernel_log_size = VERIFIER_LOG_SIZE;
	skel = metlo_xdp__open_opts(&opts);
	if (skel)
		err = load_skeleton(skel, l, m, verifier, log);
	else
		err = log_load_error(-errno, verifier, log);
	metlo_xdp__destroy(skel);
	free(verifier);
	return err;
}

int load_maps(struct maps *m, const struct log *log)
{
	struct load l = {.program = false};

	return load(&l, m, log);
}

int load_program(struct maps *m, bool frags, const struct log *log)
{
	struct load l = {.program = true, .frags = frags};
	int err = load(&l, m, log);

	return err ? err : l.prog_fd;
}
