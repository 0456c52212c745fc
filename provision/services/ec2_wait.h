/* SPDX-License-Identifier: MIT */
/* EC2: waiting until a new resource is visible. */
#ifndef SERVICES_EC2_WAIT_H
#define SERVICES_EC2_WAIT_H

#include "client/client.h"

/* EC2 is eventually consistent: a resource may not be described for seconds
 * after its creation. Waits for a mirror target, filter or session or a
 * security group, by the prefix of its id. */
int ec2_wait_visible(struct aws_client *c, const char *id, unsigned int seconds,
		     struct aws_error *err);

#endif
