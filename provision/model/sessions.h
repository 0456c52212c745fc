/* SPDX-License-Identifier: MIT */
/* Numbers of mirror sessions and of their VXLAN networks. */
#ifndef MODEL_SESSIONS_H
#define MODEL_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/parse.h"
#include "model/arena.h"
#include "model/limits.h"

#define SESSION_NUMBER_MAX 32766
#define VNI_MAX		   0xffffff /* 24 bits; 0 is left out: tools take it for "none" */

/* A number for a new session of a source that n others have taken, 0 when there
 * is none. A packet goes to the session with the lowest number whose filter
 * takes it, and to no other: so that the others keep what they have, it is the
 * lowest number above theirs; when there is none above, the lowest free one. */
uint32_t session_free_number(const uint32_t *taken, size_t n);

/* A VNI for a deployment: always the same one for the same name unless one of
 * the n taken ones is in the way. 0 when all are taken. */
uint32_t vni_choose(const char *deployment, const uint32_t *taken, size_t n);

/* "77", 1 to VNI_MAX. */
bool vni_parse(const char *text, uint32_t *out, struct parse_error *err);

enum target_type {
	TARGET_ENI,
	TARGET_NLB,
	TARGET_GWLBE,
	TARGET_MIRROR, /* a mirror target of others, of another account too */
};

const char *target_type_text(enum target_type type);

/* Whether sessions to this type of target may cut packets at that many bytes;
 * 0 means "not cut". */
bool packet_length_check(enum target_type type, uint32_t length,
			 struct parse_error *err);

#endif
