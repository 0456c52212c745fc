/* SPDX-License-Identifier: MIT */
/*
 * Runs the pipeline of one worker on a capture file, in packet time: timers see
 * the time stamps of the packets, whatever the speed.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit.h"
#include "capture/sandbox.h"
#include "pcap/source.h"
#include "cli/cmd_replay.h"
#include "cli/replay_decoder.h"
#include "cli/hints.h"
#include "cli/tls_keys.h"
#include "run/confine.h"
#include "run/explain.h"
#include "run/pipeline.h"
#include "run/summary.h"
#include "run/sinks.h"

#define TICK_NS	      (10 * NSEC_PER_MSEC)  /* of packet time */
#define PROGRESS_NS   (200 * NSEC_PER_MSEC) /* of the wall clock */
#define SLEEP_NS      (50 * NSEC_PER_MSEC)  /* between ticks at real speed */
#define CHECK_PACKETS 256 /* between checks of clock and output */
#define FRAMES	      32u /* read at a time */
/* Replay blocks on a slow output, so a longer queue would gain nothing. */
#define QUEUE_MAX (4u << 20)

/* Seed of the hash behind --sample. Constant, so that every replay of a file
 * selects the same connections. */
#define SAMPLE_SEED 0x9e3779b97f4a7c15ull

struct replay {
	const struct settings *settings;
	const struct log *log;
	struct pcap_source *source;
	struct replay_decoder *decoder;
	struct sinks sinks;
	struct tls_keys keys;
	struct output *output;
	struct pipeline *pipeline;
	struct hints *hints;
	struct rules *rules;
	struct metlo_config config; /* for reassembled segments */
	struct explain *explain;    /* with -vv */
	FILE *summary;		    /* of --summary, or NULL */
	/* Records not yet passed to the pipeline. */
	struct metlo_rec rec[STREAM_BATCH];
	struct stream_input in[STREAM_BATCH];
	unsigned int n_in;
	uint64_t packets, next_check;
	uint64_t now_ns;	     /* latest packet time */
	uint64_t last_tick_ns;	     /* in packet time */
	uint64_t first_ns, start_ns; /* packet time and wall clock then */
	bool complete;		     /* the file was read to its end */
	bool live;		     /* input is a pipe: report at once */
	bool progress;
	uint64_t next_progress_ns;
	char error[PCAP_ERROR_SIZE];
};

/* Set by the signal handler. SA_RESETHAND makes a second signal fatal. */
static volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number)
{
	(void)signal_number;
	stop_requested = 1;
}

