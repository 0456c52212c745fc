/* SPDX-License-Identifier: MIT */
/* What the modules of http/ share and nobody else sees. */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include <openssl/evp.h>

#include "http/chunked.h"
#include "http/decode.h"
#include "http/head.h"
#include "http/http.h"
#include "http/store.h"

#define INTERIM_MAX    8u    /* statuses of 1xx kept per transaction */
#define PEEK_MAX       24u   /* the longest registered method and a bit */
#define TRAIL_LINE_MAX 1024u /* of a field line beyond HEAD_MAX */
/* What may be the inside of a tunnel waits for its CONNECT, so far. */
#define TUNNEL_HOLD_MAX 16384u
#define QUEUE_MAX	1024u /* exchanges waiting on one connection */

struct exchange;
struct conn;

/* Is the head in progress a head at all? */
enum msg_tentative {
	TENTATIVE_NO,	  /* it is where one must be */
	TENTATIVE_RESYNC, /* it looks like one */
	TENTATIVE_TUNNEL, /* it may be: CONNECT or Upgrade came before */
};

enum framing {
	FRAMING_NONE,
	FRAMING_LENGTH,
	FRAMING_CHUNKED,
	FRAMING_CLOSE,
};

/* A message being parsed or waiting. The head is at head + 0; head and fields
 * lie in the stream's chunk and the engine's scratch until msg_save(). */
struct msg {
	struct head h;
	const uint8_t *head;
	const struct head_field *fields;
	void *block; /* saved head and fields, or a head that is incomplete */
	size_t block_cap;
	uint32_t have; /* bytes of an incomplete head or trailer section */
	struct head_cursor cur;
	/* bytes held back: of a trailer section, of a line of a head beyond
	 * the limit, or in DIR_PEEK */
	void *trail;
	size_t trail_cap;
	uint32_t trail_len;
	uint64_t trail_acked; /* as acked, of all of them; or not known */

	const uint8_t *body; /* in the chunk, or body_block */
	size_t body_len;     /* kept, decoded */
	size_t body_limit;   /* of what is kept */
	void *body_block;
	size_t body_cap;
	uint64_t body_total; /* decoded, or seen when there is a hole */
	struct decoder *dec;
	EVP_MD_CTX *md;

	uint8_t framing; /* enum framing */
	bool complete;
	bool hole;	   /* of bytes lost */
	bool skipping;	   /* stream_skip() was called for the rest */
	bool saved;	   /* the head is in block */
	bool no_memory;	   /* parts of it could not be kept */
	bool suspect;	   /* the first line is bad: waiting for the second */
	bool in_trailer;   /* DIR_HEAD_SKIP: of the trailer section */
	uint8_t tentative; /* enum msg_tentative */
	uint64_t left;	   /* FRAMING_LENGTH */
	struct chunked chunked;

	uint64_t start, end; /* stream offsets */
	uint64_t acked;	     /* of the other direction, with the first byte */
	uint64_t first_ns, last_ns;
	struct exchange *x;
	size_t cap; /* of this struct in the store */
};

/* A request and its response, either of which may be missing yet. */
struct exchange {
	struct exchange *next; /* in the connection's queue */
	struct msg *req, *rsp;
	uint32_t flags;	 /* HTTP_F_* beyond those of the messages */
	bool after_hole; /* requests were lost, or given up, before this one */
	bool uncertain;	 /* a held response that may belong to a lost request */
	bool queued;
	uint8_t n_interim;
	uint16_t interim[INTERIM_MAX];
	uint64_t rsp_start, rsp_acked; /* of the first interim or final */
	size_t cap;
};

enum dir_state {
	DIR_START,     /* between messages */
	DIR_HEAD,      /* an incomplete head in msg */
	DIR_HEAD_SKIP, /* beyond the limit, looking for the end of the head */
	DIR_PEEK,      /* is there a body at all? */
	DIR_BODY,
	DIR_TRAILER,
	DIR_RESYNC, /* looking for a message start */
	DIR_TUNNEL, /* after CONNECT or Upgrade: what comes now? */
	DIR_UPGRADED,
	DIR_NOT_HTTP,
};

