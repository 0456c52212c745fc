/* SPDX-License-Identifier: MIT */
/* The credential provider chain: tries the providers in the AWS CLI's order. */
#ifndef AUTH_CHAIN_H
#define AUTH_CHAIN_H

#include "auth/search.h"

/* Searches all providers. 0, or a negative errno with err listing every
 * provider that was tried and why it did not work. */
int chain_find(struct cred_search *s, struct credentials *out,
	       struct aws_error *err);

/* The region where this instance runs, which the AWS CLI uses if none is
 * configured. 0, or a negative errno if it is not known. */
int chain_region(struct cred_search *s, char *region, size_t n);

#endif
