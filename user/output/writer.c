/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "output/sink.h"
#include "output/writer.h"

/* How long a failure is held against it while nothing more is written. */
#define TROUBLE_NS (10 * NSEC_PER_SEC)

struct writer {
	struct writer_conf conf;
	struct sink sink;
	int stop_fd; /* readable: readers are not waited for any more */
	atomic_bool gone;
	const char *_Atomic trouble; /* static text, NULL: none */
	_Atomic uint64_t trouble_ns; /* CLOCK_MONOTONIC, when last met */
	_Atomic uint64_t written, dropped, bytes_written;
};

/* How many transactions are in the first bytes of a group; *torn tells
 * whether they end within one. */
static unsigned int whole_lines(const struct queue_group *g, uint64_t bytes,
				bool *torn)
{
	unsigned int i, n = 0;
	const uint8_t *p;

	*torn = false;
	for (i = 0; i < g->n && bytes >= g->piece[i].len; i++) {
		bytes -= g->piece[i].len;
		n += g->piece[i].n;
	}
	if (i == g->n || !bytes)
		return n;
	p = g->piece[i].p;
	*torn = p[bytes - 1] != '\n';
	for (; bytes; bytes--)
		n += *p++ == '\n';
	return n;
}

static void say_error(struct writer *w, int err)
{
	const struct log *log = w->conf.log;
	struct sink *s = &w->sink;

	if (err == EPIPE || err == ETIMEDOUT) {
		s->gone = true;
		atomic_store(&w->gone, true);
	}
	if (err == EPIPE)
		log_info(log, "%s: nobody reads it any more", s->name);
	else if (err == ETIMEDOUT)
		log_error(log, "%s: it is not read: what is waiting is dropped",
			  s->name);
	else if (!s->failing)
		log_error(
			log,
			"%s: cannot be written: %s: transactions are dropped until it can",
			s->name, strerror(err));
	s->failing = true;
	atomic_store(&w->trouble_ns, clock_mono_ns());
	atomic_store(&w->trouble, err == EPIPE	     ? "nobody reads it"
				  : err == ETIMEDOUT ? "it is not read"
						     : strerrordesc_np(err));
}

/* Returns how many transactions of the group arrived; they are the first. */
static unsigned int write_group(struct writer *w, const struct queue_group *g)
{
	static char newline[] = "\n";
	struct iovec iov[QUEUE_GROUP + 1];
	struct sink *s = &w->sink;
	unsigned int i, lines;
	uint64_t done;
	int n = 0, err;

	if (s->gone)
		return 0;
	if (s->torn)
		iov[n++] = (struct iovec){newline, 1};
	for (i = 0; i < g->n; i++)
		iov[n++] =
			(struct iovec){(void *)g->piece[i].p, g->piece[i].len};
	done = sink_write(s, iov, n, w->stop_fd);
	err = errno;
	if (s->torn && done) {
		s->torn = false;
		done--;
	}
	if (!err) {
		if (s->failing)
			log_info(w->conf.log, "%s can be written again",
				 s->name);
		s->failing = false;
		atomic_store(&w->trouble, NULL);
		return g->transactions;
	}
	lines = done ? whole_lines(g, done, &s->torn) : 0;
	say_error(w, err);
	return lines;
}

void *writer_run(void *writer)
{
	struct writer *w = writer;
	struct queue *q = w->conf.queue;
	const unsigned int sink = w->conf.sink;
	struct queue_group g;
	unsigned int written;
	bool full;

	while (queue_wait(q, sink)) {
		queue_take(q, sink, &g);
		if (!g.n) {
			sink_tend(&w->sink);
			continue;
		}
		written = write_group(w, &g);
		atomic_fetch_add(&w->written, written);
		atomic_fetch_add(&w->dropped, g.transactions - written);
		if (written == g.transactions)
			atomic_fetch_add(&w->bytes_written, g.bytes);
		full = g.n == QUEUE_GROUP;
		queue_done(q, sink, &g);
		if (!full)
			queue_gather(q, sink);
	}
	return NULL;
}

void writer_stop(struct writer *w)
{
	const uint64_t one = 1;

	while (write(w->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

bool writer_gone(const struct writer *w)
{
	return atomic_load(&w->gone);
}

void writer_ask_reopen(struct writer *w)
{
	sink_ask_reopen(&w->sink);
}

/* Whether it still holds is known by writing only. A load balancer that took
 * our traffic away because of it would wait for ever. */
const char *writer_trouble(const struct writer *w)
{
	const char *trouble = atomic_load(&w->trouble);
	const uint64_t age = clock_mono_ns() - atomic_load(&w->trouble_ns);

	return writer_gone(w) || age < TROUBLE_NS ? trouble : NULL;
}

void writer_counts(struct writer *w, struct writer_counts *c)
{
	c->written = atomic_load(&w->written);
	c->dropped = atomic_load(&w->dropped);
	c->bytes_written = atomic_load(&w->bytes_written);
}

struct writer *writer_new(const struct writer_conf *conf)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w) {
		log_error(conf->log, "output: %s", strerror(errno));
		return NULL;
	}
	w->conf = *conf;
	w->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (w->stop_fd < 0)
		log_error(conf->log, "output: %s", strerror(errno));
	else if (sink_open(&w->sink, conf->destination, conf->blocking,
			   conf->files, conf->log))
		return w;
	writer_free(w);
	return NULL;
}

bool writer_close(struct writer *w)
{
	return sink_close(&w->sink, w->conf.log);
}

void writer_free(struct writer *w)
{
	if (!w)
		return;
	sink_close(&w->sink, w->conf.log);
	if (w->stop_fd >= 0)
		close(w->stop_fd);
	free(w);
}
