/* SPDX-License-Identifier: MIT */
/* The masks of a view, compiled. Immutable, shared by threads. */
#ifndef TRACE_TRACE_CONF_H
#define TRACE_TRACE_CONF_H

#include "grpc/proto_set.h"
#include "http/transaction.h"
#include "trace/body_choice.h"
#include "trace/class_state.h"
#include "trace/client.h"
#include "trace/mask_names.h"
#include "trace/names.h"

/* In JSON no more than six times as long, which a line always has room for. */
#define TRACE_NAME_MAX 64u

/* Texts are copied in steps of a fixed size, which the compiler expands. */
#define TRACE_TEXT_STEP	   32u
#define TRACE_TEXT_ROOM(n) ((n) + TRACE_TEXT_STEP)

struct trace_options {
	bool no_redact; /* no names and user information; classes all the same */
	const char *const *headers; /* masked in addition to the defaults */
	unsigned int n_headers;
	const char *const *fields; /* JSON fields, form and query parameters */
	unsigned int n_fields;
	unsigned int classes; /* of values; bit n: enum mask_class n */
	enum body_mode bodies;
	enum grpc_decode grpc_decode;
	const char *const *body_types; /* body_choice_check() */
	unsigned int n_body_types;
	enum client_field client_field;
	const char *const *trusted; /* proxies: network_parse() */
	unsigned int n_trusted;
	/* The same in every line; NULL: unknown, of environment "production". At
	 * most TRACE_NAME_MAX bytes are used of each. */
	const char *environment, *collector, *interface;
};

struct trace_conf {
	bool redact;
	bool redact_fields;
	bool hides_host; /* the field Host is masked */
	/* Bit n: a field whose name has length n modulo 64 may need a mask; if
	 * so, bit m of letters[n]: if it begins with this letter modulo 32. */
	uint64_t lengths;
	uint32_t letters[64];
	struct mask_names *headers, *fields;
	/* Members of lines with these names: JSON text with what surrounds it.
	 * TRACE_TEXT_ROOM() bytes of each may be read. */
	uint8_t *environment, *origin;
	size_t n_environment, n_origin;
	struct class_set values;
	struct body_choice *bodies;	/* NULL: all are reported */
	struct client_rules *client;	/* NULL: no proxy is trusted */
	const struct name_table *names; /* NULL: none; not owned */
	const struct proto_set *protos; /* of gRPC; NULL: none; not owned */
	bool grpc_wire; /* print field numbers, if the type is not known */
};

/* NULL with errno on failure. */
struct trace_conf *trace_conf_new(const struct trace_options *o);
void trace_conf_free(struct trace_conf *c);

/* Is the value of a field with this name a URL or authority, or does it contain
 * some? */
bool trace_conf_is_url(const struct http_span *name);

#endif
