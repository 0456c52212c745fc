/* SPDX-License-Identifier: MIT */
/* A gRPC body of any bytes: messages, base64, trailers, and JSON without types. The
 * first byte chooses how it is read. */
#include <stdbool.h>
#include <stdlib.h>

#include "grpc/body.h"
#include "grpc/frames.h"
#include "grpc/proto_untyped.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool so)
{
	if (!so)
		abort();
}

/* Quotes and brackets match, and there is no control character. */
static void check_json(const struct buf *b)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < b->len; i++) {
		const uint8_t c = b->p[i];

		must(c >= ' ');
		if (quoted) {
			i += c == '\\';
			quoted = c != '"';
			continue;
		}
		quoted = c == '"';
		depth += c == '{' || c == '[';
		if (c == '}' || c == ']')
			must(depth--);
	}
	must(!quoted && !depth);
}

static void check_frames(struct proto_span body)
{
	const struct grpc_count c = grpc_count(body);
	struct proto_span value;
	struct buf text = {0};

	must(c.messages * GRPC_PREFIX + c.bytes <= body.n);
	must(!c.exact || !c.broken);
	if (grpc_trailer(c.trailers, "grpc-message", &value)) {
		must(value.n < c.trailers.n);
		must(grpc_unescape(&text, value) && text.len <= value.n);
	}
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proto_span all = {data + 1, size - 1};
	struct buf text = {0}, json = {0};
	struct grpc_body body = {0};

	if (!size)
		return 0;
	if (data[0] & 1) {
		if (!grpc_text(&text, all)) {
			buf_free(&text);
			return 0;
		}
		must(text.len <= all.n);
		all = (struct proto_span){text.p, text.len};
	}
	check_frames(all);
	body.data = all;
	body.coding = data[0] >> 1 & 3;
	body.stream = data[0] & 8;
	body.cut = data[0] & 16;
	if (grpc_body_json(&json, &body)) {
		must(json.len && json.len <= GRPC_JSON_MAX + 2);
		check_json(&json);
	} else {
		must(!json.len);
	}
	if (proto_untyped(&json, all.p, all.n, json.len + 4 * size))
		check_json(&json);
	buf_free(&text);
	buf_free(&json);
	return 0;
}
