/* SPDX-License-Identifier: MIT */
/* Assembles the table from STEP_TYPES, so no type can lack a row. */
#include "apply/step_ops.h"
#include "base/list.h"

static const struct step_ops *const rows[] = {
#define ROW(TYPE, row) [STEP_##TYPE] = &(row),
	STEP_TYPES(ROW)
#undef ROW
};

_Static_assert(ARRAY_SIZE(rows) == N_STEP_TYPES,
	       "every step type needs a row in STEP_TYPES");

const struct step_ops *step_ops(enum step_type type)
{
	return rows[type];
}