struct dir {
	struct msg *msg;
	uint64_t pos;  /* offset of the next byte */
	uint8_t state; /* enum dir_state */
	uint8_t nl;    /* DIR_RESYNC: 1 after a line end, 2 after its CR */
	bool fin;
	uint32_t scanned; /* DIR_RESYNC: bytes in vain, for connections of
			   * which nothing is known */
};

/* A place in the list of connections with something pending, by age. */
struct waiting {
	struct waiting *older, *newer;
	struct conn *conn;
	uint64_t since_ns;
	size_t cap;
};

/* There may be millions, most of them idle: what is needed only meanwhile
 * something is pending is elsewhere. */
struct conn {
	struct http_engine *engine;
	union {
		struct stream_flow *flow;
		struct conn *next_free;
	};
	struct waiting *waiting; /* NULL: not listed */
	struct exchange *queue;
	uint64_t answered; /* end of the last response of a pair */
	struct dir dir[2]; /* by stream's index */
	uint32_t hole_at;  /* low bits of answered when requests were lost */
	uint16_t n_queue;
	bool swap : 1;	    /* stream's guess of the client is wrong */
	bool seen : 1;	    /* a valid start line */
	bool spoken : 1;    /* a valid response */
	bool pipelined : 1; /* requests were sent ahead of responses */
	bool req_hole : 1;  /* requests lost after the last one of the queue */
	bool hole_lost : 1; /* ... by a gap, not by junk */
	bool rsp_lost : 1;  /* responses lost: the order alone pairs nothing */
	bool midstream : 1;
	bool tunnel : 1; /* CONNECT was accepted */
};

/* Bytes given to the state machine. */
struct input {
	const uint8_t *p, *end;
	uint64_t offset; /* of p in the stream */
	uint64_t ts_ns;
	uint64_t acked;
	bool chunk_start; /* p is the first byte of a chunk */
};

static inline size_t input_left(const struct input *in)
{
	return (size_t)(in->end - in->p);
}

/* Takes n bytes and counts them. */
static inline void input_take(struct input *in, size_t n, uint64_t *counter)
{
	in->p += n;
	in->offset += n;
	in->chunk_start = false;
	*counter += n;
}

struct http_engine {
	struct http_conf conf;
	struct http_stats stats;
	struct store store;
	struct decode_pool *decoders;
	struct waiting *oldest, *newest;
	uint64_t now_ns; /* of the latest packet or tick */
	struct conn *free_conns;
	struct conn_slab *slabs;
	unsigned int slab_used; /* of the first one */
	EVP_MD *sha256;
	EVP_MD_CTX *free_md[16];
	unsigned int n_free_md;
	/* the chunk of the call in progress: may be pointed to until its end */
	const uint8_t *chunk, *chunk_end;
	struct msg *unsaved; /* with parts in it */
	struct head_field fields[HEAD_FIELDS_MAX];
	struct http_field out[2][HEAD_FIELDS_MAX];
};

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

/* message.c: memory and bodies of messages */
struct msg *msg_new(struct http_engine *e, uint64_t offset, uint64_t ts_ns,
		    uint64_t acked);
void msg_free(struct http_engine *e, struct msg *m);
/* Copies out of the chunk what must outlive the call. */
bool msg_save(struct http_engine *e, struct msg *m);
/* Appends to the incomplete head, or trailer section. */
bool msg_hold(struct http_engine *e, struct msg *m, const uint8_t *p, size_t n);
bool msg_hold_trailer(struct http_engine *e, struct msg *m, const uint8_t *p,
		      size_t n);
/* Body bytes as they are on the wire, de-chunked. */
void msg_body(struct http_engine *e, struct msg *m, const uint8_t *p, size_t n);
/* Bytes of the body that are not there. */
void msg_body_hole(struct http_engine *e, struct msg *m, uint64_t n,
		   bool wanted);
void msg_body_start(struct http_engine *e, struct msg *m);
/* The body is complete, or given up: what the decoders hold comes out. */
void msg_body_end(struct http_engine *e, struct msg *m);
/* No more byte of the body is of use. */
bool msg_body_enough(const struct http_engine *e, const struct msg *m);

/* As msg_save() for the message of the call in progress. */
void msg_save_pending(struct http_engine *e);

/* emit.c */
void exchange_emit(struct conn *c, struct exchange *x, uint32_t flags);

