/* SPDX-License-Identifier: MIT */
/* Builds and splits the URLs of AWS endpoints. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "http/endpoint.h"

/* An AWS partition: separate accounts and domains. */
struct partition {
	const char *prefix; /* of the names of its regions */
	const char *name;
	const char *domain;
	const char *dual_stack; /* domain of endpoints with IPv6 */
};

static const struct partition partitions[] = {
	{"cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
	{"us-gov-", "aws-us-gov", "amazonaws.com", "api.aws"},
	{"eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"},
	{"", "aws", "amazonaws.com", "api.aws"},
};

static const struct partition *partition_of(const char *region)
{
	const struct partition *p = partitions;

	while (strncmp(region, p->prefix, strlen(p->prefix)) != 0)
		p++;
	return p;
}

const char *endpoint_partition(const char *region)
{
	return partition_of(region)->name;
}

bool endpoint_region_valid(const char *region)
{
	size_t n = strlen(region);

	return n >= 2 && n <= 32 && region[0] != '-' && region[n - 1] != '-' &&
	       strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

int endpoint_url_variant(const char *service, const char *region,
			 struct endpoint_options options, char *to, size_t n)
{
	const struct partition *p = partition_of(region);
	/* In GovCloud the regular endpoints comply with FIPS, except that of
	 * ECS. */
	bool marked = options.fips &&
		      (options.dual_stack || strcmp(p->name, "aws-us-gov") ||
		       !strcmp(service, "ecs"));
	int len = snprintf(to, n, "https://%s%s.%s.%s", service,
			   marked ? "-fips" : "", region,
			   options.dual_stack ? p->dual_stack : p->domain);

	return len > 0 && (size_t)len < n ? 0 : -ENAMETOOLONG;
}

int endpoint_url(const char *service, const char *region, char *to, size_t n)
{
	return endpoint_url_variant(service, region,
				    (struct endpoint_options){0}, to, n);
}

int endpoint_split(const char *url, char host[ENDPOINT_MAX],
		   char path[ENDPOINT_MAX])
{
	const char *default_port, *p = url;
	size_t n;

	if (!strncmp(p, "https://", strlen("https://"))) {
		p += strlen("https://");
		default_port = ":443";
	} else if (!strncmp(p, "http://", strlen("http://"))) {
		p += strlen("http://");
		default_port = ":80";
	} else {
		return -EINVAL;
	}
	if (strpbrk(p, "?#@ \t\r\n\"\\"))
		return -EINVAL;
	n = strcspn(p, "/");
	if (!n || n >= ENDPOINT_MAX || strlen(p + n) >= ENDPOINT_MAX)
		return -EINVAL;
	strcpy(path, p[n] ? p + n : "/");
	memcpy(host, p, n);
	host[n] = 0;
	if (n > strlen(default_port) &&
	    !strcmp(host + n - strlen(default_port), default_port))
		host[n - strlen(default_port)] = 0;
	return 0;
}
