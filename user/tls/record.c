/* SPDX-License-Identifier: MIT */
/*
 * Most messages lie whole in one piece, and are used in place. Others are put
 * together in memory that grows with what has arrived, not with what the header
 * announces.
 */
#include "tls/record.h"

#include <stdlib.h>
#include <string.h>

bool record_plausible(const uint8_t *p, size_t n)
{
	if (n > 0 &&
	    (p[0] < RECORD_CHANGE_CIPHER_SPEC || p[0] > RECORD_HEARTBEAT))
		return false;
	if (n > 1 && p[1] != 3)
		return false;
	if (n > 2 && p[2] > 4) /* SSL 3.0 to TLS 1.3 */
		return false;
	if (n < RECORD_HEADER_SIZE)
		return true;
	return (p[3] << 8 | p[4]) <= (int)RECORD_MAX;
}

enum record_result record_next(struct record_reader *r, struct wire *in,
			       struct tls_span *piece)
{
	const uint8_t *begin = in->p;
	uint8_t before = r->n_head;
	size_t n;

	if (!r->left) {
		n = RECORD_HEADER_SIZE - r->n_head;
		if (n > wire_left(in))
			n = wire_left(in);
		memcpy(r->head + r->n_head, in->p, n);
		r->n_head = (uint8_t)(r->n_head + n);
		in->p += n;
		if (!record_plausible(r->head, r->n_head)) {
			r->n_head = before;
			in->p = begin;
			return RECORD_BAD;
		}
		if (r->n_head < RECORD_HEADER_SIZE)
			return RECORD_MORE;
		r->n_head = 0;
		r->type = r->head[0];
		r->len = r->left = (uint32_t)(r->head[3] << 8 | r->head[4]);
	}
	n = r->left < wire_left(in) ? r->left : wire_left(in);
	if (!n && r->left)
		return RECORD_MORE;
	*piece = wire_bytes(in, n);
	r->left -= (uint32_t)n;
	return RECORD_PIECE;
}

bool record_skip(struct record_reader *r, uint64_t n)
{
	if (n > r->left)
		return false;
	r->left -= (uint32_t)n;
	return true;
}

/* --- messages ----------------------------------------------------------------- */

#define CAP_MIN 2048u

static void forget(struct message_reader *m)
{
	if (m->memory)
		*m->memory -= m->cap;
	free(m->p);
	m->p = NULL;
	m->have = m->cap = 0;
	m->n_head = 0;
}

void messages_lose(struct message_reader *m)
{
	forget(m);
	m->lost = true;
}

static bool append(struct message_reader *m, const uint8_t *p, uint32_t n)
{
	uint32_t cap = m->cap ? m->cap : CAP_MIN;
	uint8_t *grown;

	while (cap < m->have + n)
		cap *= 2;
	if (cap != m->cap) {
		grown = realloc(m->p, cap);
		if (!grown)
			return false;
		*m->memory += cap - m->cap;
		m->p = grown;
		m->cap = cap;
	}
	memcpy(m->p + m->have, p, n);
	return true;
}

enum message_result messages_next(struct message_reader *m, struct wire *in,
				  struct message *out)
{
	size_t n;

	if (m->n_head == MESSAGE_HEADER_SIZE && m->have == m->len)
		forget(m); /* of the previous call */
	if (m->n_head < MESSAGE_HEADER_SIZE) {
		n = MESSAGE_HEADER_SIZE - m->n_head;
		if (n > wire_left(in))
			n = wire_left(in);
		memcpy(m->head + m->n_head, in->p, n);
		m->n_head = (uint8_t)(m->n_head + n);
		in->p += n;
		if (m->n_head < MESSAGE_HEADER_SIZE)
			return MESSAGE_MORE;
		m->len = (uint32_t)(m->head[1] << 16 | m->head[2] << 8 |
				    m->head[3]);
		m->have = 0;
	}
	n = m->len - m->have;
	if (n > wire_left(in))
		n = wire_left(in);
	*out = (struct message){.type = m->head[0], .len = m->len};
	if (n == m->len)
		out->p = in->p;
	else if (m->len <= MESSAGE_MAX && !append(m, in->p, (uint32_t)n))
		return MESSAGE_NO_MEMORY;
	in->p += n;
	m->have += (uint32_t)n;
	if (m->have < m->len)
		return MESSAGE_MORE;
	if (m->len > MESSAGE_MAX)
		out->p = NULL;
	else if (!out->p)
		out->p = m->p;
	return MESSAGE_COMPLETE;
}
