/* SPDX-License-Identifier: MIT */
/*
 * ECS, which speaks JSON. Its List actions return only ARNs, a page at a time;
 * its Describe actions take a limited number of ARNs and report those that do
 * not exist as failures within a successful response.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "client/call.h"
#include "services/ecs.h"

#define PAGE_SIZE     100
#define MAX_PAGES     10000u /* bounds a list that never ends */
#define SERVICES_MAX  10     /* per DescribeServices */
#define RESOURCES_MAX 100    /* per other Describe action */

SHAPE_TABLE(ecs_cluster, ecs_clusters, ECS_CLUSTER)
SHAPE_TABLE(ecs_service, ecs_services, ECS_SERVICE)
SHAPE_TABLE(ecs_detail, ecs_details, ECS_DETAIL)
SHAPE_TABLE(ecs_attachment, ecs_attachments, ECS_ATTACHMENT)
SHAPE_TABLE(ecs_task, ecs_tasks, ECS_TASK)
SHAPE_TABLE(ecs_container_instance, ecs_container_instances,
	    ECS_CONTAINER_INSTANCE)

/* An object with the members that are not NULL; NULL if out of memory. */
static cJSON *new_body(const char *cluster, const char *service)
{
	cJSON *body = cJSON_CreateObject();

	if (body &&
	    ((cluster && !cJSON_AddStringToObject(body, "cluster", cluster)) ||
	     (service &&
	      !cJSON_AddStringToObject(body, "serviceName", service)))) {
		cJSON_Delete(body);
		body = NULL;
	}
	return body;
}

/* Appends the ARNs of one page to out and sets *token if more pages follow. */
static int read_arns(const cJSON *response, const char *key,
		     struct aws_strings *out, char **token)
{
	const cJSON *arns = cJSON_GetObjectItemCaseSensitive(response, key);
	const cJSON *arn;

	if (arns && !cJSON_IsArray(arns))
		return -EPROTO;
	cJSON_ArrayForEach(arn, arns)
	{
		if (!cJSON_IsString(arn))
			return -EPROTO;
		if (aws_strings_add(out, arn->valuestring))
			return -ENOMEM;
	}
	return call_json_next(response, token);
}

static int list_page(struct aws_client *c, const char *action, const char *key,
		     const char *cluster, const char *service, char **token,
		     struct aws_strings *out, struct aws_error *err)
{
	cJSON *body = new_body(cluster, service), *response;
	bool ok =
		body && cJSON_AddNumberToObject(body, "maxResults", PAGE_SIZE);
	int error;

	if (ok && *token)
		ok = cJSON_AddStringToObject(body, "nextToken", *token);
	free(*token);
	*token = NULL;
	if (!ok) {
		cJSON_Delete(body);
		return aws_error_no_memory(err);
	}
	error = call_json(c, &call_ecs, action, body, &response, err);
	if (error)
		return error;
	error = read_arns(response, key, out, token);
	cJSON_Delete(response);
	return error ? call_bad_response(err, "ecs", action, error) : 0;
}

/* All pages of ListClusters, ListServices or ListTasks. */
static int list_arns(struct aws_client *c, const char *action, const char *key,
		     const char *cluster, const char *service,
		     struct aws_strings *out, struct aws_error *err)
{
	unsigned int pages = 0;
	char *token = NULL;
	int error;

	*out = (struct aws_strings){0};
	do {
		error = list_page(c, action, key, cluster, service, &token, out,
				  err);
		if (!error && ++pages == MAX_PAGES)
			error = call_bad_response(err, "ecs", action, -EPROTO);
	} while (!error && token);
	free(token);
	if (error)
		aws_strings_free(out);
	return error;
}

/* A Describe action. The list of ARNs in the request and the list of resources
 * in the response have the same key. */
struct ecs_describe {
	const char *action;
	const char *key;
	size_t max; /* ARNs per call */
	shape_fn *shape;
	bool strict; /* a resource that does not exist is an error */
};

static int check_failures(const cJSON *response, const struct ecs_describe *d,
			  struct aws_error *err)
{
	const cJSON *failures =
		cJSON_GetObjectItemCaseSensitive(response, "failures");
	const cJSON *f = cJSON_IsArray(failures) ? failures->child : NULL;
	const char *arn, *reason;

	if (!f || !d->strict)
		return 0;
	arn = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(f, "arn"));
	reason = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(f, "reason"));
	return aws_error_set(
		err, AWS_ERR_NOT_FOUND, "",
		"%s: %s; check the name, the cluster and the region",
		arn ? arn : d->key, reason ? reason : "failed");
}

