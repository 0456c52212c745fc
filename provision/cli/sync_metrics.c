/* SPDX-License-Identifier: MIT */
/*
 * Writes metrics in the text format of Prometheus to a file, for the textfile
 * collector of its node exporter.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/exit.h"
#include "base/list.h"
#include "cli/file.h"
#include "cli/sync_metrics.h"

void sync_metrics_begin(struct sync_metrics *m)
{
	m->gauges.items = NULL;
	m->gauges.n = 0;
}

void sync_metrics_add(struct sync_metrics *m, struct arena *round,
		      const struct plan *p, const struct apply_result *result,
		      bool applied)
{
	struct sync_gauge *g = ARENA_ADD(round, &m->gauges);
	bool done = applied && result->outcome == APPLY_DONE;

	if (done) {
		m->added += p->added;
		m->changed += p->changed;
		m->removed += p->removed;
	}
	if (applied && (result->outcome == APPLY_ROLLED_BACK ||
			result->outcome == APPLY_ORPHANS))
		m->rolled_back++;
	if (!g)
		return;
	g->deployment = arena_dup(round, p->spec.name);
	g->wanted = p->sources.n;
	g->sessions = p->kept + p->changed + (done ? p->added : 0);
	if (!done)
		g->sessions += p->removed;
}

static void add(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct buf *b, const char *fmt, ...)
{
	char line[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	buf_add_str(b, line);
}

static void head(struct buf *b, const char *name, const char *type,
		 const char *help)
{
	add(b, "# HELP metlo_mirror_%s %s\n# TYPE metlo_mirror_%s %s\n", name,
	    help, name, type);
}

static void one(struct buf *b, const char *name, const char *type,
		const char *help, double value)
{
	head(b, name, type, help);
	add(b, "metlo_mirror_%s %.15g\n", name, value);
}

/* A sample of one deployment. Escapes the label's value as the text format
 * demands; names come from tags, which others may have written. */
static void deployment_sample(struct buf *b, const char *name,
			      const char *deployment, size_t value)
{
	add(b, "metlo_mirror_%s{deployment=\"", name);
	for (const char *p = deployment; *p; p++) {
		if (*p == '\n')
			buf_add_str(b, "\\n");
		else if (*p == '\\' || *p == '"')
			add(b, "\\%c", *p);
		else
			buf_add(b, p, 1);
	}
	add(b, "\"} %zu\n", value);
}

void sync_metrics_format(const struct sync_metrics *m,
			 const struct aws_counters *aws, size_t refused,
			 struct buf *b)
{
	head(b, "looks_total", "counter",
	     "Rounds of reading the account, by result.");
	add(b, "metlo_mirror_looks_total{result=\"ok\"} %zu\n", m->ok);
	add(b, "metlo_mirror_looks_total{result=\"failed\"} %zu\n", m->failed);
	one(b, "last_ok_timestamp_seconds", "gauge",
	    "Unix time of the last successful round; 0 if there was none.",
	    (double)m->last_ok);
	head(b, "session_changes_total", "counter",
	     "Mirror sessions added, changed and removed.");
	add(b, "metlo_mirror_session_changes_total{change=\"added\"} %zu\n",
	    m->added);
	add(b, "metlo_mirror_session_changes_total{change=\"changed\"} %zu\n",
	    m->changed);
	add(b, "metlo_mirror_session_changes_total{change=\"removed\"} %zu\n",
	    m->removed);
	one(b, "rollbacks_total", "counter",
	    "Changes that failed and were rolled back.",
	    (double)m->rolled_back);
	one(b, "interfaces_refused", "gauge",
	    "Network interfaces that AWS refuses to mirror.", (double)refused);
	head(b, "interfaces_wanted", "gauge",
	     "Network interfaces that should be mirrored.");
	FOREACH(gauge, &m->gauges)
		deployment_sample(b, "interfaces_wanted", gauge->deployment,
				  gauge->wanted);
	head(b, "sessions", "gauge", "Mirror sessions that exist.");
	FOREACH(gauge, &m->gauges)
		deployment_sample(b, "sessions", gauge->deployment,
				  gauge->sessions);
	one(b, "aws_calls_total", "counter", "AWS API calls.",
	    (double)aws->calls);
	one(b, "aws_throttled_total", "counter",
	    "AWS API calls rejected by rate limiting.", (double)aws->throttled);
	one(b, "aws_retries_total", "counter", "AWS API calls retried.",
	    (double)aws->retried);
}

int sync_metrics_end(struct sync_metrics *m, struct context *ctx,
		     size_t refused, bool ok)
{
	const char *path = ctx->settings.metrics;
	struct aws_counters aws;
	struct buf b = {0};
	int rc;

	if (ok) {
		m->ok++;
		m->last_ok = (int64_t)time(NULL);
	} else {
		m->failed++;
	}
	if (!path)
		return EXIT_DONE;
	aws = aws_client_counters(ctx->client);
	sync_metrics_format(m, &aws, refused, &b);
	rc = file_replace(path, &b);
	buf_free(&b);
	if (!rc)
		return EXIT_DONE;
	log_error(&ctx->log, "cannot write metrics to %s: %s", path,
		  strerror(-rc));
	return EXIT_FAILED;
}
