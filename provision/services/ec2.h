/* SPDX-License-Identifier: MIT */
/* EC2: what is there (read). Changes and mirroring are in ec2_mirror.h. */
#ifndef SERVICES_EC2_H
#define SERVICES_EC2_H

#include "client/client.h"

/* Which ones: all of the ids (one that does not exist is an error, except for
 * what has just been created), and all of the filters. NULL: everything. */
struct ec2_filter {
	const char *name; /* "vpc-id", "tag:Team" */
	struct aws_names values;
};
struct ec2_select {
	struct aws_names ids;
	const struct ec2_filter *filters;
	size_t n_filters;
};

struct ec2_region {
	char *name;
	char *endpoint;
	char *opt_in; /* opt-in-not-required, opted-in, not-opted-in */
};
struct ec2_regions {
	struct ec2_region *items;
	size_t n;
};

struct ec2_zone {
	char *name;
	char *id;
	char *region;
	char *state; /* available, ... */
	char *type;  /* availability-zone, local-zone, wavelength-zone */
};
struct ec2_zones {
	struct ec2_zone *items;
	size_t n;
};

/* A security group as interfaces and instances name it. */
struct ec2_group_ref {
	char *id;
	char *name;
};
struct ec2_group_refs {
	struct ec2_group_ref *items;
	size_t n;
};

struct ec2_interface {
	char *id;
	char *type;   /* interface, network_load_balancer, efa, ... */
	char *status; /* available, in-use, ... */
	char *description;
	char *instance_id;	 /* NULL: not attached to an instance */
	char *attachment_id;	 /* NULL: not attached */
	char *attachment_status; /* attached, ... */
	char *instance_owner_id; /* amazon-elb, ... */
	int64_t device_index;	 /* 0 is the primary one */
	char *zone;		 /* NULL inside struct ec2_instance */
	char *private_ip;
	char *subnet_id;
	char *vpc_id;
	char *owner_id;
	char *requester_id;
	bool requester_managed;
	struct aws_strings ipv6;
	struct ec2_group_refs groups;
	struct aws_tags tags;
};
struct ec2_interfaces {
	struct ec2_interface *items;
	size_t n;
};

struct ec2_instance {
	char *id;
	char *type;
	char *state; /* pending, running, stopped, terminated, ... */
	char *vpc_id;
	char *subnet_id;
	char *zone;
	char *private_ip;
	char *public_ip;
	char *hypervisor;
	struct ec2_interfaces interfaces;
	struct ec2_group_refs groups;
	struct aws_tags tags;
};
struct ec2_instances {
	struct ec2_instance *items;
	size_t n;
};

struct ec2_instance_type {
	char *name;
	char *hypervisor; /* nitro, xen; NULL on bare metal */
	bool bare_metal;
	char *network_performance; /* "Up to 12.5 Gigabit" */
	int64_t max_interfaces;
};
struct ec2_instance_types {
	struct ec2_instance_type *items;
	size_t n;
};

struct ec2_cidr {
	char *cidr;
	char *state; /* associated, ... */
};
struct ec2_cidrs {
	struct ec2_cidr *items;
	size_t n;
};

struct ec2_subnet {
	char *id;
	char *vpc_id;
	char *zone;
	char *zone_id;
	char *cidr;
	char *state;
	int64_t free_addresses;
	bool public_ip_on_launch;
	bool ipv6_only;
	struct ec2_cidrs ipv6_cidrs;
	struct aws_tags tags;
};
struct ec2_subnets {
	struct ec2_subnet *items;
	size_t n;
};

struct ec2_vpc {
	char *id;
	char *cidr;
	char *state;
	char *owner_id;
	bool is_default;
	struct ec2_cidrs cidrs; /* with the first one */
	struct ec2_cidrs ipv6_cidrs;
	struct aws_tags tags;
};
struct ec2_vpcs {
	struct ec2_vpc *items;
	size_t n;
};

struct ec2_range {
	char *cidr;
	char *description;
};
struct ec2_ranges {
	struct ec2_range *items;
	size_t n;
};
struct ec2_group_pair {
	char *group_id;
	char *owner_id;
	char *vpc_id;
	char *description;
};
struct ec2_group_pairs {
	struct ec2_group_pair *items;
	size_t n;
};
struct ec2_prefix_list {
	char *id;
	char *description;
};
struct ec2_prefix_lists {
	struct ec2_prefix_list *items;
	size_t n;
};
/* One permission of a security group: a protocol and ports from or to each of
 * the ranges, groups and prefix lists. */
