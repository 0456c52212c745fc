/* SPDX-License-Identifier: MIT */
/*
 * The search for a message start: at the start of a chunk and after each empty
 * line. A candidate found there is parsed as a tentative message, which must
 * be beyond doubt; otherwise the search continues after it.
 */
#include "http/on_resync.h"

#include <string.h>

#include "http/account.h"
#include "http/on_head.h"
#include "http/prefix.h"
#include "http/successor.h"
#include "http/watch.h"

/* A connection is not HTTP if one direction has this many bytes without a
 * message start. SOCKS precedes HTTP on some. */
#define NOT_HTTP_AFTER 4096u
/* The same if the capture joined it midway: perhaps within a large body. */
#define NOT_HTTP_AFTER_MIDSTREAM (1u << 20)

/* May a message start here? */
static bool candidate(struct conn *c, enum stream_dir dir,
		      const struct input *in)
{
	size_t n = input_left(in);

	head_role(c, dir, in->p, n);
	return (dir_is_request(c, dir)
			? head_request_prefix(in->p, n)
			: head_status_prefix(in->p, n)) != PREFIX_NO;
}

/* Moves on to the first byte after the next empty line, or to the end of the
 * bytes; d->nl carries the state across. */
static const uint8_t *next_empty_line(struct dir *d, const uint8_t *p,
				      const uint8_t *end)
{
	const uint8_t *lf;

	while (p < end) {
		if (d->nl) {
			if (*p == '\n')
				d->nl = 2;
			else if (*p != '\r')
				break;
			p++;
			continue;
		}
		lf = memchr(p, '\n', (size_t)(end - p));
		if (!lf)
			return end;
		p = lf + 1;
		d->nl = 1;
	}
	return p;
}

enum action on_resync(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	enum stream_dir dir = (enum stream_dir)ev->dir;
	struct dir *d = &c->dir[dir];
	struct input *in = &ev->in;
	const uint8_t *p;
	size_t n;

	if (in->chunk_start && !c->seen && successor_claims(c, in))
		return ACT_HAND_OVER;
	if (in->chunk_start && watch_resync(c, in))
		return ACT_SECURE;
	/* a chunk may start amid arbitrary bytes: insist on a whole header */
	if (in->chunk_start && !c->seen &&
	    tls_record_prefix(in->p, input_left(in)) == PREFIX_YES &&
	    tls_agreed(c, dir)) {
		e->stats.not_http_tls++;
		return ACT_NOT_HTTP;
	}
	/* Text after an empty line may be a quotation, and is one in a protocol
	 * that both directions show not to be HTTP. */
	if ((in->chunk_start || (d->nl == 2 && (c->proven || c->junk != 3))) &&
	    candidate(c, dir, in))
		return head_begin(c, ev, TENTATIVE_RESYNC);
	in->chunk_start = false;
	p = next_empty_line(d, in->p, in->end);
	n = (size_t)(p - in->p);
	if (p < in->end && d->nl == 2 && n) {
		input_consume(e, in, n, BYTES_RESYNC);
		return ACT_MORE; /* look for a candidate here */
	}
	if (p < in->end) {
		d->nl = 0;
		n++;
	}
	input_consume(e, in, n, BYTES_RESYNC);
	if (c->seen)
		return ACT_MORE;
	d->scanned += (uint32_t)n;
	/* The bytes of one side alone prove little. */
	return d->scanned > (c->midstream || !c->dir[!dir].scanned
				     ? NOT_HTTP_AFTER_MIDSTREAM
				     : NOT_HTTP_AFTER)
		       ? ACT_NOT_HTTP
		       : ACT_MORE;
}

enum action on_resync_gap(struct conn *c, struct event *ev)
{
	(void)c;
	event_handled(ev);
	return ACT_LOST;
}
