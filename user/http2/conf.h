/* SPDX-License-Identifier: MIT */
/* Counters of an HTTP/2 engine. Messages and transactions are counted by the
 * engine of HTTP/1, whose memory and settings this one shares. */
#ifndef HTTP2_CONF_H
#define HTTP2_CONF_H

#include <stdint.h>

/*
 * X(name, type, help), see METLO_OUTCOMES. Conservation:
 * bytes_in = bytes_head + bytes_body + bytes_framing + bytes_control +
 *            bytes_resync + bytes_ignored + bytes_buffered.
 */
#define HTTP2_COUNTERS(X)                                                             \
	X(bytes_in, COUNTER,                                                          \
	  "Bytes of HTTP/2 connections received from streams, not counting gaps.")    \
	X(bytes_head, COUNTER, "Bytes of header blocks.")                             \
	X(bytes_body, COUNTER, "Bytes of DATA without padding.")                      \
	X(bytes_framing, COUNTER,                                                     \
	  "Bytes of prefaces, frame headers, padding and priorities.")                \
	X(bytes_control, COUNTER, "Payload bytes of other frames.")                   \
	X(bytes_resync, COUNTER,                                                      \
	  "Bytes skipped while searching for the start of a frame.")                  \
	X(bytes_ignored, COUNTER,                                                     \
	  "Bytes of connections that proved not to speak HTTP/2.")                    \
	X(bytes_buffered, GAUGE,                                                      \
	  "Bytes held until their frame or header block is complete.")                \
	X(connections, COUNTER, "Connections that speak HTTP/2.")                     \
	X(connections_midstream, COUNTER,                                             \
	  "Those among them that were joined without their preface.")                 \
	X(not_http2, COUNTER,                                                         \
	  "Connections that began like HTTP/2, but are not.")                         \
	X(frames, COUNTER, "Frames.")                                                 \
	X(frames_misplaced, COUNTER,                                                  \
	  "Frames where RFC 9113 does not allow them, such as a stray CONTINUATION.") \
	X(header_blocks, COUNTER, "Header blocks decoded.")                           \
	X(header_blocks_malformed, COUNTER,                                           \
	  "Header blocks with invalid HPACK data.")                                   \
	X(header_blocks_lost, COUNTER,                                                \
	  "Header blocks of which bytes are missing.")                                \
	X(header_blocks_unclear, COUNTER,                                             \
	  "Header blocks left out: unknown fields hide what they begin.")             \
	X(header_limit, COUNTER,                                                      \
	  "Header blocks that exceed 256 KiB with their CONTINUATIONs.")              \
	X(fields_dropped, COUNTER,                                                    \
	  "Fields left out because their block expands too far.")                     \
	X(fields_unknown, COUNTER,                                                    \
	  "Fields that refer to a table entry that was not captured.")                \
	X(streams_reset, COUNTER, "Streams ended by RST_STREAM.")                     \
	X(stream_limit, COUNTER,                                                      \
	  "Streams given up because a connection has too many open.")                 \
	X(resyncs, COUNTER, "Searches for the start of a frame.")

struct http2_stats {
#define HTTP2_FIELD(name, ...) uint64_t name;
	HTTP2_COUNTERS(HTTP2_FIELD)
#undef HTTP2_FIELD
};

#endif
