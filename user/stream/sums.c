/* SPDX-License-Identifier: MIT */
/* Whether the checksums of a direction are real: see sums.h. */
#include "stream/sums.h"

/* Is the checksum one that hardware completes, and may be that of a segment with
 * no data, or of one that was merged? */
static bool partial(const struct metlo_rec *rec)
{
	return rec->sums & METLO_SUM_PARTIAL &&
	       (!rec->len || rec->wire_len >= SUMS_MERGED);
}

enum sum_verdict sums_judge(const struct stream_table *t, struct flow_dir *d,
			    const struct metlo_rec *rec, const uint8_t *payload)
{
	if (d->sums == SUMS_UNREAL || !sums_known(rec))
		return SUM_GOOD;
	if (d->sums < SUMS_SYN && !(rec->tcp_flags & METLO_TCP_SYN) &&
	    t->order % SUMS_SAMPLE_OTHER)
		return SUM_GOOD;
	if (!sums_right(rec, payload)) {
		if (d->sums == SUMS_SYN ||
		    (d->sums == SUMS_REAL && partial(rec)))
			return SUM_UNSURE;
		if (d->sums == SUMS_REAL)
			return SUM_WRONG;
		d->sums = 0;
	} else if (rec->tcp_flags & METLO_TCP_SYN) {
		if (d->sums < SUMS_SYN)
			d->sums = SUMS_SYN;
	} else if (rec->len && d->sums < SUMS_REAL) {
		d->sums += d->sums == SUMS_SYN - 1 ? 2 : 1;
	}
	return SUM_GOOD;
}
