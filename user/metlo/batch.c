/* SPDX-License-Identifier: MIT */
#include "metlo/batch.h"
#include "metlo/trace.h"

bool ingest_batch_fill(struct ingest_batch *b, struct spool *spool)
{
	struct spool_record r;

	buf_clear(&b->body);
	b->n = b->first = b->sending = 0;
	b->send_max = INGEST_BATCH_TRACES;
	b->seq = 0;
	buf_add_str(&b->body, "[");
	while (b->n < INGEST_BATCH_TRACES && spool_read(spool, &r, b->seq)) {
		/* One fits always; a separator or bracket comes behind. */
		if (b->n && b->body.len + r.len + 1 > INGEST_BATCH_BYTES) {
			spool_unread_last(spool, &r);
			break;
		}
		if (!buf_reserve(&b->body, r.len + 1)) {
			b->body.failed = false;
			spool_unread_last(spool, &r);
			break;
		}
		b->seq = r.place.seq;
		b->trace[b->n].at = (uint32_t)b->body.len;
		b->trace[b->n].len = r.len;
		b->trace[b->n].from = r.place.from;
		b->trace[b->n].to = r.place.to;
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

	b->sending = n < b->send_max ? n : b->send_max;
	end = b->first + b->sending;
	/* An array of these alone, in place. */
	p[b->trace[b->first].at - 1] = '[';
	for (i = b->first; i < end; i++)
		p[b->trace[i].at + b->trace[i].len] = i + 1 < end ? ',' : ']';
	*len = b->trace[end - 1].at + b->trace[end - 1].len + 1 -
	       (b->trace[b->first].at - 1);
	return p + b->trace[b->first].at - 1;
}

/* The trace that an answer is about: its number from first on, or sending. */
static unsigned int refused_one(const struct ingest_batch *b, const char *text)
{
	unsigned int i, found = b->sending;
	size_t longest = 0, n;

	for (i = 0; i < b->sending; i++) {
		n = ingest_trace_refused(b->body.p + b->trace[b->first + i].at,
					 b->trace[b->first + i].len, text);
		if (n > longest) {
			longest = n;
			found = i;
		}
	}
	return found;
}

struct ingest_done ingest_batch_answered(struct ingest_batch *b,
					 const struct ingest_answer *a)
{
	struct ingest_done done = {0};
	unsigned int n, k;

	if (a->verdict == INGEST_OK) {
		done.taken = b->sending;
	} else if (a->verdict == INGEST_BAD || a->verdict == INGEST_TOO_LARGE) {
		k = a->verdict == INGEST_BAD ? refused_one(b, a->text)
					     : b->sending;
		if (k < b->sending) {
			/* The collector takes one after the other. */
			done.taken = k;
			done.refused = 1;
		} else if (b->sending == 1) {
			done.refused = 1;
		} else {
			b->send_max = b->sending / 2;
		}
	}
	n = done.taken + done.refused;
	if (n) {
		done.place =
			(struct spool_place){b->seq, b->trace[b->first].from,
					     b->trace[b->first + n - 1].to};
		b->first += n;
	}
	b->sending = 0;
	return done;
}