/* Without SA_RESTART, so that a signal interrupts a read from an idle pipe. */
static void catch_signals(void)
{
	struct sigaction sa = {.sa_handler = request_stop,
			       .sa_flags = (int)SA_RESETHAND};

	stop_requested = 0;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static void print_progress(struct replay *r, bool last)
{
	uint64_t now = clock_mono_ns(), size = pcap_source_size(r->source);

	if (!r->progress || (!last && now < r->next_progress_ns))
		return;
	r->next_progress_ns = now + PROGRESS_NS;
	if (last) {
		fputs("\r\033[K", stderr);
		return;
	}
	fprintf(stderr, "\r\033[K%llu packets, %llu transactions",
		(unsigned long long)r->packets,
		(unsigned long long)pipeline_http_stats(r->pipeline)
			->transactions);
	if (size)
		fprintf(stderr, ", %llu%%",
			(unsigned long long)(pcap_source_position(r->source) *
					     100 / size));
	fflush(stderr);
}

static void flush_records(struct replay *r)
{
	if (r->n_in)
		pipeline_records(r->pipeline, r->in, r->n_in);
	r->n_in = 0;
}

/* Passes pending records on first, so that the tick keeps its place among
 * them. */
static void tick(struct replay *r, uint64_t now_ns)
{
	flush_records(r);
	tls_keys_poll(&r->keys);
	r->last_tick_ns = now_ns;
	pipeline_tick(r->pipeline, now_ns);
}

/* Sleeps until a packet is due, while timers keep running. */
static void wait_for(struct replay *r, uint64_t ts_ns)
{
	struct timespec slice = {0};
	uint64_t passed, due = ts_ns > r->first_ns ? ts_ns - r->first_ns : 0;

	while (!stop_requested) {
		passed = clock_mono_ns() - r->start_ns;
		if (passed >= due)
			return;
		if (r->first_ns + passed > r->now_ns)
			r->now_ns = r->first_ns + passed;
		tick(r, r->now_ns);
		slice.tv_nsec = (long)(due - passed < SLEEP_NS ? due - passed
							       : SLEEP_NS);
		nanosleep(&slice, NULL);
	}
}

static void emit_record(void *ctx, const struct metlo_rec *rec,
			const uint8_t *payload)
{
	struct replay *r = ctx;

	if (r->n_in == STREAM_BATCH)
		flush_records(r);
	r->rec[r->n_in] = *rec;
	r->in[r->n_in] = (struct stream_input){&r->rec[r->n_in], payload};
	r->n_in++;
}

static void replay_frame(struct replay *r, const struct pcap_frame *f)
{
	int outcome;

	if (!r->packets++) {
		r->first_ns = r->now_ns = r->last_tick_ns = f->ts_ns;
		r->start_ns = clock_mono_ns();
	}
	if (r->settings->speed == REPLAY_REAL)
		wait_for(r, f->ts_ns);
	if (f->ts_ns > r->now_ns)
		r->now_ns = f->ts_ns;
	if (r->now_ns - r->last_tick_ns >= TICK_NS)
		tick(r, r->now_ns);
	outcome = replay_decoder_feed(r->decoder, f, emit_record, r);
	if (r->settings->kernel)
		flush_records(
			r); /* they point into a ring that the next frame reuses */
	if (outcome != METLO_delivered && outcome != METLO_no_payload &&
	    outcome != DECODER_UNKNOWN)
		hints_frame(r->hints, f->data, f->caplen, f->wire_len,
			    (enum metlo_outcome)outcome);
	if (r->live)
		tick(r, r->now_ns);
}

/* Processes the whole file. Returns an exit code. */
static int replay_file(struct replay *r)
{
	struct pcap_frame frames[FRAMES];
	int more = 1;

	while (!stop_requested) {
		more = pcap_source_batch(r->source, frames, FRAMES, r->error);
		if (more == -EINPROGRESS)
			continue; /* only blocks without packets so far */
		if (more <= 0)
			break;
		for (int i = 0; i < more && !stop_requested; i++)
			replay_frame(r, &frames[i]);
		flush_records(r);
		if (r->packets < r->next_check)
			continue;
		r->next_check = r->packets + CHECK_PACKETS;
		print_progress(r, false);
		if (output_broken(r->output) || pipeline_failed(r->pipeline))
			break;
	}
	pipeline_flush(r->pipeline, r->now_ns);
	print_progress(r, true);
	if (pipeline_failed(r->pipeline)) {
		log_error(
			r->log,
			"out of memory: transactions are missing: lower --memory or --max-flows");
		return EXIT_FAILED;
	}
	r->complete = more == 0;
	if (more >= 0 || stop_requested)
		return EXIT_DONE;
	log_error(r->log, "%s: cannot read beyond packet %llu: %s",
		  r->settings->subject, (unsigned long long)r->packets,
		  r->error);
	return EXIT_FAILED;
}

/* What the file held, as a JSON object. */
static void write_input(FILE *f, const struct pcap_stats *s)
{
	const char *comma = "";

	fputs("\"input\":{", f);
#define INPUT_MEMBER(name, ...)                   \
	fprintf(f, "%s\"" #name "\":%llu", comma, \
		(unsigned long long)s->name);     \
	comma = ",";
	PCAP_COUNTERS(INPUT_MEMBER)
#undef INPUT_MEMBER
	fputs("},", f);
}

static int write_summary(struct replay *r, const struct summary *s)
{
	FILE *f = r->summary;

	fputs("{\"command\":\"replay\",\"file\":", f);
	summary_json_string(f, r->settings->subject);
	fputc(',', f);
	write_input(f, pcap_source_stats(r->source));
	summary_json_members(f, s);
	fputs("}\n", f);
	if (fflush(f) == 0 && !ferror(f))
		return EXIT_DONE;
	log_error(r->log, "--summary %s: write error: %s: check the free space",
		  r->settings->summary, strerror(errno));
	return EXIT_FAILED;
}

static void warn_of_input(const struct replay *r)
{
	const struct pcap_stats *s = pcap_source_stats(r->source);

	if (s->unsupported_link)
		log_warn(
			r->log,
			"unsupported_link %llu: packets of interfaces whose link type is not supported were skipped",
			(unsigned long long)s->unsupported_link);
	if (s->bad_blocks)
		log_warn(r->log,
			 "bad_blocks %llu: damaged packet blocks were skipped",
			 (unsigned long long)s->bad_blocks);
}

static void print_result(struct replay *r, const struct summary *s)
{
	struct summary_loss loss[SUMMARY_LOSSES_MAX];
	size_t i, n = summary_losses(s, loss);

	for (i = 0; i < n; i++)
		if (loss[i].value)
			log_warn(r->log, "%s %llu: %s", loss[i].counter,
				 (unsigned long long)loss[i].value,
				 loss[i].remedy);
	warn_of_input(r);
	summary_log(r->log, s);
	if (r->settings->verbose)
		summary_text(r->log->out, s);
	if (!s->http->transactions && r->hints)
		hints_print(r->hints, s->packets, s->http, s->tls, r->log,
			    r->complete &&
				    !pcap_source_stats(r->source)->bad_blocks);
}

/* Closes the output and reports all counters. Returns an exit code. */
static int finish(struct replay *r)
{
	struct counters_vni *vnis = NULL;
	struct metlo_stats packets = {0};
	struct summary_sink sinks[SUMMARY_SINKS_MAX];
	struct output_stats output;
	struct summary s = {
		.packets = &packets,
		.fragments = pipeline_fragment_stats(r->pipeline),
		.stream = pipeline_stream_stats(r->pipeline),
		.http = pipeline_http_stats(r->pipeline),
		.http2 = pipeline_http2_stats(r->pipeline),
		.tls = pipeline_tls_stats(r->pipeline),
		.quic = pipeline_quic_stats(r->pipeline),
		.selection = pipeline_selection_stats(r->pipeline),
		.output = &output,
		.sinks = sinks,
	};
	int code = EXIT_DONE;

	if (output_end(r->output) < 0)
		code = EXIT_FAILED;
	s.n_sinks = summary_read_output(r->output, &output, sinks);
	if (replay_decoder_counters(r->decoder, &packets, &vnis, &s.n_vnis,
				    r->log))
		code = EXIT_FAILED;
	if (vnis)
		summary_sort_vnis(vnis, s.n_vnis);
	s.vnis = vnis;
	print_result(r, &s);
	if (r->summary && write_summary(r, &s))
		code = EXIT_FAILED;
	free(vnis);
	return code;
}

static int open_summary(struct replay *r)
{
	const char *path = r->settings->summary;

	if (!path)
		return EXIT_DONE;
	r->summary = strcmp(path, "-") ? fopen(path, "we") : stdout;
	if (r->summary)
		return EXIT_DONE;
	log_error(r->log, "--summary %s: cannot open for writing: %s", path,
		  strerror(errno));
	return EXIT_FAILED;
}

static int make_rules(struct replay *r)
{
	struct rules_views views;
	int err;

	rules_views(&views, r->settings);
	err = rules_load(&r->rules, r->settings, &views, 1, r->log);
	return err == -EINVAL ? EXIT_USAGE : err ? EXIT_FAILED : EXIT_DONE;
}

static int open_output(struct replay *r)
{
	const struct settings *s = r->settings;
	const uint64_t limit = pipeline_queue_limit(s);
	struct output_sink sinks[OPT_LIST_MAX];
	const struct output_conf conf = {
		.sinks = sinks,
		.n_sinks = sinks_list(&r->sinks, s, &r->rules->views, sinks),
		.workers = 1,
		.queue_limit = limit < QUEUE_MAX ? limit : QUEUE_MAX,
		.blocking = true,
		.log = r->log,
	};

	r->output = output_new(&conf);
	return r->output ? EXIT_DONE : EXIT_FAILED;
}

static int open_stages(struct replay *r)
{
	struct pipeline_conf pc = {.settings = r->settings,
				   .rules = r->rules,
				   .config = &r->config,
				   .workers = 1,
				   .keys = r->keys.table,
				   .output = r->output};
	int code = EXIT_FAILED;

	settings_to_config(r->settings, &r->config);
	r->config.hash_seed = SAMPLE_SEED;
	if (getrandom(pc.seed, sizeof(pc.seed), 0) != sizeof(pc.seed))
		pc.seed[0] = clock_real_ns();
	r->decoder =
		replay_decoder_new(r->settings, SAMPLE_SEED, r->log, &code);
	if (!r->decoder)
		return code;
	if (r->settings->verbose > 1) {
		r->explain = explain_new(r->log->out);
		pc.event = r->explain ? explain_event : NULL;
		pc.event_ctx = r->explain;
	}
	r->pipeline = pipeline_new(&pc);
	r->hints = hints_new(r->settings);
	if (r->pipeline && r->hints)
		return EXIT_DONE;
	log_error(r->log, "cannot start: %s; lower --memory or --max-flows",
		  strerror(errno));
	return EXIT_FAILED;
}

/* Unless packets come as they are captured, all keys are there before them. */
static int open_keys(struct replay *r)
{
	const bool embedded = pcap_source_has_secrets(r->source);

	if (embedded)
		pcap_source_on_secrets(r->source, tls_keys_embedded, &r->keys);
	return tls_keys_open(&r->keys, r->settings, embedded, !r->live, r->log);
}

/* Progress is for terminals, unless transactions are printed there too. */
static bool wants_progress(const struct settings *s)
{
	unsigned int i;

	for (i = 0; i < s->outputs.n; i++)
		if (!strcmp(s->outputs.item[i], "ndjson:-") &&
		    isatty(STDOUT_FILENO))
			return false;
	return isatty(STDERR_FILENO);
}

int cmd_replay(struct invocation *inv)
{
	struct replay r = {.settings = &inv->settings, .log = &inv->log};
	const char *path = inv->settings.subject;
	int code = EXIT_FAILED, end;

	catch_signals();
	if (sandbox_prepare(r.log))
		return EXIT_FAILED;
	end = sinks_setup(&r.sinks, r.settings, NULL, r.log);
	if (end == -EINVAL)
		code = EXIT_USAGE;
	if (end)
		goto out;
	/* Open the output before the capture file, which could otherwise become
	 * file descriptor 1 if standard output is closed. */
	code = make_rules(&r);
	if (code != EXIT_DONE)
		goto out;
	code = EXIT_FAILED;
	if (open_output(&r) || open_summary(&r))
		goto out;
	r.source = pcap_source_open(path, r.error);
	if (!r.source) {
		log_error(&inv->log, "%s: %s", path, r.error);
		goto out;
	}
	r.live = !pcap_source_size(r.source);
	if (open_keys(&r))
		goto out;
	code = open_stages(&r);
	if (code != EXIT_DONE)
		goto out;
	r.progress = wants_progress(r.settings) && !r.explain;
	confine_start(r.settings, false, r.log);
	code = replay_file(&r);
	end = finish(&r);
	if (code == EXIT_DONE)
		code = end;
out:
	hints_free(r.hints);
	pipeline_free(r.pipeline);
	explain_free(r.explain);
	rules_free(r.rules);
	replay_decoder_free(r.decoder);
	pcap_source_free(r.source);
	tls_keys_close(&r.keys);
	if (r.output)
		output_close(r.output, NULL);
	sinks_teardown(&r.sinks);
	if (r.summary && r.summary != stdout && fclose(r.summary) != 0)
		code = EXIT_FAILED;
	sandbox_report(&inv->log);
	return code;
}
