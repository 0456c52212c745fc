/* SPDX-License-Identifier: MIT */
/*
 * Whole records of one direction. After a loss it finds the next record: where the
 * length of the one in progress says, or, if headers are missing, where two headers
 * follow each other as lengths say.
 */
#ifndef TLS_ASSEMBLE_H
#define TLS_ASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tls/record.h"

struct assembler {
	uint8_t *buf; /* the record in progress, or what is searched */
	uint32_t have, cap;
	uint32_t taken;	       /* of these, the record returned last */
	uint32_t pass;	       /* bytes of a record that is incomplete */
	bool searching;	       /* for a header */
	bool lost;	       /* records are missing before the next one */
	uint64_t lost_bytes;   /* these and their headers */
	uint32_t lost_records; /* at least so many */
	bool lost_exact; /* it is one record, all of which is lost_bytes */
	uint64_t outer;	 /* offset of the next byte */
	size_t *memory;	 /* what is allocated is added to this */
};

struct record {
	const uint8_t *p; /* with its header; valid until the next call */
	uint32_t len;
	uint64_t end;	     /* offset behind it */
	uint64_t lost_bytes; /* before it */
	uint32_t lost_records;
	bool lost, lost_exact;
};

enum assemble_result {
	ASSEMBLE_MORE,
	ASSEMBLE_RECORD,
	ASSEMBLE_BAD, /* no records any more, or no memory */
};

/* Consumes bytes up to the end of a record. */
enum assemble_result assemble_next(struct assembler *a, struct wire *in,
				   struct record *out);
/* So many bytes are missing. */
void assemble_gap(struct assembler *a, uint64_t n);
/* Is part of a record at hand, or missing? */
bool assemble_pending(const struct assembler *a);
void assemble_free(struct assembler *a);

#endif
