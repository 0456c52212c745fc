/* SPDX-License-Identifier: MIT */
/*
 * Turns the events of librdkafka into the fate of each message. Success of a call
 * that produces means no more than that the message is queued.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/parse.h"
#include "kafka/producer.h"

#define BATCH	 64
#define PROBE_MS 500 /* between two looks at errors */

struct kafka_producer {
	const struct kafka_conf *conf;
	const struct kafka_library *lib;
	const struct log *log;
	const char *topic;
	rd_kafka_t *rk;
	rd_kafka_topic_t *rkt;
	rd_kafka_queue_t *events;
	bool dead;
	const char *error; /* static text */
	rd_kafka_resp_err_t
		said;	/* last error logged, so as not to repeat it */
	char last[256]; /* text of the last error event */
	struct kafka_producer_stats stats;
};

/* --- creation ------------------------------------------------------------- */

/* librdkafka's threads block all signals, but the kernel kills a thread that
 * blocks the SIGSYS of a refused system call. */
static rd_kafka_resp_err_t on_thread(rd_kafka_t *rk,
				     rd_kafka_thread_type_t type,
				     const char *name, void *opaque)
{
	sigset_t set;

	(void)rk;
	(void)type;
	(void)name;
	(void)opaque;
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf,
				  void *opaque, char *errstr, size_t n)
{
	const struct kafka_library *lib = opaque;

	(void)conf;
	(void)errstr;
	(void)n;
	return lib->interceptor_add_on_thread_start(rk, "signals", on_thread,
						    NULL);
}

static bool create(struct kafka_producer *p, int event_fd)
{
	static const uint64_t one = 1;
	rd_kafka_conf_t *conf = p->lib->conf_dup(p->conf->producer);
	char why[256] = "";

	p->lib->conf_interceptor_add_on_new(conf, "signals", on_new,
					    (void *)p->lib);
	p->rk = p->lib->new (RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (!p->rk) {
		log_error(p->log, "kafka:%s: %s", p->topic, why);
		p->lib->conf_destroy(conf);
		return false;
	}
	p->rkt = p->lib->topic_new(p->rk, p->topic, NULL);
	if (!p->rkt) {
		log_error(p->log, "kafka:%s: %s", p->topic,
			  p->lib->err2str(p->lib->last_error()));
		return false;
	}
	p->events = p->lib->queue_get_main(p->rk);
	p->lib->set_log_queue(p->rk, p->events);
	p->lib->queue_io_event_enable(p->events, event_fd, &one, sizeof(one));
	return true;
}

struct kafka_producer *kafka_producer_new(const struct kafka_conf *conf,
					  const char *topic, int event_fd,
					  const struct log *log)
{
	struct kafka_producer *p = calloc(1, sizeof(*p));

	if (!p) {
		log_error(log, "output: %s", strerror(errno));
		return NULL;
	}
	p->conf = conf;
	p->lib = &conf->library;
	p->log = log;
	p->topic = topic;
	if (create(p, event_fd))
		return p;
	kafka_producer_free(p);
	return NULL;
}

void kafka_producer_free(struct kafka_producer *p)
{
	if (!p)
		return;
	if (p->rk)
		p->lib->purge(p->rk, RD_KAFKA_PURGE_F_QUEUE |
					     RD_KAFKA_PURGE_F_INFLIGHT);
	if (p->events) {
		p->lib->queue_io_event_enable(p->events, -1, NULL, 0);
		p->lib->queue_destroy(p->events);
	}
	if (p->rkt)
		p->lib->topic_destroy(p->rkt);
	if (p->rk)
		p->lib->destroy(p->rk);
	free(p);
}

/* --- errors --------------------------------------------------------------- */

static const char *describe(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
		return "no broker can be reached";
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
		return "the brokers reject the user or password";
	case RD_KAFKA_RESP_ERR__SSL:
		return "TLS with the brokers fails";
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		return "the user may not write to the topic";
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
		return "the topic does not exist";
	default:
		return NULL;
	}
}

/* Logs an error once in a row. */
static void say(struct kafka_producer *p, rd_kafka_resp_err_t err,
		const char *text)
{
	if (err == p->said)
		return;
	p->said = err;
	log_warn(p->log, "kafka:%s: %s", p->topic, text);
}

