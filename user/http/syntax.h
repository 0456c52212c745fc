/* SPDX-License-Identifier: MIT */
/*
 * What the syntax layer knows of a message: offsets into the buffer that holds
 * its head, and what the fields say about framing. Offsets, not pointers, so
 * that the buffer can be moved or copied.
 */
#ifndef HTTP_SYNTAX_H
#define HTTP_SYNTAX_H

#include <stdint.h>

#define HEAD_MAX	 65536u /* bytes of a head including trailers */
#define HEAD_FIELDS_MAX	 256u
#define HEAD_TARGET_MAX	 32768u
#define HEAD_CODINGS_MAX 4u
/* Most bytes past the end of a head needed to recognise that it has ended. */
#define HEAD_TAIL_MAX 256u

/* A slice of the buffer; offsets are below HEAD_MAX. */
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
	CODING_AWS_CHUNKED, /* Amazon S3's framing of streamed uploads */
};

/* struct head.marks */
#define HEAD_CL		    0x0001u /* content_length is set */
#define HEAD_CL_INVALID	    0x0002u /* a Content-Length is not a number */
#define HEAD_TE		    0x0004u /* Transfer-Encoding is present */
#define HEAD_TE_CHUNKED	    0x0008u
#define HEAD_TE_MAYBE	    0x0010u /* a coding that contains "chunked" */
#define HEAD_TE_UNKNOWN	    0x0020u
#define HEAD_CE_UNKNOWN	    0x0040u /* a coding that decode.c does not know */
#define HEAD_CONN_CLOSE	    0x0080u
#define HEAD_UPGRADE	    0x0100u /* Upgrade is present */
#define HEAD_EXPECT	    0x0200u /* Expect: 100-continue */
#define HEAD_FOLDED	    0x0400u /* a value contains CR or LF */
#define HEAD_HOST	    0x0800u
#define HEAD_METHOD_HEAD    0x1000u
#define HEAD_METHOD_CONNECT 0x2000u
#define HEAD_SIMPLE	    0x4000u   /* HTTP/0.9: one line, no fields */
#define HEAD_CUT	    0x8000u   /* the remainder of the head is missing */
#define HEAD_LINE_CUT	    0x10000u  /* the start line exceeds HEAD_MAX */
#define HEAD_STATUS_ODD	    0x20000u  /* the status has more than 3 digits */
#define HEAD_AWS_CHUNKED    0x40000u  /* the body has S3's framing */
#define HEAD_PARTIAL	    0x80000u  /* fields may be missing */
#define HEAD_NO_VERSION	    0x100000u /* no version, but fields follow */
#define HEAD_BENT	    0x200000u /* it may be read as ending elsewhere */
/* A request line without a version; both: not decided, but not HTTP/0.9 */
#define HEAD_VERSIONLESS (HEAD_SIMPLE | HEAD_NO_VERSION)

struct head {
	uint32_t len;	/* bytes including the terminator */
	uint32_t flags; /* HTTP_F_* */
	uint32_t marks; /* HEAD_* */
	uint16_t status;
	uint16_t n_fields;
	uint16_t n_regular;  /* the names of so many fields are tokens */
	uint16_t n_trailers; /* trailers are the last of the n_fields */
	uint8_t major, minor;
	uint8_t n_codings, n_te;
	uint8_t codings[HEAD_CODINGS_MAX]; /* in the order they were applied */
	uint8_t te[HEAD_CODINGS_MAX];
	struct head_ref method, target, reason, host;
	uint64_t content_length;
};

#endif
