/* SPDX-License-Identifier: MIT */
/*
 * Suggests options after a replay that found no transaction: what the counters say
 * (run/advice.h) and what only the frames can. Packets that the
 * settings reject are decoded again with all ports and VNIs, with and without
 * VXLAN, to see which settings would have accepted them.
 */
#ifndef CLI_HINTS_H
#define CLI_HINTS_H

#include "base/log.h"
#include "pcap/frames.h"
#include "config/settings.h"
#include "http/http.h"
#include "run/advice.h"

struct hints;

/* Returns NULL if memory is short. */
struct hints *hints_new(const struct settings *s);
void hints_free(struct hints *h);

/* Examines a frame that yielded no payload. */
void hints_frame(struct hints *h, const uint8_t *frame, size_t caplen,
		 size_t wire_len, enum metlo_outcome outcome);

/* Logs the suggestions. complete: packets are all that the file holds. */
void hints_print(const struct hints *h, const struct metlo_stats *packets,
		 const struct http_stats *http, const struct tls_stats *tls,
		 const struct log *log, bool complete);

#endif
