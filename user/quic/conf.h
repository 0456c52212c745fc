/* SPDX-License-Identifier: MIT */
/* Settings and counters of an engine. */
#ifndef QUIC_CONF_H
#define QUIC_CONF_H

#include <stdint.h>

#include "tls/report.h"

struct quic_conf {
	uint64_t memory_limit; /* bytes, of connections */
	const char *collector; /* what ids depend on; NULL: nothing. Not kept */
	/* NULL: datagrams are counted, nothing else. */
	void (*emit)(void *ctx, const struct tls_report *r);
	void *emit_ctx;
};

/*
 * X(name, type, help), see METLO_OUTCOMES. Conservation:
 * packets = packets_decrypted + packets_undecryptable + packets_malformed +
 *           packets_cut + packets_limited;
 * connections = reported + connections_live.
 */
#define QUIC_COUNTERS(X)                                                       \
	X(datagrams, COUNTER, "Datagrams that begin with an Initial packet.")  \
	X(bytes, COUNTER, "Bytes of these datagrams.")                         \
	X(ignored, COUNTER,                                                    \
	  "Of these datagrams, those not read because of --records.")          \
	X(packets, COUNTER, "Initial packets in datagrams that were read.")    \
	X(packets_decrypted, COUNTER, "Of these, decrypted.")                  \
	X(packets_undecryptable, COUNTER,                                      \
	  "Of these, damaged, or of connections whose start was missed.")      \
	X(packets_malformed, COUNTER, "Of these, with invalid headers.")       \
	X(packets_cut, COUNTER, "Of these, cut off by the mirror.")            \
	X(packets_limited, COUNTER,                                            \
	  "Of these, not decrypted because too many would begin connections.") \
	X(connections, COUNTER, "Connections that an Initial packet began.")   \
	X(connections_live, GAUGE, "Of these, not reported yet.")              \
	X(reported, COUNTER, "Connections reported.")                          \
	X(retries, COUNTER, "Connections that began again after a Retry.")     \
	X(client_hellos, COUNTER, "ClientHello messages put together.")        \
	X(server_hellos, COUNTER, "ServerHello messages, without retries.")    \
	X(malformed, COUNTER,                                                  \
	  "Connections with invalid frames or handshake messages.")            \
	X(handshake_limit, COUNTER,                                            \
	  "Connections whose hello is longer than what is examined.")          \
	X(memory_limit, COUNTER,                                               \
	  "Connections reported early at the limit of their memory.")          \
	X(memory_used, GAUGE, "Bytes of memory used by connections.")

struct quic_stats {
#define QUIC_FIELD(name, ...) uint64_t name;
	QUIC_COUNTERS(QUIC_FIELD)
#undef QUIC_FIELD
};

#endif
