/* SPDX-License-Identifier: MIT */
/* Session numbers, VNIs and packet lengths of mirror sessions. */
#ifndef MODEL_SESSIONS_H
#define MODEL_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/parse.h"
#include "model/arena.h"
#include "model/limits.h"

#define SESSION_NUMBER_MAX 32766
#define VNI_MAX \
	0xffffff /* 24 bits; 0 is not used, since tools read it as "none" */

/* A number for a new session of a source whose n other sessions use those in
 * taken; 0 if none is free. A packet goes only to the session with the lowest
 * number whose filter accepts it. To leave the existing sessions undisturbed,
 * the result is the lowest number above theirs, or else the lowest free one. */
uint32_t session_free_number(const uint32_t *taken, size_t n);

/* A VNI for a deployment, derived from its name: the same name yields the same
 * VNI unless it is among the n taken ones. 0 if all are taken. */
uint32_t vni_choose(const char *key, const uint32_t *taken, size_t n);

/* "77", 1 to VNI_MAX. */
bool vni_parse(const char *text, uint32_t *out, struct parse_error *err);

enum target_type {
	TARGET_ENI,
	TARGET_NLB,
	TARGET_GWLBE,
	TARGET_MIRROR, /* an existing mirror target, possibly of another account */
	TARGET_PLACED, /* interfaces of the collectors, one chosen for each source */
};

const char *target_type_text(enum target_type type);

/* The lengths that AWS reports for a session without a request: to a load balancer
 * or endpoint, and the largest there is to an interface. */
#define PACKET_LENGTH_DEFAULT 8500
#define PACKET_LENGTH_MAX     65535

/* Checks that sessions to this type of target may truncate packets at this many
 * bytes; 0 means no truncation. */
bool packet_length_check(enum target_type type, uint32_t length,
			 struct parse_error *err);

#endif
