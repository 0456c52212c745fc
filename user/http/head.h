/* SPDX-License-Identifier: MIT */
/*
 * The head of an HTTP/1 message: start line and fields (RFC 9112 sections 2
 * to 5), and the trailer section. Works on one contiguous buffer and keeps
 * offsets into it, so that the buffer can be moved or copied afterwards.
 *
 * Lenient as an observer must be: what deviates is flagged, not refused. Only
 * a first line that cannot be a start line is.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_MAX	 65536u /* bytes of a head, trailers included */
#define HEAD_FIELDS_MAX	 256u
#define HEAD_TARGET_MAX	 32768u
#define HEAD_CODINGS_MAX 4u
/* Bytes behind the end of a head that may be needed to see that it ended. */
#define HEAD_TAIL_MAX 256u

/* A part of the buffer; offsets below HEAD_MAX. */
struct head_ref {
	uint16_t off, len;
};

struct head_field {
	struct head_ref name, value;
};

enum head_coding {
	CODING_GZIP = 1,
	CODING_DEFLATE,
	CODING_BR,
	CODING_ZSTD,
};

/* struct head.marks: what the fields say */
#define HEAD_CL		    0x0001u /* content_length is set */
#define HEAD_CL_INVALID	    0x0002u /* a Content-Length was no number */
#define HEAD_TE		    0x0004u /* some Transfer-Encoding */
#define HEAD_TE_CHUNKED	    0x0008u
#define HEAD_TE_MAYBE	    0x0010u /* not "chunked", but has it inside */
#define HEAD_TE_UNKNOWN	    0x0020u
#define HEAD_CE_UNKNOWN	    0x0040u /* a coding that nobody here decodes */
#define HEAD_CONN_CLOSE	    0x0080u
#define HEAD_UPGRADE	    0x0100u /* Upgrade present */
#define HEAD_EXPECT	    0x0200u /* Expect: 100-continue */
#define HEAD_FOLDED	    0x0400u /* a value contains CR or LF */
#define HEAD_HOST	    0x0800u
#define HEAD_METHOD_HEAD    0x1000u
#define HEAD_METHOD_CONNECT 0x2000u
#define HEAD_SIMPLE	    0x4000u  /* HTTP/0.9: a line, no fields */
#define HEAD_CUT	    0x8000u  /* the rest of the head is missing */
#define HEAD_LINE_CUT	    0x10000u /* the start line is longer than HEAD_MAX */
#define HEAD_STATUS_ODD	    0x20000u /* more digits than a status has */

struct head {
	uint32_t len;	/* bytes, terminator included */
	uint32_t flags; /* HTTP_F_* */
	uint32_t marks; /* HEAD_* */
	uint16_t status;
	uint16_t n_fields;
	uint16_t n_trailers; /* the last ones of n_fields */
	uint8_t major, minor;
	uint8_t n_codings, n_te;
	uint8_t codings[HEAD_CODINGS_MAX]; /* in the order of application */
	uint8_t te[HEAD_CODINGS_MAX];
	struct head_ref method, target, reason, host;
	uint64_t content_length;
};

/* Where the search for the end of a head goes on when more bytes are there. */
struct head_cursor {
	uint32_t line;	  /* start of the first incomplete line */
	uint32_t scanned; /* no line end before this */
	uint8_t prev;	  /* enum head_eol of the line before */
	uint8_t lf_seen;
	uint8_t first_done; /* the start line is complete */
	uint8_t malformed;
};

enum head_eol { HEAD_EOL_NONE, HEAD_EOL_LF, HEAD_EOL_CR };

enum head_kind { HEAD_REQUEST, HEAD_RESPONSE, HEAD_TRAILER };

enum head_result {
	HEAD_OK,   /* complete, h->len bytes */
	HEAD_MORE, /* incomplete; cursor tells how far it is */
	HEAD_BAD,  /* the first line is no start line of this kind */
};

/*
 * Parses the head at b (len <= HEAD_MAX). With fin the bytes end here for
 * good, and what is there counts as the head. fields has room for
 * HEAD_FIELDS_MAX, of which h->n_fields are used already (trailers: their
 * offsets are relative to b, too).
 */
enum head_result head_parse(const uint8_t *b, uint32_t len, bool fin,
			    enum head_kind kind, struct head *h,
			    struct head_field *fields, struct head_cursor *cur);

/* Looks for the end of the head only: HEAD_OK (and *end) or HEAD_MORE. */
enum head_result head_find_end(const uint8_t *b, uint32_t len,
			       struct head_cursor *cur, uint32_t *end);

/* One more field line of a head over the limit: framing information only. */
void head_extra_line(const uint8_t *line, uint32_t len, enum head_kind kind,
		     struct head *h);

/* Draws the conclusions of the fields once all are there: the flags. */
void head_conclude(struct head *h);

enum head_prefix { PREFIX_NO, PREFIX_MAYBE, PREFIX_YES };

/* Do these bytes begin a request line of a registered method with a version
 * still to come / a status line? MAYBE: too few bytes to say. */
enum head_prefix head_request_prefix(const uint8_t *p, size_t n);
enum head_prefix head_status_prefix(const uint8_t *p, size_t n);

/* Is it a registered method, or one of caches? */
bool head_method_known(const uint8_t *p, size_t n);

/* Could a lenient reader still find a start line here? */
bool head_request_plausible(const uint8_t *p, size_t n);

/* Replaces CR and LF within values by spaces (obs-fold, RFC 9112 5.2). */
void head_unfold(uint8_t *b, const struct head_field *fields, unsigned int n);

/* Splits target as RFC 9112 3.2 says; offsets are those of the buffer. */
struct head_target {
	struct head_ref authority, path, query;
};
void head_split_target(const uint8_t *b, const struct head *h,
		       struct head_target *out);

#endif
