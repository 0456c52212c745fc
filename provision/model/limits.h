/* SPDX-License-Identifier: MIT */
/* Limits that are the same in every account, also of names and tags; quota.h has
 * those of the account. */
#ifndef MODEL_LIMITS_H
#define MODEL_LIMITS_H

#define LIMIT_SESSIONS_PER_SOURCE    3
#define LIMIT_SOURCES_PER_ENI_TARGET 10
#define LIMIT_SOURCES_PER_BIG_TARGET 100 /* the largest instance sizes */

#define LIMIT_TAG_KEY	128 /* characters */
#define LIMIT_TAG_VALUE 256 /* characters */
#define LIMIT_TAGS	50  /* per resource */

#define LIMIT_LB_NAME 32 /* load balancers and target groups */

#define VXLAN_PORT  4789
#define GENEVE_PORT 6081

/* The health check of our target groups: metlo-xdp answers there while it is
 * attached; AWS cannot check over UDP. */
#define HEALTH_PROTOCOL "TCP"
#define HEALTH_PORT	"4789"

/* The addresses of our load balancers. */
#define LB_ADDRESS_TYPE "ipv4"

#endif
