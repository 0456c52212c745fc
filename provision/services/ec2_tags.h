/* SPDX-License-Identifier: MIT */
/* EC2: tags of any resource. dry_run as in ec2_mirror.h. */
#ifndef SERVICES_EC2_TAGS_H
#define SERVICES_EC2_TAGS_H

#include "client/client.h"

int ec2_create_tags(struct aws_client *c, struct aws_names ids,
		    struct aws_new_tags tags, bool dry_run,
		    struct aws_error *err);
/* A tag with the value NULL is deleted whatever its value. */
int ec2_delete_tags(struct aws_client *c, struct aws_names ids,
		    struct aws_new_tags tags, bool dry_run,
		    struct aws_error *err);

#endif
