/* SPDX-License-Identifier: MIT */
/* Prints the messages of a body, decompressed, one after the other. */
#include "grpc/body.h"
#include "grpc/frames.h"
#include "grpc/proto_json.h"
#include "grpc/proto_untyped.h"

static bool put_one(struct buf *out, const struct grpc_body *body,
		    struct proto_span message, size_t max)
{
	if (!body->set)
		return proto_untyped(out, message.p, message.n, max);
	return proto_json(out, body->set, body->type, message.p, message.n,
			  max);
}

/* plain: room for a decompressed message; *spent: what all of them took. */
static bool put_frame(struct buf *out, const struct grpc_body *body,
		      const struct grpc_frame *f, struct buf *plain,
		      size_t *spent, size_t max)
{
	struct proto_span message = f->data;

	if (f->compressed && body->coding != GRPC_IDENTITY) {
		plain->len = 0;
		if (!grpc_inflate(plain, body->coding, message,
				  GRPC_JSON_MAX - *spent))
			return false;
		*spent += plain->len;
		message = (struct proto_span){plain->p, plain->len};
	} else if (f->compressed) {
		/* Compressed by nothing that is named. */
		return false;
	}
	return put_one(out, body, message, max);
}

bool grpc_body_json(struct buf *out, const struct grpc_body *body)
{
	const struct grpc_count count = grpc_count(body->data);
	const bool array = body->stream || count.messages != 1 || !count.exact;
	const size_t before = out->len, max = before + GRPC_JSON_MAX;
	struct proto_span rest = body->data;
	struct buf plain = {0};
	struct grpc_frame f;
	enum grpc_next next;
	size_t spent = 0;
	bool ok = count.messages && (count.exact || body->cut), any = false;

	if (ok && array)
		buf_add_str(out, "[");
	while (ok && (next = grpc_next(&rest, &f)) != GRPC_END) {
		if (next == GRPC_CUT)
			break;
		if (next == GRPC_FRAME && f.trailers)
			continue;
		if (any)
			buf_add_str(out, ",");
		ok = next == GRPC_FRAME &&
		     put_frame(out, body, &f, &plain, &spent, max);
		any = true;
	}
	if (ok && array)
		buf_add_str(out, "]");
	buf_free(&plain);
	if (!ok || out->failed)
		out->len = before;
	return ok && !out->failed;
}
