/* SPDX-License-Identifier: MIT */
/*
 * Which messages are believed. Any protocol may quote HTTP, and some have
 * commands that look like it, so what looks like a message is reported only
 * unless the other direction contradicts it: by the bytes that it began with,
 * or by going on as if nobody had asked.
 */
#include "http/belief.h"

#include <string.h>

#include "http/scan.h"

/* Bytes of a first line that must be printable for it to be text. */
#define TEXT_MAX 256u

static bool is_text(const uint8_t *p, size_t n)
{
	size_t i;

	if (n > TEXT_MAX)
		n = TEXT_MAX;
	for (i = 0; i < n && p[i] != '\n'; i++)
		if (p[i] >= 0x7f ||
		    (p[i] < ' ' && p[i] != '\t' && p[i] != '\r'))
			return false;
	return i > 0;
}

static unsigned int bit(enum stream_dir dir)
{
	return 1u << dir;
}

bool belief_bad_start(struct conn *c, enum stream_dir dir, uint64_t start,
		      const uint8_t *p, size_t n)
{
	if (start || c->midstream || c->proven)
		return false;
	c->junk |= bit(dir);
	if (!is_text(p, n))
		return false;
	c->text |= bit(dir);
	return c->text == 3;
}

bool belief_simple_get(const struct msg *m)
{
	return m->h.marks & HEAD_VERSIONLESS && m->h.target.len &&
	       m->h.method.len == 3 &&
	       !memcmp(m->head + m->h.method.off, "GET", 3);
}

bool belief_simple(struct conn *c, enum stream_dir dir, const struct msg *m)
{
	if (!(m->h.marks & HEAD_VERSIONLESS))
		return false;
	c->simple |= m->h.marks & HEAD_SIMPLE;
	return !belief_simple_get(m) &&
	       belief_bad_start(c, dir, m->start, m->head, m->h.len);
}

/* A reply in the protocol of Redis, which has a command GET: a type, and a
 * number or a word in capitals. */
static bool is_redis_reply(const struct msg *rsp)
{
	const uint8_t *p = rsp->body, *end;

	if (rsp->body_len < 4 || !*p || !strchr("$*:+-", *p))
		return false;
	end = p + rsp->body_len;
	if (*p == '+' || *p == '-') {
		for (p++; p < end && *p >= 'A' && *p <= 'Z'; p++)
			;
		return p - rsp->body > 2 && p < end &&
		       (*p == ' ' || *p == '\r');
	}
	p += 1 + (p[1] == '-');
	while (p < end && scan_is_digit(*p))
		p++;
	return p - rsp->body > 1 && p < end && *p == '\r';
}

/* Did the server close after it, as it must? Markup needs no such proof. */
static bool is_page(const struct msg *rsp)
{
	return (rsp->complete && !(rsp->h.flags & HTTP_F_CLOSED_EARLY)) ||
	       (rsp->body_len && *rsp->body == '<');
}

/* Did the server close without a byte? An empty body of HTTP/0.9. */
static bool is_silent(const struct conn *c, const struct msg *req)
{
	const struct dir *d = &c->dir[STREAM_S2C ^ c->swap];

	return d->fin && !d->msg && req->acked == d->pos;
}

static bool believe_simple(const struct conn *c, const struct exchange *x)
{
	const struct msg *rsp = x->rsp;

	if (rsp && !(rsp->h.marks & HEAD_SIMPLE))
		return true;
	/* it stands where the server reads its next request */
	if (!rsp && c->proven && !c->tunnel && !x->req->denied)
		return true;
	if (!rsp)
		return (!c->more || is_silent(c, x->req)) &&
		       !(c->junk & bit(STREAM_S2C ^ c->swap));
	return belief_simple_get(x->req) && is_page(rsp) && !rsp->denied &&
	       !is_redis_reply(rsp);
}

bool belief_exchange(struct conn *c, const struct exchange *x)
{
	const struct msg *req = x->req, *rsp = x->rsp;

	if (c->other)
		return false;
	if (req && req->h.marks & HEAD_VERSIONLESS)
		return believe_simple(c, x);
	if (c->proven || (req && rsp))
		return !req || rsp || !req->denied;
	if (req)
		return !req->denied && !(req->found && !c->spoken &&
					 c->junk & bit(STREAM_S2C ^ c->swap));
	return !(rsp->found && !c->asked &&
		 c->junk & bit(STREAM_C2S ^ c->swap));
}
