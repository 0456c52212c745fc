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

#define TRAIL_LINE_MAX 1024u /* bytes kept of a field line past HEAD_MAX */
/* Response bytes held until the request shows whether a tunnel follows. */
#define TUNNEL_HOLD_MAX 16384u
#define QUEUE_MAX	1024u /* exchanges that wait on one connection */

struct exchange;
struct conn;
struct times;

/* Why the head in progress may turn out not to be one. */
enum msg_tentative {
	TENTATIVE_NO,	  /* a message must start here */
	TENTATIVE_RESYNC, /* found by the search for a message start */
	TENTATIVE_VAIN,	  /* a request that the server is not going to answer */
	TENTATIVE_TUNNEL, /* follows CONNECT or Upgrade: HTTP or something else */
};

/* What follows a complete message in its direction. */
enum msg_after {
	AFTER_NEXT,	    /* another message */
	AFTER_TUNNEL,	    /* whatever the tunnel carries */
	AFTER_UPGRADE,	    /* another protocol */
	AFTER_UPGRADE_BOTH, /* another protocol, in both directions */
	AFTER_RESYNC,	    /* unknown: the framing is broken */
	AFTER_LOST,	    /* unknown: bytes are missing */
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
	void *held;
	size_t held_cap;
	uint32_t held_len;
	uint64_t held_acked; /* acked of all of them, or STREAM_UNKNOWN */

	const uint8_t *body; /* in the chunk or in body_block */
	size_t body_len;     /* decoded bytes kept */
	size_t body_limit;   /* most bytes to keep */
	void *body_block;
	size_t body_cap;
	uint64_t body_total; /* decoded bytes; with a hole: those seen */
	uint64_t body_wire;  /* the same before decoding */
	struct decoder *dec;
	EVP_MD_CTX *md;
	struct grpc_counter
		*grpc; /* once not all of the body is kept, or NULL */

	uint8_t framing; /* enum framing */
	bool complete;
	bool hole;	    /* bytes of the body were lost */
	bool skipping;	    /* stream_skip() was called for the remainder */
	bool saved;	    /* head and fields are in block */
	bool undecoded;	    /* the decoder stopped before the body's end */
	bool encoded;	    /* the body kept is encoded, or may be in part */
	bool not_grpc;	    /* or its messages cannot be counted */
	bool no_memory;	    /* parts could not be kept for want of memory */
	bool suspect;	    /* the first line is bad: waiting for the second */
	bool versionless;   /* see versionless.c: its request line has none */
	uint8_t after_hole; /* enum hole: before this request */
	bool bodiless;	/* announced a body, but the next message followed */
	bool found;	/* by the search for a message start */
	bool denied;	/* the other direction shows that it is none */
	bool alone;	/* a request: nothing was outstanding before it */
	bool turned;	/* a request: sent at a turnaround, not believed yet */
	bool ambiguous; /* the receiver may have read other bytes */
	uint8_t tentative; /* enum msg_tentative */
	uint8_t after;	   /* enum msg_after, valid in DIR_COMPLETE */
	uint64_t left;	   /* FRAMING_LENGTH: body bytes still to come */
	struct chunked chunked;

	uint64_t start, body_start, end; /* stream offsets */
	/* What the segments of its first and last byte acknowledge, or
	 * STREAM_UNKNOWN. */
	uint64_t acked, end_acked;
	/* Packet times: of its first byte; of the last byte seen; and, for
	 * timeouts, of the event that ended it. */
	uint64_t first_ns, end_ns, last_ns;
	struct exchange *x;
	struct msg *next; /* an interim response: the next of its exchange */
};

/* Are messages missing? */
enum hole {
	HOLE_NONE,
	HOLE_JUNK, /* bytes that make no sense, but no loss */
	HOLE_MAYBE,
	HOLE_SURE, /* at least one */
};

/* What an exchange waits for. */
enum exchange_list {
	LIST_NONE,	/* nothing: both halves are known, or one never comes */
	LIST_REQUESTS,	/* its response */
	LIST_RESPONSES, /* its request */
};

