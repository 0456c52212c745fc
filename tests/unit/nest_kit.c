/* SPDX-License-Identifier: MIT */
/* Formats that contain text of another one, at random. The sequence is fixed. */
#include "nest_kit.h"

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"
#define DATA "Content-Disposition: form-data; "

static uint64_t rng = 0x9e3779b97f4a7c15ull;

unsigned int nest_pick(unsigned int n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (unsigned int)(rng >> 33) % n;
}

static void add_byte(struct buf *b, uint8_t c)
{
	buf_add(b, &c, 1);
}

/* Appends text as a string of JSON, without quotation marks. */
static void add_escaped(struct buf *b, const struct buf *text)
{
	char code[8];
	size_t i;

	for (i = 0; i < text->len; i++) {
		uint8_t c = text->p[i];

		if (c < 0x20 && c != '\n' && c != '\r') {
			snprintf(code, sizeof(code), "\\u%04x", c);
			buf_add_str(b, code);
		} else if (c == '\n' || c == '\r') {
			buf_add_str(b, c == '\n' ? "\\n" : "\\r");
		} else {
			if (c == '"' || c == '\\' ||
			    (c == '/' && !nest_pick(4)))
				add_byte(b, '\\');
			add_byte(b, c);
		}
	}
}

/* Appends text percent-encoded; letters at random, too. */
static void add_percent(struct buf *b, const struct buf *text)
{
	char code[4];
	size_t i;

	for (i = 0; i < text->len; i++) {
		uint8_t c = text->p[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

		if (c == ' ') {
			add_byte(b, '+');
		} else if ((letter && nest_pick(16)) ||
			   (c >= '0' && c <= '9') || c == '-' || c == '.' ||
			   c == '_') {
			add_byte(b, c);
		} else {
			snprintf(code, sizeof(code),
				 nest_pick(2) ? "%%%02x" : "%%%02X", c);
			buf_add_str(b, code);
		}
	}
}

const char *nest_wrap(struct buf *out, const struct buf *in)
{
	switch (nest_pick(8)) {
	case 0:
		buf_add_str(out, "{\"x\":\"");
		add_escaped(out, in);
		buf_add_str(out, "\",\"y\":[1,\"z\"]}");
		return JSON;
	case 1:
		buf_add_str(out, "[\"a:b\",\"");
		add_escaped(out, in);
		buf_add_str(out, "\"]");
		return JSON;
	case 2:
		buf_add_str(out, "x=1&y=");
		add_percent(out, in);
		buf_add_str(out, "&z=2");
		return FORM;
	case 3:
		buf_add_str(out, "https://h/p/");
		add_percent(out, in);
		buf_add_str(out, "?z=2");
		return "text/plain";
	case 4:
		buf_add_str(out, "https://h/p?to=");
		add_percent(out, in);
		return "text/uri-list";
	case 5:
		buf_add_str(out, "--c\r\n" DATA "name=\"x\"\r\n\r\n");
		buf_add(out, in->p, in->len);
		buf_add_str(out, "\r\n--c--\r\n");
		return "multipart/form-data; boundary=c";
	case 6:
		buf_add_str(out, "{ a(b: \"");
		add_escaped(out, in);
		buf_add_str(out, "\", c: 1) { id } }");
		return "application/graphql";
	default:
		buf_add_str(out, "cb({\"x\":\"");
		add_escaped(out, in);
		buf_add_str(out, "\"})");
		return "text/javascript";
	}
}

void nest_recode(struct buf *out, const struct buf *in)
{
	bool big = nest_pick(2), chunked = nest_pick(2);
	char head[80];
	size_t i, n;

	buf_clear(out);
	if (!chunked && nest_pick(2))
		buf_add_str(out, big ? "\xfe\xff" : "\xff\xfe");
	for (i = 0; i < in->len; i += n) {
		n = 1;
		if (!chunked) {
			add_byte(out, big ? 0 : in->p[i]);
			add_byte(out, big ? in->p[i] : 0);
			continue;
		}
		n = 1 + nest_pick(20);
		n = n < in->len - i ? n : in->len - i;
		snprintf(head, sizeof(head), "%zx%s\r\n", n,
			 big ? ";chunk-signature=0123456789abcdef" : "");
		buf_add_str(out, head);
		buf_add(out, in->p + i, n);
		buf_add_str(out, "\r\n");
	}
	if (chunked)
		buf_add_str(out, "0\r\n\r\n");
}
