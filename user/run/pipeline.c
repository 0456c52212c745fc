/* SPDX-License-Identifier: MIT */
/*
 * Wires the stages of one worker together and divides --memory among them: a
 * half for HTTP heads and bodies, a quarter for out-of-order segments, a
 * quarter for the output queues. Fragments get a little on top.
 */
#include <errno.h>
#include <stdlib.h>

#include <linux/types.h>

#include "base/clock.h"
#include "http2/http2.h"
#include "quic/quic.h"
#include "run/pipeline.h"
#include "run/protocols.h"
#include "tls/tls.h"
#include "trace/har.h"
#include "trace/tls_line.h"
#include "trace/trace.h"

/* Lines are submitted in batches of this size, or with the next tick. */
#define BATCH_BYTES (64u << 10)
/* When to declare a hole lost if no ACK beyond it does so earlier. Longer than
 * a typical retransmission timeout. */
#define GAP_TIMEOUT_NS (2 * NSEC_PER_SEC)
/* Cap on the out-of-order memory of one connection. */
#define OOO_FLOW_MAX (1u << 20)
#define SHUNT_MIN    (64u << 10)

/* The lines of one view that have not been submitted yet. */
struct view {
	struct buf batch;
	unsigned int n;	  /* transactions in it */
	bool some;	  /* FORMAT_HAR: the document has entries */
	struct buf other; /* lines that only some sinks get */
	unsigned int n_other;
};

/* Of --memory, on top of the rest: for QUIC connections. */
#define QUIC_PART 32u
/* Memory for fragments: this part of --memory, within these limits. */
#define FRAGMENT_PART 64u
#define FRAGMENT_MIN  (256u << 10)
#define FRAGMENT_MAX  (4u << 20)

struct pipeline {
	struct stream_table *stream;
	struct fragment_table *fragments;
	struct metlo_config *config; /* if none was given */
	enum pipeline_route (*route)(void *ctx, const struct metlo_rec *rec,
				     const uint8_t *payload);
	void *route_ctx;
	void *engine[N_PROTOCOLS];
	struct quic_engine *quic;
	const struct rules *rules;
	struct selection *selection;
	struct output *output;
	unsigned int worker;
	uint64_t now_ns;  /* of the latest record or tick */
	int64_t clock_ns; /* see pipeline_set_clock() */
	struct view view[N_SINKS];
	enum line_format format;
	struct buf line; /* FORMAT_HAR: to be converted */
	struct sources *sources;
	struct requests requests;
	bool failed;
};

static void submit(struct pipeline *p, unsigned int i)
{
	struct view *v = &p->view[i];

	if (v->batch.len)
		output_submit(p->output, p->worker, i, &v->batch, v->n);
	if (v->n_other)
		output_submit_other(p->output, p->worker, i, &v->other,
				    v->n_other);
	v->n = v->n_other = 0;
}

static void submit_all(struct pipeline *p)
{
	unsigned int i;

	for (i = 0; i < p->rules->views.n; i++)
		submit(p, i);
}

static void write_entry(struct pipeline *p, struct view *v,
			const struct http_transaction *t,
			const struct trace_conf *conf)
{
	const size_t start = v->batch.len;

	buf_clear(&p->line);
	trace_write(&p->line, t, conf);
	if (!p->line.failed)
		har_entry(&v->batch, p->line.p, p->line.len, !v->some);
	v->batch.failed |= p->line.failed;
	p->line.failed = false;
	if (v->batch.failed)
		v->batch.len = start;
	else
		v->some = true;
}

static void write_lines(struct pipeline *p, const struct http_transaction *t)
{
	const bool started = t->progress == HTTP_STARTED;
	unsigned int i;

	for (i = 0; i < p->rules->views.n; i++) {
		struct view *v = &p->view[i];

		if (started && !p->rules->views.started[i])
			continue;
		if (p->format == FORMAT_HAR)
			write_entry(p, v, t, p->rules->trace[i]);
		else
			trace_write(&v->batch, t, p->rules->trace[i]);
		if (v->batch.failed) {
			p->failed = true;
			v->batch.failed = false;
			continue;
		}
		v->n += !started;
		if (v->batch.len >= BATCH_BYTES)
			submit(p, i);
	}
}

static void report(struct pipeline *p, const struct http_transaction *t)
{
	struct http_transaction copy;

	if (p->clock_ns) {
		copy = *t;
		copy.clock_ns = p->clock_ns;
		t = &copy;
	}
	write_lines(p, t);
}

