/* SPDX-License-Identifier: MIT */
/*
 * Writes the lines of its queue to an outfile. A failed write drops the lines
 * that did not arrive, and the next write tries again: a full disk may be freed
 * at any time. Only a reader that closed the
 * other end, or stopped reading, is final.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "output/logfile.h"
#include "output/ndjson.h"
#include "output/outfile.h"
#include "output/short_line.h"
#include "output/terminal.h"

#define PREFIX "ndjson:"
/* Memory for short lines that is kept between groups. */
#define SHORT_KEEP (64 * 1024)
/* An error is reported for this long after the last failed write. */
#define ERROR_NS (10 * NSEC_PER_SEC)

struct ndjson {
	struct sink_conf conf;
	struct logfile_rules rules;
	struct outfile file;
	struct terminal *terminal; /* short lines for people; NULL: NDJSON */
	struct buf text;	   /* those of a group */
	enum { WRITING, FAILING, FAILED } state; /* of the last write */
	bool torn;   /* the last line lacks its end */
	int stop_fd; /* readable: stop waiting for the reader */
	atomic_bool failed;
	const char *_Atomic error; /* static text, NULL: none */
	_Atomic uint64_t
		error_ns; /* CLOCK_MONOTONIC, of the last failed write */
	_Atomic uint64_t written, dropped, bytes_written;
};

/* --- settings ---------------------------------------------------------- */

struct ndjson_settings {
	uint64_t rotate_size;	/* bytes, 0: never */
	double rotate_interval; /* seconds, 0: never */
	uint32_t rotate_keep;	/* files, 0: all */
	enum { COMPRESS_NONE, COMPRESS_ZSTD } rotate_compress;
};

_Static_assert(sizeof(struct ndjson_settings) <= SINK_SETTINGS_MAX, "fits");

#define FIELD(member) .offset = offsetof(struct ndjson_settings, member)

static const char *const compress_names[] = {"none", "zstd", NULL};

static const struct opt options[] = {
	{"rotate-size", .type = OPT_SIZE, FIELD(rotate_size), .min = 0,
	 .max = 1ull << 50, .initial = "0", .metavar = "SIZE",
	 .help = "start a new file when an ndjson:PATH would exceed this size; the old one becomes PATH.20261126T111508.123Z; 0: never"},
	{"rotate-interval", .type = OPT_SECONDS, FIELD(rotate_interval),
	 .min = 0, .max = 366 * 86400, .initial = "0", .metavar = "S",
	 .help = "also start one when the clock (UTC) reaches a multiple of this, such as 1h or 86400; rounded up to whole seconds; 0: never"},
	{"rotate-keep", .type = OPT_U32, FIELD(rotate_keep), .min = 0,
	 .max = 1000000, .initial = "0", .metavar = "N",
	 .help = "delete all but the newest N rotated files; 0: keep all"},
	{"rotate-compress", .type = OPT_ENUM, FIELD(rotate_compress),
	 .names = compress_names, .initial = "none", .metavar = "FORMAT",
	 .help = "zstd: compress rotated files in the background, which become PATH.20261126T111508.123Z.zst; none"},
	{.name = NULL},
};

static const char *const completions[] = {"ndjson:-", "ndjson:/", NULL};

static bool accepts(const char *destination)
{
	const size_t n = strlen(PREFIX);

	return !strncmp(destination, PREFIX, n) && destination[n];
}

