/* SPDX-License-Identifier: MIT */
/* GetCallerIdentity: which account and principal the credentials belong to. */
#include <errno.h>

#include "client/call.h"
#include "services/sts.h"

SHAPE_TABLE(sts_identity, sts_identities, STS_IDENTITY)

int sts_get_caller_identity(struct aws_client *c, struct sts_identity *out,
			    struct aws_error *err)
{
	static const char action[] = "GetCallerIdentity";
	struct call_response response;
	struct aws_query q;
	int error;

	*out = (struct sts_identity){0};
	call_begin(&q, &call_sts, action);
	error = call_send(c, &call_sts, action, &q, &response, err);
	if (error)
		return error;
	error = shape_from_xml(sts_identities_shape(), response.root, out);
	call_response_free(&response);
	if (!error && !out->account) {
		sts_identity_free(out);
		error = -EPROTO;
	}
	return error ? call_bad_response(err, "sts", action, error) : 0;
}

void sts_identity_free(struct sts_identity *id)
{
	shape_free(sts_identities_shape(), id);
}
