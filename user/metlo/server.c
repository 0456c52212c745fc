/* SPDX-License-Identifier: MIT */
/* Metlo's collector: its paths, the meaning of its answers, and the form of a
 * batch, a JSON array of traces. */
#include <stdio.h>
#include <string.h>

#include "delivery/http.h"
#include "metlo/server.h"
#include "metlo/trace.h"

/* --- answers ----------------------------------------------------------- */

enum delivery_verdict ingest_verdict_of(long status)
{
	if (status >= 200 && status < 300)
		return DELIVERY_OK;
	switch (status) {
	case 401:
	case 403:
	case 407:
		return DELIVERY_UNAUTHORIZED;
	case 413:
		return DELIVERY_TOO_LARGE;
	case 400:
	case 409:
	case 422:
		return DELIVERY_REJECTED;
	case 0:
	case 408:
	case 425:
	case 429:
		return DELIVERY_RETRY;
	}
	return status < 500 ? DELIVERY_WRONG_SERVER : DELIVERY_RETRY;
}

static void explain_wrong_server(const char *url, const char *text,
				 struct delivery_answer *a)
{
	if (a->status == 400)
		snprintf(
			a->why, sizeof(a->why),
			"%s answered 400 %s: it is not Metlo's collector, or it uses TLS: check --metlo-host, or use https://",
			url, text);
	else
		snprintf(
			a->why, sizeof(a->why),
			"%s answered %ld: it is not Metlo's collector: check --metlo-host (its port is 8081, not that of the user interface)",
			url, a->status);
}

static void judge(enum delivery_call call, const char *url,
		  struct delivery_answer *a)
{
	char text[DELIVERY_LINE_MAX];

	a->verdict = ingest_verdict_of(a->status);
	/* Only the collector answers these calls with OK. */
	if (call != DELIVERY_CALL_BATCH &&
	    (a->verdict == DELIVERY_REJECTED ||
	     a->verdict == DELIVERY_TOO_LARGE ||
	     (a->verdict == DELIVERY_OK && strncmp(a->text, "OK", 2) != 0)))
		a->verdict = DELIVERY_WRONG_SERVER;
	if (!a->status || a->verdict == DELIVERY_OK)
		return;
	delivery_text_line(a->text, text);
	if (a->verdict == DELIVERY_UNAUTHORIZED)
		snprintf(
			a->why, sizeof(a->why),
			"%s rejected the API key (%ld %s): check METLO_API_KEY or --metlo-key-file",
			url, a->status, text);
	else if (a->verdict == DELIVERY_WRONG_SERVER)
		explain_wrong_server(url, text, a);
	else
		snprintf(a->why, sizeof(a->why), "%s answered %ld %s", url,
			 a->status, text);
}

/* --- traces ------------------------------------------------------------ */

static bool convert(const void *ctx, struct buf *out, const uint8_t *line,
		    size_t n, struct output_stats *c)
{
	struct ingest_changes changes;

	switch (ingest_trace_write(out, line, n, ctx, &changes)) {
	case INGEST_TRACE_ACCEPTED:
		if (out->failed)
			return false;
		c->paths_encoded += changes.path;
		c->methods_replaced += changes.method;
		c->bodies_cut += changes.cut;
		c->bodies_binary += changes.binary;
		return true;
	case INGEST_TRACE_INCOMPLETE:
		c->left_out_incomplete++;
		break;
	case INGEST_TRACE_SELF:
		c->left_out_self++;
		break;
	case INGEST_TRACE_STATUS:
		c->left_out_status++;
		break;
	case INGEST_TRACE_SIZE:
		c->left_out_size++;
		break;
	case INGEST_TRACE_MALFORMED:
		c->dropped_error++;
	}
	return false;
}

static void compose(const void *ctx, struct buf *out, const uint8_t *batch,
		    const struct delivery_record *r, unsigned int n)
{
	(void)ctx;
	for (unsigned int i = 0; i < n; i++) {
		buf_add_str(out, i ? "," : "[");
		buf_add(out, batch + r[i].at, r[i].len);
	}
	buf_add_str(out, "]");
}

static unsigned int find_rejected(const uint8_t *batch,
				  const struct delivery_record *r,
				  unsigned int n, const char *text)
{
	unsigned int found = n;
	size_t longest = 0;

	for (unsigned int i = 0; i < n; i++) {
		const size_t match =
			ingest_trace_rejected(batch + r[i].at, r[i].len, text);

		if (match > longest) {
			longest = match;
			found = i;
		}
	}
	return found;
}

const struct delivery_server ingest_server = {
	.name = "Metlo",
	.url_option = "--metlo-host",
	.ca_option = "--metlo-ca",
	.rejects_us =
		"the collector rejects the API key, or is not Metlo's: see the log",
	.path = {"/api/v1", "/api/v1/verify", "/api/v1/log-request/batch"},
	.batch_bytes = INGEST_BATCH_BYTES,
	.batch_records = INGEST_BATCH_TRACES,
	.judge = judge,
	.convert = convert,
	.compose = compose,
	.find_rejected = find_rejected,
};
