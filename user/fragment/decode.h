/* SPDX-License-Identifier: MIT */
/* The records of a datagram that has been put together: what the XDP program
 * would have made of it. */
#ifndef FRAGMENT_DECODE_H
#define FRAGMENT_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

#include "metlo_record.h"

/* Bytes before the data of a datagram that decode_datagram() writes to. */
#define DECODE_HEADROOM 54u

typedef void (*decode_emit)(void *ctx, const struct metlo_rec *rec,
			    const uint8_t *payload);

struct decode_datagram {
	const struct metlo_config *config;
	const struct metlo_rec *fragment; /* addresses, VNI and time */
	uint8_t *data;			  /* behind DECODE_HEADROOM bytes */
	uint32_t len;			  /* on the wire */
	uint32_t captured;
	uint8_t proto;
	bool bad_sum; /* the checksums of its fragments were wrong */
};

/* Emits the records of the TCP segment in the datagram, if it is wanted: ports,
 * --sample and payload decide as in the kernel. Returns the outcome. */
enum metlo_outcome decode_datagram(const struct decode_datagram *d,
				   decode_emit emit, void *ctx);

#endif
