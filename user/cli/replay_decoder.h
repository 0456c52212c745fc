/* SPDX-License-Identifier: MIT */
/*
 * The decoder that replay passes frames through: its user-space build, or the
 * XDP program in the kernel with --kernel.
 */
#ifndef CLI_REPLAY_DECODER_H
#define CLI_REPLAY_DECODER_H

#include "base/log.h"
#include "capture/counters.h"
#include "pcap/frames.h"
#include "pcap/source.h"
#include "config/settings.h"

struct replay_decoder;

/* Returns NULL, with *code set to the exit code, after logging why. */
struct replay_decoder *replay_decoder_new(const struct settings *s,
					  uint64_t seed, const struct log *log,
					  int *code);
void replay_decoder_free(struct replay_decoder *d);

/* The kernel does not report the outcome of a single frame. */
#define DECODER_UNKNOWN (-1)

/* Decodes one frame and calls emit for its records. Returns its enum
 * metlo_outcome, or DECODER_UNKNOWN. */
int replay_decoder_feed(struct replay_decoder *d, const struct pcap_frame *f,
			frames_emit emit, void *ctx);

/* Reads all counters. The caller frees *vnis. Returns 0, or -errno after
 * logging. */
int replay_decoder_counters(struct replay_decoder *d, struct metlo_stats *stats,
			    struct counters_vni **vnis, size_t *n_vnis,
			    const struct log *log);

#endif
