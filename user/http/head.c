/* SPDX-License-Identifier: MIT */
/*
 * Splits a head into lines, parses the start line and passes field lines on.
 * Regular heads take fast paths (first_line(), fields_regular()) that give up
 * at the first irregular octet; the slow path then reads the rest as lenient
 * servers and clients do.
 */
#include "http/head.h"

#include <string.h>

#include "http/fields.h"
#include "http/prefix.h"
#include "http/scan.h"
#include "http/transaction.h"

struct head_line {
	uint32_t start, end; /* without its terminator */
	uint32_t next;
	bool last; /* the empty line that ends the head, or a substitute */
	bool crs;  /* consists of several CRs before LF */
};

/* Does a field line begin here? -1: more bytes are needed, at most
 * HEAD_TAIL_MAX. */
static int field_begins(const uint8_t *p, const uint8_t *end, bool fin)
{
	const uint8_t *stop = end - p > HEAD_TAIL_MAX ? p + HEAD_TAIL_MAX : end;
	const uint8_t *q = scan_token(p, stop);

	if (q < stop)
		return q > p && *q == ':';
	return stop < end || fin ? 0 : -1;
}

/* The line ends at p, with any number of CRs and the LF at lf. */
static inline void line_at_lf(const uint8_t *b, const uint8_t *p,
			      const uint8_t *lf, struct head_cursor *cur,
			      struct head_line *l)
{
	l->end = (uint32_t)(p - b);
	l->next = (uint32_t)(lf + 1 - b);
	l->crs = l->end == l->start && lf - p > 1;
	cur->prev = HEAD_EOL_LF;
	cur->lf_seen = 1;
}

/*
 * Finds the end of the line at cur->line: LF, any number of CRs and LF, or a
 * lone CR, which some parsers accept as a line end. False: more bytes are
 * needed.
 */
static bool line_next(const uint8_t *b, uint32_t len, bool fin,
		      struct head_cursor *cur, struct head_line *l)
{
	const uint8_t *end = b + len;
	uint32_t from = cur->scanned > cur->line ? cur->scanned : cur->line;
	const uint8_t *p = b + from;
	int field;

	l->start = cur->text > cur->line ? cur->text : cur->line;
	l->last = l->crs = false;
	for (;;) {
		const uint8_t *q;

		p = scan_ctl(p, end);
		if (p == end) {
			cur->scanned = len;
			if (!fin)
				return false;
			l->end = l->next = len;
			return true;
		}
		if (*p == '\n') {
			line_at_lf(b, p, p, cur, l);
			return true;
		}
		if (*p != '\r') {
			cur->malformed = 1;
			p++;
			continue;
		}
		q = cur->crs > p - b ? b + cur->crs : p + 1;
		while (q < end && *q == '\r')
			q++;
		if (q == end) {
			cur->scanned = (uint32_t)(p - b);
			cur->crs = len;
			if (!fin)
				return false;
			l->end = cur->scanned;
			l->next = len;
			return true;
		}
		if (*q == '\n') {
			line_at_lf(b, p, q, cur, l);
			return true;
		}
		cur->malformed = 1;
		if ((uint32_t)(p - b) != l->start) {
			l->end = (uint32_t)(p - b);
			l->next = cur->lf_seen ? (uint32_t)(q - b) : l->end + 1;
			cur->prev = HEAD_EOL_CR;
			return true;
		}
		if (cur->prev == HEAD_EOL_CR && !cur->lf_seen) {
			l->end = l->start; /* CR CR: empty line */
			l->next = l->start + 1;
			return true;
		}
		field = cur->first_done && !scan_is_blank(*q)
				? field_begins(q, end, fin)
				: 1;
		if (field < 0) {
			cur->scanned = (uint32_t)(p - b);
			return false;
		}
		if (!field) { /* for some, CR is the empty line */
			l->end = l->start;
			l->next = (uint32_t)(q - b);
			l->last = true;
			return true;
		}
		/* skip a CR before the line */
		l->start = cur->text = (uint32_t)(q - b);
		p = q;
	}
}

/*
 * Does a line of nothing but blanks end the head? It is obs-fold if a field
 * line, another fold or the empty line follows; otherwise it was meant as the
 * empty line, as some implementations write and read it. -1: more bytes are
 * needed.
 */