static void on_error(struct kafka_producer *p, rd_kafka_event_t *event)
{
	rd_kafka_resp_err_t err = p->lib->event_error(event);
	const char *text = p->lib->event_error_string(event);
	const char *known = describe(err);

	/* The event has the code of the cause. */
	if (p->lib->fatal_error(p->rk, p->last, sizeof(p->last))) {
		if (!p->dead)
			log_warn(
				p->log,
				"kafka:%s: fatal error: %s; a new producer sends again what was not confirmed",
				p->topic, p->last);
		p->dead = true;
		return;
	}
	/* It follows the errors of all connections, of which it says less. */
	if (err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		snprintf(p->last, sizeof(p->last), "%s", text ? text : "");
	/* One connection of several may fail. */
	if (!known) {
		log_debug(p->log, "kafka:%s: %s", p->topic, p->last);
		return;
	}
	p->error = known;
	say(p, err, p->last[0] ? p->last : known);
}

bool kafka_producer_is_dead(const struct kafka_producer *p)
{
	return p->dead;
}

const char *kafka_producer_error(const struct kafka_producer *p)
{
	return p->error;
}

/* --- statistics ----------------------------------------------------------- */

static uint64_t number(struct json_text object, const char *name)
{
	struct json_text value;
	uint64_t v = 0;

	if (!json_member(object, name, &value))
		return 0;
	for (size_t i = 0;
	     i < value.n && i < 19 && value.p[i] >= '0' && value.p[i] <= '9';
	     i++)
		v = 10 * v + (uint64_t)(value.p[i] - '0');
	return v;
}

static void add_broker(struct kafka_producer_stats *to, struct json_text broker)
{
	struct json_text state, text, rtt;
	uint64_t us;

	if (json_member(broker, "state", &state) && json_string(state, &text) &&
	    text.n == 2 && !memcmp(text.p, "UP", 2))
		to->brokers_up++;
	to->requests += number(broker, "tx");
	to->requests_failed +=
		number(broker, "txerrs") + number(broker, "txretries");
	if (!json_member(broker, "rtt", &rtt))
		return;
	us = number(rtt, "avg");
	if (us > to->round_trip_us)
		to->round_trip_us = us;
}

static void on_stats(struct kafka_producer *p, const char *json)
{
	const struct json_text all = {(const uint8_t *)json, strlen(json)};
	struct kafka_producer_stats s = {0};
	struct json_text brokers, name, broker;
	struct json_walk w;

	if (!json_member(all, "brokers", &brokers) || !json_enter(&w, brokers))
		return;
	while (json_step(&w, &name, &broker))
		add_broker(&s, broker);
	p->stats = s;
	/* Only they show, while nothing is sent, that a broker is back. */
	if (s.brokers_up &&
	    p->error == describe(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)) {
		log_info(p->log, "kafka:%s: a broker can be reached again",
			 p->topic);
		p->error = NULL;
		p->said = RD_KAFKA_RESP_ERR_NO_ERROR;
	}
}

void kafka_producer_stats(const struct kafka_producer *p,
			  struct kafka_producer_stats *stats)
{
	stats->brokers_up = p->stats.brokers_up;
	stats->round_trip_us = p->stats.round_trip_us;
	stats->requests += p->stats.requests;
	stats->requests_failed += p->stats.requests_failed;
}

/* --- events --------------------------------------------------------------- */

static enum kafka_fate fate_of(struct kafka_producer *p,
			       const rd_kafka_message_t *m)
{
	const bool maybe = p->lib->message_status(m) ==
			   RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;

	switch (m->err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		return FATE_WRITTEN;
	case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
	case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
	case RD_KAFKA_RESP_ERR__FATAL:
	case RD_KAFKA_RESP_ERR__DESTROY:
		break;
	case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
		return maybe ? FATE_UNCERTAIN : FATE_EXPIRED;
	default:
		/* In a dead producer the cause of its death. */
		if (!p->lib->fatal_error(p->rk, NULL, 0))
			return maybe ? FATE_UNCERTAIN : FATE_REFUSED;
	}
	((struct kafka_message *)m->_private)->uncertain |= maybe;
	return FATE_AGAIN;
}

static void on_reports(struct kafka_producer *p, rd_kafka_event_t *event,
		       const struct kafka_reports *to)
{
	const rd_kafka_message_t *m;

	while ((m = p->lib->event_message_next(event))) {
		enum kafka_fate fate = fate_of(p, m);

		if (fate == FATE_WRITTEN) {
			p->error = NULL;
			p->said = RD_KAFKA_RESP_ERR_NO_ERROR;
		} else if (fate != FATE_AGAIN) {
			p->error = describe(m->err);
			say(p, m->err, p->lib->err2str(m->err));
		}
		to->fate(to->ctx, m->_private, fate);
	}
}

static void on_log(const struct kafka_producer *p, rd_kafka_event_t *event)
{
	const char *facility, *text;
	int level;

	if (!p->lib->event_log(event, &facility, &text, &level))
		log_debug(p->log, "kafka:%s: %s: %s", p->topic, facility, text);
}

static void on_event(struct kafka_producer *p, rd_kafka_event_t *event,
		     const struct kafka_reports *to)
{
	switch (p->lib->event_type(event)) {
	case RD_KAFKA_EVENT_DR:
		if (to)
			on_reports(p, event, to);
		break;
	case RD_KAFKA_EVENT_ERROR:
		on_error(p, event);
		break;
	case RD_KAFKA_EVENT_STATS:
		on_stats(p, p->lib->event_stats(event));
		break;
	case RD_KAFKA_EVENT_LOG:
		on_log(p, event);
		break;
	default:
		break;
	}
}

void kafka_producer_poll(struct kafka_producer *p,
			 const struct kafka_reports *to)
{
	rd_kafka_event_t *event;

	while ((event = p->lib->queue_poll(p->events, 0))) {
		on_event(p, event, to);
		p->lib->event_destroy(event);
	}
}

void kafka_producer_purge(struct kafka_producer *p)
{
	p->lib->purge(p->rk, RD_KAFKA_PURGE_F_QUEUE |
				     RD_KAFKA_PURGE_F_INFLIGHT |
				     RD_KAFKA_PURGE_F_NON_BLOCKING);
}

/* --- the first contact ------------------------------------------------------ */

/* What the brokers say about the topic. */
static rd_kafka_resp_err_t ask(struct kafka_producer *p)
{
	const struct rd_kafka_metadata *md;
	rd_kafka_resp_err_t err =
		p->lib->metadata(p->rk, 0, p->rkt, &md, PROBE_MS);

	if (err)
		return err;
	err = md->topic_cnt == 1 ? md->topics[0].err
				 : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	if (!err && !md->topics[0].partition_cnt)
		err = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
	p->lib->metadata_destroy(md);
	return err;
}

static bool may_pass(rd_kafka_resp_err_t err)
{
	return err != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED &&
	       err != RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
}

int kafka_producer_probe(struct kafka_producer *p, uint64_t timeout_ns)
{
	const uint64_t end = clock_mono_ns() + timeout_ns;
	rd_kafka_resp_err_t err;
	const char *known;

	do {
		err = ask(p);
		kafka_producer_poll(p, NULL);
		if (!err) {
			p->error = NULL;
			return 0;
		}
		/* It returns at once if a broker answers. */
		if (may_pass(err))
			nanosleep(&(struct timespec){.tv_nsec = 100000000},
				  NULL);
	} while (may_pass(err) && clock_mono_ns() < end);
	if (err == RD_KAFKA_RESP_ERR__TRANSPORT ||
	    err == RD_KAFKA_RESP_ERR__TIMED_OUT)
		err = RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
	known = describe(err);
	log_error(
		p->log,
		"kafka:%s: %s%s%s%s: check --kafka-brokers %s, --kafka-option and the rights of the user",
		p->topic, known ? known : p->lib->err2str(err),
		p->last[0] ? " (" : "", p->last, p->last[0] ? ")" : "",
		p->conf->brokers);
	return -EHOSTUNREACH;
}

/* --- producing -------------------------------------------------------------- */

/* What becomes of a message that librdkafka did not take. false: it waits. */
static bool not_taken(struct kafka_producer *p, struct kafka_message *m,
		      rd_kafka_resp_err_t err, const struct kafka_reports *to)
{
	if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		return false;
	if (err == RD_KAFKA_RESP_ERR__FATAL) {
		p->dead = true;
		return false;
	}
	p->error = describe(err);
	say(p, err, p->lib->err2str(err));
	to->fate(to->ctx, m, FATE_REFUSED);
	return true;
}

static rd_kafka_resp_err_t produce_one(struct kafka_producer *p,
				       struct kafka_message *m, const char *key,
				       size_t n_key)
{
	struct kafka_header h[KAFKA_HEADERS];
	rd_kafka_vu_t vus[5 + KAFKA_HEADERS];
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_error_t *error;
	size_t n = 0;

	kafka_line_headers(m->p, m->n, h);
	vus[n].vtype = RD_KAFKA_VTYPE_RKT;
	vus[n++].u.rkt = p->rkt;
	vus[n].vtype = RD_KAFKA_VTYPE_VALUE;
	vus[n].u.mem.ptr = (void *)m->p;
	vus[n++].u.mem.size = m->n;
	vus[n].vtype = RD_KAFKA_VTYPE_KEY;
	vus[n].u.mem.ptr = n_key ? (void *)key : NULL;
	vus[n++].u.mem.size = n_key;
	vus[n].vtype = RD_KAFKA_VTYPE_OPAQUE;
	vus[n++].u.ptr = m;
	vus[n].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
	vus[n++].u.i = 0; /* the payload stays ours */
	for (size_t i = 0; i < KAFKA_HEADERS; i++) {
		if (!h[i].value.n)
			continue;
		vus[n].vtype = RD_KAFKA_VTYPE_HEADER;
		vus[n].u.header.name = h[i].name;
		vus[n].u.header.val = h[i].value.p;
		vus[n++].u.header.size = (ssize_t)h[i].value.n;
	}
	error = p->lib->produceva(p->rk, vus, n);
	if (error) {
		err = p->lib->error_code(error);
		p->lib->error_destroy(error);
	}
	return err;
}

/* Fills in a batch from those that wait among m[0..n-1]; returns how many. */
static size_t gather(struct kafka_producer *p, struct kafka_message *m,
		     size_t n, rd_kafka_message_t batch[BATCH],
		     char keys[BATCH][KAFKA_KEY_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < n && count < BATCH; i++) {
		size_t n_key;

		if (m[i].state != MESSAGE_WAITING)
			continue;
		n_key = kafka_line_key(m[i].p, m[i].n, p->conf->key,
				       keys[count]);
		batch[count] =
			(rd_kafka_message_t){.payload = (void *)m[i].p,
					     .len = m[i].n,
					     .key = n_key ? keys[count] : NULL,
					     .key_len = n_key,
					     ._private = &m[i]};
		count++;
	}
	return count;
}

/* librdkafka copies keys, not payloads. false: no more can be sent now. */
static bool send_batch(struct kafka_producer *p, rd_kafka_message_t *batch,
		       size_t n, const struct kafka_reports *to)
{
	bool room = true;

	if (!p->conf->headers)
		p->lib->produce_batch(p->rkt, RD_KAFKA_PARTITION_UA, 0, batch,
				      (int)n);
	for (size_t i = 0; i < n; i++) {
		struct kafka_message *m = batch[i]._private;
		rd_kafka_resp_err_t err = batch[i].err;

		if (p->conf->headers && !room)
			break;
		if (p->conf->headers)
			err = produce_one(p, m, batch[i].key, batch[i].key_len);
		if (!err)
			m->state = MESSAGE_SENT;
		else
			room &= not_taken(p, m, err, to);
	}
	return room;
}

bool kafka_producer_send(struct kafka_producer *p, struct kafka_message *m,
			 size_t n, const struct kafka_reports *to)
{
	rd_kafka_message_t batch[BATCH];
	char keys[BATCH][KAFKA_KEY_MAX];
	size_t count;

	while (!p->dead) {
		count = gather(p, m, n, batch, keys);
		if (!count)
			return true;
		if (!send_batch(p, batch, count, to))
			return false;
		/* Those before the last of the batch do not wait any more. */
		n -= (size_t)((struct kafka_message *)batch[count - 1]
				      ._private -
			      m) +
		     1;
		m = (struct kafka_message *)batch[count - 1]._private + 1;
	}
	return false;
}
