/* SPDX-License-Identifier: MIT */
/* The endpoints of AWS services. */
#ifndef HTTP_ENDPOINT_H
#define HTTP_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#define ENDPOINT_MAX 512

/* The partition of a region: "aws", "aws-cn", "aws-us-gov" or "aws-eusc". */
const char *endpoint_partition(const char *region);

/* Does it look like the name of a region, such as "eu-central-1"? The name
 * becomes part of a host name, so other characters are rejected. */
bool endpoint_region_valid(const char *region);

/* Variants of AWS's endpoints. */
struct endpoint_options {
	bool fips, dual_stack;
};

/* The same for the variants of the services that metlo-mirror calls. */
int endpoint_url_variant(const char *service, const char *region,
			 struct endpoint_options options, char *to, size_t n);

/* Writes "https://SERVICE.REGION.DOMAIN", where service is the first part of the
 * host name ("ec2", "portal.sso"). 0 or -ENAMETOOLONG. */
int endpoint_url(const char *service, const char *region, char *to, size_t n);

/* Splits an http or https URL into the value of the Host header (without the
 * default port) and the path ("/" if there is none). 0, or -EINVAL if it is not
 * such a URL or has user information, a query or a fragment. */
int endpoint_split(const char *url, char host[ENDPOINT_MAX],
		   char path[ENDPOINT_MAX]);

#endif
