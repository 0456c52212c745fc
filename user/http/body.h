/* SPDX-License-Identifier: MIT */
/* From a complete head to the end of the message. */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "http/types.h"

/* What the bytes held in DIR_PEEK are. */
enum unpeek {
	UNPEEK_BODY,
	UNPEEK_MESSAGE, /* no body: the next message, or a tunnel */
	UNPEEK_UPGRADE, /* another protocol */
	UNPEEK_BLIND,	/* no request will tell: take the likely case */
};

void body_begin(struct conn *c, enum stream_dir dir, struct input *in);
void body_input(struct conn *c, enum stream_dir dir, struct input *in);
void body_peek(struct conn *c, enum stream_dir dir, struct input *in);
void body_trailer(struct conn *c, enum stream_dir dir, struct input *in);
/* Leaves DIR_PEEK and parses the held bytes again. */
void body_unpeek(struct conn *c, enum stream_dir dir, enum unpeek what,
		 uint64_t ts_ns);
void body_gap(struct conn *c, enum stream_dir dir, uint64_t len,
	      enum stream_gap_kind kind, uint64_t ts_ns);
/* The stream ends within the message, after all its bytes if in_order. */
void body_cut(struct conn *c, enum stream_dir dir, bool in_order);
void msg_complete(struct conn *c, enum stream_dir dir, uint64_t end,
		  uint64_t ts_ns);

#endif
