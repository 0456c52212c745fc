/* SPDX-License-Identifier: MIT */
/* Endpoints that speak something like HTTP send a line of junk, a body that must
 * not be there, or the body of HTTP/0.9 where a status line belongs. */
#include "http/bad_start.h"

#include <string.h>

#include "http/belief.h"
#include "http/on_peek.h"
#include "http/prefix.h"
#include "http/scan.h"

/* Longest junk line before a first status line that we wait for the end of. */
#define BAD_LINE_MAX 256u

/* Longest body to look beyond where there must be none. */
#define UNWANTED_MAX 16384u

bool awaits_first_response(const struct conn *c)
{
	return !c->spoken && !c->responses;
}

bool answers_simple_request(const struct conn *c)
{
	return c->requests && belief_simple_get(c->requests->req);
}

/* A body where there must be none (RFC 9112 section 6.3 item 1), followed by a
 * status line. */
static enum bad_start unwanted_body(const struct conn *c, enum stream_dir dir,
				    const uint8_t *p, size_t n, size_t *len)
{
	*len = c->seen ? c->dir[dir].unwanted : 0;
	if (!*len || *len > UNWANTED_MAX)
		return BAD_NOTHING;
	if (n >= *len && !head_http_prefix(p + *len, n - *len))
		return BAD_NOTHING;
	return n < *len + 5 ? BAD_WAIT : BAD_JUNK;
}

enum bad_start bad_start_classify(const struct conn *c, enum stream_dir dir,
				  const uint8_t *p, size_t n, size_t *line)
{
	enum bad_start nothing;
	const uint8_t *lf;

	if (c->dir[dir].msg->tentative || dir_is_request(c, dir))
		return BAD_NOTHING;
	if (!awaits_first_response(c))
		return unwanted_body(c, dir, p, n, line);
	if (!c->seen && scan_is_ctl(*p)) /* not text: not worth waiting for */
		return BAD_NOTHING;
	if (answers_simple_request(c))
		return BAD_SIMPLE;
	nothing = n < TUNNEL_HOLD_MAX && peek_request_late(c, dir)
			  ? BAD_WAIT
			  : BAD_NOTHING;
	lf = memchr(p, '\n', n < BAD_LINE_MAX ? n : BAD_LINE_MAX);
	if (!lf)
		return n < BAD_LINE_MAX ? BAD_WAIT : nothing;
	*line = (size_t)(lf + 1 - p);
	if (!head_http_prefix(lf + 1, n - *line))
		return nothing;
	return n - *line < 5 ? BAD_WAIT : BAD_JUNK;
}
