/* SPDX-License-Identifier: MIT */
/* What a span takes from a line: parts of its text, not unescaped. */
#ifndef OTLP_LINE_H
#define OTLP_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json_walk.h"
#include "delivery/peers.h"

/* What of capture.flags says that a length is not that of the whole body. */
enum {
	OTLP_REQUEST_CUT = 1,
	OTLP_RESPONSE_CUT = 2,
};

/* Texts are the contents of strings; n = 0: there is none. Numbers are 0 if the
 * line does not know them, unless there is a has_ member. */
struct otlp_line {
	bool has_request, has_response;
	bool https;
	uint8_t cut;
	/* request */
	struct json_text method, path, headers;
	struct delivery_target to;
	/* response */
	uint64_t status;
	/* meta */
	struct json_text environment, source, source_port;
	/* capture */
	struct json_text id, connection, collector, interface, vni, flags;
	struct json_text protocol, target, peer;
	uint64_t request_start, request_end, response_start, response_end;
	uint64_t request_bytes, response_bytes; /* on the wire */
	struct json_text grpc_service, grpc_method;
	bool has_grpc, has_grpc_status;
	uint64_t grpc_status;
};

/* false: not a line about a transaction. */
bool otlp_line_parse(struct otlp_line *l, struct json_text line);

/* Did the server fail, by the status of HTTP or gRPC? */
bool otlp_line_failed(const struct otlp_line *l);

/* false: not a number that fits. */
bool otlp_number(struct json_text text, uint64_t *v);

#endif
