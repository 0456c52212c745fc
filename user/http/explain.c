/* SPDX-License-Identifier: MIT */
/* Formats the subjects of events: "request GET, target of 5 bytes", "response 200". */
#include <stdio.h>

#include "http/explain.h"
#include "http/transaction.h"

#define METHOD_MAX 32 /* bytes of a method in a subject */

static void emit(struct conn *c, struct flow_event *ev)
{
	const struct http_conf *conf = &c->engine->conf;

	ev->ts_ns = c->engine->now_ns;
	conf->event(conf->event_ctx, c->flow, ev);
}

/* Control bytes must not reach a terminal. */
static void make_printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
			*s = '?';
}

void explain_send_pair(struct conn *c, const struct msg *m, bool request,
		       const char *reason)
{
	char subject[METHOD_MAX + 64];

	if (!request)
		snprintf(subject, sizeof(subject), "response %u", m->h.status);
	else if (m->head)
		/* The target may contain secrets, which are masked only in lines. */
		snprintf(subject, sizeof(subject),
			 "request %.*s, target of %u bytes",
			 m->h.method.len < METHOD_MAX ? (int)m->h.method.len
						      : METHOD_MAX,
			 (const char *)m->head + m->h.method.off,
			 (unsigned int)m->h.target.len);
	else
		snprintf(subject, sizeof(subject), "request");
	make_printable(subject);
	emit(c, &(struct flow_event){
			.type = FLOW_PAIR,
			.dir = (enum stream_dir)(
				(request ? STREAM_C2S : STREAM_S2C) ^ c->swap),
			.offset = m->start,
			.subject = subject,
			.reason = reason,
		});
}

void explain_send_unpaired(struct conn *c, const struct exchange *x,
			   uint32_t flags)
{
	const char *reason = "reported without its other half";

	if (flags & HTTP_F_TIMEOUT)
		reason = "reported without its other half: timeout";
	else if (flags & HTTP_F_EVICTED)
		reason =
			"reported without its other half: memory or queue limit";
	else if (flags & HTTP_F_RESPONSE_GAP)
		reason =
			"reported without its other half: the response was lost";
	else if (flags & HTTP_F_CLOSED_EARLY)
		reason =
			"reported without its other half: the connection ended";
	if (x->req && !x->rsp)
		explain_send_pair(c, x->req, true, reason);
	else if (x->rsp && !x->req)
		explain_send_pair(c, x->rsp, false, reason);
}

void explain_send_resync(struct conn *c, enum stream_dir dir, bool lost)
{
	emit(c,
	     &(struct flow_event){
		     .type = FLOW_RESYNC,
		     .dir = dir,
		     .offset = c->dir[dir].pos,
		     .reason =
			     lost ? "bytes are missing: searching for the next message"
				  : "the message cannot be delimited: searching for the next one",
	     });
}
