/* SPDX-License-Identifier: MIT */
/* Masks text of unknown or mixed format. */
#ifndef TRACE_MASK_TEXT_H
#define TRACE_MASK_TEXT_H

#include "trace/mask.h"

/* Masks what mask_scan() finds: a quoted or bracketed value up to its end, another
 * one at least up to the end of its line. */
void mask_text(const struct mask_names *m, const uint8_t *p, size_t n,
	       mask_put put, void *ctx);

/* The same for the value of a header field and the fields of a part of a multipart
 * body, in which name parameters are not secret, but user information without "//" is. m may be
 * NULL: only user information is masked. */
void mask_head(const struct mask_names *m, const uint8_t *p, size_t n,
	       mask_put put, void *ctx);

/* Binary data, or text that may contain UTF-16 or UTF-32 anywhere. */
bool mask_has_nul(const uint8_t *p, size_t n);

/* UTF-16 or UTF-32, by byte order mark or by the NULs of its first character. */
bool mask_is_wide(const uint8_t *p, size_t n);

/* Chunks with signatures (Content-Encoding: aws-chunked). */
bool mask_is_aws_chunked(const uint8_t *p, size_t n);

/* A copy of the content of the chunks; the caller frees it. NULL: out of memory. */
uint8_t *mask_joined(const uint8_t *p, size_t n, size_t *len);

/* Masks text of the two kinds above as a whole if it contains a secret. */
void mask_recoded(const struct mask_names *m, const uint8_t *p, size_t n,
		  mask_put put, void *ctx);

#endif
