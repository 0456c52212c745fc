/* SPDX-License-Identifier: MIT */
/* Traffic Mirroring quotas, none of which AWS raises on request, and limits of
 * names and tags. */
#ifndef MODEL_LIMITS_H
#define MODEL_LIMITS_H

#define LIMIT_SESSIONS_PER_SOURCE    3
#define LIMIT_SOURCES_PER_ENI_TARGET 10
#define LIMIT_SOURCES_PER_BIG_TARGET 100 /* the largest instance sizes */
#define LIMIT_SESSIONS		     10000
#define LIMIT_TARGETS		     10000
#define LIMIT_FILTERS		     10000

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

#endif
