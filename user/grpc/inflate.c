/* SPDX-License-Identifier: MIT */
/* Decompresses messages, each of which is compressed on its own. */
#include <limits.h>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "grpc/inflate.h"

#define STEP (16u << 10)
/* Larger windows of zstd are refused (RFC 9659). */
#define ZSTD_WINDOW_LOG 23

enum grpc_coding grpc_coding(struct proto_span name)
{
	static const struct {
		const char *name;
		enum grpc_coding coding;
	} rows[] = {
		{"", GRPC_IDENTITY}, {"identity", GRPC_IDENTITY},
		{"gzip", GRPC_GZIP}, {"deflate", GRPC_DEFLATE},
		{"zstd", GRPC_ZSTD}, {"br", GRPC_BROTLI},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (name.n == strlen(rows[i].name) &&
		    (!name.n || !memcmp(name.p, rows[i].name, name.n)))
			return rows[i].coding;
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

static bool run_zstd(struct buf *out, struct proto_span data, size_t max)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	ZSTD_inBuffer in = {data.p, data.n, 0};
	size_t left = 1; /* not 0: the frame is not complete */

	if (!z)
		return false;
	ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	while (left && out->len <= max) {
		ZSTD_outBuffer to = {buf_reserve(out, STEP), STEP, 0};

		if (!to.dst)
			break;
		left = ZSTD_decompressStream(z, &to, &in);
		out->len += to.pos;
		if (ZSTD_isError(left) || (in.pos == in.size && !to.pos))
			break;
	}
	ZSTD_freeDCtx(z);
	return !left && in.pos == in.size && out->len <= max;
}

static bool run_brotli(struct buf *out, struct proto_span data, size_t max)
{
	BrotliDecoderState *b = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	BrotliDecoderResult rc = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
	const uint8_t *p = data.p;
	size_t n = data.n;

	if (!b)
		return false;
	while (rc == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT &&
	       out->len <= max) {
		uint8_t *to = buf_reserve(out, STEP);
		size_t room = STEP;

		if (!to)
			break;
		rc = BrotliDecoderDecompressStream(b, &n, &p, &room, &to, NULL);
		out->len += STEP - room;
	}
	BrotliDecoderDestroyInstance(b);
	return rc == BROTLI_DECODER_RESULT_SUCCESS && !n && out->len <= max;
}

bool grpc_inflate(struct buf *out, enum grpc_coding coding,
		  struct proto_span data, size_t max)
{
	const size_t before = out->len;

	if (data.n > INT_MAX)
		return false;
	if (coding == GRPC_GZIP)
		return run(out, data, max, 15 + 16);
	if (coding == GRPC_ZSTD)
		return run_zstd(out, data, max);
	if (coding == GRPC_BROTLI)
		return run_brotli(out, data, max);
	if (coding != GRPC_DEFLATE)
		return false;
	if (run(out, data, max, 15))
		return true;
	/* Some mean deflate without the header of zlib. */
	out->len = before;
	return run(out, data, max, -15);
}
