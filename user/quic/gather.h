/* SPDX-License-Identifier: MIT */
/* Puts the CRYPTO frames of one side together by their offsets. */
#ifndef QUIC_GATHER_H
#define QUIC_GATHER_H

#include <stddef.h>

#include "tls/wire.h"

/* Bytes of a side that are put together; hellos of clients take up to 3 KiB, those
 * of servers far less. */
#define GATHER_MAX 16384u

struct gather {
	uint8_t *p; /* size bytes, and a bit for each that is there */
	uint32_t size;
	uint32_t ready; /* bytes from the start without a hole */
	bool limit;	/* something lay beyond GATHER_MAX, or no memory */
	bool differs;	/* what came twice was not the same; the first counts */
};

/* Adds to *memory what it allocates. */
void gather_add(struct gather *g, uint64_t offset, const struct tls_span *data,
		size_t *memory);
void gather_free(struct gather *g, size_t *memory);

#endif
