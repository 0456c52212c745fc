/* SPDX-License-Identifier: MIT */
/* Service Quotas: what the account may have of each kind of resource. */
#ifndef SERVICES_SERVICE_QUOTAS_H
#define SERVICES_SERVICE_QUOTAS_H

#include "client/client.h"
#include "client/shape.h"

#define SERVICE_QUOTA(X)              \
	X(STRING, code, "QuotaCode")  \
	X(STRING, name, "QuotaName")  \
	X(NUMBER, value, "Value", -1) \
	X(BOOL, adjustable, "Adjustable")
SHAPE(service_quota, service_quotas, SERVICE_QUOTA);

/* All quotas of a service ("vpc"). Makes only one short attempt: see
 * call_quotas. */
int service_quotas_list(struct aws_client *c, const char *service,
			struct service_quotas *out, struct aws_error *err);

#endif
