/* SPDX-License-Identifier: MIT */
/* Assembles the table from PROTOCOLS. */
#include "run/protocols.h"

const struct protocol *const protocols[N_PROTOCOLS] = {
#define ROW(ID, row) [PROTOCOL_##ID] = &(row),
	PROTOCOLS(ROW)
#undef ROW
};
_Static_assert(N_PROTOCOLS <= STREAM_PROTOCOLS_MAX,
	       "struct flow has room for this many");
