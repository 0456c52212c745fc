/* SPDX-License-Identifier: MIT */
/* Sessions compared with what the collectors see. */
#ifndef VERIFY_VERIFY_COLLECTOR_H
#define VERIFY_VERIFY_COLLECTOR_H

#include "verify/verify_check.h"

void check_collector(struct checker *c);

#endif
