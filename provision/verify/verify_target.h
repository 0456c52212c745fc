/* SPDX-License-Identifier: MIT */
/* Checks of the packet length, the mirror target, the load balancer and the health
 * of the collectors. */
#ifndef VERIFY_VERIFY_TARGET_H
#define VERIFY_VERIFY_TARGET_H

#include "verify/verify_check.h"

/* In the order of the rows. */
void check_packet_length(struct checker *c);
void check_target(struct checker *c);
void check_health(struct checker *c);

#endif
