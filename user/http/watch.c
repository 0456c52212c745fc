/* SPDX-License-Identifier: MIT */
/*
 * Where TLS begins is known exactly behind a PROXY header and in a tunnel. Elsewhere
 * a hello is looked for where a segment begins, as whoever sends one has waited for
 * the other side to agree. Connections that are not HTTP are watched for a while
 * instead of being skipped at once, but only if both sides began with text, as those
 * with a command for this do.
 */
#include "http/watch.h"

#include <strings.h>

#include "http/account.h"
#include "http/tunnel.h"

/* Bytes of both directions that are watched. */
#define WATCH_MAX	   8192u
#define RECORD_HEADER	   5u
#define MESSAGE_LENGTH_MAX 1u /* high byte of the length of a hello */

static bool wanted(const struct conn *c)
{
	return c->engine->secure.take;
}

/* The first bytes of a record with a hello, which may be cut into many records. */
static enum head_prefix hello_prefix(const uint8_t *p, size_t n)
{
	const enum head_prefix record = tls_record_prefix(p, n);
	const size_t len = n < RECORD_HEADER ? 0 : (size_t)(p[3] << 8 | p[4]);

	if (record == PREFIX_NO || (n && p[0] != 0x16))
		return PREFIX_NO;
	if (record == PREFIX_MAYBE || n == RECORD_HEADER)
		return PREFIX_MAYBE;
	if (!len || (p[5] != 1 && p[5] != 2))
		return PREFIX_NO;
	if (n > 6 && len > 1 && p[6] > MESSAGE_LENGTH_MAX)
		return PREFIX_NO;
	if (len < 6)
		return PREFIX_YES;
	if (n > 9 && p[9] != 3)
		return PREFIX_NO;
	return n > 10 && p[10] > 4 ? PREFIX_NO : PREFIX_YES;
}

enum head_prefix watch_begins(const struct conn *c, uint64_t offset,
			      const uint8_t *p, size_t n)
{
	if (!wanted(c) || !offset || (c->seen && !c->tunnel))
		return PREFIX_NO;
	return hello_prefix(p, n);
}

bool watch_resync(const struct conn *c, const struct input *in)
{
	return wanted(c) && (!c->seen || c->tunnel || tunnel_pending(c)) &&
	       hello_prefix(in->p, input_left(in)) == PREFIX_YES;
}

bool watch_upgrade(const struct conn *c, const struct msg *m)
{
	const struct head_field *f = m->fields;

	for (unsigned int i = 0; wanted(c) && i < m->h.n_fields; i++)
		if (f[i].name.len == 7 && f[i].value.len >= 4 &&
		    !strncasecmp((const char *)m->head + f[i].name.off,
				 "upgrade", 7) &&
		    !strncasecmp((const char *)m->head + f[i].value.off, "TLS/",
				 4))
			return true;
	return false;
}

bool watch_waits(struct conn *c)
{
	const struct msg *m = client_dir(c)->msg;

	return wanted(c) && tunnel_waits(c) &&
	       hello_prefix(m->block, m->have) != PREFIX_NO;
}

void watch_release(struct conn *c, uint64_t ts_ns)
{
	if (watch_waits(c))
		tunnel_again(c, DIR_TUNNEL, ts_ns);
}

/* --- watching -------------------------------------------------------------------- */

void watch_begin(struct conn *c, enum stream_dir dir)
{
	if (wanted(c) && !c->midstream && (c->tunnel || c->text == 3)) {
		if (!c->watch)
			c->watch = WATCH_MAX;
		return;
	}
	stream_skip(c->flow, dir, STREAM_UNKNOWN);
}

enum action watch_look(struct conn *c, struct event *ev, enum byte_class class)
{
	struct input *in = &ev->in;
	const size_t n = input_left(in);

	if (c->watch && in->chunk_start && hello_prefix(in->p, n) != PREFIX_NO)
		return ACT_SECURE;
	input_consume(c->engine, in, n, class);
	if (c->watch > n) {
		c->watch -= (uint16_t)n;
		return ACT_MORE;
	}
	for (unsigned int i = 0; c->watch && i < 2; i++)
		stream_skip(c->flow, (enum stream_dir)i, STREAM_UNKNOWN);
	c->watch = 0;
	return ACT_MORE;
}
