/* SPDX-License-Identifier: MIT */
/*
 * The state that the modules of HTTP/2 share: an engine, its connections, their
 * directions, and the streams that are open. Messages are those of http/
 * (struct msg), in the memory of the HTTP/1 engine; so are limits, decoders and
 * the counters of transactions.
 */
#ifndef HTTP2_TYPES_H
#define HTTP2_TYPES_H

#include "http/types.h"
#include "http2/conf.h"
#include "http2/frame.h"
#include "http2/hpack.h"
#include "http2/huffman_memo.h"

/* Bytes of a header block with its CONTINUATIONs; beyond it the block, and with
 * it the dynamic table, is given up. */
#define H2_BLOCK_MAX (256u << 10)
/* Our bound of a dynamic table. */
#define H2_TABLE_MAX (64u << 10)
/* Open streams of a connection, at most; then the oldest is given up. */
#define H2_STREAMS_MAX 1024u
/* Ids of streams that ended, remembered per connection. */
#define H2_ENDED 32u

/* A part of a message that was not captured, in place of a struct head_ref. */
#define H2_UNKNOWN	 ((struct head_ref){UINT16_MAX, UINT16_MAX})
#define H2_IS_UNKNOWN(r) ((r).len == UINT16_MAX)

/* Halves of a stream. */
enum h2_half {
	H2_REQUEST,
	H2_RESPONSE,
};

/* How much of a half was seen. */
enum h2_progress {
	H2_IDLE,       /* nothing */
	H2_HEAD,       /* its head */
	H2_BODY,       /* DATA */
	H2_ENDED_HALF, /* END_STREAM */
};

struct h2_half_state {
	struct msg *msg;     /* NULL: its head was not seen */
	uint8_t progress;    /* enum h2_progress */
	bool status_unknown; /* a response that may be an interim one */
	bool doubt;	     /* bytes may be missing: see h2_stream_loss() */
	bool late;	     /* ended before its Content-Length was reached */
	uint32_t losses;     /* of its direction, as far as considered */
};

struct h2_stream {
	struct h2_stream *same_hash;
	struct h2_stream *prev, *next;	 /* of the connection, by creation */
	struct h2_stream *older, *newer; /* of the engine, by activity */
	struct h2_conn *conn;
	struct h2_half_state half[2]; /* by enum h2_half */
	struct msg *interim, **interim_end;
	/* Those whose response has begun and is not reported yet, by when it
	 * began; see progress.c */
	struct h2_stream *began_before, *began_after;
	struct started *started; /* NULL: was not reported yet */
	uint64_t touched_ns;
	uint32_t id;
	uint32_t flags; /* HTTP_F_* */
	/* waits for what the peer sent before it knew of that, or for DATA that
	 * is late */
	bool reset;
	bool answering; /* is in the list of those whose response has begun */
	uint8_t n_interim;
	size_t cap;
};

struct h2_list {
	struct h2_stream *oldest, *newest;
};

enum h2_dir_state {
	H2_DIR_PREFACE, /* of a client */
	H2_DIR_HEADER,	/* at a frame header, or in it */
	H2_DIR_PAYLOAD, /* in a frame */
	H2_DIR_RESYNC,	/* searching for a frame */
	H2_DIR_LIKELY,	/* in what may be a long frame, or at its end */
	H2_DIR_IGNORED, /* does not speak HTTP/2 */
};

struct h2_dir {
	struct hpack *hpack; /* NULL: no header block so far */
	uint32_t hpack_cost; /* charged to the store */
	bool table_lost;     /* forget the table once there is one */

	uint8_t state; /* enum h2_dir_state */
	bool unsure;   /* frames are followed only as long as plausible */
	uint8_t run;   /* plausible frames since then */
	uint8_t n_small;
	uint8_t small[FRAME_HEADER]; /* a frame header, or the first bytes of a
				      * control frame */
	struct frame f;		     /* in H2_DIR_PAYLOAD and H2_DIR_LIKELY */
	uint32_t left;		     /* bytes of it still to come */
	uint32_t pad;		     /* the last of them that are padding */
	/* H2_DIR_PREFACE: bytes of a PROXY header still to come; left are those of
	 * the preface that came */
	uint32_t proxy_left;
	bool pad_known; /* the pad length was read, or there is none */
	bool damaged;	/* bytes of it are missing */
	uint32_t lost;	/* H2_DIR_LIKELY: so many */
	struct h2_stream *stream; /* that DATA belongs to, or NULL */

	/* The header block in progress. In H2_DIR_RESYNC, what may be frames; in
	 * H2_DIR_PREFACE, a PROXY header. */
	uint8_t *block;
	size_t block_cap;
	uint32_t block_len;
	uint32_t block_stream; /* 0: none is in progress */
	uint32_t promised;     /* by PUSH_PROMISE, or 0 */
	bool block_end_stream;
	bool block_lost;   /* bytes of it are missing, or it is too long */
	uint64_t block_ns; /* when it began */

	uint32_t scanned; /* bytes searched for frames in vain */
	uint32_t losses;  /* how often frames may have been lost */
	uint32_t highest; /* stream id of a head that was seen; 0: none */
	/* Of the client: requests may have been missed whose ids are between
	 * these, both exclusive; missed_to is 0 until the next one is seen. */
	bool missed;
	uint32_t missed_from, missed_to;
	bool heads_seen; /* after the latest loss */
};

struct h2_conn {
	struct http2_engine *engine;
	struct h2_conn *idler, *busier; /* in the engine's list, if listed */
	uint64_t touched_ns;
	struct stream_flow *flow;
	struct h2_dir dir[2]; /* by enum stream_dir */
	struct h2_stream *first, *last;
	struct h2_stream **table; /* n_buckets chains, by id */
	uint32_t n_buckets, n_streams;
	size_t table_cap;
	uint32_t ended[H2_ENDED]; /* ids; the latest is before n_ended */
	uint8_t n_ended;
	struct proxied *proxied; /* NULL: no PROXY header, or it names nobody */
	uint64_t id[2];		 /* see identify() */
	uint64_t began_ns;	 /* when the preface began */
	bool swap;		 /* stream took the server for the client */
	bool roles_known; /* handshake, preface or a pseudo-header shows them */
	bool midstream;	  /* the handshake was not captured */
	bool begun;	  /* bytes or a gap were delivered */
	bool proven;	  /* it speaks HTTP/2 */
	bool listed;
	size_t cap;
};

struct http2_engine {
	struct http_engine *http;
	struct http2_stats stats;
	/* Streams by activity; and those that were reset, by when. */
	struct h2_list active, reset;
	struct h2_list
		answering; /* whose response has begun, if reported then */
	struct h2_conn *idle,
		*busy; /* those with tables: oldest, newest activity */
	struct huffman_memo memo;
	/* The head being decoded; the fields are in http->fields. Vector code
	 * reads beyond its end. */
	uint8_t head[HEAD_MAX + 64];
};

static inline enum stream_dir h2_dir_of(const struct h2_conn *c,
					enum h2_half half)
{
	return (enum stream_dir)((unsigned int)half ^ c->swap);
}

static inline enum h2_half h2_half_of(const struct h2_conn *c,
				      enum stream_dir dir)
{
	return (enum h2_half)((unsigned int)dir ^ c->swap);
}

#endif