static int setup(const struct sink_setup *setup, void **conf)
{
	const struct ndjson_settings *s = setup->settings;
	struct ndjson_conf *made;
	struct logfile_rules *rules;

	if (setup->document && (s->rotate_size || s->rotate_interval > 0)) {
		log_error(
			setup->log,
			"--format har writes one document, which cannot be rotated: remove --rotate-size and --rotate-interval");
		return -EINVAL;
	}
	made = calloc(1, sizeof(*made));
	if (!made) {
		log_error(setup->log, "output: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	made->text = setup->text;
	rules = &made->rules;
	rules->rotate_size = s->rotate_size;
	/* Round up so that 0.5 s does not become 0 (never). */
	rules->rotate_interval = (uint64_t)(s->rotate_interval + 0.999);
	rules->rotate_keep = s->rotate_keep;
	rules->compress = s->rotate_compress == COMPRESS_ZSTD;
	rules->empty = setup->document;
	rules->owner = setup->owner;
	rules->access = setup->access;
	*conf = made;
	return 0;
}

/* --- the thread -------------------------------------------------------- */

/* How many transactions are in the first bytes of a group. *torn: do they end
 * within a line? Of a slice that is cut, lines of transactions that have only
 * begun count, too, but never more than it has transactions. */
static unsigned int whole_lines(const struct queue_group *g, uint64_t bytes,
				bool *torn)
{
	unsigned int i, n = 0, lines = 0;
	const uint8_t *p;

	*torn = false;
	for (i = 0; i < g->n && bytes >= g->slice[i].len; i++) {
		bytes -= g->slice[i].len;
		n += g->slice[i].n;
	}
	if (i == g->n || !bytes)
		return n;
	p = g->slice[i].p;
	*torn = p[bytes - 1] != '\n';
	for (; bytes && lines < g->slice[i].n; bytes--)
		lines += *p++ == '\n';
	return n + lines;
}

static void report_error(struct ndjson *w, int err)
{
	const struct log *log = w->conf.log;
	const char *name = w->file.name;
	const bool first = w->state == WRITING;

	w->state = err == EPIPE || err == ETIMEDOUT ? FAILED : FAILING;
	if (w->state == FAILED)
		atomic_store(&w->failed, true);
	if (err == EPIPE)
		log_info(log, "%s: its reader has closed it", name);
	else if (err == ETIMEDOUT)
		log_error(
			log,
			"%s: its reader does not read: dropping what is queued",
			name);
	else if (first)
		log_error(
			log,
			"%s: cannot be written: %s: dropping transactions until it can",
			name, strerror(err));
	atomic_store(&w->error_ns, clock_mono_ns());
	atomic_store(&w->error, err == EPIPE	   ? "its reader has closed it"
				: err == ETIMEDOUT ? "its reader does not read"
						   : strerrordesc_np(err));
}

/* Sets *s to the short forms of all lines of a group. false: out of memory. */
static bool shorten(struct ndjson *w, const struct queue_group *g,
		    struct slice *s)
{
	const struct short_style *style = terminal_style(w->terminal);
	const uint8_t *p, *end, *lf;

	buf_give_back(&w->text, SHORT_KEEP);
	for (unsigned int i = 0; i < g->n; i++) {
		p = g->slice[i].p;
		end = p + g->slice[i].len;
		for (; p < end; p = lf + 1) {
			lf = memchr(p, '\n', (size_t)(end - p)) ?: end;
			short_line(&w->text, style, p, (size_t)(lf - p));
		}
	}
	s->p = w->text.p;
	s->len = w->text.len;
	s->n = g->transactions;
	return !w->text.failed;
}

/* Returns how many transactions of the group, counted from its start, were
 * written. */
static unsigned int write_group(struct ndjson *w, struct queue_group *g)
{
	static char newline[] = "\n";
	struct iovec iov[QUEUE_GROUP + 1];
	struct queue_group text = {.n = 1, .transactions = g->transactions};
	unsigned int i, lines;
	uint64_t done;
	int n = 0, err;

	if (w->state == FAILED)
		return 0;
	if (w->terminal) {
		if (!shorten(w, g, &text.slice[0])) {
			report_error(w, ENOMEM);
			return 0;
		}
		g = &text;
	}
	if (w->torn)
		iov[n++] = (struct iovec){newline, 1};
	for (i = 0; i < g->n; i++)
		iov[n++] =
			(struct iovec){(void *)g->slice[i].p, g->slice[i].len};
	done = outfile_write(&w->file, iov, n, w->stop_fd);
	err = errno;
	if (w->torn && done) {
		w->torn = false;
		done--;
	}
	if (!err) {
		if (w->state == FAILING)
			log_info(w->conf.log, "%s can be written again",
				 w->file.name);
		w->state = WRITING;
		atomic_store(&w->error, NULL);
		return g->transactions;
	}
	lines = done ? whole_lines(g, done, &w->torn) : 0;
	report_error(w, err);
	return lines;
}

static void *run(void *sink)
{
	struct ndjson *w = sink;
	struct queue *q = w->conf.queue;
	const unsigned int index = w->conf.index;
	struct queue_group g;
	unsigned int written;
	bool full;

	if (w->terminal)
		terminal_enter(w->terminal);
	while (queue_wait(q, index)) {
		queue_dequeue(q, index, &g);
		if (!g.n) {
			outfile_tick(&w->file);
			continue;
		}
		written = write_group(w, &g);
		atomic_fetch_add(&w->written, written);
		atomic_fetch_add(&w->dropped, g.transactions - written);
		if (written == g.transactions)
			atomic_fetch_add(&w->bytes_written,
					 w->terminal ? w->text.len : g.bytes);
		full = g.n == QUEUE_GROUP;
		queue_release(q, index, &g);
		if (!full)
			queue_coalesce(q, index);
	}
	return NULL;
}

/* --- for other threads ------------------------------------------------- */

static void stop(void *sink)
{
	struct ndjson *w = sink;
	const uint64_t one = 1;

	while (write(w->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static bool failed(const void *sink)
{
	const struct ndjson *w = sink;

	return atomic_load(&w->failed);
}

/* The error expires because only another write can show that it is gone: a load
 * balancer that stops sending traffic on its account would wait forever. */
static const char *last_error(void *sink, bool *transient)
{
	struct ndjson *w = sink;
	const char *error = atomic_load(&w->error);
	const uint64_t age = clock_mono_ns() - atomic_load(&w->error_ns);

	*transient = false;
	return failed(w) || age < ERROR_NS ? error : NULL;
}

static void reopen(void *sink)
{
	struct ndjson *w = sink;

	outfile_request_reopen(&w->file);
	queue_wake(w->conf.queue, w->conf.index);
}

static void tick(void *sink)
{
	struct ndjson *w = sink;

	if (w->rules.rotate_interval)
		queue_wake(w->conf.queue, w->conf.index);
}

static void stats(void *sink, struct output_stats *stats)
{
	struct ndjson *w = sink;

	stats->written = atomic_load(&w->written);
	stats->dropped_error = atomic_load(&w->dropped);
	stats->bytes_written = atomic_load(&w->bytes_written);
}

/* --- opening and closing ----------------------------------------------- */

static int close_sink(void *sink)
{
	struct ndjson *w = sink;

	return outfile_close(&w->file, w->conf.log);
}

static void free_sink(void *sink)
{
	struct ndjson *w = sink;

	if (!w)
		return;
	close_sink(w);
	if (w->stop_fd >= 0)
		close(w->stop_fd);
	terminal_free(w->terminal);
	buf_free(&w->text);
	free(w);
}

static void *open_sink(const struct sink_conf *conf)
{
	const char *path = conf->destination + strlen(PREFIX);
	const struct ndjson_conf *made = conf->conf;
	struct ndjson *w = calloc(1, sizeof(*w));
	const bool text = made && made->text && !strcmp(path, "-");

	if (!w) {
		log_error(conf->log, "output: %s", strerror(errno));
		return NULL;
	}
	w->conf = *conf;
	if (made)
		w->rules = made->rules;
	if (text)
		w->terminal = terminal_new(STDOUT_FILENO);
	w->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (w->stop_fd < 0 || (text && !w->terminal))
		log_error(conf->log, "output: %s", strerror(errno));
	else if (!outfile_open(&w->file, path, conf->blocking, &w->rules,
			       conf->log))
		return w;
	free_sink(w);
	return NULL;
}

const struct sink_ops ndjson_sink = {
	.name = "ndjson",
	.usage =
		"ndjson:- (standard output), ndjson:PATH (a file, which is appended to)",
	.started = true,
	.completions = completions,
	.accepts = accepts,
	.options = options,
	.setup = setup,
	.teardown = free,
	.open = open_sink,
	.run = run,
	.stop = stop,
	.failed = failed,
	.last_error = last_error,
	.reopen = reopen,
	.tick = tick,
	.stats = stats,
	.close = close_sink,
	.free = free_sink,
};
