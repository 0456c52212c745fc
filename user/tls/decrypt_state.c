/* SPDX-License-Identifier: MIT */
/* What is given up is not lost silently: a gap takes its place. */
#include "tls/decrypt_state.h"

#include "stream/carry.h"

void decrypt_add_gap(struct tls_decrypt *x, unsigned int dir, uint64_t len)
{
	struct dec_dir *d = &x->dir[dir];

	d->gap_len = d->gap && len < GAP_UNKNOWN && d->gap_len < GAP_UNKNOWN
			     ? d->gap_len + len
			     : (d->gap ? GAP_UNKNOWN : len);
	d->gap = true;
}

void decrypt_skip(const struct tls_conn *c, unsigned int dir)
{
	const struct tls_decrypt *x = c->decrypt;

	if ((x && !x->stopped) || c->nested)
		return;
	stream_carry(c->flow, false);
	stream_skip(c->flow, (enum stream_dir)dir, SKIP_ALL);
	stream_carry(c->flow, x && x->proto);
}

void decrypt_stop(struct tls_decrypt *x)
{
	x->stopped = true;
	for (unsigned int i = 0; i < 2; i++)
		if (x->conn->state->dir[i].done)
			decrypt_skip(x->conn, i);
}

void decrypt_give_up(struct tls_decrypt *x, unsigned int dir)
{
	struct dec_dir *d = &x->dir[dir];

	if (d->dead)
		return;
	d->dead = true;
	epochs_free(&d->epochs);
	messages_lose(&d->messages);
	assemble_free(&d->in);
	decrypt_add_gap(x, dir, GAP_UNKNOWN);
	x->rescan = true;
}