static void count_transaction(struct pipeline *p,
			      const struct http_transaction *t)
{
	struct source_counts *c = &sources_of(p->sources, t->vni)->counts;

	sources_add(&c->transactions, 1);
	sources_add(&c->complete, t->request && t->response);
	requests_add(&p->requests, t);
}

static void count_stream(void *ctx, uint32_t vni, enum stream_count what)
{
	struct pipeline *p = ctx;
	struct source_counts *c = &sources_of(p->sources, vni)->counts;

	if (what == STREAM_COUNT_OPENED)
		sources_add(&c->connections, 1);
	else if (what == STREAM_COUNT_UNSEEN)
		sources_add(&c->unseen, 1);
	else
		sources_add(&c->ended, 1);
	if (what == STREAM_COUNT_ONE_SIDED)
		sources_add(&c->one_sided_connections, 1);
}

static void emit(void *ctx, const struct http_transaction *t)
{
	struct pipeline *p = ctx;

	count_transaction(p, t);
	if (selection_count(
		    p->selection,
		    t->progress == HTTP_ENDED
			    ? t->verdict
			    : selection_judge(p->selection, t, p->now_ns)))
		report(p, t);
}

/* Whether a transaction is reported is decided once, and counted at its end. */
static uint8_t started(void *ctx, const struct http_transaction *t)
{
	struct pipeline *p = ctx;
	const uint8_t verdict = selection_judge(p->selection, t, p->now_ns);

	if (verdict == SELECTION_selected)
		report(p, t);
	return verdict;
}

static void emit_tls(void *ctx, const struct tls_report *r)
{
	struct pipeline *p = ctx;
	struct tls_report copy = *r;

	sources_add(&sources_of(p->sources, r->vni)->counts.tls, 1);
	if (!selection_accept_tls(p->selection, r, p->now_ns))
		return;
	copy.clock_ns = p->clock_ns;
	for (unsigned int i = 0; i < p->rules->views.n; i++) {
		struct view *v = &p->view[i];

		tls_line_write(&v->other, &copy, p->rules->trace[i]);
		if (v->other.failed) {
			p->failed = true;
			v->other.failed = false;
			continue;
		}
		v->n_other++;
		if (v->other.len >= BATCH_BYTES)
			submit(p, i);
	}
}

static bool new_views(struct pipeline *p)
{
	unsigned int i;

	for (i = 0; i < p->rules->views.n; i++)
		if (!buf_reserve(&p->view[i].batch, BATCH_BYTES * 2))
			return false;
	for (i = 0; p->format == FORMAT_HAR && i < p->rules->views.n; i++)
		har_begin(&p->view[i].batch);
	return true;
}

/* TLS with keys also serves what it carries. */
static bool wanted(const struct pipeline *p, const struct pipeline_conf *conf,
		   unsigned int i)
{
	const enum record_kind kind = protocols[i]->kind;

	if (i == PROTOCOL_TLS && conf->keys)
		return true;
	return settings_report(conf->settings, kind) &&
	       (p->format != FORMAT_HAR || kind == RECORDS_HTTP);
}

static void carry(struct protocol_conf *engine, const struct protocol *protocol,
		  void *state)
{
	for (unsigned int i = engine->n_carried++; i > 0; i--)
		engine->carried[i] = engine->carried[i - 1];
	engine->carried[0] = (struct stream_binding){protocol->stream, state};
}

static bool new_engines(struct pipeline *p, const struct pipeline_conf *conf)
{
	struct protocol_conf engine = {
		.settings = conf->settings,
		.rules = conf->rules,
		.memory_limit = conf->settings->memory / 2 / conf->workers,
		.emit = emit,
		.started = started,
		.emit_tls = emit_tls,
		.emit_ctx = p,
		.keys = conf->keys,
		.worker = conf->worker,
		.event = conf->event,
		.event_ctx = conf->event_ctx,
	};

	/* From the last on, as those before may hand connections to it. */
	for (unsigned int i = N_PROTOCOLS; i-- > 0;) {
		if (!wanted(p, conf, i))
			continue;
		p->engine[i] = protocols[i]->create(&engine);
		if (!p->engine[i])
			return false;
		if (protocols[i]->kind == RECORDS_HTTP)
			carry(&engine, protocols[i], p->engine[i]);
		if (i == PROTOCOL_HTTP)
			engine.http = p->engine[i];
		if (i == N_PROTOCOLS - 1)
			engine.next = (struct stream_binding){
				protocols[i]->stream, p->engine[i]};
	}
	return true;
}

