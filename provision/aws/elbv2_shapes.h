/* SPDX-License-Identifier: MIT */
#ifndef AWS_ELBV2_SHAPES_H
#define AWS_ELBV2_SHAPES_H

#include "aws/call.h"
#include "aws/elbv2.h"

extern const struct shape elbv2_shape_load_balancer;
extern const struct shape elbv2_shape_target_group;
extern const struct shape elbv2_shape_listener;

#endif
