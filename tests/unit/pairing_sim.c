/* SPDX-License-Identifier: MIT */
/*
 * Two endpoints driven by a queue of timed events. A segment carries the
 * acknowledgment of what its sender had received when it was transmitted, which
 * is what pairing relies on, so that part is exact: in-order delivery,
 * retransmissions with the acknowledgment of their own time, and segments that
 * cross message boundaries. Congestion control is left out.
 */
#include "pairing_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS	    1000000ull
#define EVENTS_MAX  8192u
#define PENDING_MAX 64u /* segments received beyond a hole */
#define RTO	    (200 * MS)

enum event_type { EV_ARRIVE, EV_RETRANSMIT, EV_WAKE };

struct event {
	uint64_t t;
	uint32_t serial; /* order among equal times */
	uint32_t arg;	 /* index of the packet */
	uint8_t type, dir;
};

struct range {
	uint32_t from, to;
};

struct endpoint {
	uint32_t sent, received; /* offsets of the own, of the other stream */
	struct range pending[PENDING_MAX];
	unsigned int n_pending;
	uint64_t last_arrival; /* of the latest packet sent */
	uint64_t timer;	       /* the next wake-up; 0: none */
	bool fin_sent;
};

struct sim {
	struct sim_conn *c;
	const struct sim_conf *conf;
	struct sim_random *r;
	struct event heap[EVENTS_MAX];
	unsigned int n_events, n_serial;
	struct endpoint end[2];
	uint64_t delay; /* one way */
	uint32_t tap;	/* its distance from the client, 1/256 of the way */
	uint32_t mss[2];
	bool interim;
	/* client */
	enum sim_mode mode;
	unsigned int total, batch, window;
	uint64_t next_ns;  /* earliest time of the next request */
	uint32_t body;	   /* of the request whose head was sent */
	uint64_t body_ns;  /* when to send it at the latest */
	uint32_t expected; /* response bytes that release it */
	bool pausing;
	/* server */
	unsigned int answering; /* the request in progress */
	uint64_t ready_ns;	/* when its response will be written */
	bool interim_sent;
	uint32_t rest; /* response bytes to be written later */
};

uint32_t sim_below(struct sim_random *r, uint32_t n)
{
	if (r->len) {
		uint32_t v = *r->p++;

		r->len--;
		if (n > 256 && r->len) {
			v = v << 8 | *r->p++;
			r->len--;
		}
		return n ? v % n : 0;
	}
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return n ? (uint32_t)((r->state >> 20) % n) : 0;
}

bool sim_chance(struct sim_random *r, uint32_t p)
{
	return p && sim_below(r, 10000) < p;
}

void sim_init(struct sim_conn *c)
{
	memset(c, 0, sizeof(*c));
	c->bytes[0] = malloc(SIM_BYTES_MAX);
	c->bytes[1] = malloc(SIM_BYTES_MAX);
	c->packets = malloc(SIM_PACKETS_MAX * sizeof(*c->packets));
	if (!c->bytes[0] || !c->bytes[1] || !c->packets)
		abort();
}

void sim_free(struct sim_conn *c)
{
	free(c->bytes[0]);
	free(c->bytes[1]);
	free(c->packets);
}

static bool earlier(const struct event *a, const struct event *b)
{
	return a->t != b->t ? a->t < b->t : a->serial < b->serial;
}

