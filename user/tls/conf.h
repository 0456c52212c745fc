/* SPDX-License-Identifier: MIT */
/* Settings and counters of an engine. */
#ifndef TLS_CONF_H
#define TLS_CONF_H

#include "stream/types.h"
#include "tls/keys.h"
#include "tls/report.h"

#define TLS_CARRIED_MAX 4u

struct tls_conf {
	uint64_t memory_limit; /* bytes, of connections in progress */
	const char *collector; /* what ids depend on; NULL: nothing. Not kept */
	/* Gets connections that turn out not to be TLS, from where this shows.
	 * Without a protocol they are ignored. */
	struct stream_binding next;
	/* Secrets; NULL: nothing is decrypted. */
	struct key_table *keys;
	uint64_t wait_ns; /* how long to wait for them */
	bool count_keys; /* have the counters of keys in those of this engine */
	/* Get what is decrypted, the first that claims it. */
	struct stream_binding carried[TLS_CARRIED_MAX];
	unsigned int n_carried;
	void (*emit)(void *ctx, const struct tls_report *r); /* or NULL */
	void *emit_ctx;
};

/*
 * X(name, type, help), see METLO_OUTCOMES. Conservation:
 * bytes_in = bytes_handshake + bytes_encrypted + bytes_not_tls;
 * connections = reported + unreported + connections_live;
 * certificates = certificates_known + certificates_read +
 *                certificates_unreadable + certificates_skipped.
 */
#define TLS_COUNTERS(X)                                                      \
	X(bytes_in, COUNTER,                                                 \
	  "Bytes received from streams, not counting gaps.")                 \
	X(bytes_handshake, COUNTER,                                          \
	  "Bytes of records with handshake messages or alerts in clear.")    \
	X(bytes_encrypted, COUNTER, "Bytes of other records.")               \
	X(bytes_not_tls, COUNTER, "Bytes that are no records.")              \
	X(connections, COUNTER, "Connections that speak TLS.")               \
	X(connections_live, GAUGE, "Of these, not reported yet.")            \
	X(connections_late, COUNTER,                                         \
	  "Of these, begun after something else, such as STARTTLS.")         \
	X(reported, COUNTER, "Connections reported.")                        \
	X(unreported, COUNTER,                                               \
	  "Connections that --records leaves out, decrypted only.")          \
	X(not_tls, COUNTER,                                                  \
	  "Connections that began like TLS and are something else.")         \
	X(client_hellos, COUNTER, "ClientHello messages.")                   \
	X(server_hellos, COUNTER, "ServerHello messages, without retries.")  \
	X(handshakes, COUNTER, "Handshakes seen up to their end.")           \
	X(malformed, COUNTER,                                                \
	  "Connections with invalid records or handshake messages.")         \
	X(handshake_limit, COUNTER,                                          \
	  "Connections whose handshake is longer than what is examined.")    \
	X(memory_limit, COUNTER,                                             \
	  "Connections reported early at the limit of their memory.")        \
	X(certificates, COUNTER, "Certificates seen.")                       \
	X(certificates_known, COUNTER, "Of these, found in the cache.")      \
	X(certificates_read, COUNTER, "Of these, read.")                     \
	X(certificates_unreadable, COUNTER,                                  \
	  "Of these, hashed only: invalid or very long.")                    \
	X(certificates_skipped, COUNTER,                                     \
	  "Of these, not examined because too many were new.")               \
	X(connections_decrypted, COUNTER,                                    \
	  "Connections of which application data was decrypted.")            \
	X(records_decrypted, COUNTER, "Records decrypted.")                  \
	X(bytes_decrypted, COUNTER, "Bytes decrypted and passed to HTTP.")   \
	X(records_failed, COUNTER,                                           \
	  "Records that are not authentic with the keys at hand.")           \
	X(records_missed, COUNTER,                                           \
	  "Records known to be missing between others that were decrypted.") \
	X(keys_missing, COUNTER,                                             \
	  "Directions of connections whose keys did not arrive in time.")    \
	X(wait_limit, COUNTER,                                               \
	  "Connections that had too many bytes waiting for keys.")           \
	X(waiting_bytes, GAUGE, "Bytes that wait for keys.")                 \
	X(keylog_lines, COUNTER, "Lines with secrets read from key logs.")   \
	X(keylog_ignored, COUNTER,                                           \
	  "Other lines: comments, and secrets of no use here.")              \
	X(keylog_malformed, COUNTER, "Lines of key logs that are invalid.")  \
	X(keys_evicted, COUNTER, "Secrets dropped because too many came.")   \
	X(keys_expired, COUNTER, "Secrets dropped after an hour.")           \
	X(keys_live, GAUGE, "Secrets held.")                                 \
	X(memory_used, GAUGE, "Bytes of memory used by connections.")

struct tls_stats {
#define TLS_FIELD(name, ...) uint64_t name;
	TLS_COUNTERS(TLS_FIELD)
#undef TLS_FIELD
};

#endif
