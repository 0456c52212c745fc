/* SPDX-License-Identifier: MIT */
/*
 * A strict reader: an unknown member, a member twice, or a line that is cut off is an
 * error, since a name at the wrong address misleads more than none. Other programs
 * write the file, perhaps while it is read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/control.h"
#include "base/json.h"
#include "base/owned_file.h"
#include "trace/names_file.h"

#define VNI_MAX ((1u << 24) - 1)

/* A line that is being read. */
struct reader {
	const uint8_t *file; /* the first line */
	const uint8_t *start, *p, *end;
	struct parse_error *err;
	struct buf text;  /* strings, unescaped */
	struct buf label; /* labels as JSON */
	/* The members, as parts of text. */
	struct span {
		size_t at, len;
	} address, name, key[NAMES_LABELS_MAX];
	unsigned int n_keys;
	bool has_vni, has_address, has_name, has_labels;
	uint32_t vni;
};

static void skip_blanks(struct reader *r)
{
	while (r->p < r->end &&
	       (*r->p == ' ' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

static bool expect(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->p == r->end)
		return parse_refuse(r->err,
				    "the line ends where '%c' is expected", c);
	if (*r->p != (uint8_t)c)
		return parse_refuse(r->err, "'%c' is expected at column %zu", c,
				    (size_t)(r->p - r->start) + 1);
	r->p++;
	return true;
}

static bool next_is(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->p == r->end || *r->p != (uint8_t)c)
		return false;
	r->p++;
	return true;
}

/* --- strings ------------------------------------------------------------------ */

/* Four hexadecimal digits; -1: they are not. */
static int hex4(struct reader *r)
{
	int v = 0, digit;

	for (int i = 0; i < 4; i++) {
		digit = r->p < r->end ? parse_hex_digit(*r->p) : -1;
		if (digit < 0)
			return -1;
		v = v << 4 | digit;
		r->p++;
	}
	return v;
}

static void add_utf8(struct buf *b, uint32_t c)
{
	uint8_t out[4];
	size_t n = 0;

	if (c < 0x80) {
		out[n++] = (uint8_t)c;
	} else if (c < 0x800) {
		out[n++] = (uint8_t)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		out[n++] = (uint8_t)(0xe0 | c >> 12);
		out[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	} else {
		out[n++] = (uint8_t)(0xf0 | c >> 18);
		out[n++] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
		out[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		out[n++] = (uint8_t)(0x80 | (c & 0x3f));
	buf_add(b, out, n);
}

/* After "\u". */
static bool unicode_escape(struct reader *r)
{
	int c = hex4(r), low;

	if (c >= 0xd800 && c < 0xdc00 && r->end - r->p >= 2 &&
	    r->p[0] == '\\' && r->p[1] == 'u') {
		r->p += 2;
		low = hex4(r);
		if (low >= 0xdc00 && low < 0xe000)
			c = 0x10000 + ((c - 0xd800) << 10) + low - 0xdc00;
	}
	if (c < 0 || (c >= 0xd800 && c < 0xe000))
		return parse_refuse(r->err, "a \\u escape is not a character");
	add_utf8(&r->text, (uint32_t)c);
	return true;
}

/* After the backslash. */
static bool escape(struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (r->p < r->end && *r->p == 'u') {
		r->p++;
		return unicode_escape(r);
	}
	at = r->p < r->end && *r->p ? strchr(from, *r->p) : NULL;
	if (!at)
		return parse_refuse(r->err, "an escape is not valid");
	buf_add(&r->text, to + (at - from), 1);
	r->p++;
	return true;
}

/* Appends a string to r->text. */
static bool read_string(struct reader *r, const char *what, struct span *out)
{
	unsigned int n;

	*out = (struct span){r->text.len, 0};
	skip_blanks(r);
	if (r->p == r->end || *r->p++ != '"')
		return parse_refuse(r->err, "%s must be a string", what);
	while (r->p < r->end && *r->p != '"') {
		if (*r->p == '\\') {
			r->p++;
			if (!escape(r))
				return false;
			continue;
		}
		n = *r->p < 0x20 ? 0 : utf8_sequence(r->p, r->end);
		if (!n)
			return parse_refuse(
				r->err,
				"%s contains bytes that are not UTF-8, or a control character",
				what);
		buf_add(&r->text, r->p, n);
		r->p += n;
	}
	if (r->p == r->end)
		return parse_refuse(r->err, "the line ends within a string");
	r->p++;
	out->len = r->text.len - out->at;
	return true;
}

static bool is_text(const struct reader *r, const struct span *s,
		    const char *text)
{
	return s->len == strlen(text) &&
	       !memcmp(r->text.p + s->at, text, s->len);
}

/* --- members -------------------------------------------------------------------- */

static bool read_vni(struct reader *r)
{
	const uint8_t *from;
	uint64_t v = 0;

	skip_blanks(r);
	from = r->p;
	while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && r->p - from < 9)
		v = v * 10 + *r->p++ - '0';
	if (r->p == from || v > VNI_MAX || (r->p - from > 1 && *from == '0'))
		return parse_refuse(r->err, "vni must be a number from 0 to %u",
				    VNI_MAX);
	r->vni = (uint32_t)v;
	return true;
}

static bool is_new_key(const struct reader *r, const struct span *key)
{
	for (unsigned int i = 0; i < r->n_keys; i++)
		if (r->key[i].len == key->len &&
		    (!key->len || !memcmp(r->text.p + r->key[i].at,
					  r->text.p + key->at, key->len)))
			return false;
	return true;
}

static bool read_label(struct reader *r)
{
	struct span key, value;

	if (!read_string(r, "the name of a label", &key) || !expect(r, ':') ||
	    !read_string(r, "a label", &value))
		return false;
	if (r->text.failed)
		return true;
	if (r->n_keys == NAMES_LABELS_MAX)
		return parse_refuse(r->err, "there are more than %u labels",
				    NAMES_LABELS_MAX);
	if (!is_new_key(r, &key))
		return parse_refuse(r->err, "a label is there twice");
	buf_add_str(&r->label, r->n_keys ? "," : "{");
	json_add_string(&r->label, r->text.p + key.at, key.len);
	buf_add_str(&r->label, ":");
	json_add_string(&r->label, r->text.p + value.at, value.len);
	r->key[r->n_keys++] = key;
	return true;
}

static bool read_labels(struct reader *r)
{
	if (!expect(r, '{'))
		return false;
	if (next_is(r, '}'))
		return true;
	do {
		if (!read_label(r))
			return false;
	} while (next_is(r, ','));
	buf_add_str(&r->label, "}");
	if (r->label.len > NAMES_LABELS_LEN)
		return parse_refuse(r->err,
				    "the labels are longer than %u bytes",
				    NAMES_LABELS_LEN);
	return expect(r, '}');
}

/* Refuses a member that was there before. */
static bool once(struct reader *r, bool *seen, const char *name)
{
	if (*seen)
		return parse_refuse(r->err, "%s is there twice", name);
	*seen = true;
	return true;
}

static bool read_member(struct reader *r)
{
	struct span name;

	if (!read_string(r, "the name of a member", &name) || !expect(r, ':'))
		return false;
	if (r->text.failed)
		return true;
	if (is_text(r, &name, "vni"))
		return once(r, &r->has_vni, "vni") && read_vni(r);
	if (is_text(r, &name, "address"))
		return once(r, &r->has_address, "address") &&
		       read_string(r, "address", &r->address);
	if (is_text(r, &name, "name"))
		return once(r, &r->has_name, "name") &&
		       read_string(r, "name", &r->name);
	if (is_text(r, &name, "labels"))
		return once(r, &r->has_labels, "labels") && read_labels(r);
	return parse_refuse(
		r->err,
		"unknown member \"%.*s\": there are vni, address, name and labels",
		(int)(name.len < 60 ? name.len : 60), r->text.p + name.at);
}

/* --- lines ---------------------------------------------------------------------- */

static bool read_object(struct reader *r)
{
	if (!expect(r, '{'))
		return false;
	do {
		if (!read_member(r))
			return false;
	} while (next_is(r, ','));
	if (!expect(r, '}'))
		return false;
	skip_blanks(r);
	if (r->p < r->end)
		return parse_refuse(r->err, "something follows the object");
	if (!r->has_address || !r->has_name)
		return parse_refuse(r->err, "it has no %s",
				    r->has_address ? "name" : "address");
	if (!r->name.len || r->name.len > NAMES_NAME_MAX)
		return parse_refuse(r->err, "name must have from 1 to %u bytes",
				    NAMES_NAME_MAX);
	return true;
}

/* The number of the line that has this mapping, which precedes r's. */
static unsigned int line_of(const struct reader *r, uint32_t mapping)
{
	struct reader before = {.p = r->file, .end = r->end};
	unsigned int line = 1;

	for (;; before.p++, line++) {
		skip_blanks(&before);
		if (*before.p != '\n' && !mapping--)
			return line;
		before.p =
			memchr(before.p, '\n', (size_t)(before.end - before.p));
	}
}

static bool refuse_add(const struct reader *r, int err, uint32_t earlier)
{
	struct parse_error *why = r->err;

	if (err == -EEXIST)
		return parse_refuse(why,
				    "the address has another name in line %u",
				    line_of(r, earlier));
	if (err == -E2BIG)
		return parse_refuse(why,
				    "there are more than %u mappings or %u MiB",
				    NAMES_MAX, NAMES_TEXT_MAX >> 20);
	return parse_refuse(why, "%s", strerror(-err));
}

/* Adds the mapping of a line. */
static bool read_line(struct name_table *names, struct reader *r)
{
	struct names_mapping m = {0};
	uint32_t earlier = 0;
	int err;

	if (!read_object(r))
		return false;
	if (r->text.failed || r->label.failed)
		return refuse_add(r, -ENOMEM, 0);
	if (!network_parse((const char *)r->text.p + r->address.at,
			   r->address.len, &m.net, r->err))
		return false;
	m.vni = r->has_vni ? r->vni : NAMES_ANY_VNI;
	m.name = (struct address_name){r->text.p + r->name.at,
				       (uint32_t)r->name.len, r->label.p,
				       (uint32_t)r->label.len};
	err = names_add(names, &m, &earlier);
	return !err || refuse_add(r, err, earlier);
}

struct name_table *names_parse(const char *text, size_t n,
			       struct names_error *err)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + n, *stop;
	struct name_table *names = names_new();
	struct reader r = {0};
	/* The buffer is never NULL, even if all strings are empty. */
	bool valid = (names && buf_reserve(&r.text, 1)) ||
		     parse_refuse(&err->why, "%s", strerror(ENOMEM));

	err->line = 0;
	for (; valid && p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop)
			stop = end;
		err->line++;
		r = (struct reader){.file = (const uint8_t *)text,
				    .start = p,
				    .p = p,
				    .end = stop,
				    .err = &err->why,
				    .text = r.text,
				    .label = r.label};
		r.text.len = r.label.len = 0;
		skip_blanks(&r);
		if (stop - p > (ptrdiff_t)NAMES_LINE_MAX)
			valid = parse_refuse(&err->why, "longer than %u bytes",
					     NAMES_LINE_MAX);
		else if (r.p < stop)
			valid = read_line(names, &r);
		if (stop == end)
			break;
	}
	buf_free(&r.text);
	buf_free(&r.label);
	if (valid && !names_count(names)) {
		err->line = 0;
		valid = parse_refuse(&err->why, "it contains no mapping");
	}
	if (valid)
		return names;
	names_free(names);
	return NULL;
}

/* --- files ---------------------------------------------------------------------- */

int names_read(const char *path, struct name_table **out, const struct log *log)
{
	struct names_error why;
	struct buf text = {0};
	int err = regular_read(path, NAMES_FILE_MAX, &text);

	*out = NULL;
	if (err == -EFBIG)
		log_error(log, "%s: longer than %u MiB", path,
			  NAMES_FILE_MAX >> 20);
	else if (err)
		log_error(log, "%s: %s", path, regular_error(-err));
	if (!err) {
		*out = names_parse((const char *)text.p, text.len, &why);
		if (!*out) {
			err = -EINVAL;
			if (why.line)
				log_error(log, "%s:%u: %s", path, why.line,
					  why.why.text);
			else
				log_error(log, "%s: %s", path, why.why.text);
		}
	}
	buf_free(&text);
	return err;
}
