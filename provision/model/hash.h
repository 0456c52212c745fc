/* SPDX-License-Identifier: MIT */
/* A hash whose values must never change: resource names and VNIs derive from
 * it. */
#ifndef MODEL_HASH_H
#define MODEL_HASH_H

#include <stdint.h>

/* FNV-1a with a final mix, so that similar names differ in every bit. */
static inline uint64_t hash_text(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3ull;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93ull;
	return h ^ h >> 32;
}

#endif
