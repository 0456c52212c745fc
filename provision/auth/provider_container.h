/* SPDX-License-Identifier: MIT */
/* Provider: the credentials endpoint of an ECS task or EKS pod. */
#ifndef AUTH_PROVIDER_CONTAINER_H
#define AUTH_PROVIDER_CONTAINER_H

#include "auth/search.h"

int cred_container(struct cred_search *s, struct credentials *out,
		   struct aws_error *err);

#endif
