/* SPDX-License-Identifier: MIT */
/* The search for a message start when it was lost, or is not there yet. */
#include "http/conn.h"
#include "http/pair.h"
#include "http/parse.h"
#include "http/prefix.h"
#include "http/resync.h"

#include <string.h>

/* Bytes of a direction in which no message start was found before the
 * connection is taken for something else than HTTP. SOCKS and the like come
 * first on some connections. */
#define NOT_HTTP_AFTER 4096u
/* The same when it was joined midway: perhaps in a large body. */
#define NOT_HTTP_AFTER_MIDSTREAM (1u << 20)

void parse_resync(struct conn *c, enum stream_dir dir, bool lost)
{
	struct dir *d = &c->dir[dir];

	if (d->state == DIR_UPGRADED || d->state == DIR_NOT_HTTP)
		return;
	if (d->state != DIR_RESYNC)
		c->engine->stats.resyncs++;
	d->state = DIR_RESYNC;
	d->nl = 0;
	if (dir_is_request(c, dir))
		pair_hole(c, lost);
	else if (lost)
		c->rsp_lost = true;
}

static bool tls_record(const uint8_t *p, size_t n)
{
	return n >= 5 && p[0] >= 0x14 && p[0] <= 0x17 && p[1] == 3 &&
	       p[2] <= 4 && (p[3] << 8 | p[4]) <= 0x4100;
}

/* Is there a message start at this place, where one may be? */
static bool resync_here(struct conn *c, enum stream_dir dir,
			const struct input *in)
{
	size_t n = input_left(in);

	parse_role(c, dir, in->p, n);
	return (dir_is_request(c, dir)
			? head_request_prefix(in->p, n)
			: head_status_prefix(in->p, n)) != PREFIX_NO;
}

void parse_search(struct conn *c, enum stream_dir dir, struct input *in)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	const uint8_t *p = in->p, *lf;
	size_t n;

	if (in->chunk_start && !c->seen && tls_record(in->p, input_left(in))) {
		conn_not_http(c, in->p, input_left(in), false);
		return;
	}
	if ((in->chunk_start || d->nl == 2) && resync_here(c, dir, in)) {
		/* The end of another request is in the same packet. */
		if (!in->chunk_start && dir_is_request(c, dir))
			c->pipelined = true;
		parse_begin(c, dir, in, TENTATIVE_RESYNC);
		return;
	}
	in->chunk_start = false;
	/* on to the next empty line */
	while (p < in->end) {
		if (d->nl) {
			if (*p == '\n')
				d->nl = 2;
			else if (*p != '\r')
				break;
			p++;
			continue;
		}
		lf = memchr(p, '\n', (size_t)(in->end - p));
		if (!lf) {
			p = in->end;
			break;
		}
		p = lf + 1;
		d->nl = 1;
	}
	n = (size_t)(p - in->p);
	if (p < in->end && d->nl == 2 && n) {
		input_consume(in, n, &e->stats.bytes_resync);
		return; /* and look there */
	}
	if (p < in->end) {
		d->nl = 0;
		n++;
	}
	input_consume(in, n, &e->stats.bytes_resync);
	if (!c->seen &&
	    (d->scanned += (uint32_t)n) >
		    (c->midstream ? NOT_HTTP_AFTER_MIDSTREAM : NOT_HTTP_AFTER))
		conn_not_http(c, NULL, 0, false);
}
