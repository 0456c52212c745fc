/* SPDX-License-Identifier: MIT */
/* Where the services are. */
#ifndef HTTP_ENDPOINT_H
#define HTTP_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#define ENDPOINT_MAX 512

/* "aws", "aws-cn", "aws-us-gov", "aws-eusc" by the name of the region. */
const char *endpoint_partition(const char *region);

/* Letters, digits and hyphens only, as in "eu-central-1". */
bool endpoint_region_valid(const char *region);

/* "https://ec2.eu-central-1.amazonaws.com": service as in the host name
 * (also "portal.sso"); false if it does not fit. */
bool endpoint_url(const char *service, const char *region, char *to, size_t n);

/* The host (with a port that is not the scheme's own) as it stands in the Host
 * header, and the path ("/" if none) of an http or https URL. false: it is
 * none, or has user information, a query or a fragment. */
bool endpoint_split(const char *url, char host[ENDPOINT_MAX],
		    char path[ENDPOINT_MAX]);

#endif
