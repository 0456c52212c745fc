/* SPDX-License-Identifier: MIT */
/* Without a SYN, the sender of the ClientHello is the source. */
#include "tls/endpoints.h"

#include <string.h>

#include "http/identity.h"

void tls_connection_id(const struct tls_conn *c,
		       const struct stream_tuple *tuple, uint64_t id[2])
{
	struct tls_state *s = c->state;

	/* Lines may refer to it before the connection ends. */
	if (!s->id_ns)
		s->id_ns = s->report.first_ns;
	identity_connection(id, c->engine->id_seed, c->flow, tuple, s->id_ns);
}

void tls_set_addresses(struct tls_conn *c, struct tls_report *r)
{
	struct tls_state *s = c->state;
	struct stream_tuple tuple;
	unsigned int source;
	uint64_t id[2] = {0};

	stream_flow_tuple(c->flow, &tuple);
	/* Without a SYN, roles in stream are guesses; hellos are none. */
	source = !tuple.client_known && s->client == 1;
	if (source) {
		uint64_t swapped = r->bytes[0];

		r->bytes[0] = r->bytes[1];
		r->bytes[1] = swapped;
	}
	memcpy(r->source_addr, tuple.addr[source], 16);
	memcpy(r->destination_addr, tuple.addr[!source], 16);
	r->source_port = tuple.port[source];
	r->destination_port = tuple.port[!source];
	r->vni = tuple.vni;
	r->ipv6 = tuple.ipv6;
	/* An answer in TLS shows that the server has read the header. */
	if (c->origin.known && r->has_server_hello)
		r->origin = c->origin;
	else if (c->origin.known)
		r->flags |= TLS_F_PROXY_UNCONFIRMED;
	if (tuple.midstream)
		r->flags |= TLS_F_MIDSTREAM;
	tls_connection_id(c, &tuple, id);
	r->id[0] = id[0];
	r->id[1] = id[1] + 1;
	r->connection = id[0];
}
