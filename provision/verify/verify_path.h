/* SPDX-License-Identifier: MIT */
/* Checks of network ACLs and routes. */
#ifndef VERIFY_VERIFY_PATH_H
#define VERIFY_VERIFY_PATH_H

#include "verify/verify_check.h"

/* In the order of the rows. */
void check_acls(struct checker *c);
void check_routes(struct checker *c);

#endif
