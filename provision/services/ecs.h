/* SPDX-License-Identifier: MIT */
/* ECS: from a service to its tasks, and from them to network interfaces. */
#ifndef SERVICES_ECS_H
#define SERVICES_ECS_H

#include "client/client.h"

struct ecs_cluster {
	char *arn;
	char *name;
	char *status; /* ACTIVE, ... */
	int64_t services;
	int64_t running_tasks;
};
struct ecs_clusters {
	struct ecs_cluster *items;
	size_t n;
};

struct ecs_service {
	char *arn;
	char *name;
	char *cluster_arn;
	char *status;	   /* ACTIVE, DRAINING, INACTIVE */
	char *launch_type; /* EC2, FARGATE, EXTERNAL; NULL: by capacity */
	char *task_definition;
	int64_t desired, running, pending;
};
struct ecs_services {
	struct ecs_service *items;
	size_t n;
};

struct ecs_detail {
	char *name; /* networkInterfaceId, subnetId, privateIPv4Address, ... */
	char *value;
};
struct ecs_details {
	struct ecs_detail *items;
	size_t n;
};
struct ecs_attachment {
	char *id;
	char *type;   /* ElasticNetworkInterface, ... */
	char *status; /* ATTACHED, ... */
	struct ecs_details details;
};
struct ecs_attachments {
	struct ecs_attachment *items;
	size_t n;
};
struct ecs_task {
	char *arn;
	char *cluster_arn;
	char *container_instance_arn; /* NULL on Fargate */
	char *group;		      /* "service:NAME" */
	char *last_status;	      /* RUNNING, ... */
	char *desired_status;
	char *launch_type;
	char *zone;
	char *started_by;
	struct ecs_attachments attachments;
};
struct ecs_tasks {
	struct ecs_task *items;
	size_t n;
};

struct ecs_container_instance {
	char *arn;
	char *ec2_instance_id; /* "mi-..." for ECS Anywhere */
	char *status;
};
struct ecs_container_instances {
	struct ecs_container_instance *items;
	size_t n;
};

/* All clusters of the region; or those named (names or ARNs), at most that
 * many as exist. */
int ecs_clusters(struct aws_client *c, struct ecs_clusters *out,
		 struct aws_error *err);
int ecs_describe_clusters(struct aws_client *c, struct aws_names names,
			  struct ecs_clusters *out, struct aws_error *err);
void ecs_clusters_free(struct ecs_clusters *l);

/* All services of a cluster, or those named. A service that does not exist
 * (failures[] of a 200 response) is AWS_ERR_NOT_FOUND. */
int ecs_services(struct aws_client *c, const char *cluster,
		 struct ecs_services *out, struct aws_error *err);
int ecs_describe_services(struct aws_client *c, const char *cluster,
			  struct aws_names services, struct ecs_services *out,
			  struct aws_error *err);
void ecs_services_free(struct ecs_services *l);

/* The tasks of a service that are to run. A task that ends between the list
 * and the description is left out. */
int ecs_service_tasks(struct aws_client *c, const char *cluster,
		      const char *service, struct ecs_tasks *out,
		      struct aws_error *err);
void ecs_tasks_free(struct ecs_tasks *l);
/* The interface of an awsvpc task, NULL for bridge and host networks. */
const char *ecs_task_interface(const struct ecs_task *task);

int ecs_describe_container_instances(struct aws_client *c, const char *cluster,
				     struct aws_names arns,
				     struct ecs_container_instances *out,
				     struct aws_error *err);
void ecs_container_instances_free(struct ecs_container_instances *l);

#endif
