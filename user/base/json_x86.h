/* SPDX-License-Identifier: MIT */
/* json_escape() for x86-64, and which of its versions this CPU can run. */
#ifndef BASE_JSON_X86_H
#define BASE_JSON_X86_H

#include <stdbool.h>

#include "base/json_escape.h"

#if defined(__x86_64__)
uint8_t *json_escape_avx2(uint8_t *w, const uint8_t *p, size_t n,
			  enum json_invalid invalid);
uint8_t *json_escape_vbmi2(uint8_t *w, const uint8_t *p, size_t n,
			   enum json_invalid invalid);

/* true on Haswell, Zen and later */
static inline bool json_cpu_has_avx2(void)
{
	return __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("popcnt");
}

/* true on Ice Lake, Zen 4 and later */
static inline bool json_cpu_has_vbmi2(void)
{
	return __builtin_cpu_supports("avx512vbmi2") &&
	       __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("bmi2");
}
#endif

#endif
