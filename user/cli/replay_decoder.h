/* SPDX-License-Identifier: MIT */
/*
 * What replay puts frames through: the user-space build of the decoder, or,
 * with --kernel, the XDP program itself.
 */
#ifndef CLI_REPLAY_DECODER_H
#define CLI_REPLAY_DECODER_H

#include "base/log.h"
#include "capture/counters.h"
#include "pcap/frames.h"
#include "pcap/source.h"
#include "config/settings.h"

struct replay_decoder;

/* NULL after a message; *code is then the exit code. */
struct replay_decoder *replay_decoder_new(const struct settings *s,
					  uint64_t seed, const struct log *log,
					  int *code);
void replay_decoder_free(struct replay_decoder *d);

#define DECODER_UNKNOWN (-1) /* the kernel does not tell of a single frame */

/* One frame; emit is called for its records. Returns its enum metlo_outcome,
 * or DECODER_UNKNOWN. */
int replay_decoder_feed(struct replay_decoder *d, const struct pcap_frame *f,
			frames_emit emit, void *ctx);

/* false after a message. *vnis is to be freed. */
bool replay_decoder_counters(struct replay_decoder *d,
			     struct metlo_stats *stats,
			     struct counters_vni **vnis, size_t *n_vnis,
			     const struct log *log);

#endif
