/* SPDX-License-Identifier: MIT */
/*
 * Field lines: splits name and value, joins obs-fold, and interprets the few
 * fields that decide framing, coding and what follows the message. Values are
 * read as leniently as deployed parsers read them, because the endpoints that
 * we watch do.
 */
#include "http/fields.h"

#include <string.h>

#include "http/scan.h"
#include "http/transaction.h"

#define CLEAN_MAX 24u

static bool is_space(uint8_t c)
{
	return scan_is_blank(c) || c == '\r' || c == '\n';
}

static bool is_junk(uint8_t c)
{
	return is_space(c) || scan_is_ctl(c);
}

/* Does a line that begins with c continue the field before it? */
static inline bool continues(uint8_t c)
{
	return c <= ' ' && (scan_is_blank(c) || !c || c == '\v');
}

/* Copies p without blanks and control characters, which some parsers skip.
 * Returns the length, or 0 if the result is longer than any known word. */
static size_t clean(const uint8_t *p, size_t n, uint8_t out[CLEAN_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_junk(p[i]))
			continue;
		if (len == CLEAN_MAX)
			return 0;
		out[len++] = p[i];
	}
	return len;
}

/* lit is lower case. n is a constant at every call, so that this compiles to a
 * few comparisons. */
static inline bool is_name(const uint8_t *p, size_t n, const char *lit)
{
	const uint64_t lower = 0x2020202020202020ull;
	uint64_t a, b;

	if (n < 8) {
		for (size_t i = 0; i < n; i++)
			if ((p[i] | 0x20) != (uint8_t)lit[i])
				return false;
		return true;
	}
	for (size_t i = 0; i < n; i += 8) {
		size_t at = i + 8 <= n ? i : n - 8;

		memcpy(&a, p + at, 8);
		memcpy(&b, lit + at, 8);
		if ((a | lower) != b)
			return false;
	}
	return true;
}

/* The next element of a list. Splits at commas, semicolons and blanks, as
 * deployed parsers do, although the grammar allows commas only. */
static bool next_word(const uint8_t **p, const uint8_t *end,
		      const uint8_t **word, size_t *n,
		      uint8_t scratch[CLEAN_MAX])
{
	const uint8_t *q = *p;

	while (q < end && (is_space(*q) || *q == ',' || *q == ';' || *q == ':'))
		q++;
	*word = q;
	while (q < end && !is_space(*q) && *q != ',' && *q != ';')
		q++;
	*n = (size_t)(q - *word);
	*p = q;
	if (*n && scan_ctl(*word, *word + *n) != *word + *n) {
		*n = clean(*word, *n, scratch);
		*word = scratch;
		return q < end || *n;
	}
	return *n > 0;
}

static int coding_of(const uint8_t *p, size_t n)
{
	if ((n == 4 && is_name(p, n, "gzip")) ||
	    (n == 6 && is_name(p, n, "x-gzip")))
		return CODING_GZIP;
	if ((n == 7 && is_name(p, n, "deflate")) ||
	    (n == 9 && is_name(p, n, "x-deflate")))
		return CODING_DEFLATE;
	if (n == 2 && is_name(p, n, "br"))
		return CODING_BR;
	if (n == 4 && is_name(p, n, "zstd"))
		return CODING_ZSTD;
	if ((n == 8 && is_name(p, n, "identity")) ||
	    (n == 4 && is_name(p, n, "none")))
		return 0;
	return -1;
}

static bool contains_chunked(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 7 <= n; i++)
		if (is_name(p + i, 7, "chunked"))
			return true;
	return false;
}

/* RFC 9112 section 6.1 */
static void transfer_encoding(struct head *h, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n, *word;
	uint8_t scratch[CLEAN_MAX];
	size_t len;

	h->marks |= HEAD_TE;
	while (next_word(&p, end, &word, &len, scratch)) {
		int coding = coding_of(word, len);

		if (h->marks & HEAD_TE_CHUNKED)
			h->flags |= HTTP_F_MALFORMED; /* chunked must be last */
		if (len == 7 && is_name(word, 7, "chunked")) {
			h->marks |= HEAD_TE_CHUNKED;
		} else if (coding > 0) {
			if (h->n_te < HEAD_CODINGS_MAX)
				h->te[h->n_te++] = (uint8_t)coding;
			else
				h->marks |= HEAD_CE_UNKNOWN;
		} else if (coding < 0) {
			h->marks |= contains_chunked(word, len)
					    ? HEAD_TE_MAYBE
					    : HEAD_TE_UNKNOWN;
			h->flags |= HTTP_F_MALFORMED;
		}
	}
}

