/* SPDX-License-Identifier: MIT */
/*
 * The client of a request that came through trusted proxies. Whatever a client
 * writes into Forwarded and X-Forwarded-For, what the proxy appends wins. Lines of
 * the input are fields, F of Forwarded, others of X-Forwarded-For.
 */
#include <stdlib.h>
#include <string.h>

#include "trace/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELDS_MAX 8
#define SPAN(text)                                        \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const uint8_t peer[16] = {[10] = 0xff, 0xff, 10, 1, 0, 5};
static const uint8_t client[16] = {[10] = 0xff, 0xff, 198, 51, 100, 9};

static uint32_t split(uint8_t *p, size_t n, struct http_field f[FIELDS_MAX])
{
	static const struct http_span names[] = {SPAN("X-Forwarded-For"),
						 SPAN("Forwarded")};
	uint8_t *end = p + n, *line;
	uint32_t fields = 0;

	for (; p < end && fields < FIELDS_MAX; p = line + (line < end)) {
		line = memchr(p, '\n', (size_t)(end - p));
		if (!line)
			line = end;
		f[fields].name = names[*p == 'F'];
		if (line > p)
			p++;
		f[fields++].value = (struct http_span){p, (uint32_t)(line - p)};
	}
	return fields;
}

static void find(enum client_field field, const char *trusted,
		 const struct http_field *f, uint32_t n, struct client *out)
{
	struct client_rules *r = client_rules_new(field, 0, &trusted, 1);
	struct http_message m = {.fields = f, .n_fields = n};
	struct http_transaction t = {.request = &m, .client_port = 7};

	if (!r)
		abort();
	memcpy(t.client_addr, peer, 16);
	client_find(r, &t, out);
	if (out->from == CLIENT_FROM_PEER &&
	    (memcmp(out->addr, peer, 16) || out->port != 7))
		abort();
	client_rules_free(r);
}

/* The proxy adds to the last field, or adds a field. */
static void append(const uint8_t *data, size_t size, bool forwarded,
		   const char *text, bool line)
{
	const size_t n = strlen(text);
	uint8_t *copy = malloc(size + n + 3);
	struct http_field f[FIELDS_MAX];
	struct client found;
	uint8_t *w = copy;

	if (!copy)
		abort();
	*w++ = forwarded ? 'F' : 'X';
	for (size_t i = 0; i < size; i++)
		*w++ = data[i] == '\n' ? ' ' : data[i];
	*w++ = line ? '\n' : ',';
	if (line)
		*w++ = forwarded ? 'F' : 'X';
	memcpy(w, text, n);
	find(forwarded ? CLIENT_FORWARDED : CLIENT_X_FORWARDED_FOR, "10.1.0.5",
	     f, split(copy, (size_t)(w - copy) + n, f), &found);
	if (memcmp(found.addr, client, 16) ||
	    found.from != (forwarded ? CLIENT_FROM_FORWARDED
				     : CLIENT_FROM_X_FORWARDED_FOR))
		abort();
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_field f[FIELDS_MAX];
	struct client found;
	/* In memory of its own, so that ASan knows its end. */
	uint8_t *copy = malloc(size + !size);
	uint32_t n;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	n = split(copy, size, f);
	for (int field = CLIENT_AUTO; field <= CLIENT_FORWARDED; field++)
		find((enum client_field)field, "0.0.0.0/0", f, n, &found);
	for (int line = 0; line < 2; line++) {
		append(data, size, false, " 198.51.100.9", line);
		append(data, size, false, "198.51.100.9:4711 ,", line);
		append(data, size, true, "for=198.51.100.9", line);
		append(data, size, true,
		       " proto=http;host=\"a,b\\\"\";For=\"[::ffff:198.51.100.9]:4711\"",
		       line);
	}
	free(copy);
	return 0;
}
