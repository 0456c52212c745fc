/* SPDX-License-Identifier: MIT */
/*
 * Formats flow events. The sender of an event is printed as address and port
 * and not as client or server, since roles may be decided after the event.
 */
#include <stdlib.h>

#include "base/addr.h"
#include "base/clock.h"
#include "run/explain.h"

struct explain {
	FILE *out;
	uint64_t flows;
	/* Number of the flow by stream_flow_index(), which is reused. */
	uint64_t *number;
	size_t n;
};

struct explain *explain_new(FILE *out)
{
	struct explain *e = calloc(1, sizeof(*e));

	if (e)
		e->out = out;
	return e;
}

void explain_free(struct explain *e)
{
	if (!e)
		return;
	free(e->number);
	free(e);
}

/* 0 if there is no memory for the table. */
static uint64_t number_of(struct explain *e, const struct stream_flow *flow,
			  bool is_new)
{
	uint32_t index = stream_flow_index(flow);

	if (index >= e->n) {
		size_t n = (size_t)index * 2 + 64;
		uint64_t *number = realloc(e->number, n * sizeof(*number));

		if (!number)
			return 0;
		for (size_t i = e->n; i < n; i++)
			number[i] = 0;
		e->number = number;
		e->n = n;
	}
	if (is_new)
		e->number[index] = ++e->flows;
	return e->number[index];
}

static void put_endpoint(FILE *out, const struct stream_tuple *t,
			 unsigned int i)
{
	uint8_t text[ADDR_TEXT_MAX];
	int len = (int)(addr_put(text, t->addr[i], t->ipv6) - text);

	fprintf(out, t->ipv6 ? "[%.*s]:%u" : "%.*s:%u", len, (char *)text,
		t->port[i]);
}

static void put_tuple(FILE *out, const struct stream_tuple *t,
		      unsigned int from)
{
	put_endpoint(out, t, from);
	fputs(" > ", out);
	put_endpoint(out, t, !from);
}

void explain_event(void *ctx, const struct stream_flow *flow,
		   const struct flow_event *ev)
{
	static const char *const names[] = {
		[FLOW_NEW] = "new",	[FLOW_OPEN] = "open",
		[FLOW_VNI] = "vni",	[FLOW_HOLD] = "hold",
		[FLOW_START] = "start", [FLOW_GAP] = "gap",
		[FLOW_SKIP] = "skip",	[FLOW_IGNORE] = "ignore",
		[FLOW_EVICT] = "evict", [FLOW_CLOSING] = "closing",
		[FLOW_CLOSE] = "close", [FLOW_RESYNC] = "resync",
		[FLOW_PAIR] = "pair",
	};
	struct explain *e = ctx;
	struct stream_tuple t;
	FILE *out = e->out;

	stream_flow_tuple(flow, &t);
	fprintf(out, "%llu.%06llu flow %llu: %s: ",
		(unsigned long long)(ev->ts_ns / NSEC_PER_SEC),
		(unsigned long long)(ev->ts_ns % NSEC_PER_SEC / 1000),
		(unsigned long long)number_of(e, flow, ev->type == FLOW_NEW),
		names[ev->type]);
	switch (ev->type) {
	case FLOW_NEW:
		put_tuple(out, &t, ev->dir);
		fprintf(out, ", VNI %u: ", ev->vni);
		break;
	case FLOW_OPEN:
		fputs("client ", out);
		put_tuple(out, &t, STREAM_C2S);
		fputs(": ", out);
		break;
	case FLOW_VNI:
		put_endpoint(out, &t, ev->dir);
		fprintf(out, " sends under VNI %u: ", ev->vni);
		break;
	case FLOW_GAP:
		put_endpoint(out, &t, ev->dir);
		fprintf(out, ": %llu bytes at offset %llu are missing: ",
			(unsigned long long)ev->len,
			(unsigned long long)ev->offset);
		break;
	case FLOW_SKIP:
		put_endpoint(out, &t, ev->dir);
		if (ev->offset == STREAM_UNKNOWN)
			fputs(": all further bytes: ", out);
		else
			fprintf(out, ": bytes before offset %llu: ",
				(unsigned long long)ev->offset);
		break;
	case FLOW_RESYNC:
		put_endpoint(out, &t, ev->dir);
		fprintf(out,
			": at offset %llu: ", (unsigned long long)ev->offset);
		break;
	case FLOW_PAIR:
		put_endpoint(out, &t, ev->dir);
		fprintf(out, ": %s at offset %llu: ",
			ev->subject ? ev->subject : "message",
			(unsigned long long)ev->offset);
		break;
	case FLOW_HOLD:
	case FLOW_START:
	case FLOW_IGNORE:
	case FLOW_CLOSING:
		put_endpoint(out, &t, ev->dir);
		fputs(": ", out);
		break;
	case FLOW_EVICT:
	case FLOW_CLOSE:
		break;
	}
	fprintf(out, "%s\n", ev->reason);
}
