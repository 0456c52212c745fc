/* SPDX-License-Identifier: MIT */
/*
 * The state that the modules of the state machine share: a connection, its
 * two directions, the messages in progress, the exchanges that wait for their
 * other half, and the engine that owns them all.
 */
#ifndef HTTP_TYPES_H
#define HTTP_TYPES_H

#include <openssl/evp.h>

#include "http/chunked.h"
#include "http/conf.h"
#include "http/decode.h"
#include "http/head.h"
#include "http/store.h"
#include "stream/stream.h"

#define INTERIM_MAX    8u    /* 1xx statuses recorded per exchange */
#define TRAIL_LINE_MAX 1024u /* bytes kept of a field line past HEAD_MAX */
/* Response bytes held until the request shows whether a tunnel follows. */
#define TUNNEL_HOLD_MAX 16384u
#define QUEUE_MAX	1024u /* exchanges pending on one connection */

struct exchange;
struct conn;

/* Why the head in progress may turn out not to be one. */
enum msg_tentative {
	TENTATIVE_NO,	  /* a message must start here */
	TENTATIVE_RESYNC, /* found by the search for a message start */
	TENTATIVE_TUNNEL, /* follows CONNECT or Upgrade: HTTP or something else */
};

enum framing {
	FRAMING_NONE,
	FRAMING_LENGTH,
	FRAMING_CHUNKED,
	FRAMING_CLOSE,
};

/* A message in progress or pending. Until msg_save() its head lies in the
 * stream's chunk and its fields in the engine's scratch. */
struct msg {
	struct head h;
	const uint8_t *head;		 /* offsets in h are relative to this */
	const struct head_field *fields; /* h.n_fields of them */
	void *block; /* the saved head and fields, or an incomplete head */
	size_t block_cap;
	uint32_t have; /* bytes in block while the head is incomplete */
	struct head_cursor cur;
	/* Held bytes: a trailer section, a head line past HEAD_MAX, or what
	 * DIR_PEEK has not classified yet. */
	void *trail;
	size_t trail_cap;
	uint32_t trail_len;
	uint64_t trail_acked; /* acked of all of them, or STREAM_UNKNOWN */

	const uint8_t *body; /* in the chunk or in body_block */
	size_t body_len;     /* decoded bytes kept */
	size_t body_limit;   /* most bytes to keep */
	void *body_block;
	size_t body_cap;
	uint64_t body_total; /* decoded bytes; with a hole: those seen */
	struct decoder *dec;
	EVP_MD_CTX *md;

	uint8_t framing; /* enum framing */
	bool complete;
	bool hole;	   /* bytes of the body were lost */
	bool skipping;	   /* stream_skip() was called for the remainder */
	bool saved;	   /* head and fields are in block */
	bool no_memory;	   /* parts could not be kept for want of memory */
	bool suspect;	   /* the first line is bad: waiting for the second */
	bool in_trailer;   /* DIR_HEAD_SKIP skips a trailer section */
	uint8_t tentative; /* enum msg_tentative */
	uint64_t left;	   /* FRAMING_LENGTH: body bytes still to come */
	struct chunked chunked;

	uint64_t start, end; /* stream offsets */
	uint64_t acked;	     /* what the first byte's segment acknowledges */
	uint64_t first_ns, last_ns;
	struct exchange *x;
	size_t cap; /* of this struct in the store */
};

/* A request and its response; either may still be missing. */
struct exchange {
	struct exchange *next; /* in the connection's queue */
	struct msg *req, *rsp;
	uint32_t flags;	 /* HTTP_F_* in addition to those of the messages */
	bool after_hole; /* requests before this one were lost or dropped */
	bool uncertain;	 /* the held response may belong to a lost request */
	bool queued;
	uint8_t n_interim;
	uint16_t interim[INTERIM_MAX];
	uint64_t rsp_start, rsp_acked; /* of the first response, 1xx or final */
	size_t cap;
};

