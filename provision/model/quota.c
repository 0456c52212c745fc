/* SPDX-License-Identifier: MIT */
/* Matches quotas by their code: AWS changes names, and raises the numbers of an
 * account on request. */
#include "base/list.h"
#include "model/arena.h"
#include "model/quota.h"

const struct quota_info quota_info[N_QUOTAS] = {
#define QUOTA_ROW(NAME, number, service, code, what) \
	[QUOTA_##NAME] = {number, service, code, what},
	QUOTAS(QUOTA_ROW)
#undef QUOTA_ROW
};

void quotas_learn(struct quotas *q, const char *service,
		  const struct service_quotas *l)
{
	FOREACH(found, l)
		for (size_t i = 0; i < N_QUOTAS; i++)
			if (found->value >= 0 && quota_info[i].service &&
			    str_same(quota_info[i].service, service) &&
			    str_same(quota_info[i].code, found->code)) {
				q->known[i] = true;
				q->number[i] = (size_t)found->value;
			}
}

size_t quota_number(const struct quotas *q, enum quota which)
{
	return q->known[which] ? q->number[which] : quota_info[which].number;
}