/* Some parsers skip no-break spaces, in ISO 8859-1 or UTF-8, as blanks. */
static void trim_nbsp(const uint8_t **p, size_t *n)
{
	while (*n && (**p == 0xa0 || (**p == 0xc2 && *n > 1))) {
		if (**p == 0xc2 && (*p)[1] != 0xa0)
			break;
		*n -= **p == 0xc2 ? 2 : 1;
		*p += **p == 0xc2 ? 2 : 1;
	}
	while (*n && (*p)[*n - 1] == 0xa0)
		*n -= *n > 1 && (*p)[*n - 2] == 0xc2 ? 2 : 1;
}

/* Words that some servers send as Content-Encoding of a body that has none:
 * character encodings, and values of other fields. */
static bool names_no_coding(const uint8_t *p, size_t n)
{
	return (n == 5 && is_name(p, n, "utf-8")) ||
	       (n == 4 && is_name(p, n, "utf8")) ||
	       (n == 8 && is_name(p, n, "us-ascii")) ||
	       (n == 10 && is_name(p, n, "iso-8859-1")) ||
	       (n == 6 && is_name(p, n, "binary")) ||
	       (n == 4 && (is_name(p, n, "8bit") || is_name(p, n, "7bit"))) ||
	       (n == 7 && is_name(p, n, "amz-1.0"));
}

/* RFC 9110 section 8.4. A word with "=" is a parameter, which no coding has,
 * but which is sent. */
void fields_content_encoding(struct head *h, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n, *start = p, *from = p, *word;
	uint8_t scratch[CLEAN_MAX];
	size_t len;

	for (; next_word(&p, end, &word, &len, scratch); from = p) {
		int coding = coding_of(word, len);

		if (coding < 0) {
			trim_nbsp(&word, &len);
			coding = coding_of(word, len);
		}
		if (coding > 0 && h->n_codings < HEAD_CODINGS_MAX) {
			h->codings[h->n_codings++] = (uint8_t)coding;
		} else if (len == 11 && is_name(word, len, "aws-chunked")) {
			h->marks |= HEAD_AWS_CHUNKED;
		} else if (coding && !names_no_coding(word, len) &&
			   !memchr(word, '=', len)) {
			h->marks |= HEAD_CE_UNKNOWN;
			/* What lies under an unknown coding is out of reach,
			 * unless the word is only junk beside a known one. */
			if (from == start ||
			    memchr(from, ',', (size_t)(p - from)))
				h->n_codings = 0;
		}
	}
}

/* RFC 9110 section 8.6, and the deviations seen in practice */
static void content_length_odd(struct head *h, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;
	bool any = false;

	while (p < end) {
		uint64_t v = 0;
		bool digits = false, bad = false, space;

		while (p < end && (is_space(*p) || *p == ','))
			p++;
		if (p == end)
			break;
		if (*p == '+') {
			h->flags |= HTTP_F_MALFORMED;
			p++;
		}
		for (; p < end && (uint8_t)(*p - '0') <= 9; p++) {
			digits = true;
			if (__builtin_mul_overflow(v, 10, &v) ||
			    __builtin_add_overflow(v, *p - '0', &v)) {
				bad = true; /* overflow */
				v = 0;
			}
		}
		bad |= v > INT64_MAX;
		space = p < end && is_space(*p);
		while (p < end && is_space(*p))
			p++;
		/* Ignore a word after the number; a second number makes the
		 * length ambiguous. */
		if (p < end && *p != ',' && *p != ';') {
			h->flags |= HTTP_F_MALFORMED;
			bad |= !space || (uint8_t)(*p - '0') <= 9;
		}
		while (p < end && *p != ',')
			p++;
		any = true;
		if (!digits || bad) {
			h->marks |= HEAD_CL_INVALID;
			h->flags |= HTTP_F_MALFORMED;
			continue;
		}
		if (!(h->marks & HEAD_CL)) {
			h->marks |= HEAD_CL;
			h->content_length = v;
		} else if (h->content_length != v) {
			h->flags |= HTTP_F_SMUGGLING | HTTP_F_MALFORMED;
		}
	}
	if (!any) {
		h->marks |= HEAD_CL_INVALID;
		h->flags |= HTTP_F_MALFORMED;
	}
}

/* Fast path: the first Content-Length, nothing but digits. */
static void content_length(struct head *h, const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n && (uint8_t)(p[i] - '0') <= 9; i++)
		v = v * 10 + (p[i] - '0');
	if (!n || i < n || n > 18 || h->marks & HEAD_CL) {
		content_length_odd(h, p, n);
		return;
	}
	h->marks |= HEAD_CL;
	h->content_length = v;
}

static bool has_word(const uint8_t *p, size_t n, const char *lit, size_t want)
{
	const uint8_t *end = p + n, *word;
	uint8_t scratch[CLEAN_MAX];
	size_t len;

	while (next_word(&p, end, &word, &len, scratch))
		if (len == want && is_name(word, len, lit))
			return true;
	return false;
}

