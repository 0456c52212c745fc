/* SPDX-License-Identifier: MIT */
/* STS: the identity of the caller. (auth/sts_call.h assumes roles.) */
#ifndef SERVICES_STS_H
#define SERVICES_STS_H

#include "client/client.h"
#include "client/shape.h"

#define STS_IDENTITY(X)                               \
	X(STRING, account, "Account") /* 12 digits */ \
	X(STRING, arn, "Arn")                         \
	X(STRING, user_id, "UserId")
SHAPE(sts_identity, sts_identities, STS_IDENTITY);

/* Requires no permission. */
int sts_get_caller_identity(struct aws_client *c, struct sts_identity *out,
			    struct aws_error *err);
void sts_identity_free(struct sts_identity *id);

#endif