/* What the end of a transaction repeats that was reported when it began. */
struct started {
	size_t cap; /* of this struct in the store */
	uint64_t id[2];
	uint8_t verdict; /* of conf.started() */
};

/* A request and its response; either may still be missing. */
struct exchange {
	struct exchange *prev, *next; /* in its list, a ring */
	struct msg *req, *rsp;
	uint32_t flags;	 /* HTTP_F_* in addition to those of the messages */
	uint8_t list;	 /* enum exchange_list */
	bool after_hole; /* responses before its own may be missing */
	uint8_t n_interim;
	bool confirmed; /* the turnaround after turn agrees, nothing missing */
	struct msg *interim;	       /* the first; in order */
	uint64_t rsp_start, rsp_acked; /* of the first response, 1xx or final */
	/* Where the request starts that was sent at the turnaround after this
	 * response, not believed yet, or STREAM_UNKNOWN. */
	uint64_t turn;
	struct started *started; /* NULL: was not reported yet; progress.c */
};

/* driver.c has the transitions. */
enum dir_state {
	DIR_START,	  /* between messages */
	DIR_PROXY,	  /* before the first one: a PROXY header began */
	DIR_PROXY_SKIP,	  /* in what follows its addresses */
	DIR_TUNNEL,	  /* after CONNECT or Upgrade: HTTP or something else */
	DIR_RESYNC,	  /* searching for a message start */
	DIR_HEAD,	  /* a head began */
	DIR_HEAD_SKIP,	  /* past HEAD_MAX, looking for the end of the head */
	DIR_PAIR,	  /* the head is complete: find its exchange */
	DIR_FRAMED,	  /* paired: begin the body, if any */
	DIR_PEEK,	  /* does a body follow, or the next message? */
	DIR_BODY,	  /* body, including chunked framing */
	DIR_TRAILER,	  /* trailer section */
	DIR_TRAILER_SKIP, /* past HEAD_MAX, looking for its end */
	DIR_COMPLETE,	  /* the message is complete: hand it over */
	DIR_UPGRADED,	  /* speaks another protocol */
	DIR_NOT_HTTP,	  /* never spoke HTTP/1 */
	DIR_STATES,
};

#define ACKED_UNKNOWN UINT32_MAX
#define HEARD_SHIFT   30 /* struct conn.heard */

struct dir {
	struct msg *msg;
	uint64_t pos;  /* stream offset of the next byte */
	uint8_t state; /* enum dir_state */
	uint8_t nl;    /* DIR_RESYNC: 1 after a line, 2 after an empty line */
	bool fin;
	union {
		/* DIR_RESYNC: bytes searched without success while the
		 * protocol is unknown. DIR_PROXY_SKIP: bytes still to
		 * come */
		uint32_t scanned;
		/* Afterwards, of the client: what the last byte of the latest
		 * request acknowledged (low bits), or ACKED_UNKNOWN */
		uint32_t acked;
		/* Afterwards, of the server: length of a body that the latest
		 * response announced and must not have */
		uint32_t unwanted;
	};
};

/* Node of the engine's list of connections with something pending, oldest
 * first. */
struct waiting {
	struct waiting *older, *newer;
	struct conn *conn;
	uint64_t since_ns;
	struct times *times; /* NULL: no held bytes; see times.c */
};

