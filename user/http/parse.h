/* SPDX-License-Identifier: MIT */
/* Message starts and heads. */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http/types.h"

/* Runs the state machine of dir over all of in. */
void parse_input(struct conn *c, enum stream_dir dir, struct input *in);
/* Runs it over held bytes again. */
void parse_replay(struct conn *c, enum stream_dir dir, const uint8_t *p,
		  size_t n, uint64_t offset, uint64_t ts_ns, uint64_t acked);
/* Only the first used of the have held bytes belong to the head; the last n of
 * them came with in. Those of in go back to it, earlier ones are returned,
 * copied to tail. */
struct input parse_give_back(struct input *in, size_t n, const uint8_t *held,
			     size_t have, size_t used,
			     uint8_t tail[HEAD_TAIL_MAX]);
/* The bytes end within a head, at a gap or at the end of the stream: makes a
 * message of them if the start line is complete. */
void parse_head_cut(struct conn *c, enum stream_dir dir, uint64_t ts_ns,
		    uint32_t flags);
/* Starts a message at in. */
void parse_begin(struct conn *c, enum stream_dir dir, struct input *in,
		 enum msg_tentative tentative);
/* Before the first start line: corrects stream's guess of the client. */
void parse_role(struct conn *c, enum stream_dir dir, const uint8_t *p,
		size_t n);

#endif
