/* SPDX-License-Identifier: MIT */
/* Provider: the role of an EC2 instance, from IMDSv2; and its region. */
#ifndef AUTH_PROVIDER_INSTANCE_H
#define AUTH_PROVIDER_INSTANCE_H

#include "auth/search.h"

int cred_instance(struct cred_search *s, struct credentials *out,
		  struct aws_error *err);
/* The region of the instance. 0; any error: it is not known. */
int cred_instance_region(struct cred_search *s, char *region, size_t n);

#endif