/* The client that a PROXY header names. */
struct proxied {
	size_t cap; /* of this struct in the store */
	uint8_t addr[16];
	uint16_t port;
	bool ipv6;
	bool confirmed; /* the server's answers show that it read the header */
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
	/* Oldest first; the first one's prev is the last. See pair.c. */
	struct exchange *requests, *responses;
	struct proxied *proxied; /* NULL: no header, or it names nobody */
	/* The 128 bits of the id of its latest transaction, with the time of its
	 * first one; 0: there was none. See identity.c. */
	uint64_t id[2];
	struct dir dir[2]; /* indexed by enum stream_dir */
	uint16_t n_queue;  /* length of both lists */
	uint16_t watch;	   /* bytes left to watch for TLS: watch.c */
	uint16_t heard;	   /* end of the last response, in 2^30 ns, about 1 s */
	uint8_t doubt;	   /* see PAIRING_ASYNC */
	bool swap : 1;	   /* stream took the server for the client */
	bool seen : 1;	   /* a valid start line was seen */
	bool spoken : 1;   /* a valid response was seen */
	uint8_t req_hole : 2; /* enum hole: before the next request */
	bool rsp_hole : 1;    /* responses may be missing before the next one */
	bool midstream : 1;   /* the capture missed the handshake */
	bool handshake : 1;   /* offset 0 of the client is its first byte */
	bool assumed : 1;     /* not idle since it was joined midstream, or
			       * since requests came with a refused Upgrade */
	bool lossy : 1;	      /* bytes of messages were lost */
	uint8_t turns : 4; /* how often the client waited for all responses */
	bool batches : 1;  /* requests were sent together once */
	bool acked_exact : 1; /* struct dir.acked is known, not a lower bound */
	bool burst : 1;	      /* requests were sent together since the last time
			       * that nothing was outstanding */
	bool tunnel : 1;      /* CONNECT was accepted */
	bool simple : 1;      /* HTTP/0.9 was asked for: the server closes */
	bool more : 1;	      /* but the client sent something else, too */
	/* By direction: it began, as the handshake shows, with bytes that
	 * begin no message / with text that does not. */
	uint8_t junk : 2, text : 2;
	bool asked : 1;	      /* a request of HTTP/1 was seen */
	bool proven : 1;      /* and answered */
	bool other : 1;	      /* both directions speak another protocol */
	bool roles_known : 1; /* the handshake showed the client */
	uint8_t tls : 2;      /* directions that began with a TLS record */
	bool bent : 1; /* the latest request deviated: where it ends is doubtful */
	uint8_t sparse : 4; /* see PAIRING_SPARSE */
	bool waited : 1;    /* the client certainly waited for all responses */
};

/* Bytes on their way through the state machine. */
struct input {
	const uint8_t *p, *end;
	uint64_t offset; /* stream offset of p */
	uint64_t ts_ns;
	uint64_t acked;
	bool chunk_start; /* p is the first byte of a chunk */
};

enum event_type {
	EVENT_BYTES,	/* in: from the stream, or held bytes once more */
	EVENT_GAP,	/* gap_len bytes are missing */
	EVENT_END,	/* the direction ends */
	EVENT_RESOLVED, /* the request of the response in DIR_PEEK is known */
	EVENT_TYPES,
};

/* What the bytes held in DIR_PEEK are. */
enum peek_verdict {
	PEEK_IS_BODY,
	PEEK_IS_MESSAGE, /* no body: the next message, or a tunnel */
	PEEK_IS_UPGRADE, /* another protocol */
	PEEK_IS_LIKELY,	 /* no request will tell: the likely one of these */
	PEEK_IS_LOST,	 /* the bytes that would tell are missing */
};

/* Something that happened to one direction, on the driver's stack. */
struct event {
	/* The bytes, and the time of any event. Other events count as one byte,
	 * until they are handled. */
	struct input in;
	uint8_t type;  /* enum event_type */
	uint8_t dir;   /* enum stream_dir */
	bool replayed; /* in are held bytes, not those of the chunk */
	bool head_cut; /* EVENT_END: in a head, after a body was cut off */
	void *block;   /* freed with the event; may be NULL */
	size_t block_cap;

	/* EVENT_GAP */
	uint64_t gap_len;
	enum stream_gap_kind gap_kind;

	/* EVENT_END */
	bool in_order; /* by FIN, after all bytes */
	bool may_wait; /* a response may go on waiting for its request */
	bool cutting;  /* the message in progress is being cut off */

