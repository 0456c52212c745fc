/* SPDX-License-Identifier: MIT */
/* A program that reads progress must never meet a line that is not JSON, so the
 * stream itself wraps each line of text. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "cli/progress.h"
#include "cli/report.h"

/* No line of text is broken: each becomes one message. */
#define COLUMNS 65535

static void print_event(cJSON *o)
{
	char *text = o ? cJSON_PrintUnformatted(o) : NULL;

	cJSON_Delete(o);
	if (text)
		fprintf(stderr, "%s\n", text);
	fflush(stderr);
	cJSON_free(text);
}

static cJSON *new_event(const char *event)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[32];
	cJSON *o = cJSON_CreateObject();

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&now, &utc));
	json_text(o, "time", text);
	json_text(o, "event", event);
	return o;
}

/* --- text --- */

static void print_message(const uint8_t *text, size_t n)
{
	struct buf b = {0};
	cJSON *o = new_event("message");

	/* Repairs invalid UTF-8, which cJSON would copy. */
	json_add_string(&b, (const char *)text, n);
	buf_add(&b, "", 1);
	if (!b.failed)
		cJSON_AddItemToObject(o, "text", cJSON_Parse((char *)b.p));
	buf_free(&b);
	print_event(o);
}

static ssize_t write_text(void *cookie, const char *text, size_t n)
{
	struct buf *line = cookie;

	for (size_t i = 0; i < n; i++) {
		if (text[i] != '\n') {
			buf_add(line, text + i, 1);
			continue;
		}
		if (line->len && !line->failed)
			print_message(line->p, line->len);
		line->len = 0;
	}
	return (ssize_t)n;
}

static int close_text(void *cookie)
{
	struct buf *line = cookie;

	if (line->len && !line->failed)
		print_message(line->p, line->len);
	buf_free(line);
	return 0;
}

int progress_open(struct context *ctx)
{
	struct buf *line = arena_alloc(&ctx->mem, sizeof(*line));
	FILE *f =
		line ? fopencookie(line, "w",
				   (cookie_io_functions_t){.write = write_text,
							   .close = close_text})
		     : NULL;

	if (!f)
		return -ENOMEM;
	ctx->messages = f;
	ctx->log.out = f;
	ctx->err = (struct term){.out = f, .columns = COLUMNS};
	ctx->can_ask = false;
	return 0;
}

/* --- plans --- */

cJSON *progress_new(const char *event, const struct plan *p)
{
	cJSON *o = new_event(event);

	json_text(o, "deployment", p->spec.name);
	return o;
}

void progress_print(struct context *ctx, cJSON *event)
{
	fflush(ctx->err.out); /* keeps the order */
	print_event(event);
}

void progress_event(struct context *ctx, const struct plan *p,
		    enum apply_event event, const struct step *s, size_t i,
		    double seconds)
{
	static const char *const names[] = {
		[APPLY_CHECKING] = "check",
		[APPLY_BEGIN] = "begin",
		[APPLY_OK] = "done",
		[APPLY_FAILED] = "failed",
		[APPLY_ROLLBACK] = "rollback",
		[APPLY_UNDO_BEGIN] = "undo",
		[APPLY_UNDO_OK] = "undone",
		[APPLY_UNDO_FAILED] = "undo-failed",
		[APPLY_SKIPPED] = "skipped",
	};
	cJSON *o = progress_new(names[event], p);

	if (s) {
		json_number(o, "step", (double)i + 1);
		json_number(o, "steps", (double)p->steps.n);
		json_text(o, "text", s->text);
		json_text(o, "id", s->created ? s->created : s->on.id);
	}
	if (event == APPLY_OK || event == APPLY_FAILED ||
	    event == APPLY_UNDO_OK || event == APPLY_UNDO_FAILED)
		json_number(o, "seconds",
			    (double)(long)(seconds * 1000) / 1000);
	progress_print(ctx, o);
}
