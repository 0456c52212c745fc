/* SPDX-License-Identifier: MIT */
/* Checks of what CloudWatch counted. */
#ifndef VERIFY_VERIFY_METRICS_H
#define VERIFY_VERIFY_METRICS_H

#include "verify/verify_check.h"

/* In the order of the rows. */
void check_metrics(struct checker *c);

#endif
