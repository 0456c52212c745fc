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

struct replay_decoder {
	struct frames *frames;	 /* NULL: in the kernel */
	struct testrun *testrun; /* NULL: in user space */
	uint64_t rejected;	 /* frames that the kernel did not run */
	int rejected_errno;
};

/* Returns NULL, with *code set to the exit code, after logging why. */
struct replay_decoder *replay_decoder_new(const struct settings *s,
					  uint64_t seed, const struct log *log,
					  int *code);
void replay_decoder_free(struct replay_decoder *d);

/* The kernel does not report the outcome of a single frame. */
#define DECODER_UNKNOWN (-1)

int replay_decoder_feed_kernel(struct replay_decoder *d,
			       const struct pcap_frame *f, frames_emit emit,
			       void *ctx);

/* Decodes one frame and calls emit for its records. Returns its enum
 * metlo_outcome, or DECODER_UNKNOWN. Inline to spare each frame a call that only
 * passes on its arguments. */
static inline int replay_decoder_feed(struct replay_decoder *d,
				      const struct pcap_frame *f,
				      frames_emit emit, void *ctx)
{
	if (!d->frames)
		return replay_decoder_feed_kernel(d, f, emit, ctx);
	return (int)frames_feed(d->frames, f->data, f->caplen, f->wire_len,
				f->ts_ns, emit, ctx);
}

/* Reads all counters. The caller frees *vnis. Returns 0, or -errno after
 * logging. */
int replay_decoder_counters(struct replay_decoder *d, struct metlo_stats *stats,
			    struct counters_vni **vnis, size_t *n_vnis,
			    const struct log *log);

#endif
