/* SPDX-License-Identifier: MIT */
/*
 * Applies new settings to a running daemon. Kernel-side settings are stored in
 * the configuration map. Everything else is in an immutable struct rules, which
 * workers replace by swapping a pointer, as with RCU: the old rules are retired
 * and freed once every worker has switched. There is one generation of retired
 * rules, so a second reload first waits for the previous one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/list.h"
#include "config/options.h"
#include "config/ports.h"
#include "base/owned_file.h"
#include "run/reload.h"

/* How long to wait for workers to adopt rules, which takes them a tick (5 ms)
 * unless they are stalled. */
#define ADOPT_TIMEOUT_MS 1000u

int reload_init(struct reload *r, const struct invocation *inv,
		unsigned int workers)
{
	struct rules_views views;

	*r = (struct reload){.inv = inv, .workers = workers};
	rules_views(&views, &inv->settings);
	return rules_load(&r->rules, &inv->settings, &views, workers,
			  &inv->log);
}

void reload_free(struct reload *r)
{
	rules_free(r->retired);
	rules_free(r->rules);
	r->rules = r->retired = NULL;
}

static bool is_readable(const char *path)
{
	int fd = regular_open(path);

	if (fd >= 0)
		close(fd);
	return fd != -EACCES;
}

void reload_check(const struct reload *r, const char *user)
{
	const struct settings *s = &r->inv->settings;
	const char *const files[] = {s->names, s->proto_descriptors};

	if (s->config && !is_readable(s->config))
		log_warn(
			&r->inv->log,
			"%s: user %s cannot read it: SIGHUP will see edits made in place, but not a file that replaces it: chgrp or chown it to %s and chmod 640",
			s->config, user, user);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (files[i] && !is_readable(files[i]))
			log_warn(
				&r->inv->log,
				"%s: user %s cannot read it: SIGHUP will fail: chgrp or chown it to %s and chmod 640",
				files[i], user, user);
}

/* Names the options that changed but are not OPT_LIVE. */
static void warn_restart(const struct reload *r, const struct settings *now)
{
	const struct settings *start = &r->inv->settings;
	char names[512] = "";
	const struct opt *o;
	size_t n = 0;

	for (o = settings_options(); o->name; o++) {
		if (!(o->scope & CMD_ATTACH) || o->flags & OPT_LIVE ||
		    !opt_differs(o, start, now) || n >= sizeof(names))
			continue;
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s",
				      n ? ", " : "", o->name);
	}
	if (n)
		log_warn(
			&r->inv->log,
			"changed, but not in force before a restart: %s: restart metlo-xdp; a restart loses no packets",
			names);
}

/* The number of views is fixed at startup. If the new masks need more of them,
 * rules_new() merges masks, which masks too much but never too little. */
static void warn_views(const struct reload *r, const struct settings *now)
{
	struct rules_views views;

	rules_views(&views, now);
	if (views.n > r->rules->views.n)
		log_warn(
			&r->inv->log,
			"redact-header, redact-field, redact-class: masking outputs differently needs a restart: until then every output gets the masks of all of them");
}

/* Names and classes in force. A list of classes is one option. */
static unsigned int masks(const struct settings *s)
{
	const unsigned int classes = redact_select_classes(
		&s->redact_classes, redact_sinks(&s->outputs));
	const unsigned int names =
		s->no_redact ? 0 : s->redact_headers.n + s->redact_fields.n;

	return names + (unsigned int)__builtin_popcount(classes);
}

static void log_applied(const struct reload *r, const struct settings *s)
{
	char ports[256];

	ports_text(ports, sizeof(ports), s->ports, s->any_port);
	log_info(
		&r->inv->log,
		"%s: reloaded: ports %s, sample %g%%, %u masked names and classes, %u include and exclude patterns",
		s->config  ? s->config
		: s->names ? s->names
			   : s->proto_descriptors,
		ports, s->sample, masks(s), s->include.n + s->exclude.n);
}

/* Waits until the rules retired by the previous reload can be freed. */
static bool wait_reclaimed(struct reload *r, const struct workers *w)
{
	const struct timespec nap = {.tv_nsec = NSEC_PER_MSEC};

	for (unsigned int i = 0; i < ADOPT_TIMEOUT_MS && r->retired; i++) {
		reload_reclaim(r, w);
		if (r->retired)
			nanosleep(&nap, NULL);
	}
	return !r->retired;
}

/* Returns 0, or -errno, logged, without having changed anything. */
static int apply(struct reload *r, const struct settings *s, struct capture *c,
		 struct workers *w)
{
	struct settings live = *s;
	struct metlo_config config = {0};
	struct rules *rules;
	int err;

	if (!wait_reclaimed(r, w)) {
		log_error(
			&r->inv->log,
			"a worker has not adopted the previous reload yet: try again, and see worker_stalled on /healthz");
		return -EBUSY;
	}
	/* The workers make ids of the one they started with. */
	live.collector = r->inv->settings.collector;
	err = rules_load(&rules, &live, &r->rules->views, r->workers,
			 &r->inv->log);
	if (err)
		return err;
	warn_restart(r, s);
	warn_views(r, s);
	settings_to_config(s, &config);
	capture_set(c, &config, s->vni_allow);
	workers_set_rules(w, rules);
	r->retired = r->rules;
	r->rules = rules;
	return 0;
}

static int read_and_apply(struct reload *r, struct settings *s,
			  struct capture *c, struct workers *w)
{
	int err = options_reread(r->inv, s);

	if (!err)
		err = apply(r, s, c, w);
	if (!err)
		log_applied(r, s);
	return err;
}

int reload_run(struct reload *r, struct capture *c, struct workers *w)
{
	struct settings s;
	int err;

	if (!r->inv->settings.config && !r->inv->settings.names &&
	    !r->inv->settings.proto_descriptors) {
		log_warn(
			&r->inv->log,
			"SIGHUP: no configuration file to reload: start metlo-xdp with --config FILE");
		return -ENOENT;
	}
	err = read_and_apply(r, &s, c, w);
	if (err)
		log_error(&r->inv->log,
			  "SIGHUP: the running configuration stays in force");
	settings_free(&s);
	return err;
}

void reload_reclaim(struct reload *r, const struct workers *w)
{
	if (!r->retired || !workers_rules_applied(w))
		return;
	rules_free(r->retired);
	r->retired = NULL;
}