struct ec2_permission {
	char *protocol;	   /* "tcp", "udp", "-1" for all, or a number */
	int64_t from_port; /* -1: all */
	int64_t to_port;
	struct ec2_ranges ranges;
	struct ec2_ranges ipv6_ranges;
	struct ec2_group_pairs groups;
	struct ec2_prefix_lists prefix_lists;
};
struct ec2_permissions {
	struct ec2_permission *items;
	size_t n;
};
struct ec2_group {
	char *id;
	char *name;
	char *description;
	char *vpc_id;
	char *owner_id;
	struct ec2_permissions ingress, egress;
	struct aws_tags tags;
};
struct ec2_groups {
	struct ec2_group *items;
	size_t n;
};

struct ec2_route {
	char *cidr; /* one of these three */
	char *ipv6_cidr;
	char *prefix_list;
	char *gateway_id; /* "local", igw-, vgw-, vpce-; or one of the next */
	char *interface_id;
	char *instance_id;
	char *nat_gateway_id;
	char *transit_gateway_id;
	char *peering_id;
	char *state; /* active, blackhole */
};
struct ec2_routes {
	struct ec2_route *items;
	size_t n;
};
struct ec2_route_association {
	char *subnet_id; /* NULL: the main one, or a gateway's */
	char *gateway_id;
	bool main; /* for all subnets without one of their own */
};
struct ec2_route_associations {
	struct ec2_route_association *items;
	size_t n;
};
struct ec2_route_table {
	char *id;
	char *vpc_id;
	struct ec2_route_associations associations;
	struct ec2_routes routes;
	struct aws_tags tags;
};
struct ec2_route_tables {
	struct ec2_route_table *items;
	size_t n;
};

struct ec2_acl_entry {
	int64_t number; /* the lowest is asked first; 32767 is "*" */
	bool egress;
	bool allow;
	char *protocol; /* number, "-1" for all */
	char *cidr;	/* or */
	char *ipv6_cidr;
	int64_t from_port; /* -1: all */
	int64_t to_port;
	char *action; /* allow, deny */
};
struct ec2_acl_entries {
	struct ec2_acl_entry *items;
	size_t n;
};
struct ec2_acl {
	char *id;
	char *vpc_id;
	bool is_default;
	struct aws_strings subnet_ids; /* associated */
	struct ec2_acl_entries entries;
	struct aws_tags tags;
};
struct ec2_acls {
	struct ec2_acl *items;
	size_t n;
};

struct ec2_endpoint {
	char *id;   /* vpce- */
	char *type; /* GatewayLoadBalancer, Interface, Gateway */
	char *vpc_id;
	char *service;
	char *state; /* available, ... */
	struct aws_strings subnet_ids;
	struct aws_strings interface_ids;
	struct aws_tags tags;
};
struct ec2_endpoints {
	struct ec2_endpoint *items;
	size_t n;
};

/* The regions that are enabled for the account. */
int ec2_describe_regions(struct aws_client *c, struct ec2_regions *out,
			 struct aws_error *err);
int ec2_describe_zones(struct aws_client *c, const struct ec2_select *which,
		       struct ec2_zones *out, struct aws_error *err);
int ec2_describe_instances(struct aws_client *c, const struct ec2_select *which,
			   struct ec2_instances *out, struct aws_error *err);
/* ids are the names of types. */
int ec2_describe_instance_types(struct aws_client *c,
				const struct ec2_select *which,
				struct ec2_instance_types *out,
				struct aws_error *err);
int ec2_describe_interfaces(struct aws_client *c,
			    const struct ec2_select *which,
			    struct ec2_interfaces *out, struct aws_error *err);
int ec2_describe_subnets(struct aws_client *c, const struct ec2_select *which,
			 struct ec2_subnets *out, struct aws_error *err);
int ec2_describe_vpcs(struct aws_client *c, const struct ec2_select *which,
		      struct ec2_vpcs *out, struct aws_error *err);
int ec2_describe_groups(struct aws_client *c, const struct ec2_select *which,
			struct ec2_groups *out, struct aws_error *err);
int ec2_describe_route_tables(struct aws_client *c,
			      const struct ec2_select *which,
			      struct ec2_route_tables *out,
			      struct aws_error *err);
int ec2_describe_acls(struct aws_client *c, const struct ec2_select *which,
		      struct ec2_acls *out, struct aws_error *err);
int ec2_describe_endpoints(struct aws_client *c, const struct ec2_select *which,
			   struct ec2_endpoints *out, struct aws_error *err);

void ec2_regions_free(struct ec2_regions *l);
void ec2_zones_free(struct ec2_zones *l);
void ec2_instances_free(struct ec2_instances *l);
void ec2_instance_types_free(struct ec2_instance_types *l);
void ec2_interfaces_free(struct ec2_interfaces *l);
void ec2_subnets_free(struct ec2_subnets *l);
void ec2_vpcs_free(struct ec2_vpcs *l);
void ec2_groups_free(struct ec2_groups *l);
void ec2_route_tables_free(struct ec2_route_tables *l);
void ec2_acls_free(struct ec2_acls *l);
void ec2_endpoints_free(struct ec2_endpoints *l);

#endif
