/* SPDX-License-Identifier: MIT */
/* State of an engine and of its connections. Private to user/tls. */
#ifndef TLS_CONN_H
#define TLS_CONN_H

#include "stream/stream.h"
#include "tls/crypto.h"
#include "tls/certs.h"
#include "tls/conf.h"
#include "tls/record.h"

/* A skip without an end would let the kernel drop everything, and a length beyond
 * 2^32 could not be told from sequence numbers. */
#define SKIP_ALL (STREAM_UNKNOWN - 1)
/* Records of a direction that are examined at most; then it is skipped. */
#define EXAMINE_MAX (128u << 10)

#define TLS_BLOBS 3

struct tls_decrypt;

struct tls_dir {
	struct record_reader records;
	struct message_reader messages;
	uint32_t examined; /* bytes */
	uint32_t n_records;
	uint8_t last;		   /* type of the last message */
	uint8_t alert[2], n_alert; /* of the alert in progress */
	bool seen;		   /* a byte or a gap */
	bool done;		   /* nothing more is examined */
	bool ccs;	 /* ChangeCipherSpec: what follows is encrypted */
	bool finished;	 /* an encrypted record was seen after it */
	bool hidden_gap; /* records with its encrypted messages are missing */
};

/* What a connection needs until it is reported. */
struct tls_state {
	struct tls_report report;
	struct tls_dir dir[2];
	/* The direction of the client's messages; -1: not known yet. */
	int client;
	bool proven;	     /* it is TLS beyond doubt */
	bool has_started;    /* started_ns is valid */
	uint64_t started_ns; /* first byte of the ClientHello */
	uint64_t id_ns;	     /* of which its id was made; 0: not yet */
	bool compressed;     /* a certificate is, and not read */
	/* What the spans of hellos and of EncryptedExtensions point into. */
	uint8_t *blob[TLS_BLOBS];
	size_t blob_size[TLS_BLOBS];
};

struct tls_conn {
	struct tls_engine *engine;
	struct stream_flow *flow;
	struct tls_state *state;	    /* NULL: reported, or handed over */
	const struct stream_protocol *next; /* has taken over; or NULL */
	void *other;			    /* its state */
	uint64_t handed_over[2];	    /* offsets */
	struct tls_conn *newer, *older;	    /* those with a state */
	bool late;	  /* began after something else: see late.c */
	bool nested;	  /* another connection of TLS carries it */
	uint64_t base[2]; /* offsets at which it began */
	struct stream_origin origin; /* whom a PROXY header names */
	bool lingers; /* ended; what it carried still waits for keys */
	uint64_t ended_ns;
	struct tls_decrypt *decrypt; /* NULL: no keys */
};

/* One per worker. */
struct tls_engine {
	struct tls_conf conf;
	struct tls_stats stats;
	uint64_t id_seed;
	size_t memory;
	struct cert_cache *certs;
	struct fingerprints *prints;
	struct tls_conn *newest, *oldest;
	struct tls_crypto *crypto;		      /* with conf.keys */
	struct tls_decrypt *longest_wait, *last_wait; /* for keys */
	struct http_engine *followed; /* see follow.h; or NULL */
	uint64_t keys_seen;	      /* version of the keys that were tried */
};

#endif
