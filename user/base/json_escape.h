/* SPDX-License-Identifier: MIT */
/* How json_escape() does it: by the instructions that the CPU has. */
#ifndef BASE_JSON_ESCAPE_H
#define BASE_JSON_ESCAPE_H

#include "base/json.h"

json_escape_fn json_escape_portable;

/* Writes what stands at *p: one ASCII character, or a run of others. NULL at
 * invalid UTF-8 that is to be refused. */
uint8_t *json_escape_one(uint8_t *w, const uint8_t **at, const uint8_t *end,
			 enum json_invalid invalid);

#if defined(__x86_64__)
json_escape_fn json_escape_ssse3, json_escape_vbmi2;

static inline bool json_can_ssse3(void)
{
	return __builtin_cpu_supports("ssse3") &&
	       __builtin_cpu_supports("popcnt");
}

/* Ice Lake, Zen 4 and later */
static inline bool json_can_vbmi2(void)
{
	return __builtin_cpu_supports("avx512vbmi2") &&
	       __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("bmi2");
}
#endif

#endif