static int blank_line_ends(const uint8_t *p, const uint8_t *end, bool fin)
{
	const uint8_t *q = p, *stop = end;

	if (p == end)
		return fin ? 1 : -1;
	if (scan_is_blank(*p) || *p == '\r' || *p == '\n' || *p == ':')
		return 0;
	if ((size_t)(end - p) > HEAD_TAIL_MAX)
		stop = p + HEAD_TAIL_MAX;
	q = scan_token(p, stop);
	while (q < stop && scan_is_blank(*q))
		q++;
	if (q < stop)
		return *q != ':' && scan_is_ctl(*q) == 0 ? 1
		       : *q == ':'			 ? 0
							 : 1;
	return stop < end || fin ? 1 : -1;
}

/* line_next(), and whether the line ends the head. The cursor moves past
 * complete lines only. */
static bool head_line(const uint8_t *b, uint32_t len, bool fin,
		      struct head_cursor *cur, struct head_line *l)
{
	struct head_cursor before = *cur;
	uint32_t i;
	int ends;

	if (!line_next(b, len, fin, cur, l)) {
		/* keep what was scanned, undo everything else */
		before.scanned = cur->scanned;
		before.crs = cur->crs;
		before.text = cur->text;
		before.malformed |= cur->malformed;
		*cur = before;
		return false;
	}
	if (cur->first_done) {
		if (l->start == l->end && !l->crs) {
			l->last = true;
		} else if (l->crs || scan_is_blank(b[l->start])) {
			i = cur->blank == l->end ? l->end : l->start;
			while (i < l->end && scan_is_blank(b[i]))
				i++;
			if (i == l->end) {
				ends = blank_line_ends(b + l->next, b + len,
						       fin);
				if (ends < 0) {
					before.malformed = 1;
					before.text = cur->text;
					before.scanned = before.blank = l->end;
					*cur = before;
					return false;
				}
				l->last = ends > 0;
				cur->malformed = 1;
			}
		}
	}
	cur->line = l->next;
	cur->first_done = 1;
	return true;
}

/* head_line() for the start line, which nearly always ends with CRLF and has
 * no other control character. */
static inline bool first_line(const uint8_t *b, uint32_t len, bool fin,
			      struct head_cursor *cur, struct head_line *l)
{
	const uint8_t *p = scan_ctl(b, b + len);

	if (b + len - p < 2 || p[0] != '\r' || p[1] != '\n')
		return head_line(b, len, fin, cur, l);
	*l = (struct head_line){.end = (uint32_t)(p - b),
				.next = (uint32_t)(p + 2 - b)};
	cur->line = l->next;
	cur->prev = HEAD_EOL_LF;
	cur->lf_seen = 1;
	cur->first_done = 1;
	return true;
}

enum head_result head_find_end(const uint8_t *b, uint32_t len,
			       struct head_cursor *cur, uint32_t *end)
{
	struct head_line l;

	while (head_line(b, len, false, cur, &l)) {
		if (l.last) {
			*end = l.next;
			return HEAD_OK;
		}
	}
	return HEAD_MORE;
}

/* --- start lines ---------------------------------------------------------- */

static struct head_ref ref(uint32_t off, uint32_t end)
{
	return (struct head_ref){.off = (uint16_t)off,
				 .len = (uint16_t)(end - off)};
}

static bool ieq(const uint8_t *p, const char *lit, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((p[i] | 0x20) != (uint8_t)(lit[i] | 0x20))
			return false;
	return true;
}

/* Finds the last "HTTP/" that starts a word of [p, end) and reads the version
 * after it. */
static const uint8_t *find_version(const uint8_t *p, const uint8_t *end,
				   struct head *h)
{
	for (const uint8_t *q = end - 5; q >= p; q--) {
		const uint8_t *v = q + 5;
		unsigned int major = 0, minor = 0;

		if ((*q | 0x20) != 'h' || !ieq(q, "http/", 5) ||
		    (q > p && !scan_is_blank(q[-1]) && !scan_is_ctl(q[-1])))
			continue;
		if (v < end && scan_is_digit(*v))
			major = *v++ - '0';
		if (v < end && *v == '.')
			v++;
		/* More than what fits is no version either: all of it is 255,
		 * never a small one. */
		while (v < end && scan_is_digit(*v)) {
			minor = minor * 10 + (*v++ - '0');
			if (minor > UINT8_MAX)
				minor = UINT8_MAX;
		}
		h->major = (uint8_t)major;
		h->minor = (uint8_t)minor;
		return q;
	}
	return NULL;
}

