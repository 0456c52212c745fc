/* SPDX-License-Identifier: MIT */
/* HTTP/1 follows a connection to its first hello, and hands it over. */
#include "tls/follow.h"

#include <string.h>

#include "http/secure.h"
#include "stream/hand_over.h"
#include "tls/conn.h"

static void *take(void *ctx, const struct http_secure_start *s)
{
	struct tls_engine *e = ctx;
	struct stream_tuple tuple;
	struct tls_conn *c;

	c = tls_protocol.open(e, s->flow, stream_flow_tuple(s->flow, &tuple));
	if (c) {
		e->stats.connections_late++;
		c->late = true;
		memcpy(c->base, s->base, sizeof(c->base));
	}
	if (c && s->proxied) {
		c->origin = (struct stream_origin){.port = s->proxied->port,
						   .ipv6 = s->proxied->ipv6,
						   .known = true};
		memcpy(c->origin.addr, s->proxied->addr, 16);
	}
	stream_hand_over(s->flow, &tls_protocol, c);
	return c;
}

void tls_follow(struct tls_engine *e, struct http_engine *http)
{
	e->followed = http;
	http->secure = (struct http_secure){
		.take = take, .protocol = &tls_protocol, .ctx = e};
}
