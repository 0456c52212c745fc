/* SPDX-License-Identifier: MIT */
/* Memory and body of a message. */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "http/types.h"

/* A message whose first byte is at this stream offset. NULL: no memory. */
struct msg *msg_new(struct http_engine *e, uint64_t offset, uint64_t ts_ns,
		    uint64_t acked);
/* m may be NULL. */
void msg_free(struct http_engine *e, struct msg *m);

/* Copies the parts of e->unsaved, if any, that must outlive the chunk. Without
 * memory for them the message stays, but empty. */
void msg_save_pending(struct http_engine *e);

/* Appends to the incomplete head / to the held bytes. False: no memory. */
bool msg_hold_head(struct http_engine *e, struct msg *m, const uint8_t *p,
		   size_t n);
bool msg_hold(struct http_engine *e, struct msg *m, const uint8_t *p, size_t n);
/* The message gives up its incomplete head / its held bytes: the caller owns
 * the block from now on. */
void *msg_detach_head(struct msg *m, size_t *cap);
void *msg_detach_held(struct msg *m, size_t *cap);

/* Sets up decoders and hash once the framing is known. hash() of conn finds the
 * budget of its decoders. */
void msg_body_start(struct http_engine *e, struct msg *m, decode_hash *hash,
		    const void *conn);
/* What such a function returns for a connection. */
uint32_t msg_flow_hash(const struct stream_flow *flow);
/* Body bytes with chunked framing removed, still encoded. */
void msg_body(struct http_engine *e, struct msg *m, const uint8_t *p, size_t n);
/* n body bytes are missing: lost, or skipped at our own request. */
void msg_body_hole(struct http_engine *e, struct msg *m, uint64_t n, bool lost);
/* What was taken for the body is none. */
void msg_body_discard(struct http_engine *e, struct msg *m);
/* Flushes the decoders: the body is complete or abandoned. */
void msg_body_end(struct http_engine *e, struct msg *m);
/* How many of the next left bytes of the body are of no use; 0: not enough to skip. */
uint64_t msg_body_useless(struct http_engine *e, struct msg *m, uint64_t left);

/* A message whose body goes on, as it is reported before its end: without it. */
static inline struct msg msg_without_body(const struct msg *m)
{
	struct msg head = *m;

	head.md = NULL;
	head.body = NULL;
	head.body_len = 0;
	return head;
}

#endif
