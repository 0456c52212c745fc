/* SPDX-License-Identifier: MIT */
/* ECS: JSON calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "client/call.h"
#include "services/ecs.h"

#define LIST_PAGE      100
#define MAX_LIST_PAGES 10000u
#define SERVICES_MAX   10 /* of one DescribeServices */
#define DESCRIBE_MAX   100

static const struct shape shape_cluster = {
	sizeof(struct ecs_cluster),
	ROWS(ROW(ecs_cluster, arn, STRING, "clusterArn"),
	     ROW(ecs_cluster, name, STRING, "clusterName"),
	     ROW(ecs_cluster, status, STRING, "status"),
	     ROW(ecs_cluster, services, NUMBER, "activeServicesCount"),
	     ROW(ecs_cluster, running_tasks, NUMBER, "runningTasksCount")),
};

static const struct shape shape_service = {
	sizeof(struct ecs_service),
	ROWS(ROW(ecs_service, arn, STRING, "serviceArn"),
	     ROW(ecs_service, name, STRING, "serviceName"),
	     ROW(ecs_service, cluster_arn, STRING, "clusterArn"),
	     ROW(ecs_service, status, STRING, "status"),
	     ROW(ecs_service, launch_type, STRING, "launchType"),
	     ROW(ecs_service, task_definition, STRING, "taskDefinition"),
	     ROW(ecs_service, desired, NUMBER, "desiredCount"),
	     ROW(ecs_service, running, NUMBER, "runningCount"),
	     ROW(ecs_service, pending, NUMBER, "pendingCount")),
};

static const struct shape shape_detail = {
	sizeof(struct ecs_detail),
	ROWS(ROW(ecs_detail, name, STRING, "name"),
	     ROW(ecs_detail, value, STRING, "value")),
};

static const struct shape shape_attachment = {
	sizeof(struct ecs_attachment),
	ROWS(ROW(ecs_attachment, id, STRING, "id"),
	     ROW(ecs_attachment, type, STRING, "type"),
	     ROW(ecs_attachment, status, STRING, "status"),
	     ROW(ecs_attachment, details, LIST, "details",
		 .of = &shape_detail)),
};

static const struct shape shape_task = {
	sizeof(struct ecs_task),
	ROWS(ROW(ecs_task, arn, STRING, "taskArn"),
	     ROW(ecs_task, cluster_arn, STRING, "clusterArn"),
	     ROW(ecs_task, container_instance_arn, STRING,
		 "containerInstanceArn"),
	     ROW(ecs_task, group, STRING, "group"),
	     ROW(ecs_task, last_status, STRING, "lastStatus"),
	     ROW(ecs_task, desired_status, STRING, "desiredStatus"),
	     ROW(ecs_task, launch_type, STRING, "launchType"),
	     ROW(ecs_task, zone, STRING, "availabilityZone"),
	     ROW(ecs_task, started_by, STRING, "startedBy"),
	     ROW(ecs_task, attachments, LIST, "attachments",
		 .of = &shape_attachment)),
};

static const struct shape shape_container_instance = {
	sizeof(struct ecs_container_instance),
	ROWS(ROW(ecs_container_instance, arn, STRING, "containerInstanceArn"),
	     ROW(ecs_container_instance, ec2_instance_id, STRING,
		 "ec2InstanceId"),
	     ROW(ecs_container_instance, status, STRING, "status")),
};

/* Sends a body, which is deleted. */
static int call(struct aws_client *c, const char *action, cJSON *body,
		cJSON **response, struct aws_error *err)
{
	char *text = body ? cJSON_PrintUnformatted(body) : NULL;
	int error;

	cJSON_Delete(body);
	*response = NULL;
	if (!text)
		return aws_error_no_memory(err);
	error = call_ecs(c, action, text, strlen(text), response, err);
	cJSON_free(text);
	return error;
}

/* An object with the members that are not NULL; NULL without memory. */
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

