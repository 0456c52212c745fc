/* SPDX-License-Identifier: MIT */
/* Conversion of filters and their parts to and from text. */
#ifndef MODEL_FILTER_TEXT_H
#define MODEL_FILTER_TEXT_H

#include "model/filter.h"

/* "80,8000-8100", or "all" for every packet. The result is sorted and
 * merged. */
bool filter_ports_parse(struct arena *a, const char *text,
			struct port_list *out, struct parse_error *err);

/* "80,8000-8100", or "all". */
const char *filter_ports_text(struct arena *a, const struct port_list *ports);

/* "server", "client", "both"; "tcp", "udp", "any". */
bool filter_side_parse(const char *text, enum filter_side *out,
		       struct parse_error *err);
const char *filter_side_text(enum filter_side side);
bool filter_protocol_parse(const char *text, int *out, struct parse_error *err);
const char *filter_protocol_text(int protocol);

/* "ingress 100: accept TCP from any IPv4 to any IPv4 port 80", for display. */
const char *filter_rule_text(struct arena *a, const struct filter_rule *r);

#endif