/* Rules out names that interpret() ignores, by length and first letter. */
static inline bool may_be_known(const uint8_t *name, size_t n)
{
	static const uint8_t first[18] = {
		[4] = 'h',  [6] = 'e',	[7] = 'u', [10] = 'c',
		[14] = 'c', [16] = 'c', [17] = 't'};

	return n < sizeof(first) && first[n] == (name[0] | 0x20);
}

static void interpret(struct field_parser *fp)
{
	struct head *h = fp->h;
	const uint8_t *name = fp->b + fp->cur.name.off;
	const uint8_t *v = fp->b + fp->cur.value.off;
	size_t n = fp->cur.value.len, name_len = fp->cur.name.len;
	uint8_t scratch[CLEAN_MAX];

	if (fp->odd) {
		name_len = clean(name, name_len, scratch);
		name = scratch;
	}
	switch (name_len) {
	case 4:
		if (!is_name(name, 4, "host"))
			break;
		if (h->marks & HEAD_HOST)
			h->flags |= HTTP_F_MALFORMED;
		else if (fp->fields)
			h->host = fp->cur.value;
		h->marks |= HEAD_HOST;
		break;
	case 6:
		if (is_name(name, 6, "expect") &&
		    has_word(v, n, "100-continue", 12))
			h->marks |= HEAD_EXPECT;
		break;
	case 7:
		if (is_name(name, 7, "upgrade") && n)
			h->marks |= HEAD_UPGRADE;
		break;
	case 10:
		if (is_name(name, 10, "connection") &&
		    has_word(v, n, "close", 5))
			h->marks |= HEAD_CONN_CLOSE;
		break;
	case 14:
		if (is_name(name, 14, "content-length"))
			content_length(h, v, n);
		break;
	case 16:
		if (is_name(name, 16, "content-encoding"))
			fields_content_encoding(h, v, n);
		break;
	case 17:
		if (is_name(name, 17, "transfer-encoding"))
			transfer_encoding(h, v, n);
		break;
	}
}

/* Splits [p, e) into name and value. False: no colon; all of it is the name. */
static bool field_split(struct field_parser *fp, const uint8_t *p,
			const uint8_t *e)
{
	const uint8_t *b = fp->b;
	const uint8_t *colon = p < e ? memchr(p, ':', (size_t)(e - p)) : NULL;
	const uint8_t *name_end = colon ? colon : e;
	const uint8_t *v = colon ? colon + 1 : e;

	while (name_end > p && is_space(name_end[-1]))
		name_end--;
	while (v < e && is_space(*v))
		v++;
	fp->cur.name.off = (uint16_t)(p - b);
	fp->cur.name.len = (uint16_t)(name_end - p);
	fp->cur.value.off = (uint16_t)(v - b);
	fp->cur.value.len = (uint16_t)(e - v);
	return colon;
}

static bool is_coding_field(const struct field_parser *fp)
{
	uint8_t name[CLEAN_MAX];
	size_t n = clean(fp->b + fp->cur.name.off, fp->cur.name.len, name);

	return (n == 16 && is_name(name, n, "content-encoding")) ||
	       (n == 17 && is_name(name, n, "transfer-encoding"));
}

static void commit(struct field_parser *fp)
{
	struct head *h = fp->h;

	if (!fp->open)
		return;
	fp->open = false;
	if (fp->no_colon)
		return;
	if (!fp->trailer)
		interpret(fp);
	if (!fp->fields)
		return;
	if (h->n_fields == HEAD_FIELDS_MAX) {
		h->flags |= HTTP_F_HEAD_LIMIT;
		h->marks |= fp->trailer ? 0 : HEAD_PARTIAL;
		return;
	}
	fp->fields[h->n_fields++] = fp->cur;
	if (fp->trailer)
		h->n_trailers++;
}

/* obs-fold (RFC 9112 section 5.2): this line continues the open field. */
static void continued(struct field_parser *fp, const uint8_t *p,
		      const uint8_t *e)
{
	const uint8_t *b = fp->b;
	struct field_parser other;

	fp->h->flags |= HTTP_F_MALFORMED;
	while (p < e && is_junk(*p))
		p++;
	if (p == e)
		return;
	if (fp->open && fp->no_colon) {
		if (*p != ':')
			return;
		fp->no_colon = false; /* its colon is on this line */
		for (p++; p < e && is_space(*p); p++)
			;
	}
	if (fp->open && !fp->cur.value.len)
		fp->cur.value.off = (uint16_t)(p - b);
	else if (fp->open)
		fp->h->marks |= HEAD_FOLDED;
	if (fp->open)
		fp->cur.value.len = (uint16_t)(e - b - fp->cur.value.off);
	/* Some parsers take the line for a field of its own. Believe a coding
	 * named there, too: decoding finds out whether the body has it. */
	other = (struct field_parser){
		.b = b, .h = fp->h, .odd = true, .open = true};
	if (field_split(&other, p, e) && is_coding_field(&other))
		interpret(&other);
}

