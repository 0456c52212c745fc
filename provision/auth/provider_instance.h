/* SPDX-License-Identifier: MIT */
/* Provider: the role of an EC2 instance, from IMDSv2. */
#ifndef AUTH_PROVIDER_INSTANCE_H
#define AUTH_PROVIDER_INSTANCE_H

#include "auth/search.h"

int cred_instance(struct cred_search *s, struct credentials *out,
		  struct aws_error *err);

#endif
