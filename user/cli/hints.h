/* SPDX-License-Identifier: MIT */
/*
 * Why a replay found nothing: packets that were left out are looked at again
 * with other settings, and what would have found them is suggested.
 */
#ifndef CLI_HINTS_H
#define CLI_HINTS_H

#include "base/log.h"
#include "pcap/frames.h"
#include "config/settings.h"
#include "http/http.h"

struct hints;

/* NULL if there is no memory: then there are no hints. */
struct hints *hints_new(const struct settings *s);
void hints_free(struct hints *h);

/* A frame that came to nothing. */
void hints_frame(struct hints *h, const uint8_t *frame, size_t caplen,
		 size_t wire_len, enum metlo_outcome outcome);

void hints_print(const struct hints *h, const struct metlo_stats *packets,
		 const struct http_stats *http, const struct log *log);

#endif