void fields_line(struct field_parser *fp, uint32_t start, uint32_t end)
{
	const uint8_t *b = fp->b, *p = b + start, *e = b + end, *colon;

	while (e > p && is_space(e[-1]))
		e--;
	if (p < b + end && continues(*p)) {
		continued(fp, p, e);
		return;
	}
	commit(fp);
	fp->no_colon = fp->odd = false;
	colon = scan_token(p, e);
	if (colon == e || *colon != ':' || colon == p) {
		/* blank before the colon, not a token, or empty name */
		fp->h->flags |= HTTP_F_MALFORMED;
		fp->odd = true;
	}
	if (p < e)
		fp->open = true;
	if (!field_split(fp, p, e))
		fp->no_colon = true;
}

/* Out of line: the usual name and value are short. */
__attribute__((noinline)) static const uint8_t *long_name(const uint8_t *p,
							  const uint8_t *e)
{
	return scan_token(p, e);
}

__attribute__((noinline)) static const uint8_t *long_value(const uint8_t *v,
							   const uint8_t *e)
{
	return scan_ctl(v, e);
}

/* The colon after the name at p; NULL if none follows, or not the beginning of
 * another line after it. */
static inline const uint8_t *name_end(const uint8_t *p, const uint8_t *e)
{
	const uint8_t *colon;

#ifdef SCAN_STEP
	if (e - p >= SCAN_STEP + 4 && *p != ':') {
		uint64_t m = scan_name_mask(p);

		if (m && p[scan_first(m)] == ':')
			return p + scan_first(m);
	}
#endif
	colon = long_name(p, e);
	return e - colon >= 4 && *colon == ':' && colon > p ? colon : NULL;
}

/* The end of the value at v. */
static inline const uint8_t *value_end(const uint8_t *v, const uint8_t *e)
{
#ifdef SCAN_STEP
	if (e - v >= SCAN_STEP) {
		uint64_t m = scan_ctl_mask(v);

		if (m)
			return v + scan_first(m);
		v += SCAN_STEP;
		/* media types, dates and the like */
		m = e - v >= SCAN_STEP ? scan_ctl_mask(v) : 0;
		if (m)
			return v + scan_first(m);
	}
#endif
	return long_value(v, e);
}

uint32_t fields_regular(struct field_parser *fp, uint32_t start, uint32_t end)
{
	const uint8_t *b = fp->b, *p = b + start, *e = b + end;
	struct head *h = fp->h;
	uint16_t n = h->n_fields;

	while (n < HEAD_FIELDS_MAX) {
		const uint8_t *colon = name_end(p, e), *v, *eol, *ve;
		struct head_field *f = &fp->fields[n];

		if (!colon)
			break;
		/* Branches, because they are predicted: without them, the scan
		 * of the value would wait for the octet after the colon. */
		v = colon + 1;
		if (v[0] == ' ' && v[1] > ' ')
			v++;
		else
			while (v < e && scan_is_blank(*v))
				v++;
		eol = value_end(v, e);
		if (e - eol < 3 || memcmp(eol, "\r\n", 2) || continues(eol[2]))
			break;
		/* Nothing in the value but blanks is as low as SP. */
		for (ve = eol; ve[-1] <= ' ' && ve > v; ve--)
			;
		f->name.off = (uint16_t)(p - b);
		f->name.len = (uint16_t)(colon - p);
		f->value.off = (uint16_t)(v - b);
		f->value.len = (uint16_t)(ve - v);
		n++;
		if (may_be_known(p, (size_t)(colon - p))) {
			fp->cur = *f;
			interpret(fp);
		}
		p = eol + 2;
	}
	h->n_fields = h->n_regular = n;
	return (uint32_t)(p - b);
}

void fields_end(struct field_parser *fp)
{
	commit(fp);
}

void fields_conclude(struct head *h)
{
	/* the last coding of a request must be chunked (RFC 9112 section 6.3) */
	if (h->marks & HEAD_TE && h->method.len &&
	    !(h->marks & (HEAD_TE_CHUNKED | HEAD_TE_MAYBE))) {
		h->flags |= HTTP_F_MALFORMED;
		h->marks |= HEAD_BENT;
	}
	if ((h->marks & HEAD_TE) &&
	    (h->marks & (HEAD_CL | HEAD_CL_INVALID) || h->minor == 0) &&
	    h->major <= 1)
		h->flags |= HTTP_F_SMUGGLING;
}
