/* SPDX-License-Identifier: MIT */
/*
 * Feeds lines of standard input to the Metlo sink, for tests that kill it:
 *
 *	feed_metlo URL KEY SPOOL|- [CA-FILE [SPOOL-LIMIT]]
 *
 * Prints "STORED TAKEN WAITING" whenever one of these changes: lines written to
 * the spool, lines the collector has accepted (of earlier runs too), lines that
 * wait. At the end it prints all counters as JSON. Retries are fast.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "metlo/conf.h"
#include "metlo/ingest.h"
#include "output/output.h"

static const struct delivery_times times = {
	.age = 10 * NSEC_PER_MSEC,
	.backoff_base = 5 * NSEC_PER_MSEC,
	.backoff_cap = 40 * NSEC_PER_MSEC,
	.recheck = 50 * NSEC_PER_MSEC,
	.retry_after = NSEC_PER_SEC,
	.request = 5 * NSEC_PER_SEC,
	.idle = NSEC_PER_SEC / 5,
	.drain = 5 * NSEC_PER_SEC,
	.drain_spool = NSEC_PER_SEC,
	.stall = 5 * NSEC_PER_SEC,
};

struct feed {
	struct output *output;
	struct buf in;
	unsigned long long submitted, stored, taken, waiting;
	bool end;
};

static void die(const char *what)
{
	fprintf(stderr, "feed_metlo: %s\n", what);
	exit(1);
}

/* Reads what is available and submits its complete lines. */
static void read_lines(struct feed *f)
{
	struct buf lines = {0};
	unsigned int n = 0;
	uint8_t *room = buf_reserve(&f->in, 64 << 10);
	uint8_t *p, *newline;
	ssize_t got = room ? read(STDIN_FILENO, room, 64 << 10) : 0;

	if (got <= 0) {
		f->end = true;
		return;
	}
	f->in.len += (size_t)got;
	p = f->in.p;
	while ((newline = memchr(p, '\n', f->in.len - (size_t)(p - f->in.p)))) {
		p = newline + 1;
		n++;
	}
	buf_add(&lines, f->in.p, (size_t)(p - f->in.p));
	f->in.len -= lines.len;
	memmove(f->in.p, p, f->in.len);
	f->submitted += n;
	output_submit(f->output, 0, 0, &lines, n);
	buf_free(&lines);
}

static void report(struct feed *f)
{
	struct output_stats s;
	unsigned long long stored = f->stored;

	output_sink_stats(f->output, 0, &s);
	/* Neither in the queue nor in memory, so it is in the spool. */
	if (!s.bytes_queued)
		stored = f->submitted;
	if (stored == f->stored && s.written == f->taken &&
	    s.spooled == f->waiting)
		return;
	f->stored = stored;
	f->taken = s.written;
	f->waiting = s.spooled;
	printf("%llu %llu %llu\n", f->stored, f->taken, f->waiting);
	fflush(stdout);
}

static void report_all(struct output *o)
{
	struct output_stats s;
	const char *separator = "{";

	output_sink_stats(o, 0, &s);
#define ONE(name, ...)                             \
	printf("%s\"%s\": %llu", separator, #name, \
	       (unsigned long long)s.name);        \
	separator = ", ";
	OUTPUT_COUNTERS(ONE)
#undef ONE
	printf("}\n");
}

int main(int argc, char **argv)
{
	const struct log log = {stderr, "feed_metlo", LOG_LEVEL_WARN};
	static struct ingest_conf metlo = {.spool_limit = 1 << 30,
					   .times = &times};
	static const struct output_sink sink = {
		.ops = &ingest_sink, .destination = "metlo", .conf = &metlo};
	const struct output_conf conf = {.sinks = &sink,
					 .n_sinks = 1,
					 .workers = 1,
					 .queue_limit = 64 << 20,
					 .log = &log};
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	struct feed f = {0};
	char why[256];
	int code;

	if (argc < 4)
		die("URL KEY SPOOL|- [CA-FILE [SPOOL-LIMIT]]");
	signal(SIGPIPE, SIG_IGN);
	if (!ingest_url_parse(&metlo.url, argv[1], why, sizeof(why)))
		die(why);
	ingest_conf_trace(&metlo);
	snprintf(metlo.key, sizeof(metlo.key), "%s", argv[2]);
	metlo.spool = strcmp(argv[3], "-") ? argv[3] : NULL;
	if (argc > 4 && *argv[4])
		metlo.ca_file = argv[4];
	if (argc > 5)
		metlo.spool_limit = strtoull(argv[5], NULL, 10);
	f.output = output_new(&conf);
	if (!f.output)
		return 1;
	while (!f.end) {
		if (poll(&in, 1, 2) > 0)
			read_lines(&f);
		report(&f);
	}
	buf_free(&f.in);
	code = output_end(f.output) ? 1 : 0;
	report_all(f.output);
	output_close(f.output, NULL);
	return code;
}
