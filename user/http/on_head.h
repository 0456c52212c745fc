/* SPDX-License-Identifier: MIT */
/* Handlers of message starts and heads. */
#ifndef HTTP_ON_HEAD_H
#define HTTP_ON_HEAD_H

#include "http/event.h"

handler on_start;     /* DIR_START */
handler on_tunnel;    /* DIR_TUNNEL */
handler on_head;      /* DIR_HEAD */
handler on_head_skip; /* DIR_HEAD_SKIP */
handler on_head_gap;  /* both of them, at a gap */
handler on_head_end;  /* and at the end of the stream */

/* A message starts at ev->in. */
enum action head_begin(struct conn *c, struct event *ev,
		       enum msg_tentative tentative);

/* The head is complete in m->h; base is where it lies, the body starts at
 * body_start. */
enum action head_done(struct conn *c, struct event *ev, const uint8_t *base,
		      uint64_t body_start);

/* Before the first start line: corrects stream's guess of the client. */
void head_role(struct conn *c, enum stream_dir dir, const uint8_t *p, size_t n);

/* Past HEAD_MAX: consumes the next line. True: it is complete; *line is its
 * beginning (at most TRAIL_LINE_MAX bytes and what was held), *len its length
 * without line end. */
bool head_skip_line(struct conn *c, struct event *ev, const uint8_t **line,
		    uint32_t *len);

/* One direction begins with a TLS record: does the other one, too? A client that
 * speaks TLS to a cleartext port gets an answer in HTTP. */
bool tls_agreed(struct conn *c, unsigned int dir);

#endif
