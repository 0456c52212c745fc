/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/sync.h"

void sync_count(struct sync *s, const struct plan *p,
		const struct apply_result *result, bool carried_out)
{
	struct sync_counts *c = &s->counts;
	struct sync_gauge *g = ARENA_ADD(&s->round, &s->gauges);
	bool done = carried_out && result->outcome == APPLY_DONE;

	if (done) {
		c->added += p->added;
		c->changed += p->changed;
		c->removed += p->removed;
	}
	if (carried_out && (result->outcome == APPLY_ROLLED_BACK ||
			    result->outcome == APPLY_ORPHANS))
		c->rolled_back++;
	if (!g)
		return;
	g->deployment = arena_dup(&s->round, p->spec.name);
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

/* The text format of Prometheus; names of deployments need no escape. */
static void write_metrics(const struct sync *s, struct buf *b)
{
	const struct sync_counts *c = &s->counts;
	struct aws_counters a = aws_client_counters(s->ctx->client);

	head(b, "looks_total", "counter", "Looks at the account, by result.");
	add(b, "metlo_mirror_looks_total{result=\"ok\"} %zu\n", c->ok);
	add(b, "metlo_mirror_looks_total{result=\"failed\"} %zu\n", c->failed);
	one(b, "last_ok_timestamp_seconds", "gauge",
	    "When the last look ended well; 0: none yet.", (double)c->last_ok);
	head(b, "session_changes_total", "counter",
	     "Mirror sessions added, changed and removed.");
	add(b, "metlo_mirror_session_changes_total{change=\"added\"} %zu\n",
	    c->added);
	add(b, "metlo_mirror_session_changes_total{change=\"changed\"} %zu\n",
	    c->changed);
	add(b, "metlo_mirror_session_changes_total{change=\"removed\"} %zu\n",
	    c->removed);
	one(b, "rollbacks_total", "counter",
	    "Changes that failed and were taken back.", (double)c->rolled_back);
	one(b, "interfaces_refused", "gauge",
	    "Network interfaces that AWS refuses to mirror.",
	    (double)s->refused.n);
	head(b, "interfaces_wanted", "gauge",
	     "Network interfaces of the sources.");
	for (size_t i = 0; i < s->gauges.n; i++)
		add(b,
		    "metlo_mirror_interfaces_wanted{deployment=\"%s\"} %zu\n",
		    s->gauges.items[i].deployment, s->gauges.items[i].wanted);
	head(b, "sessions", "gauge", "Mirror sessions.");
	for (size_t i = 0; i < s->gauges.n; i++)
		add(b, "metlo_mirror_sessions{deployment=\"%s\"} %zu\n",
		    s->gauges.items[i].deployment, s->gauges.items[i].sessions);
	one(b, "aws_calls_total", "counter", "Calls to AWS.", (double)a.calls);
	one(b, "aws_throttled_total", "counter",
	    "Answers of AWS that there were too many calls.",
	    (double)a.throttled);
	one(b, "aws_retries_total", "counter",
	    "Calls to AWS that were repeated.", (double)a.retried);
}

/* A reader sees the old text or the new one. 0 or -errno. */
static int replace_file(const char *path, const struct buf *b)
{
	char *temporary;
	FILE *f;
	int rc = 0;

	if (asprintf(&temporary, "%s.tmp", path) < 0)
		return -ENOMEM;
	f = fopen(temporary, "we");
	if (!f)
		rc = -errno;
	if (f && fwrite(b->p, 1, b->len, f) != b->len)
		rc = -EIO;
	if (f && fclose(f) && !rc)
		rc = -errno;
	if (!rc && rename(temporary, path))
		rc = -errno;
	if (f && rc)
		unlink(temporary);
	free(temporary);
	return rc;
}

bool sync_metrics(struct sync *s, bool ok)
{
	const char *path = s->ctx->settings.metrics;
	struct buf b = {0};
	int rc;

	if (ok) {
		s->counts.ok++;
		s->counts.last_ok = (int64_t)time(NULL);
	} else {
		s->counts.failed++;
	}
	if (!path)
		return true;
	write_metrics(s, &b);
	rc = b.failed ? -ENOMEM : replace_file(path, &b);
	buf_free(&b);
	if (rc)
		log_error(&s->ctx->log, "%s: cannot be written: %s", path,
			  strerror(-rc));
	return !rc;
}