/* Takes the ARNs of one page, and the token of the next one. */
static int take_arns(const cJSON *response, const char *key,
		     struct aws_strings *out, char **token)
{
	const struct shape_field f = {.path = key, .type = SHAPE_STRINGS};
	const struct shape page = {sizeof(struct aws_strings),
				   (const struct shape_field[]){f, {0}}};
	const char *next = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(response, "nextToken"));
	struct aws_strings more;
	char **grown;
	int error = shape_from_json(&page, response, &more);

	if (error)
		return error;
	grown = reallocarray(out->items, out->n + more.n + 1, sizeof(*grown));
	if (!grown) {
		aws_strings_free(&more);
		return -ENOMEM;
	}
	out->items = grown;
	if (more.n)
		memcpy(grown + out->n, more.items, more.n * sizeof(*grown));
	out->n += more.n;
	free(more.items);
	if (next && *next) {
		*token = strdup(next);
		return *token ? 0 : -ENOMEM;
	}
	return 0;
}

static int list_page(struct aws_client *c, const char *action, const char *key,
		     const char *cluster, const char *service, char **token,
		     struct aws_strings *out, struct aws_error *err)
{
	cJSON *body = new_body(cluster, service), *response;
	bool ok =
		body && cJSON_AddNumberToObject(body, "maxResults", LIST_PAGE);
	int error;

	if (ok && *token)
		ok = cJSON_AddStringToObject(body, "nextToken", *token);
	free(*token);
	*token = NULL;
	if (!ok) {
		cJSON_Delete(body);
		return aws_error_no_memory(err);
	}
	error = call(c, action, body, &response, err);
	if (error)
		return error;
	error = take_arns(response, key, out, token);
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
		if (!error && ++pages == MAX_LIST_PAGES)
			error = call_bad_response(err, "ecs", action, -EPROTO);
	} while (!error && token);
	free(token);
	if (error)
		aws_strings_free(out);
	return error;
}

/* One of the Describe calls: what it is asked for and what it answers with
 * have the same name. */
struct describe {
	const char *action;
	const char *key;
	size_t at_once;
	const struct shape *shape;
	bool all; /* that one does not exist is an error */
};

static int first_failure(const cJSON *response, const struct describe *d,
			 struct aws_error *err)
{
	const cJSON *failures =
		cJSON_GetObjectItemCaseSensitive(response, "failures");
	const cJSON *f = cJSON_IsArray(failures) ? failures->child : NULL;
	const char *arn, *reason;

	if (!f || !d->all)
		return 0;
	arn = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(f, "arn"));
	reason = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(f, "reason"));
	return aws_error_set(
		err, AWS_ERR_NOT_FOUND, "",
		"%s: %s; check the name, the cluster and the region",
		arn ? arn : d->key, reason ? reason : "failed");
}

static int describe_some(struct aws_client *c, const struct describe *d,
			 const char *cluster, const char *const *names,
			 size_t n, struct shape_list *out,
			 struct aws_error *err)
{
	cJSON *body = new_body(cluster, NULL), *response, *array;
	int error;

	array = cJSON_CreateStringArray(names, (int)n);
	if (!body || !array || !cJSON_AddItemToObject(body, d->key, array)) {
		cJSON_Delete(array);
		cJSON_Delete(body);
		return aws_error_no_memory(err);
	}
	error = call(c, d->action, body, &response, err);
	if (error)
		return error;
	error = first_failure(response, d, err);
	if (!error) {
		error = shape_append_json(
			d->shape,
			cJSON_GetObjectItemCaseSensitive(response, d->key),
			out);
		if (error)
			call_bad_response(err, "ecs", d->action, error);
	}
	cJSON_Delete(response);
	return error;
}

static int describe(struct aws_client *c, const struct describe *d,
		    const char *cluster, struct aws_names names, void *out,
		    struct aws_error *err)
{
	struct shape_list *list = out;
	size_t done;
	int error = 0;

	*list = (struct shape_list){0};
	for (done = 0; !error && done < names.n; done += d->at_once) {
		size_t n = names.n - done;

		error = describe_some(c, d, cluster, names.items + done,
				      n < d->at_once ? n : d->at_once, list,
				      err);
	}
	if (error)
		shape_free_list(d->shape, list);
	return error;
}

