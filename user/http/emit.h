/* SPDX-License-Identifier: MIT */
/* From an exchange to the struct http_transaction that the caller sees. */
#ifndef HTTP_EMIT_H
#define HTTP_EMIT_H

#include "http/types.h"

/* Counts x and passes it to conf.emit with flags (HTTP_F_*) added. Does
 * nothing for an exchange with neither request nor final response. */
void exchange_emit(struct conn *c, struct exchange *x, uint32_t flags);
/* Passes x, whose response is in progress, to conf.started and fills in
 * x->started. */
void exchange_emit_started(struct conn *c, struct exchange *x);

/* Sets the body and the times of out, which is m. */
void emit_body(const struct http_engine *e, const struct msg *m,
	       struct http_message *out);
/* Counts a transaction; one of its messages may be NULL. */
void emit_count(struct http_stats *s, const struct msg *req,
		const struct msg *rsp);

#endif
