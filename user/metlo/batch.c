/* SPDX-License-Identifier: MIT */
/*
 * A batch is one JSON array in memory. A request is a contiguous part of it,
 * made an array of its own by overwriting the separators around it. When a
 * request is rejected without naming a trace, the next one carries half as many,
 * until the offending trace is alone.
 */
#include "metlo/batch.h"
#include "metlo/trace.h"

bool ingest_batch_fill(struct ingest_batch *b, struct spool *spool)
{
	struct spool_record r;

	buf_clear(&b->body);
	b->n = b->first = b->requested = 0;
	b->request_max = INGEST_BATCH_TRACES;
	b->seq = 0;
	buf_add_str(&b->body, "[");
	while (b->n < INGEST_BATCH_TRACES && spool_read(spool, &r, b->seq)) {
		/* The first always fits. One byte for the separator. */
		if (b->n && b->body.len + r.len + 1 > INGEST_BATCH_BYTES) {
			spool_push_back(spool, &r);
			break;
		}
		if (!buf_reserve(&b->body, r.len + 1)) {
			b->body.failed = false;
			spool_push_back(spool, &r);
			break;
		}
		b->seq = r.range.seq;
		b->trace[b->n].at = (uint32_t)b->body.len;
		b->trace[b->n].len = r.len;
		b->trace[b->n].from = r.range.from;
		b->trace[b->n].to = r.range.to;
		b->n++;
		buf_add(&b->body, r.payload, r.len);
		buf_add_str(&b->body, ",");
	}
	return b->n > 0;
}

const uint8_t *ingest_batch_request(struct ingest_batch *b, size_t *len)
{
	unsigned int i, end, n = b->n - b->first;
	uint8_t *p = b->body.p;

	b->requested = n < b->request_max ? n : b->request_max;
	end = b->first + b->requested;
	/* Turn the separators around them into brackets. */
	p[b->trace[b->first].at - 1] = '[';
	for (i = b->first; i < end; i++)
		p[b->trace[i].at + b->trace[i].len] = i + 1 < end ? ',' : ']';
	*len = b->trace[end - 1].at + b->trace[end - 1].len + 1 -
	       (b->trace[b->first].at - 1);
	return p + b->trace[b->first].at - 1;
}

/* The trace that an answer names, counted from first; requested if none. */
static unsigned int find_rejected(const struct ingest_batch *b,
				  const char *text)
{
	unsigned int i, found = b->requested;
	size_t longest = 0, n;

	for (i = 0; i < b->requested; i++) {
		n = ingest_trace_rejected(b->body.p + b->trace[b->first + i].at,
					  b->trace[b->first + i].len, text);
		if (n > longest) {
			longest = n;
			found = i;
		}
	}
	return found;
}

struct ingest_batch_result ingest_batch_apply(struct ingest_batch *b,
					      const struct ingest_answer *a)
{
	struct ingest_batch_result done = {0};
	unsigned int n, k;

	if (a->verdict == INGEST_OK) {
		done.accepted = b->requested;
	} else if (a->verdict == INGEST_REJECTED ||
		   a->verdict == INGEST_TOO_LARGE) {
		k = a->verdict == INGEST_REJECTED ? find_rejected(b, a->text)
						  : b->requested;
		if (k < b->requested) {
			/* The collector processes them in order. */
			done.accepted = k;
			done.rejected = 1;
		} else if (b->requested == 1) {
			done.rejected = 1;
		} else {
			b->request_max = b->requested / 2;
		}
	}
	n = done.accepted + done.rejected;
	if (n) {
		done.range =
			(struct spool_range){b->seq, b->trace[b->first].from,
					     b->trace[b->first + n - 1].to};
		b->first += n;
	}
	b->requested = 0;
	return done;
}