static void push(struct sim *s, uint64_t t, enum event_type type,
		 unsigned int dir, uint32_t arg)
{
	unsigned int i = s->n_events++;
	struct event ev = {t, s->n_serial++, arg, (uint8_t)type, (uint8_t)dir};

	if (i >= EVENTS_MAX)
		abort();
	for (; i && earlier(&ev, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = ev;
}

static struct event pop(struct sim *s)
{
	struct event top = s->heap[0], last = s->heap[--s->n_events];
	unsigned int i = 0, k;

	for (; (k = 2 * i + 1) < s->n_events; i = k) {
		if (k + 1 < s->n_events &&
		    earlier(&s->heap[k + 1], &s->heap[k]))
			k++;
		if (!earlier(&s->heap[k], &last))
			break;
		s->heap[i] = s->heap[k];
	}
	s->heap[i] = last;
	return top;
}

static void wake(struct sim *s, unsigned int dir, uint64_t t)
{
	push(s, t, EV_WAKE, dir, 0);
}

static bool full(const struct sim *s)
{
	return s->c->n_packets + 64 > SIM_PACKETS_MAX ||
	       s->c->len[0] + 16384 > SIM_BYTES_MAX ||
	       s->c->len[1] + 16384 > SIM_BYTES_MAX ||
	       s->n_events + 1024 > EVENTS_MAX;
}

static void transmit(struct sim *s, unsigned int dir, struct sim_packet p,
		     uint64_t t)
{
	struct sim_conn *c = s->c;
	struct endpoint *e = &s->end[dir];
	uint64_t to_tap =
		s->delay * (dir == SIM_CLIENT ? s->tap : 256 - s->tap) / 256;
	bool lost = !p.syn && !p.fin && sim_chance(s->r, s->conf->network_loss);
	bool unseen = lost && sim_below(s->r, 2);
	uint64_t jitter = sim_below(s->r, 4) ? 0 : sim_below(s->r, 50) * 1000;

	if (c->n_packets >= SIM_PACKETS_MAX)
		return;
	if (t + s->delay + jitter < e->last_arrival)
		jitter = e->last_arrival - t - s->delay;
	p.ack = s->end[dir].received;
	p.dir = (uint8_t)dir;
	p.ts_ns = t + to_tap + jitter;
	e->last_arrival = t + s->delay + jitter;
	c->packets[c->n_packets] = p;
	if (lost)
		push(s, t + RTO, EV_RETRANSMIT, dir, c->n_packets);
	else
		push(s, e->last_arrival, EV_ARRIVE, dir, c->n_packets);
	/* lost before the tap: it must not be seen */
	if (unseen)
		c->packets[c->n_packets].ts_ns = 0;
	c->n_packets++;
}

/* Sends what was written, in segments that ignore message boundaries. */
static void flush(struct sim *s, unsigned int dir, uint64_t t)
{
	struct endpoint *e = &s->end[dir];

	while (e->sent < s->c->len[dir]) {
		struct sim_packet p = {.off = e->sent,
				       .len = s->c->len[dir] - e->sent};

		if (p.len > s->mss[dir])
			p.len = s->mss[dir];
		e->sent += p.len;
		transmit(s, dir, p, t);
	}
}

static void write_bytes(struct sim_conn *c, unsigned int dir, const void *p,
			uint32_t n)
{
	memcpy(c->bytes[dir] + c->len[dir], p, n);
	c->len[dir] += n;
}

static void write_body(struct sim *s, unsigned int dir, uint32_t n)
{
	/* what a search for message starts must not take for one */
	static const char decoy[] = "\r\n\r\nGET /decoy HTTP/1.1\r\n\r\n";
	uint8_t *p = s->c->bytes[dir] + s->c->len[dir];

	memset(p, 'x', n);
	if (dir == SIM_SERVER && n > 64 && sim_chance(s->r, 200))
		memcpy(p + 8, decoy, sizeof(decoy) - 1);
	s->c->len[dir] += n;
}

static unsigned int answered(const struct sim *s)
{
	unsigned int n = s->c->n_rsp;

	while (n && s->c->rsp[n - 1].end > s->end[SIM_CLIENT].received)
		n--;
	return n;
}

static uint64_t pause_of(struct sim *s)
{
	switch (sim_below(s->r, 8)) {
	case 0:
		return sim_below(s->r, 40) ? 100 * MS : 3000 * MS;
	case 1:
		return sim_below(s->r, 100) * MS / 4;
	case 2:
		return s->delay;
	default:
		return sim_below(s->r, 1000) * 1000;
	}
}

static void write_request(struct sim *s, uint64_t t)
{
	static const char *const methods[] = {"GET", "HEAD", "POST"};
	struct sim_conn *c = s->c;
	unsigned int i = c->n_req++;
	struct sim_message *m = &c->req[i];
	bool head = sim_chance(s->r, s->conf->head);
	bool upload = !head && sim_chance(s->r, s->conf->uploads);
	bool expect = upload && s->interim && sim_below(s->r, 2);
	uint32_t body =
		upload ? 1 + sim_below(s->r, 3) * 500 + sim_below(s->r, 300)
		       : 0;
	char text[256];
	int n;

	c->idle[i] = answered(s) == i;
	c->pipelined |= !c->idle[i];
	m->start = c->len[SIM_CLIENT];
	m->sent_ns = t;
	n = snprintf(text, sizeof(text),
		     "%s /%u/%u%.*s HTTP/1.1\r\nHost: h\r\n",
		     methods[head     ? 1
			     : upload ? 2
				      : 0],
		     c->serial, i, (int)sim_below(s->r, 40),
		     "?abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst");
	write_bytes(c, SIM_CLIENT, text, (uint32_t)n);
	n = snprintf(text, sizeof(text), "%.*s",
		     sim_below(s->r, 3) ? 0 : (int)sim_below(s->r, 120),
		     "User-Agent: somethingsomethingsomethingsomething/1.0."
		     "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
		     "zzzzzzzzzzzzzz");
	if (n > 12) {
		write_bytes(c, SIM_CLIENT, text, (uint32_t)n);
		write_bytes(c, SIM_CLIENT, "\r\n", 2);
	}
	n = !upload ? snprintf(text, sizeof(text), "\r\n")
		    : snprintf(text, sizeof(text),
			       "%sContent-Length: %u\r\n\r\n",
			       expect ? "Expect: 100-continue\r\n" : "", body);
	write_bytes(c, SIM_CLIENT, text, (uint32_t)n);
	m->head_end = c->len[SIM_CLIENT];
	m->end = m->head_end + body;
	if (expect) {
		s->body = body;
		s->body_ns = t + 1000 * MS;
		s->expected = c->len[SIM_SERVER] + 1;
		wake(s, SIM_CLIENT, s->body_ns);
		return;
	}
	if (upload && sim_below(s->r, 2))
		flush(s, SIM_CLIENT, t); /* head and body apart */
	write_body(s, SIM_CLIENT, body);
}

static void choose_mode(struct sim *s)
{
	unsigned int m = sim_below(s->r, SIM_MODES);

	while (!(s->conf->modes & 1u << m))
		m = (m + 1) % SIM_MODES;
	s->mode = s->c->mode = (enum sim_mode)m;
	s->window = 2 + sim_below(s->r, 3);
}

/* May the client send a request now? */
static bool may_send(struct sim *s, uint64_t t)
{
	unsigned int waiting = s->c->n_req - answered(s);
	bool free_to_send;

	switch (s->mode) {
	case SIM_SEQUENTIAL:
		free_to_send = !waiting;
		break;
	case SIM_BATCH:
		if (!waiting)
			s->batch = s->c->n_req + 1 + sim_below(s->r, 5);
		free_to_send = s->c->n_req < s->batch;
		if (waiting && free_to_send)
			return true;
		break;
	case SIM_WINDOW:
		if (waiting >= s->window)
			return false;
		return true;
	default:
		free_to_send = waiting < 5;
		break;
	}
	if (!free_to_send)
		return false;
	if (!s->pausing) {
		s->pausing = true;
		s->next_ns = t + pause_of(s);
		wake(s, SIM_CLIENT, s->next_ns);
	}
	if (t < s->next_ns)
		return false;
	s->pausing = false;
	return true;
}

static void finish(struct sim *s, unsigned int dir, uint64_t t)
{
	struct sim_packet p = {.off = s->end[dir].sent, .fin = true};

	if (s->end[dir].fin_sent)
		return;
	s->end[dir].fin_sent = true;
	p.rst = !sim_below(s->r, 10);
	p.fin = !p.rst;
	transmit(s, dir, p, t);
}

static void client_wakes(struct sim *s, uint64_t t)
{
	bool together = sim_below(s->r, 2);

	if (s->body) {
		if (s->end[SIM_CLIENT].received < s->expected && t < s->body_ns)
			return;
		write_body(s, SIM_CLIENT, s->body);
		s->body = 0;
	}
	while (s->c->n_req < s->total && !s->body && !full(s) &&
	       may_send(s, t)) {
		write_request(s, t);
		if (!together)
			flush(s, SIM_CLIENT, t);
		if (sim_chance(s->r, s->conf->change))
			choose_mode(s);
	}
	flush(s, SIM_CLIENT, t);
	if (s->c->n_req == s->total && answered(s) == s->total)
		finish(s, SIM_CLIENT, t);
}

static void write_interim(struct sim *s, unsigned int status)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "HTTP/1.1 %u x\r\n%.*s\r\n",
			 status, status == 103 ? 26 : 0,
			 "Link: </a.css>; rel=prel\r\n");

	write_bytes(s->c, SIM_SERVER, text, (uint32_t)n);
}

