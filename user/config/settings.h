/* SPDX-License-Identifier: MIT */
/*
 * The values of all options. One struct serves every command; the options of
 * other commands keep their defaults or stay zero.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"
#include "config/sink_table.h"
#include "trace/body_choice.h"
#include "trace/client.h"

enum attach_mode { ATTACH_AUTO, ATTACH_NATIVE, ATTACH_SKB };
enum replay_speed { REPLAY_MAX, REPLAY_REAL };
/* Of the ndjson outputs; FORMAT_TEXT: of standard output. FORMAT_HAR: replay only. */
enum line_format { FORMAT_AUTO, FORMAT_JSON, FORMAT_TEXT, FORMAT_HAR };

/* Kinds of records, by their names in --records and capture.kind. */
#define RECORD_KINDS(X) \
	X(HTTP, "http") \
	X(TLS, "tls")   \
	X(QUIC, "quic")

enum record_kind {
#define RECORD_KIND(ID, name) RECORDS_##ID,
	RECORD_KINDS(RECORD_KIND)
#undef RECORD_KIND
		N_RECORD_KINDS
};

struct settings {
	/* attach and replay */
	uint64_t ports[1024]; /* bitmap as in struct metlo_config */
	bool any_port;
	const char *records; /* settings_parse_records(); NULL: all kinds */
	uint16_t vxlan_port;
	uint64_t *vni_allow; /* 2^24 bits, NULL: all VNIs; owned */
	uint64_t body_limit; /* bytes per side */
	enum body_mode bodies;
	struct string_list body_types;	    /* trace/body_choice.h */
	struct string_list trusted_proxies; /* base/network.h */
	enum client_field client_field;
	const char *names;	       /* path or NULL: trace/names_file.h */
	const char *proto_descriptors; /* path or NULL: grpc/proto_file.h */
	enum grpc_decode grpc_decode;
	struct string_list outputs;
	enum line_format format;
	const char *file_mode, *file_group; /* of output files, or NULL */
	/* The settings of each type of sink, filled in by its options. */
	_Alignas(uint64_t) uint8_t sink[N_SINKS][SINK_SETTINGS_MAX];
	/* NAME, or TYPE:NAME for one type of sink: config/redact.h */
	struct string_list redact_headers, redact_fields;
	struct string_list redact_classes; /* CLASS,... or TYPE:CLASS,... */
	bool no_redact;
	bool body_hash;
	double sample;			     /* percent of connections */
	double rate_limit;		     /* transactions/s, 0: unlimited */
	double rate_limit_endpoint;	     /* the same, per endpoint */
	struct string_list include, exclude; /* trace/filter.h */
	uint32_t max_flows;
	uint64_t memory; /* bytes: out-of-order data, heads, bodies, queues */
	double idle_timeout;	  /* seconds */
	double response_timeout;  /* seconds; 0: see the option */
	double progress_interval; /* seconds; 0: never */
	const char *environment;  /* of lines and Metlo */
	const char *collector;	  /* NULL: unknown */
	const char *interface;	  /* of attach, else NULL */
	const char *summary;	  /* path, "-" or NULL */
	const char *config;	  /* path or NULL */
	unsigned int verbose;
	bool no_seccomp;
	const char *tls_keys; /* FILE or unix:PATH, or NULL */
	double tls_wait;      /* seconds */
	/* attach */
	enum attach_mode mode;
	bool pass;
	unsigned int workers; /* 0: derived from the number of CPUs */
	uint64_t ring_size;   /* bytes of each ring */
	const char *user;
	bool detach_on_exit;
	bool attach_only;
	double silent_after; /* seconds; 0: never */
	/* attach and doctor: ADDRESS:PORT or "off" */
	const char *health, *metrics;
	/* replay */
	bool raw;
	bool kernel;
	enum replay_speed speed;
	/* status, doctor */
	bool json;
	bool sources;
	/* dump */
	const char *host, *write; /* address; path, "-" or NULL */
	uint16_t port;		  /* 0: any */
	uint32_t count;		  /* 0: no limit; also of the others */
	uint64_t max_size;
	double max_time, max_rate;
	/* positional argument: interface or file; NULL if none */
	const char *subject;
	char *config_text; /* owned; strings from --config point into it */
};

struct metlo_config;

/* Sets the fields of *c that options control; the caller sets ring_mask and
 * hash_seed. */
void settings_to_config(const struct settings *s, struct metlo_config *c);

/* Reads the names of kinds, separated by commas: bit n of *kinds is enum record_kind
 * n. False: one of them is none. */
bool settings_parse_records(const char *text, unsigned int *kinds);

/* Are records of this kind to be reported? */
bool settings_report(const struct settings *s, enum record_kind kind);

/* The mode of a file as users write it, in octal; 0: it is none. */
unsigned int settings_file_mode(const char *text);

void settings_free(struct settings *s);

/* What is captured: "80,8080", or "80, 0.5 % of connections". */
void settings_scope_text(char *to, size_t size, const struct settings *s);

#endif
