/* SPDX-License-Identifier: MIT */
/*
 * Why no transaction arrives, derived from counters: the same advice for attach while it
 * runs, /healthz, status and replay.
 */
#ifndef RUN_ADVICE_H
#define RUN_ADVICE_H

#include "base/log.h"
#include "capture/traffic.h"
#include "http/conf.h"
#include "metlo_record.h"
#include "run/coverage.h"
#include "tls/conf.h"

/* The names appear in the JSON of /healthz and status. */
#define ADVICES(X)                                                          \
	X(no_packets)	 /* at the interface, or in the file */             \
	X(not_mirrored)	 /* none in VXLAN on this port */                   \
	X(geneve)	 /* but in GENEVE */                                \
	X(vxlan_port)	 /* but on another port */                          \
	X(no_tcp)	 /* mirrored packets, but none of TCP */            \
	X(wrong_vni)	 /* --vni leaves packets out */                     \
	X(wrong_port)	 /* so does --ports */                              \
	X(encrypted)	 /* TLS */                                          \
	X(http2)	 /* a protocol that is not decoded */               \
	X(one_direction) /* requests without responses, or the other way */ \
	X(truncated)	 /* packets cut off by the mirror */                \
	X(silent)	 /* sources that used to send */                    \
	X(one_sided)	 /* sources that used to send both directions */

enum advice_id {
#define ADVICE_ENUM(name) ADVICE_##name,
	ADVICES(ADVICE_ENUM)
#undef ADVICE_ENUM
		N_ADVICES
};

extern const char *const advice_names[N_ADVICES];

struct advice {
	enum advice_id id;
	char text[256]; /* what was seen, and what to do */
};

/* The counters of one span of time. */
struct advice_input {
	const char *iface; /* NULL: of a file */
	unsigned int vxlan_port;
	const struct metlo_stats *packets;
	const struct http_stats *http;	     /* NULL: not known */
	const struct tls_stats *tls;	     /* NULL: not known */
	const struct coverage_list *sources; /* NULL: not known */
	const struct traffic_seen *seen;     /* NULL: not known */
};

/* Of a time in which no request was paired with a response. Returns how many apply, in the
 * order of the stages. None may. */
unsigned int advice_find(struct advice out[N_ADVICES],
			 const struct advice_input *in);

/* --- a daemon --------------------------------------------------------------- */

/* It says nothing for this long after its start. */
#define ADVICE_AFTER_S 10u

/* Zero-initialized by its owner. */
struct advice_watch {
	struct metlo_stats start; /* counters since the program was attached */
	uint64_t started_ns;	  /* CLOCK_MONOTONIC */
	uint32_t logged;	  /* bit n: enum advice_id n was */
};

/* The workers start. packets may be NULL: unknown. */
void advice_watch_begin(struct advice_watch *w,
			const struct metlo_stats *packets, uint64_t now_ns);

/* As advice_find(), for what has happened since the start of this daemon: nothing before
 * ADVICE_AFTER_S, or once a transaction is complete, but for sources that fail later. */
unsigned int advice_watch_find(struct advice out[N_ADVICES],
			       const struct advice_watch *w,
			       const struct advice_input *now, uint64_t now_ns);

/* Logs each advice once, but for those about sources: see coverage_log(). */
void advice_watch_log(struct advice_watch *w, const struct advice *advice,
		      unsigned int n, uint64_t now_ns, const struct log *log);

#endif
