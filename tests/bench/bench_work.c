/* SPDX-License-Identifier: MIT */
/*
 * Feeds the real pipeline (stream, HTTP, masks, NDJSON lines to /dev/null) with
 * input that is as expensive as a client or server can make it, one scenario at
 * a time, at two sizes. Under callgrind, test_work.sh compares the instructions
 * per byte and per packet of each with those of ordinary traffic.
 *
 *	bench_work [SCENARIO]
 *
 * Prints a line for each run: its name, packets, bytes received and decoded.
 * Built for counting; it measures no time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else /* nothing is counted, which test_work.sh notices */
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS_AT(name)
#endif

#include "base/clock.h"
#include "base/log.h"
#include "output/ndjson.h"
#include "run/pipeline.h"
#include "work.h"

#define SMALL 5000u
#define LARGE (10 * SMALL)

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The pipeline and the output are freed with the process. */
static struct pipeline *open_pipeline(const struct log *log)
{
	static const struct output_sink null = {
		.ops = &ndjson_sink, .destination = "ndjson:/dev/null"};
	const struct output_conf out = {
		.sinks = &null,
		.n_sinks = 1,
		.workers = 1,
		.queue_limit = 4u << 20,
		.blocking = true,
		.log = log,
	};
	struct settings *s = calloc(1, sizeof(*s));
	struct rules_views views;
	struct pipeline_conf conf = {.settings = s, .workers = 1};
	struct pipeline *p;

	if (!s)
		die("memory");
	s->body_limit = 64 << 10;
	s->max_flows = 10000;
	s->memory = 512 << 20;
	s->idle_timeout = 300;
	s->outputs = (struct string_list){{"ndjson:/dev/null"}, 1};
	s->redact_fields = (struct string_list){{"password"}, 1};
	s->redact_classes =
		(struct string_list){{"card,iban,ssn,jwt,aws-key,email"}, 1};
	s->exclude = (struct string_list){{"*/*a?a?a?a?a?a?a?a?a?a?a?b*"}, 1};
	rules_views(&views, s);
	conf.rules = rules_new(s, &views, 1);
	conf.output = output_new(&out);
	p = conf.rules && conf.output ? pipeline_new(&conf) : NULL;
	if (!p)
		die("pipeline");
	return p;
}

static void on_record(void *pipeline, const struct metlo_rec *rec,
		      const void *p)
{
	struct stream_input in = {rec, p};

	pipeline_records(pipeline, &in, 1);
}

static void on_tick(void *pipeline, uint64_t now)
{
	pipeline_tick(pipeline, now);
}

static void run(struct work_feed *f, const struct work_scenario *s, size_t n,
		const char *size)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", s->name, size);
	work_open(f);
	f->packets = f->bytes = 0;
	CALLGRIND_ZERO_STATS;
	s->run(f, n / s->divisor);
	CALLGRIND_DUMP_STATS_AT(name);
	printf("%s %llu %llu\n", name, (unsigned long long)f->packets,
	       (unsigned long long)f->bytes);
	work_close(f);
}

int main(int argc, char **argv)
{
	const struct log log = {.out = stderr, .program = "bench_work"};
	struct work_feed f = {
		.record = on_record,
		.tick = on_tick,
		.now = 1700000000 * NSEC_PER_SEC,
	};
	const struct work_scenario *s;

	f.ctx = open_pipeline(&log);
	for (s = work_scenarios; s->name; s++) {
		if (argc > 1 && strcmp(argv[1], s->name) != 0)
			continue;
		run(&f, s, SMALL, "warm-up");
		run(&f, s, SMALL, "small");
		run(&f, s, LARGE, "large");
	}
	fflush(stdout);
	_exit(0);
}
