/* SPDX-License-Identifier: MIT */
#ifndef CLI_ASK_SOURCES_H
#define CLI_ASK_SOURCES_H

#include "cli/setup.h"

/* Asks what to mirror. */
enum prompt_answer ask_sources(struct setup *s);

#endif
