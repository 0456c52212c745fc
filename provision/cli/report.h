/* SPDX-License-Identifier: MIT */
/* Pieces of output that several commands print. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <cjson/cJSON.h>

#include "cli/context.h"
#include "cli/view.h"

/* Prints the tree as JSON on standard output and deletes it. An exit code. */
int report_json(struct context *ctx, cJSON *tree);

/* A text member, null for NULL or "". */
void json_text(cJSON *to, const char *name, const char *text);
void json_number(cJSON *to, const char *name, double number);

/* A session as a member of arrays. */
cJSON *json_session(const struct inventory *f, const struct session_view *v);

enum style state_style(enum view_state state);

#endif
