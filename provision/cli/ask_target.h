/* SPDX-License-Identifier: MIT */
#ifndef CLI_ASK_TARGET_H
#define CLI_ASK_TARGET_H

#include "cli/setup.h"

/* Asks where to send mirrored packets. */
enum prompt_answer ask_target(struct setup *s);

#endif
