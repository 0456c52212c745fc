/* SPDX-License-Identifier: MIT */
/* Converts arbitrary text to spans: no reads out of bounds; what is written is
 * well-formed, has no byte that the spool reserves, and is unpacked to the same. */
#include <stdlib.h>
#include <string.h>

#include "grpc/proto_wire.h"
#include "otlp/headers.h"
#include "otlp/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct buf *record)
{
	struct proto_record r, field;
	struct buf plain = {0};
	struct proto_span all;

	for (size_t i = 0; i < record->len; i++)
		if (record->p[i] >= 0xf8)
			abort();
	otlp_server.unpack(&plain, record->p, record->len);
	all = (struct proto_span){plain.p, plain.len};
	if (proto_next(&all, &r) != 1 || all.n || r.number != 2)
		abort();
	while (r.data.n)
		if (proto_next(&r.data, &field) != 1)
			abort();
	buf_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct otlp_context context = {.service = "s",
						    .host = "h"};
	struct delivery_answer a = {.status = 200,
				    .type = "application/x-protobuf"};
	static struct otlp_headers headers;
	struct output_stats c = {0};
	struct buf record = {0};
	/* In memory of its own, so that ASan knows its end. */
	uint8_t *copy = malloc(size + 1);

	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	a.text = (const char *)copy;
	a.n = size;
	otlp_server.judge(DELIVERY_CALL_BATCH, "http://h", &a);
	headers.n = 0;
	headers.n_text = 0;
	otlp_headers_file(&headers, (const char *)copy, size);
	otlp_headers_list(&headers, (const char *)copy);
	copy = realloc(copy, size ? size : 1);
	if (!copy)
		return 0;
	if (otlp_server.convert(&context, &record, copy, size, &c))
		check(&record);
	buf_free(&record);
	free(copy);
	return 0;
}
