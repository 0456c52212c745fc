/* SPDX-License-Identifier: MIT */
#ifndef CLI_ASK_REGION_H
#define CLI_ASK_REGION_H

#include "cli/setup.h"

/* Both return ANSWER_END with s->code set after an error, which has been
 * logged. ask_region() loads the account of the chosen region. */
enum prompt_answer ask_region(struct setup *s);
enum prompt_answer ask_deployment(struct setup *s);

#endif
