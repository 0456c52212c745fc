/* SPDX-License-Identifier: MIT */
/* Selects between the user-space decoder and BPF_PROG_TEST_RUN. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "pcap/testrun.h"
#include "cli/replay_decoder.h"

static int explain(const struct log *log, bool kernel, int err)
{
	if (!kernel) {
		log_error(log, "cannot create the decoder: %s", strerror(err));
		return EXIT_FAILED;
	}
	if (err == EPERM || err == EACCES) {
		log_error(
			log,
			"--kernel loads the XDP program, which is not permitted: run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
		return EXIT_NOT_PERMITTED;
	}
	log_error(
		log,
		"--kernel: cannot load the XDP program: %s: metlo-xdp doctor shows what the kernel lacks",
		strerror(err));
	return EXIT_NOT_SUPPORTED;
}

struct replay_decoder *replay_decoder_new(const struct settings *s,
					  uint64_t seed, const struct log *log,
					  int *code)
{
	struct frames_conf fc = {.vni_allow = s->vni_allow, .raw = s->raw};
	const struct testrun_conf tc = {.frames = &fc};
	struct replay_decoder *d;

	if (s->kernel && s->raw) {
		log_error(
			log,
			"--kernel and --raw are mutually exclusive: the XDP program decodes VXLAN only");
		*code = EXIT_USAGE;
		return NULL;
	}
	settings_to_config(s, &fc.config);
	fc.config.hash_seed = seed;
	d = calloc(1, sizeof(*d));
	if (d && s->kernel)
		d->testrun = testrun_new(&tc);
	else if (d)
		d->frames = frames_new(&fc);
	if (d && (d->testrun || d->frames))
		return d;
	*code = explain(log, d && s->kernel, errno);
	free(d);
	return NULL;
}

void replay_decoder_free(struct replay_decoder *d)
{
	if (!d)
		return;
	if (d->frames)
		frames_free(d->frames);
	if (d->testrun)
		testrun_free(d->testrun);
	free(d);
}

int replay_decoder_feed_kernel(struct replay_decoder *d,
			       const struct pcap_frame *f, frames_emit emit,
			       void *ctx)
{
	int r;

	r = testrun_feed(d->testrun, f->data, f->caplen, f->wire_len, f->ts_ns,
			 emit, ctx);
	if (r < 0) {
		d->rejected++;
		d->rejected_errno = -r;
	}
	return DECODER_UNKNOWN;
}

struct vni_rows {
	struct counters_vni *row;
	size_t n, max;
};

static void count_vni(void *ctx, uint32_t vni, const struct metlo_vni_stats *s)
{
	(void)vni;
	(void)s;
	((struct vni_rows *)ctx)->max++;
}

static void add_vni(void *ctx, uint32_t vni, const struct metlo_vni_stats *s)
{
	struct vni_rows *rows = ctx;

	if (rows->n < rows->max)
		rows->row[rows->n++] = (struct counters_vni){vni, *s};
}

static int each_vni(struct replay_decoder *d,
		    void (*fn)(void *, uint32_t,
			       const struct metlo_vni_stats *),
		    struct vni_rows *rows)
{
	if (d->testrun)
		return testrun_each_vni(d->testrun, fn, rows);
	frames_each_vni(d->frames, fn, rows);
	return 0;
}

int replay_decoder_counters(struct replay_decoder *d, struct metlo_stats *stats,
			    struct counters_vni **vnis, size_t *n_vnis,
			    const struct log *log)
{
	struct vni_rows rows = {0};
	int r = 0;

	if (d->frames)
		*stats = *frames_stats(d->frames);
	else
		r = testrun_stats(d->testrun, stats);
	if (d->rejected)
		log_warn(log, "--kernel: the kernel rejected %llu frames: %s",
			 (unsigned long long)d->rejected,
			 strerror(d->rejected_errno));
	if (!r)
		r = each_vni(d, count_vni, &rows);
	rows.row = calloc(rows.max + 1, sizeof(*rows.row));
	if (!rows.row)
		r = -ENOMEM;
	if (!r)
		r = each_vni(d, add_vni, &rows);
	*vnis = rows.row;
	*n_vnis = rows.n;
	if (r)
		log_error(log, "cannot read the counters: %s", strerror(-r));
	return r;
}
