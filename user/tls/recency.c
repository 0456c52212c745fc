/* SPDX-License-Identifier: MIT */
/* The list of connections by age, from which the oldest make room. */
#include "tls/recency.h"

void recency_remove(struct tls_engine *e, const struct tls_conn *c)
{
	*(c->newer ? &c->newer->older : &e->newest) = c->older;
	*(c->older ? &c->older->newer : &e->oldest) = c->newer;
}

void recency_add(struct tls_engine *e, struct tls_conn *c)
{
	c->newer = NULL;
	c->older = e->newest;
	*(e->newest ? &e->newest->newer : &e->oldest) = c;
	e->newest = c;
}

void recency_add_oldest(struct tls_engine *e, struct tls_conn *c)
{
	c->older = NULL;
	c->newer = e->oldest;
	*(e->oldest ? &e->oldest->older : &e->newest) = c;
	e->oldest = c;
}