static struct stream_table *new_stream(struct pipeline *p,
				       const struct pipeline_conf *conf)
{
	const struct settings *s = conf->settings;
	uint64_t ooo = s->memory / 4 / conf->workers;
	uint32_t flows = s->max_flows / conf->workers;
	struct stream_conf stream = {
		.max_flows = flows ? flows : 1,
		.ooo_limit = ooo,
		.ooo_flow_limit = ooo / 2 < OOO_FLOW_MAX ? (uint32_t)(ooo / 2)
							 : OOO_FLOW_MAX,
		.gap_timeout_ns = GAP_TIMEOUT_NS,
		.idle_timeout_ns = (uint64_t)(s->idle_timeout * NSEC_PER_SEC),
		.shunt_min = SHUNT_MIN,
		.seed = {conf->seed[0], conf->seed[1]},
		.shunt = conf->shunt,
		.shunt_ctx = conf->shunt_ctx,
		.event = conf->event,
		.event_ctx = conf->event_ctx,
		.count = count_stream,
		.count_ctx = p,
	};

	for (unsigned int i = 0; i < N_PROTOCOLS; i++)
		if (p->engine[i])
			stream.protocols[stream.n_protocols++] =
				(struct stream_binding){protocols[i]->stream,
							p->engine[i]};
	return stream_new(&stream);
}

/* Not limited to those with a row among the protocols: these are of TCP. Without
 * --records quic it only counts. */
static bool new_quic(struct pipeline *p, const struct pipeline_conf *conf)
{
	const struct settings *s = conf->settings;
	const bool reports =
		settings_report(s, RECORDS_QUIC) && p->format != FORMAT_HAR;
	const struct quic_conf quic = {
		.memory_limit = s->memory / QUIC_PART / conf->workers,
		.collector = s->collector,
		.emit = reports ? emit_tls : NULL,
		.emit_ctx = p,
	};

	p->quic = quic_new(&quic);
	return p->quic != NULL;
}

/* A record that is no fragment. */
static void whole_record(struct pipeline *p, const struct metlo_rec *rec,
			 const uint8_t *payload)
{
	sources_record(p->sources, rec);
	if (rec->flags & METLO_REC_FRAGMENT)
		quic_record(p->quic, rec, payload);
	else
		stream_record(p->stream, rec, payload);
}

/* A record of a reassembled segment. */
static bool emit_segment(void *ctx, const struct metlo_rec *rec,
			 const uint8_t *payload)
{
	struct pipeline *p = ctx;
	enum pipeline_route route =
		p->route ? p->route(p->route_ctx, rec, payload) : ROUTE_OWN;

	if (route == ROUTE_OWN)
		whole_record(p, rec, payload);
	return route != ROUTE_DROPPED;
}

static bool new_fragments(struct pipeline *p, const struct pipeline_conf *conf)
{
	size_t limit = conf->settings->memory / FRAGMENT_PART / conf->workers;
	struct fragment_conf fc = {
		.config = conf->config,
		.memory_limit = limit < FRAGMENT_MIN   ? FRAGMENT_MIN
				: limit > FRAGMENT_MAX ? FRAGMENT_MAX
						       : limit,
		.emit = emit_segment,
		.ctx = p,
	};

	p->route = conf->route;
	p->route_ctx = conf->route_ctx;
	if (!fc.config) {
		p->config = calloc(1, sizeof(*p->config));
		if (!p->config)
			return false;
		settings_to_config(conf->settings, p->config);
		p->config->hash_seed = conf->seed[0];
		fc.config = p->config;
	}
	p->fragments = fragment_table_new(&fc);
	return p->fragments != NULL;
}

struct pipeline *pipeline_new(const struct pipeline_conf *conf)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return NULL;
	p->format = conf->settings->format;
	p->output = conf->output;
	p->worker = conf->worker;
	p->rules = conf->rules;
	requests_init(&p->requests);
	if ((p->sources = sources_new()) && new_views(p) &&
	    (p->selection = selection_new(conf->seed[0])) &&
	    new_engines(p, conf) && new_quic(p, conf) &&
	    (p->stream = new_stream(p, conf)) && new_fragments(p, conf)) {
		pipeline_set_rules(p, conf->rules);
		return p;
	}
	err = errno;
	pipeline_free(p);
	errno = err;
	return NULL;
}

