/* SPDX-License-Identifier: MIT */
/* Whatever could end a field early or frame the request otherwise is refused. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "otlp/headers.h"

static bool is_token(const char *p, size_t n)
{
	static const char punctuation[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < n; i++)
		if (!((p[i] >= '0' && p[i] <= '9') ||
		      (p[i] >= 'a' && p[i] <= 'z') ||
		      (p[i] >= 'A' && p[i] <= 'Z') ||
		      (p[i] && strchr(punctuation, p[i]))))
			return false;
	return n > 0;
}

/* What the request itself determines. */
static bool is_reserved(const char *p, size_t n)
{
	static const char *const names[] = {
		"connection",	"content-encoding",  "content-length",
		"content-type", "transfer-encoding", "host",
		"expect"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (n == strlen(names[i]) && !strncasecmp(p, names[i], n))
			return true;
	return false;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes percent-encoding in place. Returns the length. */
static size_t decode(char *p, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		const bool encoded = p[i] == '%' && i + 2 < n;
		const int high = encoded ? hex(p[i + 1]) : -1;
		const int low = encoded ? hex(p[i + 2]) : -1;

		if (high >= 0 && low >= 0) {
			p[to++] = (char)(high << 4 | low);
			i += 2;
		} else {
			p[to++] = p[i];
		}
	}
	return to;
}

static void trim(const char **p, size_t *n)
{
	while (*n && (**p == ' ' || **p == '\t')) {
		(*p)++;
		(*n)--;
	}
	while (*n && strchr(" \t\r", (*p)[*n - 1]))
		(*n)--;
}

static const char *add(struct otlp_headers *h, const char *text, size_t n,
		       char separator, bool encoded)
{
	const char *end = memchr(text, separator, n), *value;
	char *to = h->text + h->n_text;
	size_t n_name, n_value;

	if (!end)
		return separator == ':' ? "a line is not \"Name: value\""
					: "an item is not name=value";
	n_name = (size_t)(end - text);
	value = end + 1;
	n_value = n - n_name - 1;
	trim(&text, &n_name);
	trim(&value, &n_value);
	if (!is_token(text, n_name))
		return "a name is not that of a header field";
	if (is_reserved(text, n_name))
		return "a field is one that the request sets itself";
	if (h->n == OTLP_HEADERS_MAX ||
	    n_name + n_value + 3 > sizeof(h->text) - h->n_text)
		return "too many header fields";
	memcpy(to, text, n_name);
	memcpy(to + n_name, ": ", 2);
	memcpy(to + n_name + 2, value, n_value);
	if (encoded)
		n_value = decode(to + n_name + 2, n_value);
	for (size_t i = 0; i < n_value; i++)
		if (to[n_name + 2 + i] < ' ' || to[n_name + 2 + i] > '~')
			return "a value has characters that are not printable ASCII";
	to[n_name + 2 + n_value] = '\0';
	h->n_text += n_name + n_value + 3;
	h->line[h->n++] = to;
	return NULL;
}

static const char *add_all(struct otlp_headers *h, const char *text, size_t n,
			   char between, char separator)
{
	const char *end = text + n, *stop, *why = NULL;

	for (; text < end && !why; text = stop + 1) {
		size_t left;

		stop = memchr(text, between, (size_t)(end - text));
		if (!stop)
			stop = end;
		left = (size_t)(stop - text);
		trim(&text, &left);
		if (left && (separator != ':' || *text != '#'))
			why = add(h, text, left, separator, separator == '=');
	}
	return why;
}

const char *otlp_headers_file(struct otlp_headers *h, const char *text,
			      size_t n)
{
	return add_all(h, text, n, '\n', ':');
}

const char *otlp_headers_list(struct otlp_headers *h, const char *text)
{
	return add_all(h, text, strlen(text), ',', '=');
}