static struct aws_names as_names(const struct aws_strings *t)
{
	return (struct aws_names){(const char *const *)t->items, t->n};
}

int ecs_describe_clusters(struct aws_client *c, struct aws_names names,
			  struct ecs_clusters *out, struct aws_error *err)
{
	static const struct describe d = {"DescribeClusters", "clusters",
					  DESCRIBE_MAX, &shape_cluster, false};

	return describe(c, &d, NULL, names, out, err);
}

int ecs_clusters(struct aws_client *c, struct ecs_clusters *out,
		 struct aws_error *err)
{
	struct aws_strings arns;
	int error = list_arns(c, "ListClusters", "clusterArns", NULL, NULL,
			      &arns, err);

	*out = (struct ecs_clusters){0};
	if (!error)
		error = ecs_describe_clusters(c, as_names(&arns), out, err);
	aws_strings_free(&arns);
	return error;
}

int ecs_describe_services(struct aws_client *c, const char *cluster,
			  struct aws_names services, struct ecs_services *out,
			  struct aws_error *err)
{
	static const struct describe d = {"DescribeServices", "services",
					  SERVICES_MAX, &shape_service, true};

	return describe(c, &d, cluster, services, out, err);
}

int ecs_services(struct aws_client *c, const char *cluster,
		 struct ecs_services *out, struct aws_error *err)
{
	static const struct describe d = {"DescribeServices", "services",
					  SERVICES_MAX, &shape_service, false};
	struct aws_strings arns;
	int error = list_arns(c, "ListServices", "serviceArns", cluster, NULL,
			      &arns, err);

	*out = (struct ecs_services){0};
	if (!error)
		error = describe(c, &d, cluster, as_names(&arns), out, err);
	aws_strings_free(&arns);
	return error;
}

int ecs_service_tasks(struct aws_client *c, const char *cluster,
		      const char *service, struct ecs_tasks *out,
		      struct aws_error *err)
{
	static const struct describe d = {"DescribeTasks", "tasks",
					  DESCRIBE_MAX, &shape_task, false};
	struct aws_strings arns;
	int error = list_arns(c, "ListTasks", "taskArns", cluster, service,
			      &arns, err);

	*out = (struct ecs_tasks){0};
	if (!error)
		error = describe(c, &d, cluster, as_names(&arns), out, err);
	aws_strings_free(&arns);
	return error;
}

const char *ecs_task_interface(const struct ecs_task *task)
{
	size_t i, j;

	for (i = 0; i < task->attachments.n; i++) {
		const struct ecs_attachment *a = &task->attachments.items[i];

		if (!a->type || strcmp(a->type, "ElasticNetworkInterface") != 0)
			continue;
		for (j = 0; j < a->details.n; j++)
			if (a->details.items[j].name &&
			    !strcmp(a->details.items[j].name,
				    "networkInterfaceId"))
				return a->details.items[j].value;
	}
	return NULL;
}

int ecs_describe_container_instances(struct aws_client *c, const char *cluster,
				     struct aws_names arns,
				     struct ecs_container_instances *out,
				     struct aws_error *err)
{
	static const struct describe d = {"DescribeContainerInstances",
					  "containerInstances", DESCRIBE_MAX,
					  &shape_container_instance, false};

	return describe(c, &d, cluster, arns, out, err);
}

void ecs_clusters_free(struct ecs_clusters *l)
{
	shape_free_list(&shape_cluster, (struct shape_list *)l);
}

void ecs_services_free(struct ecs_services *l)
{
	shape_free_list(&shape_service, (struct shape_list *)l);
}

void ecs_tasks_free(struct ecs_tasks *l)
{
	shape_free_list(&shape_task, (struct shape_list *)l);
}

void ecs_container_instances_free(struct ecs_container_instances *l)
{
	shape_free_list(&shape_container_instance, (struct shape_list *)l);
}
