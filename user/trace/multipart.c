/* SPDX-License-Identifier: MIT */
/*
 * Splits a body by its own first line instead of the boundary parameter, as that
 * may be missing. One binary part would turn a form into base64 as a whole, so such
 * parts are replaced by what identifies them.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/control.h"
#include "base/json.h"
#include "trace/multipart.h"

/* A boundary has at most 70 characters (RFC 2046 section 5.1.1). More of the line
 * is not compared, which bounds the work per byte. */
#define DELIMITER_MAX 72

const uint8_t *multipart_delimiter(const uint8_t *p, const uint8_t *end,
				   size_t *len)
{
	const uint8_t *newline;

	for (; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (!newline)
			newline = end;
		*len = (size_t)(newline - p);
		if (*len && p[*len - 1] == '\r')
			--*len;
		while (*len > 2 && (p[*len - 1] == ' ' || p[*len - 1] == '\t'))
			--*len;
		if (*len > DELIMITER_MAX)
			*len = DELIMITER_MAX;
		if (*len > 2 && p[0] == '-' && p[1] == '-')
			return p;
		if (newline == end)
			break;
	}
	return NULL;
}

const uint8_t *multipart_content(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *newline = memchr(p, '\n', (size_t)(end - p));

	while (newline) {
		p = newline + 1;
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == p || (newline == p + 1 && *p == '\r'))
			return newline + 1;
	}
	return end;
}

const uint8_t *multipart_next(const uint8_t *p, const uint8_t *end,
			      const uint8_t *delimiter, size_t len)
{
	const uint8_t *next;

	while ((next = memmem(p, (size_t)(end - p), delimiter, len))) {
		if (next[-1] == '\n')
			return next;
		p = next + len;
	}
	return end;
}

/* Is the end of the line at p one for every parser? crlf: others end in CRLF. */
static bool ends_line(const uint8_t *p, const uint8_t *end, bool crlf)
{
	return p == end || (*p == '\n' && !crlf) ||
	       (*p == '\r' && (end - p == 1 || p[1] == '\n'));
}

const uint8_t *multipart_sure_next(const uint8_t *p, const uint8_t *end,
				   const uint8_t *delimiter, size_t len)
{
	const uint8_t *line =
		memchr(delimiter, '\n', (size_t)(end - delimiter));
	const bool crlf = line && line > delimiter && line[-1] == '\r';
	const uint8_t *next, *after;

	for (; (next = multipart_next(p, end, delimiter, len)) < end;
	     p = next + len) {
		if (len == DELIMITER_MAX)
			return next;
		after = next + len;
		if (end - after >= 2 && after[0] == '-' && after[1] == '-')
			after += 2;
		if (ends_line(after, end, crlf) && (!crlf || next[-2] == '\r'))
			return next;
	}
	return end;
}

const uint8_t *multipart_end(const uint8_t *start, const uint8_t *next,
			     const uint8_t *end)
{
	const uint8_t *p = next;

	if (p < end && p > start && p[-1] == '\n')
		p--;
	if (p < next && p > start && p[-1] == '\r')
		p--;
	return p;
}

static bool is_utf8(const uint8_t *p, const uint8_t *end)
{
	unsigned int n;

	for (; p < end; p += n) {
		n = utf8_sequence(p, end);
		if (!n)
			return false;
	}
	return true;
}

static void add_sha256(struct buf *to, const uint8_t *p, size_t n)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	char hex[3];

	if (EVP_Digest(p, n, hash, NULL, EVP_sha256(), NULL) != 1) {
		to->failed = true;
		return;
	}
	for (unsigned int i = 0; i < 32; i++) {
		snprintf(hex, sizeof(hex), "%02x", hash[i]);
		buf_add_str(to, hex);
	}
}

/* whole: all of the part was seen. */
static void add_content(struct buf *to, const uint8_t *p, const uint8_t *end,
			bool whole)
{
	size_t n = (size_t)(end - p), cut = n;
	char text[48];

	if (!whole) /* perhaps within a character */
		cut = json_utf8_complete(p, n);
	if (is_utf8(p, p + cut)) {
		buf_add(to, p, cut);
		return;
	}
	snprintf(text, sizeof(text), "[binary: %zu bytes", n);
	buf_add_str(to, text);
	if (whole) {
		buf_add_str(to, ", SHA-256 ");
		add_sha256(to, p, n);
		buf_add_str(to, "]");
	} else {
		buf_add_str(to, " or more]");
	}
}

bool multipart_readable(struct buf *to, const uint8_t *p, size_t n, bool gaps)
{
	/* Many tiny parts would grow manyfold. */
	const size_t most = to->len + 2 * n + 4096;
	const uint8_t *end = p + n, *copied = p, *next, *delimiter;
	size_t len;

	delimiter = multipart_delimiter(p, end, &len);
	if (!delimiter)
		return false;
	for (p = delimiter; p < end; p = next) {
		p = multipart_content(p + len < end ? p + len : end, end);
		next = multipart_next(p, end, delimiter, len);
		buf_add(to, copied, (size_t)(p - copied));
		copied = multipart_end(p, next, end);
		add_content(to, p, copied, next < end && !gaps);
		if (to->failed || to->len > most)
			return false;
	}
	buf_add(to, copied, (size_t)(end - copied));
	return !to->failed;
}
