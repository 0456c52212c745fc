/* SPDX-License-Identifier: MIT */
/* Exponential backoff without overflow, scaled by a 64-bit fraction. */
#include "delivery/backoff.h"

uint64_t backoff_next(struct backoff *b, uint64_t random)
{
	uint64_t longest = b->base_ns;

	for (unsigned int i = 0; i < b->failures && longest < b->cap_ns; i++)
		longest = longest > b->cap_ns / 2 ? b->cap_ns : longest * 2;
	if (longest > b->cap_ns)
		longest = b->cap_ns;
	b->failures++;
	return (uint64_t)((unsigned __int128)random *
				  (longest + (longest < UINT64_MAX)) >>
			  64);
}
