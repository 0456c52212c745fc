/* SPDX-License-Identifier: MIT */
#ifndef SERVICES_ELBV2_SHAPES_H
#define SERVICES_ELBV2_SHAPES_H

#include "client/call.h"
#include "services/elbv2.h"

extern const struct shape elbv2_shape_load_balancer;
extern const struct shape elbv2_shape_target_group;
extern const struct shape elbv2_shape_listener;

#endif
