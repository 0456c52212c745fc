/* SPDX-License-Identifier: MIT */
/* How many resources the account may have: what Service Quotas says, or else what
 * AWS documents. */
#ifndef MODEL_QUOTA_H
#define MODEL_QUOTA_H

#include <stdbool.h>
#include <stddef.h>

#include "services/service_quotas.h"

/* Name, documented default, service and code in Service Quotas (NULL: not there,
 * since AWS never raises the quotas of Traffic Mirroring), and what is counted. */
#define QUOTAS(X)                                                    \
	X(SESSIONS, 10000, NULL, NULL, "mirror sessions")            \
	X(TARGETS, 10000, NULL, NULL, "mirror targets")              \
	X(FILTERS, 10000, NULL, NULL, "mirror filters")              \
	X(GROUPS, 2500, "vpc", "L-E79EC296", "security groups")      \
	X(GROUP_RULES, 60, "vpc", "L-0EA8095F", "inbound rules")     \
	X(BALANCERS, 50, "elasticloadbalancing", "L-69A177A2",       \
	  "network load balancers")                                  \
	X(TARGET_GROUPS, 3000, "elasticloadbalancing", "L-B22855CB", \
	  "target groups")

enum quota {
#define QUOTA_NAME(NAME, number, service, code, what) QUOTA_##NAME,
	QUOTAS(QUOTA_NAME)
#undef QUOTA_NAME
		N_QUOTAS
};

/* When the defaults were read in AWS's documentation. */
#define QUOTA_DATE "August 2025"

struct quota_info {
	size_t number; /* the default */
	const char *service, *code;
	const char *what; /* plural */
};
extern const struct quota_info quota_info[N_QUOTAS];

/* The quotas of an account. */
struct quotas {
	bool known[N_QUOTAS]; /* false: assume the default */
	size_t number[N_QUOTAS];
};

/* Takes over what Service Quotas says about one service. */
void quotas_learn(struct quotas *q, const char *service,
		  const struct service_quotas *l);

size_t quota_number(const struct quotas *q, enum quota which);

#endif