static bool method_marks(const uint8_t *p, uint32_t n, struct head *h)
{
	bool lower = false;

	if (n == 3 && !memcmp(p, "GET", 3))
		return true; /* most are, and have no marks */
	for (uint32_t i = 0; i < n; i++) {
		if (!scan_is_token(p[i]))
			return false;
		lower |= p[i] >= 'a' && p[i] <= 'z';
	}
	h->flags |= lower ? HTTP_F_MALFORMED : 0;
	/* methods are case-sensitive (RFC 9110 section 9.1) */
	if (n == 4 && !memcmp(p, "HEAD", 4))
		h->marks |= HEAD_METHOD_HEAD;
	else if (n == 7 && !memcmp(p, "CONNECT", 7))
		h->marks |= HEAD_METHOD_CONNECT;
	return true;
}

static bool request_line(const uint8_t *b, const struct head_line *l,
			 struct head *h)
{
	uint32_t s = l->start, e = l->end, m, t;
	const uint8_t *v, *p;

	while (s < e && scan_is_blank(b[s]))
		s++;
	m = (uint32_t)(scan_token(b + s, b + e) - b);
	while (m < e && !scan_is_blank(b[m]))
		m++;
	if (m == s || !method_marks(b + s, m - s, h))
		return false;
	if (s != l->start)
		h->flags |= HTTP_F_MALFORMED;
	h->method = ref(s, m);
	for (t = m; t < e && scan_is_blank(b[t]); t++)
		;
	if (t - m > 1 || (m < e && b[m] == '\t'))
		h->flags |= HTTP_F_MALFORMED;
	/* common form: ends with " HTTP/1.x" */
	if (e - t > 9 && b[e - 9] == ' ' && !memcmp(b + e - 8, "HTTP/1.", 7) &&
	    scan_is_digit(b[e - 1])) {
		h->major = 1;
		h->minor = b[e - 1] - '0';
		e -= 9;
	} else {
		v = find_version(b + t, b + e, h);
		if (!v) {
			/* without a version: HTTP/0.9, or not HTTP */
			if (!head_method_known(b + s, m - s) &&
			    (m - s != 3 || memcmp(b + s, "PRI", 3)))
				return false;
			h->major = 0;
			h->minor = 9;
			h->marks |= t == e || b[t] == '/' ? HEAD_SIMPLE
							  : HEAD_VERSIONLESS;
			h->flags |= t == e ? HTTP_F_MALFORMED : 0;
		} else {
			e = (uint32_t)(v - b);
			h->flags |= HTTP_F_MALFORMED;
		}
	}
	while (e > t && scan_is_blank(b[e - 1])) {
		e--;
		h->flags |= HTTP_F_MALFORMED;
	}
	/* With a version, blanks are part of the target, as for servers that
	 * split at the first and the last blank. */
	p = scan_odd(b + t, b + e);
	if (p != b + e || t == e)
		h->flags |= HTTP_F_MALFORMED;
	if (h->marks & HEAD_VERSIONLESS) {
		while (p < b + e && !scan_is_blank(*p))
			p = scan_odd(p + 1, b + e);
		if (h->marks & HEAD_NO_VERSION && p < b + e)
			return false;
		e = (uint32_t)(p - b);
	}
	if (e - t > HEAD_TARGET_MAX) {
		h->flags |= HTTP_F_HEAD_LIMIT;
		e = t + HEAD_TARGET_MAX;
	}
	h->target = ref(t, e);
	return true;
}

/* Slow path for a status line with NULs, extra blanks or an odd version. map[]
 * takes positions in t, which has no NULs, back to offsets from s. */
static bool status_line_odd(const uint8_t *b, uint32_t s, uint32_t e,
			    struct head *h)
{
	uint8_t t[64], map[64];
	uint32_t n = 0, i, value = 0, digits = 0;

