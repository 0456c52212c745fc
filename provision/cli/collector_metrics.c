/* SPDX-License-Identifier: MIT */
/* The metrics of collectors, from their HTTP endpoints or from files. */
#include <errno.h>
#include <string.h>

#include "base/exit.h"
#include "cli/collector_metrics.h"
#include "http/secret.h"
#include "http/transport.h"

#define LIMIT	   (16u << 20)
#define CONNECT_MS 5000
#define TIMEOUT_MS 20000

static bool is_url(const char *place)
{
	return !strncmp(place, "http://", 7) || !strncmp(place, "https://", 8);
}

static int report(struct context *ctx, const char *place, const char *why)
{
	context_error(ctx, "cannot read the metrics of a collector, %s: %s",
		      place, why);
	return EXIT_FAILED;
}

static int parse(struct context *ctx, const char *place, const char *text,
		 struct collector_stats *out)
{
	struct parse_error err;

	return collector_stats_read(&ctx->mem, text, out, &err)
		       ? EXIT_DONE
		       : report(ctx, place, err.text);
}

static int from_url(struct context *ctx, const char *url,
		    struct collector_stats *out)
{
	struct http_request r = {.method = "GET",
				 .url = url,
				 .max_response = LIMIT,
				 .connect_ms = CONNECT_MS,
				 .timeout_ms = TIMEOUT_MS};
	struct http_response response = {0};
	struct transport *t = NULL;
	struct aws_error err = {0};
	char status[40];
	bool sent;
	int code = EXIT_FAILED;

	if (transport_new(&t, context_stopped, ctx))
		return report(ctx, url, "out of memory");
	if (transport_send(t, &r, &response, &sent, &err)) {
		code = err.kind == AWS_ERR_STOPPED
			       ? EXIT_INTERRUPTED
			       : report(ctx, url, err.message);
	} else if (response.status != 200) {
		snprintf(status, sizeof(status), "HTTP status %d",
			 response.status);
		report(ctx, url, status);
	} else {
		code = parse(ctx, url, (const char *)response.body.p, out);
	}
	http_response_free(&response);
	transport_free(t);
	return code;
}

static int from_file(struct context *ctx, const char *path,
		     struct collector_stats *out)
{
	struct buf text = {0};
	int code, error = secret_read_file(path, LIMIT, &text);

	if (error)
		return report(ctx, path, strerror(-error));
	buf_add(&text, "", 1);
	code = text.failed ? report(ctx, path, "out of memory")
			   : parse(ctx, path, (const char *)text.p, out);
	buf_free(&text);
	return code;
}

int collector_metrics_load(struct context *ctx, struct collector_stats *out)
{
	const struct string_list *l = &ctx->settings.collector_metrics;
	int code = EXIT_DONE;

	for (unsigned int i = 0; i < l->n && code == EXIT_DONE; i++)
		code = is_url(l->item[i]) ? from_url(ctx, l->item[i], out)
					  : from_file(ctx, l->item[i], out);
	return code;
}
