/* SPDX-License-Identifier: MIT */
/* The CloudWatch series that verify reads. */
#ifndef VERIFY_VERIFY_QUERIES_H
#define VERIFY_VERIFY_QUERIES_H

#include "model/inventory.h"
#include "verify/verify_extra.h"

/* Metrics are summed over the last hour. */
#define VERIFY_SECONDS 3600
#define VERIFY_PERIOD  300

/* Per instance of a source: packets mirrored, and skipped for lack of bandwidth. */
enum mirror_metric {
	MIRROR_IN,
	MIRROR_OUT,
	SKIP_IN,
	SKIP_OUT,
	N_MIRROR_METRICS
};
extern const char *const mirror_metrics[N_MIRROR_METRICS];

/* Per collector instance: all packets received. */
extern const char metric_packets_in[];
/* Per load balancer: bytes processed, and flows that its security group blocked. */
extern const char metric_lb_bytes[], metric_lb_blocked[];

/* Adds the series of a deployment to extra->queries. */
void verify_queries(struct verify_extra *extra, const struct inventory *inv,
		    const char *deployment);

/* Instances whose interfaces the deployment mirrors. */
struct str_list source_instances(struct arena *a, const struct inventory *inv,
				 const char *deployment);

/* Instances that receive the packets; *lb is set to the ARN of the load balancer
 * in front of them, or NULL. */
struct str_list collector_instances(struct arena *a,
				    const struct inventory *inv,
				    const char *deployment, const char **lb);

/* "net/NAME/ID": the CloudWatch dimension of a load balancer. */
const char *lb_dimension(const char *arn);

#endif