void pipeline_free(struct pipeline *p)
{
	unsigned int i;

	if (!p)
		return;
	fragment_table_free(p->fragments);
	free(p->config);
	if (p->stream)
		stream_free(p->stream);
	quic_free(p->quic);
	for (i = 0; i < N_PROTOCOLS; i++)
		if (p->engine[i])
			protocols[i]->destroy(p->engine[i]);
	selection_free(p->selection);
	sources_free(p->sources);
	for (i = 0; i < N_SINKS; i++) {
		buf_free(&p->view[i].batch);
		buf_free(&p->view[i].other);
	}
	buf_free(&p->line);
	free(p);
}

void pipeline_set_rules(struct pipeline *p, const struct rules *rules)
{
	p->rules = rules;
	for (unsigned int i = 0; i < N_PROTOCOLS; i++)
		if (p->engine[i] && protocols[i]->set_rules)
			protocols[i]->set_rules(p->engine[i], rules);
	selection_set(p->selection, rules->filter, &rules->rates);
}

void pipeline_set_clock(struct pipeline *p, int64_t ns)
{
	p->clock_ns = ns;
}

void pipeline_record(struct pipeline *p, const struct metlo_rec *rec,
		     const uint8_t *payload)
{
	p->now_ns = rec->ts_ns;
	if (__builtin_expect(rec->flags & METLO_REC_FRAGMENT, 0) &&
	    rec->proto != METLO_REC_UDP)
		fragment_record(p->fragments, rec, payload);
	else
		whole_record(p, rec, payload);
}

void pipeline_records(struct pipeline *p, const struct stream_input *in,
		      unsigned int n)
{
	unsigned int flags = 0;

	for (unsigned int i = 0; i < n; i++)
		flags |= in[i].rec->flags;
	if (__builtin_expect(flags & METLO_REC_FRAGMENT, 0)) {
		for (unsigned int i = 0; i < n; i++)
			pipeline_record(p, in[i].rec, in[i].payload);
		return;
	}
	for (unsigned int i = 0; i < n; i++)
		sources_record(p->sources, in[i].rec);
	if (n)
		p->now_ns = in[n - 1].rec->ts_ns;
	stream_records(p->stream, in, n);
}

void pipeline_tick(struct pipeline *p, uint64_t now_ns)
{
	p->now_ns = now_ns;
	fragment_tick(p->fragments, now_ns);
	stream_tick(p->stream, now_ns);
	quic_tick(p->quic, now_ns);
	for (unsigned int i = 0; i < N_PROTOCOLS; i++)
		if (p->engine[i] && protocols[i]->tick)
			protocols[i]->tick(p->engine[i], now_ns);
	submit_all(p);
}

void pipeline_flush(struct pipeline *p, uint64_t now_ns)
{
	p->now_ns = now_ns;
	fragment_flush(p->fragments);
	/* Keys that came since the last tick. */
	if (p->engine[PROTOCOL_TLS])
		tls_tick(p->engine[PROTOCOL_TLS], now_ns);
	stream_flush(p->stream, now_ns);
	quic_flush(p->quic);
	for (unsigned int i = 0;
	     p->format == FORMAT_HAR && i < p->rules->views.n; i++)
		har_end(&p->view[i].batch);
	submit_all(p);
}

bool pipeline_failed(const struct pipeline *p)
{
	return p->failed;
}

uint64_t pipeline_queue_limit(const struct settings *s)
{
	return s->memory / 4;
}

const struct fragment_stats *pipeline_fragment_stats(const struct pipeline *p)
{
	return fragment_stats(p->fragments);
}

const struct stream_stats *pipeline_stream_stats(const struct pipeline *p)
{
	return stream_stats(p->stream);
}

const struct http_stats *pipeline_http_stats(const struct pipeline *p)
{
	static const struct http_stats none;
	const void *engine = p->engine[PROTOCOL_HTTP];

	return engine ? http_stats(engine) : &none;
}

const struct tls_stats *pipeline_tls_stats(const struct pipeline *p)
{
	static const struct tls_stats none;
	const void *engine = p->engine[PROTOCOL_TLS];

	return engine ? tls_stats(engine) : &none;
}

const struct quic_stats *pipeline_quic_stats(const struct pipeline *p)
{
	return quic_stats(p->quic);
}

const struct http2_stats *pipeline_http2_stats(const struct pipeline *p)
{
	static const struct http2_stats none;
	const void *engine = p->engine[PROTOCOL_HTTP2];

	return engine ? http2_stats(engine) : &none;
}

const struct sources *pipeline_sources(const struct pipeline *p)
{
	return p->sources;
}

const struct requests *pipeline_requests(const struct pipeline *p)
{
	return &p->requests;
}

const struct selection_stats *pipeline_selection_stats(const struct pipeline *p)
{
	return selection_stats(p->selection);
}