	for (i = s; i < e && i - s < 64; i++)
		if (b[i]) {
			map[n] = (uint8_t)(i - s);
			t[n++] = b[i];
		}
	h->flags |= HTTP_F_MALFORMED;
	if (n >= 5 && ieq(t, "http/", 5)) {
		i = 5;
		h->major = i < n && scan_is_digit(t[i]) ? t[i++] - '0' : 1;
		while (i < n && scan_is_digit(t[i]))
			i++;
		if (i < n && t[i] == '.')
			i++;
		if (i < n && scan_is_digit(t[i]))
			h->minor = t[i++] - '0';
		else
			h->minor = 1;
		/* Skip further digits of the minor version ("1.10"), but not
		 * the status of "1.1\0200", where NULs separate the two. */
		while (i < n && scan_is_digit(t[i]) &&
		       !(i + 2 < n && map[i] - map[i - 1] > 1))
			i++;
	} else if (n >= 7 && ieq(t, "icy ", 4)) {
		h->major = 1;
		h->minor = 0;
		i = 3;
	} else {
		return false;
	}
	while (i < n && (scan_is_blank(t[i]) || scan_is_ctl(t[i])))
		i++;
	for (; i < n && scan_is_digit(t[i]); i++)
		if (digits++ < 3)
			value = value * 10 + (t[i] - '0');
	if (digits > 3)
		h->marks |= HEAD_STATUS_ODD;
	/* clients take a missing status for success */
	h->status = digits ? (uint16_t)value : 200;
	i = s + (i < n ? map[i] : (n ? map[n - 1] + 1u : 0));
	while (i < e && scan_is_blank(b[i]))
		i++;
	h->reason = ref(i < e ? i : e, e);
	return true;
}

static bool status_line(const uint8_t *b, const struct head_line *l,
			struct head *h)
{
	uint32_t s = l->start, e = l->end;
	const uint8_t *p = b + s;

	if (e - s < 12 || memcmp(p, "HTTP/1.", 7) || !scan_is_digit(p[7]) ||
	    p[8] != ' ' || !scan_is_digit(p[9]) || !scan_is_digit(p[10]) ||
	    !scan_is_digit(p[11]) || (e - s > 12 && p[12] != ' ') ||
	    p[9] == '0')
		return status_line_odd(b, s, e, h);
	h->major = 1;
	h->minor = p[7] - '0';
	h->status = (uint16_t)((p[9] - '0') * 100 + (p[10] - '0') * 10 +
			       (p[11] - '0'));
	if (h->status >= 600)
		h->flags |= HTTP_F_MALFORMED;
	h->reason = e - s > 13 ? ref(s + 13, e) : ref(e, e);
	return true;
}

/* --- heads ----------------------------------------------------------------- */

/* Is the first line of a trailer section the start line of a message? */
static bool is_start_line(const uint8_t *b, const struct head_line *l)
{
	const uint8_t *p = b + l->start;
	uint32_t n = l->end - l->start;

	if (head_status_prefix(p, n) == PREFIX_YES)
		return true;
	return head_request_prefix(p, n) == PREFIX_YES && n > 10 &&
	       !memcmp(p + n - 9, " HTTP/1.", 8);
}

/* What follows a request line without a version, which ends at next, tells what
 * it is: HTTP/0.9, or, if its target has not the form of one (both marks), only
 * a head or another protocol. False: *r is the result; true: a head follows. */
static bool versionless(const uint8_t *b, uint32_t len, bool fin, uint32_t next,
			struct head *h, enum head_result *r)
{
	int field = h->target.len ? field_begins(b + next, b + len, fin) : 0;
	bool simple = !(h->marks & HEAD_NO_VERSION);

	if (field > 0 ||
	    (!simple && next < len && (b[next] == '\r' || b[next] == '\n'))) {
		h->marks &= ~HEAD_SIMPLE;
		h->marks |= HEAD_NO_VERSION;
		h->flags |= HTTP_F_MALFORMED;
		return true;
	}
	*r = field < 0 ? HEAD_MORE : simple ? HEAD_OK : HEAD_BAD;
	h->len = *r == HEAD_OK ? next : 0;
	return false;
}