static int describe_batch(struct aws_client *c, const struct ecs_describe *d,
			  const char *cluster, struct aws_names names,
			  struct shape_list *out, struct aws_error *err)
{
	cJSON *body = new_body(cluster, NULL), *response, *array;
	int error;

	array = cJSON_CreateStringArray(names.items, (int)names.n);
	if (!body || !array || !cJSON_AddItemToObject(body, d->key, array)) {
		cJSON_Delete(array);
		cJSON_Delete(body);
		return aws_error_no_memory(err);
	}
	error = call_json(c, &call_ecs, d->action, body, &response, err);
	if (error)
		return error;
	error = check_failures(response, d, err);
	if (!error) {
		error = shape_append_json(
			d->shape(),
			cJSON_GetObjectItemCaseSensitive(response, d->key),
			out);
		if (error)
			call_bad_response(err, "ecs", d->action, error);
	}
	cJSON_Delete(response);
	return error;
}

static int describe(struct aws_client *c, const struct ecs_describe *d,
		    const char *cluster, struct aws_names names, void *out,
		    struct aws_error *err)
{
	struct shape_list *list = out;
	size_t done;
	int error = 0;

	*list = (struct shape_list){0};
	for (done = 0; !error && done < names.n; done += d->max) {
		size_t n = names.n - done;
		struct aws_names batch = {names.items + done,
					  n < d->max ? n : d->max};

		error = describe_batch(c, d, cluster, batch, list, err);
	}
	if (error)
		shape_free_list(d->shape(), list);
	return error;
}

/* Lists ARNs and describes them. */
static int list_and_describe(struct aws_client *c, const char *list_action,
			     const char *list_key, const struct ecs_describe *d,
			     const char *cluster, const char *service,
			     void *out, struct aws_error *err)
{
	struct aws_strings arns;
	int error = list_arns(c, list_action, list_key, cluster, service, &arns,
			      err);

	*(struct shape_list *)out = (struct shape_list){0};
	if (!error)
		error = describe(
			c, d, cluster,
			(struct aws_names){(const char *const *)arns.items,
					   arns.n},
			out, err);
	aws_strings_free(&arns);
	return error;
}

int ecs_list_clusters(struct aws_client *c, struct ecs_clusters *out,
		      struct aws_error *err)
{
	static const struct ecs_describe d = {"DescribeClusters", "clusters",
					      RESOURCES_MAX, ecs_clusters_shape,
					      false};

	return list_and_describe(c, "ListClusters", "clusterArns", &d, NULL,
				 NULL, out, err);
}

int ecs_describe_services(struct aws_client *c, const char *cluster,
			  struct aws_names services, struct ecs_services *out,
			  struct aws_error *err)
{
	static const struct ecs_describe d = {"DescribeServices", "services",
					      SERVICES_MAX, ecs_services_shape,
					      true};

	return describe(c, &d, cluster, services, out, err);
}

int ecs_list_services(struct aws_client *c, const char *cluster,
		      struct ecs_services *out, struct aws_error *err)
{
	static const struct ecs_describe d = {"DescribeServices", "services",
					      SERVICES_MAX, ecs_services_shape,
					      false};

	return list_and_describe(c, "ListServices", "serviceArns", &d, cluster,
				 NULL, out, err);
}

int ecs_list_service_tasks(struct aws_client *c, const char *cluster,
			   const char *service, struct ecs_tasks *out,
			   struct aws_error *err)
{
	static const struct ecs_describe d = {"DescribeTasks", "tasks",
					      RESOURCES_MAX, ecs_tasks_shape,
					      false};

	return list_and_describe(c, "ListTasks", "taskArns", &d, cluster,
				 service, out, err);
}

const char *ecs_task_interface(const struct ecs_task *task)
{
	FOREACH(a, &task->attachments) {
		if (!a->type || strcmp(a->type, "ElasticNetworkInterface") != 0)
			continue;
		FOREACH(d, &a->details)
			if (d->name && !strcmp(d->name, "networkInterfaceId"))
				return d->value;
	}
	return NULL;
}

int ecs_describe_container_instances(struct aws_client *c, const char *cluster,
				     struct aws_names arns,
				     struct ecs_container_instances *out,
				     struct aws_error *err)
{
	static const struct ecs_describe d = {
		"DescribeContainerInstances", "containerInstances",
		RESOURCES_MAX, ecs_container_instances_shape, false};

	return describe(c, &d, cluster, arns, out, err);
}
