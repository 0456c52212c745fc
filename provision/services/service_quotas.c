/* SPDX-License-Identifier: MIT */
/* ListServiceQuotas, a page at a time. */
#include <errno.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "client/call.h"
#include "services/service_quotas.h"

#define PAGE_SIZE 100
#define MAX_PAGES 100u /* bounds a list that never ends */

SHAPE_TABLE(service_quota, service_quotas, SERVICE_QUOTA)

/* Consumes *token and sets it if more pages follow. */
static int add_page(struct aws_client *c, const char *service, char **token,
		    struct service_quotas *out, struct aws_error *err)
{
	static const char action[] = "ListServiceQuotas";
	cJSON *body = cJSON_CreateObject(), *response;
	bool ok =
		body && cJSON_AddStringToObject(body, "ServiceCode", service) &&
		cJSON_AddNumberToObject(body, "MaxResults", PAGE_SIZE) &&
		(!*token || cJSON_AddStringToObject(body, "NextToken", *token));
	int error;

	free(*token);
	*token = NULL;
	if (!ok) {
		cJSON_Delete(body);
		return aws_error_no_memory(err);
	}
	error = call_json(c, &call_quotas, action, body, &response, err);
	if (error)
		return error;
	error = shape_append_json(
		service_quotas_shape(),
		cJSON_GetObjectItemCaseSensitive(response, "Quotas"),
		(struct shape_list *)out);
	if (!error)
		error = call_json_next(response, token);
	cJSON_Delete(response);
	return error ? call_bad_response(err, call_quotas.name, action, error)
		     : 0;
}

int service_quotas_list(struct aws_client *c, const char *service,
			struct service_quotas *out, struct aws_error *err)
{
	unsigned int pages = 0;
	char *token = NULL;
	int error;

	*out = (struct service_quotas){0};
	do {
		error = add_page(c, service, &token, out, err);
	} while (!error && token && ++pages < MAX_PAGES);
	free(token);
	if (error)
		service_quotas_free(out);
	return error;
}
