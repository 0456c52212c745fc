/* SPDX-License-Identifier: MIT */
/*
 * The daemon: startup while privileged, the main loop, shutdown. The order of
 * startup matters: everything that can fail without side effects comes first,
 * then the interface is attached, then privileges are dropped, then threads
 * start. The main thread afterwards only handles signals and monitors the
 * workers.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit.h"
#include "base/heap.h"
#include "base/owned_file.h"
#include "capture/capture.h"
#include "capture/load.h"
#include "capture/lock.h"
#include "capture/pins.h"
#include "capture/privileges.h"
#include "capture/sandbox.h"
#include "run/worker.h"
#include "cli/cmd_attach.h"
#include "cli/tls_keys.h"
#include "run/confine.h"
#include "run/loss_log.h"
#include "run/monitor.h"
#include "run/observer.h"
#include "run/pipeline.h"
#include "run/snapshot.h"
#include "run/reload.h"
#include "run/service.h"
#include "run/sinks.h"
#include "run/summary.h"
#include "output/output.h"

/* More workers than this have not paid off on any machine measured; --workers
 * overrides it. */
#define WORKERS_DEFAULT_MAX 8
#define POLL_NS		    (NSEC_PER_SEC / 5)
/* Upper bound on the shutdown: draining, closing connections, flushing sinks. */
#define STOP_MAX_S 30

/* One run of attach. */
struct attach {
	const struct log *log;
	const struct settings *settings;
	unsigned int n_workers;
	struct capture capture;
	struct privileges_user user;
	struct sinks sinks;
	struct tls_keys keys;
	struct output *output;
	struct workers *workers;
	struct monitor *monitor;
	struct reload reload;
	FILE *summary; /* NULL: none, or standard output */
	struct loss_log loss_log;
	struct observer *observer;
	struct heap_trimmer trimmer;
	struct service service;
	struct snapshot snapshot; /* storage of the last read_counters() */
	bool adopt; /* no capabilities: use what is attached already */
};

static unsigned int default_workers(void)
{
	cpu_set_t set;
	unsigned int n = 1, cpus = 1;

	if (!sched_getaffinity(0, sizeof(set), &set))
		cpus = (unsigned int)CPU_COUNT(&set);
	while (n * 2 <= cpus && n < WORKERS_DEFAULT_MAX)
		n *= 2;
	return n;
}

