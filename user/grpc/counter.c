/* SPDX-License-Identifier: MIT */
/*
 * Beyond the body limit only prefixes are needed, and the trailers of gRPC-Web at the
 * end. What lies within a message may be skipped without being seen.
 */
#include "grpc/counter.h"

#include <string.h>

/* Characters of base64 that are decoded at once. */
#define TEXT_STEP 256u

void grpc_counter_init(struct grpc_counter *c, enum grpc_kind kind)
{
	memset(c, 0, offsetof(struct grpc_counter, trailers));
	c->is_text = kind == GRPC_TEXT;
}

static void end_frame(struct grpc_counter *c)
{
	c->n_prefix = 0;
	if (c->prefix[0] & GRPC_FLAG_TRAILERS) {
		c->has_trailers = c->len <= sizeof(c->trailers);
		c->trailers_compressed = c->prefix[0] & GRPC_FLAG_COMPRESSED;
		return;
	}
	c->messages++;
	c->bytes += c->len;
}

/* The prefix is complete. */
static void begin_frame(struct grpc_counter *c)
{
	const struct proto_span prefix = {c->prefix, GRPC_PREFIX};
	struct proto_span rest = prefix;
	struct grpc_frame f = {.len = 0};

	grpc_next(&rest, &f);
	c->left = c->len = f.len;
	c->n_trailers = 0;
	if (!c->left)
		end_frame(c);
}

static void keep_trailers(struct grpc_counter *c, const uint8_t *p, size_t n)
{
	if (!(c->prefix[0] & GRPC_FLAG_TRAILERS) ||
	    c->len > sizeof(c->trailers))
		return;
	memcpy(c->trailers + c->n_trailers, p, n);
	c->n_trailers += (uint32_t)n;
}

static void add(struct grpc_counter *c, const uint8_t *p, size_t n)
{
	while (n && !c->broken) {
		size_t part = n;

		if (c->left) {
			if (part > c->left)
				part = (size_t)c->left;
			keep_trailers(c, p, part);
			c->left -= part;
			if (!c->left)
				end_frame(c);
		} else if (!c->n_prefix && *p & ~GRPC_FLAGS) {
			c->broken = true;
		} else {
			part = 1;
			c->prefix[c->n_prefix++] = *p;
			if (c->n_prefix == GRPC_PREFIX)
				begin_frame(c);
		}
		p += part;
		n -= part;
	}
}

void grpc_counter_add(struct grpc_counter *c, const uint8_t *p, size_t n)
{
	uint8_t plain[TEXT_STEP / 4 * 3 + 3], *end;

	if (!c->is_text) {
		add(c, p, n);
		return;
	}
	while (n && !c->broken) {
		const size_t part = n < TEXT_STEP ? n : TEXT_STEP;

		end = plain;
		if (!grpc_text_push(&c->text, p, part, &end))
			c->broken = true;
		add(c, plain, (size_t)(end - plain));
		p += part;
		n -= part;
	}
}

uint64_t grpc_counter_idle(const struct grpc_counter *c)
{
	if (c->broken)
		return UINT64_MAX;
	/* Where a group of base64 ends depends on each character before it. */
	if (c->is_text || c->prefix[0] & GRPC_FLAG_TRAILERS)
		return 0;
	return c->left;
}

void grpc_counter_skip(struct grpc_counter *c, uint64_t n)
{
	if (c->broken || !n)
		return;
	if (n > grpc_counter_idle(c)) {
		c->broken = true;
		return;
	}
	c->left -= n;
	if (!c->left)
		end_frame(c);
}

static void end_text(struct grpc_counter *c)
{
	uint8_t plain[2], *end = plain;

	grpc_text_end(&c->text, &end);
	add(c, plain, (size_t)(end - plain));
}

struct grpc_count grpc_counter_result(struct grpc_counter *c)
{
	struct grpc_count r;

	end_text(c);
	r = (struct grpc_count){
		.messages = c->messages,
		.bytes = c->bytes,
		.exact = !c->broken && !c->left && !c->n_prefix,
		.broken = c->broken,
	};
	if (c->has_trailers) {
		r.trailers = (struct proto_span){c->trailers, c->n_trailers};
		r.trailers_compressed = c->trailers_compressed;
	}
	return r;
}
