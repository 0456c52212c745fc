/* SPDX-License-Identifier: MIT */
/* The rules that decide which response answers which request; see the README. */
#ifndef HTTP_PAIRING_RULES_H
#define HTTP_PAIRING_RULES_H

#include "http/types.h"

/* Exchanges that one decision looks at: bounds the work per message. */
#define PAIRING_SCAN 32u

/* After evidence that the client sends requests while others are unanswered, at
 * times of its own, so many turnarounds are not believed. */
#define PAIRING_ASYNC 255u
/* The same if all that is known is that it sends several requests together. */
#define PAIRING_BURST 4u
/* Unless it was seen to wait for all responses so often. A turnaround that
 * confirms the one before counts twice. Until then no turnaround is believed. */
#define PAIRING_TURNS 7u
/* Unless nothing was missing once when it waited, so often: turnarounds alone
 * also come from a client that has requests in flight all the time. */
#define PAIRING_UNWAITED 10u
/* The same if the client never sent requests together; and then, once nothing
 * more comes that could contradict it. */
#define PAIRING_SINGLE 5u
#define PAIRING_LAST   3u

/* Each hole before a message counts so often, each message without one takes one
 * away. Above the limit, what shows that requests were outstanding is likely to
 * be missing as well, so no turnaround is believed. */
#define PAIRING_SPARSE	   3u
#define PAIRING_SPARSE_MAX 8u

/* A connection is idle if nothing is sent in either direction for so long, and
 * everything is acknowledged. */
#define PAIRING_IDLE_NS 1000000000ull

/* The response was sent before the request, so it answers an earlier one. */
bool rule_precedes(const struct exchange *rsp, const struct msg *req);

/* The response is proven not to answer the request. */
bool rule_contradicts(const struct msg *req, const struct exchange *rsp);

/* Everything the server sent up to the end of rsp was received when req was
 * sent, and everything the client sent before req when rsp was sent. */
bool rule_turnaround(const struct msg *rsp, const struct msg *req);

/* Requests up to req and responses up to rsp (either may be NULL) may be all
 * that came before a turnaround: counted backwards, no two contradict each
 * other, and their numbers agree unless some are missing. hole: requests after
 * req are missing. *confirms: the response at the turnaround before, if nothing
 * is missing since, else NULL. */
bool rule_consistent(const struct conn *c, const struct exchange *req,
		     const struct exchange *rsp, enum hole hole,
		     struct exchange **confirms);

/* Was request m, which arrives, sent together with the one before it? */
bool rule_burst(struct conn *c, const struct msg *m);

/* Is the turnaround the moment of an idle connection? */
bool rule_idle(const struct msg *rsp, const struct msg *req);

/* Has the server been silent for at least as long when m, which arrives, is
 * sent and nothing is outstanding? */
bool rule_silence(const struct conn *c, const struct msg *m);

/* The one request that a response which starts here can answer, or NULL. rsp
 * has rsp_start and rsp_acked; it is the next response after those that
 * answered all requests before the first in the list, unless it is after a
 * hole. */
struct exchange *rule_only_request(struct conn *c, const struct exchange *rsp);

/* Can no request that this response answers arrive any more? */
bool rule_unrequested(struct conn *c, const struct exchange *rsp);

/* Request m, which arrives, was sent while an earlier one was unanswered, but
 * not together with it. */
bool rule_async(struct conn *c, const struct msg *m);

/* The same, to be seen from a response that arrives. */
bool rule_async_response(struct conn *c, const struct exchange *rsp);

/* The same, when rsp is complete: a request was sent when the client had
 * received a part of it, or all of it but not what answers the request before. */
bool rule_async_ended(const struct conn *c, const struct msg *rsp);

/* The same, when the response to req is known and next is the request after
 * it. */
bool rule_async_pair(const struct msg *req, const struct msg *rsp,
		     const struct msg *next);

/* Does the body of rsp, which no length delimits, end before the status line at
 * this offset, whose segment acknowledges acked? The first pending request was
 * sent while it was on its way, and the server has sent nothing else since it
 * received that request. */
bool rule_ends_body(const struct conn *c, const struct msg *rsp,
		    uint64_t offset, uint64_t acked);

/* Nothing was outstanding when request m, which arrives, was sent. */
bool rule_alone(struct conn *c, const struct msg *m);

#endif