static bool power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static int check_settings(struct attach *a)
{
	const struct settings *s = a->settings;
	long page = sysconf(_SC_PAGESIZE);

	a->n_workers = s->workers ? s->workers : default_workers();
	if (!power_of_two(a->n_workers) || a->n_workers > METLO_RINGS_MAX) {
		log_error(a->log,
			  "--workers %u: must be a power of two, at most %u",
			  a->n_workers, METLO_RINGS_MAX);
		return EXIT_USAGE;
	}
	if (!power_of_two(s->ring_size) || s->ring_size < (uint64_t)page ||
	    s->ring_size > 1u << 30) {
		log_error(
			a->log,
			"--ring-size %llu: must be a power of two from 64KiB to 1GiB",
			(unsigned long long)s->ring_size);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* Has a privileged process handed the pins of the interface over to us? */
static bool may_adopt(const char *iface)
{
	const int fd = pins_get(iface, "link");

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int check_privileges(struct attach *a)
{
	char missing[64];

	a->adopt = privileges_missing(privileges_effective(), missing,
				      sizeof(missing));
	if (a->adopt &&
	    (a->settings->attach_only || !may_adopt(a->settings->subject))) {
		log_error(
			a->log,
			"attach needs the capabilities CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON; missing: %s: run it as root (sudo metlo-xdp attach %s), or first as root with --attach-only and --user%s",
			missing, a->settings->subject,
			pins_closed_to(&(struct owner){0})
				? "; then let this user enter /sys/fs/bpf, which is closed to it (as root: chmod o+x /sys/fs/bpf)"
				: "");
		return EXIT_NOT_PERMITTED;
	}
	if (privileges_user(&a->user, a->settings->user, a->log))
		return EXIT_FAILED;
	return EXIT_DONE;
}

/* Binds the ports before touching the interface, so that a conflict has no side
 * effects. If another daemon holds the interface it also holds the ports;
 * report the daemon, which is the actual cause. */
static int open_ports(struct attach *a)
{
	const char *iface = a->settings->subject;
	pid_t holder = lock_holder(iface);

	if (holder) {
		lock_report_held(iface, holder, a->log);
		return EXIT_FAILED;
	}
	a->monitor = monitor_open(a->settings, a->log);
	return a->monitor ? EXIT_DONE : EXIT_FAILED;
}

static struct owner owner_of_files(const struct attach *a)
{
	return (struct owner){a->user.change, a->user.uid, a->user.gid};
}

static int make_rules(struct attach *a, const struct invocation *inv)
{
	const int err = reload_init(&a->reload, inv, a->n_workers);

	return err == -EINVAL ? EXIT_USAGE : err ? EXIT_FAILED : EXIT_DONE;
}

static int setup_sinks_and_keys(struct attach *a)
{
	const struct owner owner = owner_of_files(a);
	const int err = sinks_setup(&a->sinks, a->settings, &owner, a->log);

	/* Or it could not give the group to files that it creates later. */
	a->user.has_extra = a->sinks.access.has_group;
	a->user.extra = a->sinks.access.group;
	if (err)
		return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	return tls_keys_follow(&a->keys, a->settings, &owner, a->log);
}

static int open_capture(struct attach *a)
{
	const struct settings *s = a->settings;
	struct metlo_config config = {0};
	struct capture_conf conf = {
		.iface = s->subject,
		.request = s->mode == ATTACH_NATIVE ? LINK_NATIVE
			   : s->mode == ATTACH_SKB  ? LINK_GENERIC
						    : LINK_AUTO,
		.config = &config,
		.vni_allow = s->vni_allow,
		.rings = a->n_workers,
		.ring_size = s->ring_size,
		.keep = s->attach_only || !s->detach_on_exit,
		.adopt = a->adopt,
		.owner = owner_of_files(a),
		.log = a->log,
	};

	settings_to_config(s, &config);
	switch (capture_open(&a->capture, &conf)) {
	case 0:
		return EXIT_DONE;
	case -EPERM:
	case -EACCES:
		return EXIT_NOT_PERMITTED;
	case -EOPNOTSUPP:
		return EXIT_NOT_SUPPORTED;
	default:
		return EXIT_FAILED;
	}
}

static int open_summary(struct attach *a)
{
	const struct owner owner = owner_of_files(a);
	const char *path = a->settings->summary;
	int fd;

	if (!path || !strcmp(path, "-"))
		return 0;
	fd = owned_open_truncated(&owner, path);
	if (fd >= 0) {
		a->summary = fdopen(fd, "w");
		if (a->summary)
			return 0;
		close(fd);
		fd = -errno;
	}
	log_error(a->log, "--summary %s: cannot open for writing: %s", path,
		  owned_error(&owner, -fd));
	return -1;
}

static int open_outputs(struct attach *a)
{
	const struct settings *s = a->settings;
	struct output_sink sinks[OPT_LIST_MAX];
	const struct output_conf conf = {
		.sinks = sinks,
		.n_sinks = sinks_list(&a->sinks, s, &a->reload.rules->views,
				      sinks),
		.workers = a->n_workers,
		.queue_limit = pipeline_queue_limit(s),
		.log = a->log,
	};

	if (open_summary(a))
		return -1;
	a->output = output_new(&conf);
	if (!a->output)
		return -1;
	a->workers = workers_new(&a->capture, a->settings, a->reload.rules,
				 a->output, a->keys.table, a->log);
	return a->workers ? 0 : -1;
}

/* Opening sinks creates threads, which inherit capabilities. A later setuid()
 * clears them in every thread, but capset() only in the calling one: without a
 * change of user, drop capabilities before creating threads. */
static int open_and_drop(struct attach *a)
{
	if (!a->user.change && privileges_drop_caps(a->log))
		return -1;
	if (open_outputs(a)) {
		capture_undo(&a->capture);
		return -1;
	}
	return privileges_drop(&a->user, a->log);
}

static void read_counters(struct attach *a, struct summary *s)
{
	snapshot_read(&a->snapshot, s, &a->capture, a->workers, a->output);
	s->resumed = a->capture.resumed;
}

static void log_running(const struct attach *a)
{
	const struct capture *c = &a->capture;
	const struct settings *s = a->settings;
	char ports[320];

	if (!c->dev.up)
		log_warn(
			a->log,
			"%s is down, so no packets arrive: ip link set dev %s up",
			c->dev.name, c->dev.name);
	settings_scope_text(ports, sizeof(ports), s);
	log_info(
		a->log,
		"%s: %s in %s mode, ports %s, %u worker%s with rings of %llu KiB, as user %s",
		c->dev.name, c->resumed ? "resumed" : "attached",
		xdp_mode_name(c->link.mode), ports, a->n_workers,
		a->n_workers > 1 ? "s" : "",
		(unsigned long long)s->ring_size / 1024, a->user.name);
}

static void feed_watchdog(struct attach *a)
{
	const uint64_t now = clock_mono_ns();
	uint64_t beat = now;

	for (unsigned int i = 0; i < a->capture.rings.n; i++) {
		struct worker_state w;

		workers_sample(a->workers, i, &w);
		if (w.heartbeat_ns < beat)
			beat = w.heartbeat_ns;
	}
	service_feed_watchdog(&a->service, now, beat);
}

static void send_status(struct attach *a, const struct summary *s, uint64_t now)
{
	const struct observer_since since = observer_since(a->observer, s);

	if (!service_status_due(&a->service, now))
		return;
	service_status(
		&a->service, now,
		"%s mode, since this start: %llu packets, %llu lost, %llu transactions",
		xdp_mode_name(a->capture.link.mode),
		(unsigned long long)since.packets,
		(unsigned long long)since.lost,
		(unsigned long long)s->http->transactions);
}

/* The work of once a second. Returns EXIT_DONE to continue. */
static int tick(struct attach *a)
{
	const char *iface = a->capture.dev.name;
	bool alive = link_alive(&a->capture.link);
	const uint64_t now = clock_mono_ns();
	struct summary s;

	output_tick(a->output);
	heap_trim(&a->trimmer, now);
	read_counters(a, &s);
	observer_update(a->observer, &s, alive, now);
	loss_log_report(&a->loss_log, &s, now, a->log);
	sandbox_report(a->log);
	send_status(a, &s, now);
	if (alive)
		return EXIT_DONE;
	log_error(
		a->log,
		"%s: the interface was removed or the program detached; exiting: metlo-xdp attach %s attaches it again",
		iface, iface);
	return EXIT_FAILED;
}

/* Runs until a signal ends it, an output is broken for good, or an error. */
static int wait_for_end(struct attach *a, const sigset_t *signals)
{
	const struct timespec poll = {.tv_nsec = POLL_NS};
	unsigned int n = 0;
	int code = EXIT_DONE;

	while (!code) {
		int sig = sigtimedwait(signals, NULL, &poll);

		reload_reclaim(&a->reload, a->workers);
		if (sig == SIGHUP) {
			service_reloading(&a->service, clock_mono_ns());
			reload_run(&a->reload, &a->capture, a->workers);
			service_ready(&a->service, clock_mono_ns());
		} else if (sig == SIGUSR1) {
			log_info(a->log, "%s: reopening files", strsignal(sig));
			output_reopen(a->output);
		} else if (sig > 0) {
			log_debug(a->log, "%s: exiting", strsignal(sig));
			return EXIT_DONE;
		}
		if (output_broken(a->output))
			return EXIT_DONE;
		if (workers_failed(a->workers)) {
			log_error(
				a->log,
				"out of memory, a transaction was lost; exiting: lower --memory or --max-flows");
			return EXIT_FAILED;
		}
		tls_keys_poll(&a->keys);
		feed_watchdog(a);
		if (++n % 5 == 0)
			code = tick(a);
	}
	return code;
}

static void write_json(const struct attach *a, FILE *f, const struct summary *s)
{
	const struct capture *c = &a->capture;
	size_t waiting = 0;

	for (unsigned int i = 0; i < c->rings.n; i++)
		waiting += ring_waiting(&c->rings.ring[i]);
	fprintf(f, "{\"command\":\"attach\",\"interface\":");
	summary_json_string(f, c->dev.name);
	fprintf(f,
		",\"mode\":\"%s\",\"resumed\":%s,\"workers\":%u,\"ring_bytes\":%llu,\"ring_waiting_bytes\":%zu,",
		xdp_mode_name(c->link.mode), c->resumed ? "true" : "false",
		a->n_workers, (unsigned long long)a->settings->ring_size,
		waiting);
	summary_json_members(f, s);
	fprintf(f, "}\n");
	fflush(f);
}

static int report_end(struct attach *a, const struct summary *s)
{
	const struct settings *set = a->settings;
	FILE *f = a->summary;
	int code = EXIT_DONE;

	summary_log(a->log, s);
	if (set->verbose)
		summary_text(a->log->out, s);
	if (set->summary && !f)
		f = stdout;
	if (f) {
		write_json(a, f, s);
		if (ferror(f)) {
			log_error(
				a->log,
				"--summary %s: write error: check the free space and the file system",
				set->summary);
			code = EXIT_FAILED;
		}
	}
	if (set->detach_on_exit)
		log_info(a->log, "%s: detached", a->capture.dev.name);
	else
		log_info(
			a->log,
			"%s stays attached and its rings buffer packets for the next start: metlo-xdp detach %s removes it",
			a->capture.dev.name, a->capture.dev.name);
	return code;
}

static int start_observer(struct attach *a, const struct summary *s)
{
	const struct observer_conf conf = {
		.settings = a->settings,
		.capture = &a->capture,
		.workers = a->workers,
		.monitor = a->monitor,
		.log = a->log,
	};

	a->observer = observer_new(&conf, s);
	return a->observer ? 0 : -1;
}

static int run(struct attach *a, const sigset_t *signals)
{
	struct summary s;
	bool broken;
	int code;

	read_counters(a, &s);
	loss_log_init(&a->loss_log, &s);
	if (start_observer(a, &s))
		return EXIT_FAILED;
	if (monitor_start(a->monitor, &a->capture, a->workers, a->output))
		return EXIT_FAILED;
	confine_start(a->settings, true, a->log);
	if (workers_start(a->workers))
		return EXIT_FAILED;
	observer_update(a->observer, &s, true, clock_mono_ns());
	log_running(a);
	reload_check(&a->reload, a->user.name);
	service_ready(&a->service, clock_mono_ns());
	code = wait_for_end(a, signals);

	monitor_stopping(a->monitor);
	service_stopping(&a->service, STOP_MAX_S);
	workers_stop(a->workers);
	/* A reader that closed its end has seen what it wanted: no failure. */
	broken = output_broken(a->output);
	if (output_end(a->output) && !broken)
		code = EXIT_FAILED;
	read_counters(a, &s);
	loss_log_report(&a->loss_log, &s, clock_mono_ns(), a->log);
	snapshot_read_vnis(&a->snapshot, &s, &a->capture);
	if (report_end(a, &s))
		code = EXIT_FAILED;
	return code;
}

static void finish(struct attach *a)
{
	monitor_close(a->monitor);
	a->monitor = NULL;
	observer_free(a->observer);
	workers_free(a->workers);
	if (a->output)
		output_close(a->output, NULL);
	if (a->summary)
		fclose(a->summary);
	snapshot_free(&a->snapshot);
	capture_close(&a->capture);
	service_close(&a->service);
	sandbox_report(a->log);
}

/* --attach-only: the privileged part alone. The rings buffer what arrives until
 * the daemon starts. */
static int attach_only(struct attach *a)
{
	const struct capture *c = &a->capture;
	const struct owner owner = owner_of_files(a);
	int code = open_capture(a), err;

	if (code)
		return code;
	err = lock_hand_over(c->lock_fd, &owner);
	if (err) {
		log_error(a->log, "%s: cannot give the lock to user %s: %s",
			  c->dev.name, a->user.name, strerror(-err));
		code = EXIT_FAILED;
	}
	log_info(
		a->log,
		"%s: %s in %s mode for user %s; its rings buffer packets until metlo-xdp attach %s runs as that user",
		c->dev.name, c->resumed ? "updated" : "attached",
		xdp_mode_name(c->link.mode), a->user.name, c->dev.name);
	if (pins_closed_to(&owner))
		log_info(
			a->log,
			"%s: /sys/fs/bpf is closed to user %s: the service sees it all the same; for attach by hand, first run as root: chmod o+x /sys/fs/bpf",
			c->dev.name, a->user.name);
	capture_close(&a->capture);
	return code;
}

int cmd_attach(struct invocation *inv)
{
	struct attach *a = calloc(1, sizeof(*a));
	sigset_t signals;
	int code;

	if (!a) {
		log_error(&inv->log, "attach: %s", strerror(errno));
		return EXIT_FAILED;
	}
	a->log = &inv->log;
	a->settings = &inv->settings;
	load_messages(inv->settings.verbose);
	code = check_settings(a);
	if (!code)
		code = check_privileges(a);
	if (!code && privileges_no_new(a->log))
		code = EXIT_FAILED;
	if (!code && a->settings->attach_only) {
		code = attach_only(a);
		free(a);
		return code;
	}
	heap_bound();
	if (!code)
		code = make_rules(a, inv);
	/* A sink that cannot work must fail before the interface is touched. */
	if (!code)
		code = setup_sinks_and_keys(a);
	if (code)
		goto out;
	/* Block signals before creating threads, which inherit the mask: only
	 * this thread waits for them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (sandbox_prepare(a->log)) {
		code = EXIT_FAILED;
		goto out;
	}

	code = open_ports(a);
	if (!code)
		code = open_capture(a);
	if (code)
		goto out;
	service_open(&a->service, a->log);
	code = open_and_drop(a) ? EXIT_FAILED : run(a, &signals);
	finish(a);
out:
	monitor_close(a->monitor);
	reload_free(&a->reload);
	tls_keys_close(&a->keys);
	sinks_teardown(&a->sinks);
	free(a);
	return code;
}
