/* SPDX-License-Identifier: MIT */
#ifndef CLI_ASK_FILTER_H
#define CLI_ASK_FILTER_H

#include "cli/setup.h"

/* Asks which packets to mirror. Returns ANSWER_END with s->code set after an
 * error, which has been logged. */
enum prompt_answer ask_filter(struct setup *s);

#endif
