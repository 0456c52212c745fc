/* SPDX-License-Identifier: MIT */
/*
 * A batch is a number of records in memory. A request carries some of them, from
 * the first without a result on. When a request is rejected without naming a
 * record, the next one carries half as many, until the offending record is alone.
 */
#include "delivery/batch.h"

/* Appends the record. false: no memory, and nothing is appended. */
static bool add_record(struct delivery_batch *b,
		       const struct delivery_server *server,
		       const struct spool_record *r)
{
	const size_t at = b->body.len;

	if (server->unpack)
		server->unpack(&b->body, r->payload, r->len);
	else
		buf_add(&b->body, r->payload, r->len);
	if (b->body.failed) {
		b->body.failed = false;
		b->body.len = at;
		return false;
	}
	b->seq = r->range.seq;
	b->record[b->n++] = (struct delivery_record){
		(uint32_t)at, (uint32_t)(b->body.len - at), r->range.from,
		r->range.to};
	return true;
}

bool delivery_batch_fill(struct delivery_batch *b,
			 const struct delivery_server *server,
			 struct spool *spool)
{
	struct spool_record r;

	buf_clear(&b->body);
	b->n = b->first = b->requested = b->unsure = 0;
	b->request_max = DELIVERY_RECORDS_MAX;
	b->seq = 0;
	while (b->n < server->batch_records && spool_read(spool, &r, b->seq)) {
		/* The first always fits. */
		if ((b->n &&
		     b->body.len + b->n + r.len + 2 > server->batch_bytes) ||
		    !add_record(b, server, &r)) {
			spool_push_back(spool, &r);
			break;
		}
	}
	return b->n > 0;
}

bool delivery_batch_request(struct delivery_batch *b,
			    const struct delivery_server *server,
			    const void *ctx)
{
	const unsigned int n = delivery_batch_left(b);

	b->requested = n < b->request_max ? n : b->request_max;
	buf_clear(&b->request);
	server->compose(ctx, &b->request, b->body.p, b->record + b->first,
			b->requested);
	return !b->request.failed;
}

/* What becomes of records that are not sent again. */
static void finish(struct delivery_batch *b,
		   const struct delivery_server *server,
		   const struct delivery_answer *a,
		   struct delivery_batch_result *done)
{
	unsigned int n = done->accepted + done->rejected;

	done->range = (struct spool_range){b->seq, b->record[b->first].from,
					   b->record[b->first + n - 1].to};
	b->first += n;
	if (!server->counts_uncertain)
		return;
	/* What is rejected now may have been accepted before. */
	done->uncertain = a->unreadable || b->unsure > n ? n : b->unsure;
	b->unsure -= b->unsure < n ? b->unsure : n;
	n -= done->uncertain;
	if (done->accepted > n)
		done->accepted = n;
	done->rejected = n - done->accepted;
}

struct delivery_batch_result
delivery_batch_apply(struct delivery_batch *b,
		     const struct delivery_server *server,
		     const struct delivery_answer *a)
{
	struct delivery_batch_result done = {0};
	unsigned int k;

	if (a->verdict == DELIVERY_OK) {
		done.rejected =
			a->rejected < b->requested ? a->rejected : b->requested;
		done.accepted = b->requested - done.rejected;
	} else if (a->verdict == DELIVERY_REJECTED && !server->find_rejected) {
		done.rejected = b->requested;
	} else if (a->verdict == DELIVERY_REJECTED ||
		   a->verdict == DELIVERY_TOO_LARGE) {
		k = a->verdict == DELIVERY_REJECTED
			    ? server->find_rejected(b->body.p,
						    b->record + b->first,
						    b->requested, a->text)
			    : b->requested;
		if (k < b->requested) {
			/* The server processes them in order. */
			done.accepted = k;
			done.rejected = 1;
		} else if (b->requested == 1) {
			done.rejected = 1;
		} else {
			b->request_max = b->requested / 2;
		}
	}
	if (done.accepted + done.rejected)
		finish(b, server, a, &done);
	b->requested = 0;
	return done;
}

void delivery_batch_again(struct delivery_batch *b,
			  const struct delivery_answer *a)
{
	if (a->maybe_processed && b->requested > b->unsure)
		b->unsure = b->requested;
	b->requested = 0;
}

void delivery_batch_give_back(struct delivery_batch *b, size_t keep)
{
	if (b->requested)
		return;
	buf_give_back(&b->request, keep);
	if (delivery_batch_empty(b))
		buf_give_back(&b->body, keep);
}

void delivery_batch_free(struct delivery_batch *b)
{
	buf_free(&b->body);
	buf_free(&b->request);
}
