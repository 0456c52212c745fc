/* SPDX-License-Identifier: MIT */
/* Checks of sources, sessions, filter and mirrored instances. */
#ifndef VERIFY_VERIFY_SESSIONS_H
#define VERIFY_VERIFY_SESSIONS_H

#include "verify/verify_check.h"

/* In the order of the rows. */
void check_sources(struct checker *c);
void check_sessions(struct checker *c);
void check_instances(struct checker *c);

#endif