static void write_response(struct sim *s, uint64_t t)
{
	struct sim_conn *c = s->c;
	unsigned int i = s->answering;
	struct sim_message *m = &c->rsp[i];
	bool head = c->bytes[SIM_CLIENT][c->req[i].start] == 'H';
	unsigned int kind = sim_below(s->r, 10);
	uint32_t body = sim_below(s->r, 3) ? sim_below(s->r, 200)
					   : sim_below(s->r, 3000);
	char text[256];
	int n;

	m->start = c->len[SIM_SERVER];
	m->sent_ns = t;
	n = snprintf(text, sizeof(text), "HTTP/1.1 %u OK\r\nX-Id: /%u/%u\r\n",
		     kind == 0	 ? 204u
		     : kind == 1 ? 304u
				 : 200u,
		     c->serial, i);
	write_bytes(c, SIM_SERVER, text, (uint32_t)n);
	if (kind < 2) {
		body = 0;
		n = snprintf(text, sizeof(text), "\r\n");
	} else if (kind < 5 && !head) {
		n = snprintf(text, sizeof(text),
			     "Transfer-Encoding: chunked\r\n\r\n%x\r\n",
			     body + 1);
		write_bytes(c, SIM_SERVER, text, (uint32_t)n);
		m->head_end = c->len[SIM_SERVER];
		write_body(s, SIM_SERVER, body + 1);
		n = snprintf(text, sizeof(text), "\r\n0\r\n\r\n");
		body = 0;
	} else {
		n = snprintf(text, sizeof(text), "Content-Length: %u\r\n\r\n",
			     body);
	}
	write_bytes(c, SIM_SERVER, text, (uint32_t)n);
	if (!m->head_end)
		m->head_end = c->len[SIM_SERVER];
	if (head)
		body = 0;
	m->end = c->len[SIM_SERVER] + body;
	c->n_rsp = i + 1;
	s->rest = body;
	if (!body || sim_below(s->r, 4)) {
		write_body(s, SIM_SERVER, body);
		s->rest = 0;
		return;
	}
	s->ready_ns = t + sim_below(s->r, 3) * s->delay;
	wake(s, SIM_SERVER, s->ready_ns);
}