enum dir_state {
	DIR_START,     /* between messages */
	DIR_HEAD,      /* msg holds an incomplete head */
	DIR_HEAD_SKIP, /* past HEAD_MAX, looking for the end of the head */
	DIR_PEEK,      /* does a body follow, or the next message? */
	DIR_BODY,
	DIR_TRAILER,
	DIR_RESYNC, /* searching for a message start */
	DIR_TUNNEL, /* after CONNECT or Upgrade: HTTP or something else */
	DIR_UPGRADED,
	DIR_NOT_HTTP,
};

struct dir {
	struct msg *msg;
	uint64_t pos;  /* stream offset of the next byte */
	uint8_t state; /* enum dir_state */
	uint8_t nl;    /* DIR_RESYNC: 1 after a line, 2 after an empty line */
	bool fin;
	uint32_t scanned; /* DIR_RESYNC: bytes searched without success while
			   * the protocol is unknown */
};

/* Node of the engine's list of connections with something pending, oldest
 * first. */
struct waiting {
	struct waiting *older, *newer;
	struct conn *conn;
	uint64_t since_ns;
	size_t cap;
};

/* Millions may exist and most are idle, so state that only a pending message
 * needs lives elsewhere. */
struct conn {
	struct http_engine *engine;
	union {
		struct stream_flow *flow;
		struct conn *next_free;
	};
	struct waiting *waiting; /* NULL: not listed */
	struct exchange *queue;
	uint64_t answered;  /* end of the last response that was paired */
	struct dir dir[2];  /* indexed by enum stream_dir */
	uint32_t hole_at;   /* low bits of answered when requests were lost */
	uint16_t n_queue;   /* length of queue */
	bool swap : 1;	    /* stream took the server for the client */
	bool seen : 1;	    /* a valid start line was seen */
	bool spoken : 1;    /* a valid response was seen */
	bool pipelined : 1; /* the client sends requests ahead of responses */
	bool req_hole : 1;  /* requests are missing after those in queue */
	bool hole_lost : 1; /* they were lost, not merely unparsable */
	bool rsp_lost : 1;  /* responses were lost: order alone pairs nothing */
	bool midstream : 1; /* the capture missed the handshake */
	bool tunnel : 1;    /* CONNECT was accepted */
};

/* Bytes on their way through the state machine. */
struct input {
	const uint8_t *p, *end;
	uint64_t offset; /* stream offset of p */
	uint64_t ts_ns;
	uint64_t acked;
	bool chunk_start; /* p is the first byte of a chunk */
};

struct http_engine {
	struct http_conf conf;
	struct http_stats stats;
	struct store store;
	struct decode_pool *decoders;
	struct waiting *oldest, *newest;
	uint64_t now_ns; /* of the latest packet or tick */
	struct conn *free_conns;
	struct conn_slab *slabs;
	unsigned int slab_used; /* connections handed out of the first slab */
	EVP_MD *sha256;
	EVP_MD_CTX *free_md[16];
	unsigned int n_free_md;
	/* The chunk being processed; pointers into it die with the call. */
	const uint8_t *chunk, *chunk_end;
	struct msg *unsaved; /* the message that points into chunk or fields */
	struct head_field fields[HEAD_FIELDS_MAX];
	struct http_field out[2][HEAD_FIELDS_MAX];
};

static inline size_t input_left(const struct input *in)
{
	return (size_t)(in->end - in->p);
}

/* Consumes n bytes and adds them to a byte counter. */
static inline void input_consume(struct input *in, size_t n, uint64_t *counter)
{
	in->p += n;
	in->offset += n;
	in->chunk_start = false;
	*counter += n;
}

static inline bool dir_is_request(const struct conn *c, enum stream_dir d)
{
	return ((unsigned int)d ^ c->swap) == STREAM_C2S;
}

static inline struct dir *client_dir(struct conn *c)
{
	return &c->dir[STREAM_C2S ^ c->swap];
}

static inline struct dir *server_dir(struct conn *c)
{
	return &c->dir[STREAM_S2C ^ c->swap];
}

#endif
