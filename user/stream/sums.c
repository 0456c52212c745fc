/* SPDX-License-Identifier: MIT */
/* Whether the checksums of a direction are real: see sums.h. */
#include "stream/sums.h"

enum sum_verdict sums_judge(const struct stream_table *t, struct flow_dir *d,
			    const struct metlo_rec *rec, const uint8_t *payload)
{
	bool partial = rec->sums & METLO_SUM_PARTIAL;

	if (d->sums == SUMS_UNREAL || !sums_known(rec))
		return SUM_GOOD;
	if (d->sums < SUMS_SYN && !(rec->tcp_flags & METLO_TCP_SYN) &&
	    t->order % SUMS_SAMPLE_OTHER)
		return SUM_GOOD;
	if (!sums_right(rec, payload)) {
		if (d->sums >= SUMS_SYN)
			return partial && (d->sums == SUMS_SYN ||
					   rec->wire_len >= SUMS_MERGED)
				       ? SUM_UNSURE
				       : SUM_WRONG;
		d->sums = 0;
	} else if (rec->tcp_flags & METLO_TCP_SYN) {
		if (d->sums < SUMS_SYN)
			d->sums = SUMS_SYN;
	} else if (rec->len && d->sums < SUMS_REAL) {
		d->sums += d->sums == SUMS_SYN - 1 ? 2 : 1;
	}
	return SUM_GOOD;
}