static uint64_t service_time(struct sim *s)
{
	if (sim_chance(s->r, s->conf->slow))
		return 3 * s->delay + sim_below(s->r, 60) * MS;
	return sim_below(s->r, 3) ? sim_below(s->r, 500) * 1000 : 0;
}

static void next_request(struct sim *s)
{
	s->answering++;
	s->ready_ns = 0;
	s->interim_sent = false;
}

static void server_wakes(struct sim *s, uint64_t t)
{
	struct sim_conn *c = s->c;
	uint32_t received = s->end[SIM_SERVER].received;

	if (s->rest && t >= s->ready_ns) {
		write_body(s, SIM_SERVER, s->rest);
		s->rest = 0;
		next_request(s);
	}
	while (!s->rest && s->answering < c->n_req) {
		const struct sim_message *q = &c->req[s->answering];
		bool upload = q->end > q->head_end;

		if (received < q->head_end)
			break;
		if (upload && s->interim && !s->interim_sent) {
			s->interim_sent = true;
			write_interim(s, 100);
			flush(s, SIM_SERVER, t);
		}
		if (received < q->end && !sim_chance(s->r, s->conf->early))
			break;
		if (!s->ready_ns) {
			s->ready_ns = t + service_time(s);
			if (s->ready_ns > t)
				wake(s, SIM_SERVER, s->ready_ns);
			if (sim_chance(s->r, s->conf->hints)) {
				write_interim(s, 102 + sim_below(s->r, 2));
				flush(s, SIM_SERVER, t);
			}
		}
		if (t < s->ready_ns)
			break;
		write_response(s, t);
		if (!s->rest)
			next_request(s);
		if (sim_below(s->r, 2))
			flush(s, SIM_SERVER, t);
	}
	flush(s, SIM_SERVER, t);
	if (s->end[SIM_CLIENT].fin_sent)
		finish(s, SIM_SERVER, t);
}

