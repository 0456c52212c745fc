/* SPDX-License-Identifier: MIT */
/* gzip and deflate of messages, each compressed on its own. */
#include <limits.h>

#include <zlib.h>

#include "grpc/inflate.h"

#define STEP (16u << 10)

enum grpc_coding grpc_coding(struct proto_span name)
{
	if (!name.n || (name.n == 8 && !memcmp(name.p, "identity", 8)))
		return GRPC_IDENTITY;
	if (name.n == 4 && !memcmp(name.p, "gzip", 4))
		return GRPC_GZIP;
	if (name.n == 7 && !memcmp(name.p, "deflate", 7))
		return GRPC_DEFLATE;
	return GRPC_OTHER;
}

/* window: see inflateInit2(). The whole of data must be one stream. */
static bool run(struct buf *out, struct proto_span data, size_t max, int window)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)data.p,
		      .avail_in = (unsigned int)data.n};
	int rc;

	if (inflateInit2(&z, window) != Z_OK)
		return false;
	do {
		uint8_t *to = buf_reserve(out, STEP);

		rc = Z_MEM_ERROR;
		if (!to)
			break;
		z.next_out = to;
		z.avail_out = STEP;
		rc = inflate(&z, Z_NO_FLUSH);
		out->len += STEP - z.avail_out;
	} while (rc == Z_OK && !z.avail_out && out->len <= max);
	inflateEnd(&z);
	return rc == Z_STREAM_END && !z.avail_in && out->len <= max;
}

bool grpc_inflate(struct buf *out, enum grpc_coding coding,
		  struct proto_span data, size_t max)
{
	const size_t before = out->len;

	if (data.n > INT_MAX)
		return false;
	if (coding == GRPC_GZIP)
		return run(out, data, max, 15 + 16);
	if (coding != GRPC_DEFLATE)
		return false;
	if (run(out, data, max, 15))
		return true;
	/* Some mean deflate without the header of zlib. */
	out->len = before;
	return run(out, data, max, -15);
}