/* pair.c */
struct exchange *exchange_new(struct http_engine *e);
void exchange_free(struct http_engine *e, struct exchange *x);
void queue_remove(struct conn *c, struct exchange *x);
/* A request's head is complete: its place in the queue. NULL: no memory. */
struct exchange *pair_request(struct conn *c, struct msg *m);
/* A response's head is complete, m->x is set. A response that belongs to no
 * request that was seen gets an exchange of its own, outside the queue. */
struct exchange *pair_response(struct conn *c, struct msg *m, bool final);
/* Requests were lost after those of the queue, or junk was in their place. */
void pair_hole(struct conn *c, bool lost);
/* A response is complete: what that says about the client. */
void pair_observe(struct conn *c, const struct msg *rsp);
/* Every exchange of the queue comes out as it is. */
void queue_give_up(struct conn *c, uint32_t flags);
/* Emits and removes x, whatever it has. */
void exchange_finish(struct conn *c, struct exchange *x, uint32_t flags);
/* Both messages complete? Then it is emitted. */
void exchange_check(struct conn *c, struct exchange *x);

/* parse.c: message starts and heads */
void parse_input(struct conn *c, enum stream_dir dir, struct input *in);
/* Of the held bytes (have, the last n of them of in) only used belong to the
 * head: what came with in goes back to it, what came before is returned. */
struct input parse_give_back(struct input *in, size_t n, const uint8_t *held,
			     size_t have, size_t used,
			     uint8_t tail[HEAD_TAIL_MAX]);
/* The bytes end within a head, at a gap or for good: makes a message of what
 * is there if the start line is complete. */
void parse_head_cut(struct conn *c, enum stream_dir dir, uint64_t ts_ns,
		    uint32_t flags);
void parse_begin(struct conn *c, enum stream_dir dir, struct input *in,
		 enum msg_tentative tentative);
/* Nothing was seen on this connection so far: whose bytes are these? */
void parse_role(struct conn *c, enum stream_dir dir, const uint8_t *p,
		size_t n);
/* resync.c: from now on a message start is searched for. lost: because of
 * missing bytes. */
void parse_resync(struct conn *c, enum stream_dir dir, bool lost);
void parse_search(struct conn *c, enum stream_dir dir, struct input *in);
/* Bytes that were held back, once more. */
void parse_replay(struct conn *c, enum stream_dir dir, const uint8_t *p,
		  size_t n, uint64_t offset, uint64_t ts_ns, uint64_t acked);

enum unpeek {
	UNPEEK_BODY,
	UNPEEK_MESSAGE, /* there is no body: another message, or a tunnel */
	UNPEEK_UPGRADE, /* of another protocol */
	UNPEEK_BLIND,	/* no request will tell any more: what is likely */
};

/* body.c: from the complete head to the end of the message */
void body_begin(struct conn *c, enum stream_dir dir, struct input *in);
void body_input(struct conn *c, enum stream_dir dir, struct input *in);
void body_peek(struct conn *c, enum stream_dir dir, struct input *in);
void body_trailer(struct conn *c, enum stream_dir dir, struct input *in);
/* What DIR_PEEK held back is of the body after all, or is not. */
void body_unpeek(struct conn *c, enum stream_dir dir, enum unpeek what,
		 uint64_t ts_ns);
void body_gap(struct conn *c, enum stream_dir dir, uint64_t len,
	      enum stream_gap_kind kind, uint64_t ts_ns);
/* The stream ends within the message; in order, or not. */
void body_cut(struct conn *c, enum stream_dir dir, bool in_order);
void msg_complete(struct conn *c, enum stream_dir dir, uint64_t end,
		  uint64_t ts_ns);

/* conn.c */
void conn_give_up(struct conn *c, uint32_t flags);
/* Bytes that the message in progress holds back go to the searched ones. */
void conn_drop_held(struct conn *c, struct dir *d);
void conn_list(struct conn *c);
void conn_unlist(struct conn *c);
static inline bool conn_pending(const struct conn *c)
{
	return c->queue || c->dir[0].msg || c->dir[1].msg;
}
void conn_upgrade(struct conn *c, enum stream_dir dir);
void conn_not_http(struct conn *c, const uint8_t *p, size_t n, bool h2);
struct conn *conn_new(struct http_engine *e);
void conn_free(struct http_engine *e, struct conn *c);

#endif
