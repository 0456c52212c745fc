/* SPDX-License-Identifier: MIT */
/* STS: who am I. (The roles are taken by credentials.h.) */
#ifndef SERVICES_STS_H
#define SERVICES_STS_H

#include "client/client.h"

struct sts_identity {
	char *account; /* 12 digits */
	char *arn;
	char *user_id;
};

/* Needs no permission. */
int sts_get_caller_identity(struct aws_client *c, struct sts_identity *out,
			    struct aws_error *err);
void sts_identity_free(struct sts_identity *id);

#endif