/* The lines from cur on, up to the end of the head or trailer section. */
static enum head_result field_lines(struct field_parser *fp, uint32_t len,
				    bool fin, struct head_cursor *cur)
{
	const uint8_t *b = fp->b;
	struct head *h = fp->h;
	struct head_line l;

	for (bool first = fp->trailer; head_line(b, len, fin, cur, &l);
	     first = false) {
		if (first && is_start_line(b, &l)) {
			h->flags |= HTTP_F_MALFORMED;
			h->len = l.start;
			return HEAD_OK;
		}
		if (!l.last)
			fields_line(fp, l.start, l.end);
		if (l.last || (fin && l.next == len)) {
			h->len = l.next;
			break;
		}
	}
	if (!h->len && !fin)
		return HEAD_MORE;
	if (!h->len)
		h->len = len;
	fields_end(fp);
	return HEAD_OK;
}

enum head_result head_parse(const uint8_t *b, uint32_t len, bool fin,
			    enum head_type type, struct head *h,
			    struct head_field *fields, struct head_cursor *cur)
{
	struct field_parser fp = {.b = b,
				  .h = h,
				  .fields = fields,
				  .trailer = type == HEAD_TRAILER};
	enum head_result r = HEAD_OK;
	struct head_line l;
	uint32_t flags, at;

	if (type != HEAD_TRAILER) {
		*cur = (struct head_cursor){0};
		if (!first_line(b, len, fin, cur, &l))
			return HEAD_MORE;
		if (!(type == HEAD_REQUEST ? request_line(b, &l, h)
					   : status_line(b, &l, h)))
			return HEAD_BAD;
		if (h->marks & HEAD_VERSIONLESS &&
		    !versionless(b, len, fin, l.next, h, &r))
			return r;
	}
	flags = h->flags;
	h->flags = 0;
	if (type != HEAD_TRAILER && cur->prev == HEAD_EOL_LF) {
		at = cur->line = fields_regular(&fp, cur->line, len);
		if (len - at >= 2 && b[at] == '\r' && b[at + 1] == '\n')
			h->len = at + 2; /* regular throughout */
	}
	if (!h->len)
		r = field_lines(&fp, len, fin, cur);
	if (cur->malformed)
		h->flags |= HTTP_F_MALFORMED;
	if (h->flags & HTTP_F_MALFORMED)
		h->marks |= HEAD_BENT;
	h->flags |= flags;
	return r;
}

void head_extra_line(const uint8_t *line, uint32_t len, enum head_type type,
		     struct head *h)
{
	struct field_parser fp = {
		.b = line, .h = h, .trailer = type == HEAD_TRAILER};

	fields_line(&fp, 0, len);
	fields_end(&fp);
}

void head_unfold(uint8_t *b, const struct head_field *fields, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		uint8_t *p = b + fields[i].value.off;
		uint8_t *end = p + fields[i].value.len;

		for (; p < end; p++)
			if (*p == '\r' || *p == '\n')
				*p = ' ';
	}
}

void head_split_target(const uint8_t *b, const struct head *h,
		       struct head_target *out)
{
	uint32_t s = h->target.off, e = s + h->target.len, i;
	const uint8_t *q;

	*out = (struct head_target){.authority = {.off = h->target.off}};
	/* authority-form (RFC 9112 section 3.2.3) */
	if (h->marks & HEAD_METHOD_CONNECT && s < e && b[s] != '/') {
		out->authority = h->target;
		out->path = out->query = ref(e, e);
		return;
	}
	/* absolute-form: scheme "://" authority */
	if (s < e && b[s] != '/' && b[s] != '*') {
		for (i = s; i < e && i - s < 16 && scan_is_token(b[i]); i++)
			;
		if (i > s && e - i >= 3 && !memcmp(b + i, "://", 3)) {
			uint32_t a = i += 3;

			for (;
			     i < e && b[i] != '/' && b[i] != '?' && b[i] != '#';
			     i++)
				if (b[i] == '@') /* userinfo */
					a = i + 1;
			out->authority = ref(a, i);
			s = i;
		}
	}
	q = s < e ? memchr(b + s, '?', e - s) : NULL;
	i = q ? (uint32_t)(q - b) : e;
	out->path = ref(s, i);
	out->query = ref(i < e ? i + 1 : e, e);
}
