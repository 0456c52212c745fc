/* SPDX-License-Identifier: MIT */
/* ECS: from a service to its tasks and their network interfaces. */
#ifndef SERVICES_ECS_H
#define SERVICES_ECS_H

#include "client/client.h"
#include "client/shape.h"

#define ECS_CLUSTER(X)                                \
	X(KEY, arn, "clusterArn")                     \
	X(STRING, name, "clusterName")                \
	X(STRING, status, "status") /* ACTIVE, ... */ \
	X(NUMBER, services, "activeServicesCount")
SHAPE(ecs_cluster, ecs_clusters, ECS_CLUSTER);

#define ECS_SERVICE(X)                                                   \
	X(KEY, arn, "serviceArn")                                        \
	X(STRING, name, "serviceName")                                   \
	X(STRING, status, "status") /* ACTIVE, DRAINING, INACTIVE */     \
	/* EC2, FARGATE, EXTERNAL; NULL: a capacity provider strategy */ \
	X(STRING, launch_type, "launchType")                             \
	X(NUMBER, running, "runningCount")
SHAPE(ecs_service, ecs_services, ECS_SERVICE);

#define ECS_DETAIL(X)                                                   \
	X(STRING, name, "name") /* networkInterfaceId, subnetId, ... */ \
	X(STRING, value, "value")
SHAPE(ecs_detail, ecs_details, ECS_DETAIL);

#define ECS_ATTACHMENT(X)                                              \
	X(STRING, id, "id")                                            \
	X(STRING, type, "type")	    /* ElasticNetworkInterface, ... */ \
	X(STRING, status, "status") /* ATTACHED, ... */                \
	X(LIST, details, "details", ecs_details)
SHAPE(ecs_attachment, ecs_attachments, ECS_ATTACHMENT);

#define ECS_TASK(X)                                               \
	X(KEY, arn, "taskArn")                                    \
	/* NULL on Fargate */                                     \
	X(STRING, container_instance_arn, "containerInstanceArn") \
	X(STRING, group, "group") /* "service:NAME" */            \
	X(STRING, launch_type, "launchType")                      \
	X(STRING, zone, "availabilityZone")                       \
	X(LIST, attachments, "attachments", ecs_attachments)
SHAPE(ecs_task, ecs_tasks, ECS_TASK);

#define ECS_CONTAINER_INSTANCE(X)                   \
	X(STRING, arn, "containerInstanceArn")      \
	/* "mi-...": ECS Anywhere */                \
	X(STRING, ec2_instance_id, "ec2InstanceId") \
	X(STRING, status, "status")
SHAPE(ecs_container_instance, ecs_container_instances, ECS_CONTAINER_INSTANCE);

/* All clusters of the region. */
int ecs_list_clusters(struct aws_client *c, struct ecs_clusters *out,
		      struct aws_error *err);

/* All services of a cluster. */
int ecs_list_services(struct aws_client *c, const char *cluster,
		      struct ecs_services *out, struct aws_error *err);
/* The services named. If one does not exist: -ENOENT (AWS_ERR_NOT_FOUND). */
int ecs_describe_services(struct aws_client *c, const char *cluster,
			  struct aws_names services, struct ecs_services *out,
			  struct aws_error *err);

/* The tasks of a service whose desired status is RUNNING. A task that stops
 * between the list and describe calls may be missing. */
int ecs_list_service_tasks(struct aws_client *c, const char *cluster,
			   const char *service, struct ecs_tasks *out,
			   struct aws_error *err);
/* The interface id of a task in awsvpc network mode; NULL in other modes. */
const char *ecs_task_interface(const struct ecs_task *task);

int ecs_describe_container_instances(struct aws_client *c, const char *cluster,
				     struct aws_names arns,
				     struct ecs_container_instances *out,
				     struct aws_error *err);

#endif
