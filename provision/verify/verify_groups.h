/* SPDX-License-Identifier: MIT */
/* The check of security groups. */
#ifndef VERIFY_VERIFY_GROUPS_H
#define VERIFY_VERIFY_GROUPS_H

#include "verify/verify_check.h"

void check_groups(struct checker *c);

#endif