	/* EVENT_RESOLVED */
	enum peek_verdict verdict;
};

/* Per direction at most: the event from outside, two replays, a tail of one,
 * and for a response EVENT_RESOLVED and EVENT_END; see event.c. */
#define EVENTS_MAX 12

/* See successor.h. */
struct http_takeover;
struct http_successor {
	/* Do these bytes, in which HTTP/1 found nothing, show its protocol? */
	bool (*claims)(const uint8_t *p, size_t n);
	/* Can a server begin with them? */
	bool (*begins)(const uint8_t *p, size_t n);
	/* Takes the flow over. Returns its state for protocol, or NULL. */
	void *(*take)(void *ctx, const struct http_takeover *t);
	/* Evicts what has waited longest of its own, unless that is for less long
	 * than since since_ns. False: there is no such thing. */
	bool (*evict)(void *ctx, uint64_t since_ns);
	const struct stream_protocol *protocol;
	void *ctx;
};

/* See secure.h. */
struct http_secure_start;
struct http_secure {
	/* Takes the flow over. Returns its state for protocol, or NULL. */
	void *(*take)(void *ctx, const struct http_secure_start *s);
	const struct stream_protocol *protocol;
	void *ctx;
};

/* Bytes that TLS gets from here. */
struct secure_rest {
	struct input in;
	void *block; /* that they lie in, or NULL */
	size_t cap;
	uint8_t dir;
	bool ambiguous;
};

struct http_engine {
	struct http_successor successor; /* or zeros */
	struct http_secure secure;	 /* or zeros */
	struct conn
		*secured; /* leaves with the end of this callback, or NULL */
	struct secure_rest rest[EVENTS_MAX + 1];
	unsigned int n_rest;
	struct exchange *upgrade; /* that is about to be handed over, or NULL */
	bool proxied; /* so is a connection that begins with a PROXY header */
	struct http_conf conf;
	struct http_stats stats;
	uint64_t id_seed; /* identity_seed() */
	struct store store;
	struct decode_pool *decoders;
	struct waiting *oldest, *newest;
	uint64_t now_ns;     /* of the latest packet or tick */
	uint64_t decayed_ns; /* when store_decay() ran */
	/* Flags of messages that the end of a connection cuts off if neither
	 * side ended it, but we do; else 0. */
	uint32_t end_flags;
	struct conn *free_conns;
	struct conn_slab *slabs;
	unsigned int slab_used; /* connections handed out of the first slab */
	EVP_MD *sha256;
	EVP_MD_CTX *free_md[16];
	unsigned int n_free_md;
	/* The chunk being processed; pointers into it die with the call. */
	const uint8_t *chunk, *chunk_end;
	/* The driver's stack and the tails of replayed input, by direction. */
	struct event events[EVENTS_MAX];
	unsigned int n_events;
	uint8_t tail[2][HEAD_TAIL_MAX];
	bool ambiguous;	     /* so is the chunk being processed */
	struct msg *unsaved; /* the message that points into chunk or fields */
	struct head_field fields[HEAD_FIELDS_MAX];
	/* Of the request, the response and interim ones of the transaction that
	 * is being emitted. */
	struct http_field out[2 + HTTP_INTERIM_MAX][HEAD_FIELDS_MAX];
};

/* How a message is flagged that the end of the connection cuts off. */
static inline uint32_t cut_flags(const struct conn *c)
{
	return c->engine->end_flags ? c->engine->end_flags
				    : HTTP_F_CLOSED_EARLY;
}

static inline size_t input_left(const struct input *in)
{
	return (size_t)(in->end - in->p);
}

static inline bool dir_is_request(const struct conn *c, enum stream_dir d)
{
	return ((unsigned int)d ^ c->swap) == STREAM_C2S;
}

/* Bytes of this direction are counted, but not parsed any more. */
static inline bool dir_left_http(const struct dir *d)
{
	return d->state == DIR_UPGRADED || d->state == DIR_NOT_HTTP;
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
