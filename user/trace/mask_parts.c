/* SPDX-License-Identifier: MIT */
/*
 * multipart/form-data (RFC 7578) and other multipart types: masks each part by what
 * it is.
 */
#include <string.h>

#include "trace/mask_parts.h"
#include "trace/mask_scan.h"
#include "trace/mask_text.h"
#include "trace/mask_transfer.h"
#include "trace/multipart.h"

/* Masks the content of a part whose head has no name parameter that is secret. */
static void put_content(const struct mask_names *m, const uint8_t *head,
			const uint8_t *p, const uint8_t *end, mask_put put,
			void *ctx)
{
	const size_t n = (size_t)(end - p);

	if (mask_is_transfer(head, (size_t)(p - head)) &&
	    mask_transfer_has_secret(m, p, n))
		put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
	else if (mask_is_wide(p, n) || mask_has_nul(p, n))
		mask_recoded(m, p, n, put, ctx);
	else
		mask_text(m, p, n, put, ctx);
}

void mask_multipart(const struct mask_names *m, const uint8_t *p, size_t n,
		    mask_put put, void *ctx)
{
	const uint8_t *end = p + n, *copied, *head, *next, *delimiter, *stop;
	size_t len;
	bool secret;

	delimiter = multipart_delimiter(p, end, &len);
	if (!delimiter) {
		/* The parts cannot be separated. */
		put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		return;
	}
	mask_text(m, p, (size_t)(delimiter - p), put, ctx);
	for (copied = p = delimiter; p < end; p = next) {
		head = p + len < end ? p + len : end;
		p = multipart_content(head, end);
		next = multipart_next(p, end, delimiter, len);
		secret = mask_head_has_name(m, head, (size_t)(p - head));
		if (secret)
			next = multipart_sure_next(p, end, delimiter, len);
		stop = multipart_end(p, next, end);
		put(ctx, copied, (size_t)(head - copied));
		mask_head(m, head, (size_t)(p - head), put, ctx);
		copied = stop;
		if (secret)
			put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		else
			put_content(m, head, p, stop, put, ctx);
	}
	put(ctx, copied, (size_t)(end - copied));
}