/* A segment arrives at the peer of its sender. */
static void arrive(struct sim *s, const struct sim_packet *p)
{
	struct endpoint *e = &s->end[!p->dir];
	bool again = true;

	if (p->off > e->received && e->n_pending < PENDING_MAX)
		e->pending[e->n_pending++] =
			(struct range){p->off, p->off + p->len};
	else if (p->off <= e->received && p->off + p->len > e->received)
		e->received = p->off + p->len;
	while (again) {
		again = false;
		for (unsigned int i = 0; i < e->n_pending; i++) {
			if (e->pending[i].from > e->received)
				continue;
			if (e->pending[i].to > e->received)
				e->received = e->pending[i].to;
			e->pending[i] = e->pending[--e->n_pending];
			again = true;
			break;
		}
	}
}

static int by_time(const void *a, const void *b)
{
	const struct sim_packet *p = a, *q = b;

	return p->ts_ns < q->ts_ns ? -1 : p->ts_ns > q->ts_ns;
}

static void begin(struct sim *s, uint64_t t)
{
	s->delay = (50 + sim_below(s->r, 2000)) * 1000ull;
	s->tap = sim_below(s->r, 257);
	s->mss[0] = 150 + sim_below(s->r, 1300);
	s->mss[1] = 150 + sim_below(s->r, 1300);
	s->interim = sim_chance(s->r, s->conf->interim);
	s->total = 1 + sim_below(s->r, s->conf->requests);
	choose_mode(s);
	transmit(s, SIM_CLIENT, (struct sim_packet){.syn = true}, t);
	transmit(s, SIM_SERVER, (struct sim_packet){.syn = true}, t + s->delay);
	wake(s, SIM_CLIENT, t + 2 * s->delay + 1);
}

void sim_run(struct sim_conn *c, const struct sim_conf *conf,
	     struct sim_random *r, uint32_t serial, uint64_t start_ns)
{
	static struct sim sim;
	struct sim *s = &sim;
	unsigned int n = 0;

	memset(s, 0, offsetof(struct sim, heap));
	memset((char *)s + offsetof(struct sim, n_events), 0,
	       sizeof(*s) - offsetof(struct sim, n_events));
	s->c = c;
	s->conf = conf;
	s->r = r;
	c->serial = serial;
	c->len[0] = c->len[1] = c->n_packets = c->n_req = c->n_rsp = 0;
	memset(c->rsp, 0, sizeof(c->rsp));
	c->pipelined = false;
	begin(s, start_ns);
	while (s->n_events) {
		struct event ev = pop(s);
		struct sim_packet *p = &c->packets[ev.arg];
		unsigned int dir = ev.dir;

		if (ev.type == EV_RETRANSMIT) {
			transmit(s, dir,
				 (struct sim_packet){.off = p->off,
						     .len = p->len},
				 ev.t);
			continue;
		}
		if (ev.type == EV_ARRIVE) {
			if (p->syn)
				continue;
			arrive(s, p);
			dir = !dir;
		}
		if (dir == SIM_CLIENT)
			client_wakes(s, ev.t);
		else
			server_wakes(s, ev.t);
	}
	/* drop what the tap did not see */
	for (unsigned int i = 0; i < c->n_packets; i++)
		if (c->packets[i].ts_ns)
			c->packets[n++] = c->packets[i];
	c->n_packets = n;
	qsort(c->packets, n, sizeof(*c->packets), by_time);
}
