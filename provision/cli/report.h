/* SPDX-License-Identifier: MIT */
/* JSON output and styles shared by the commands. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <cjson/cJSON.h>

#include "cli/context.h"
#include "cli/status.h"

/* Prints the tree on standard output and deletes it. Returns an exit code. */
int report_json(struct context *ctx, cJSON *tree);

/* Add a member; text NULL or "" becomes null. */
void json_text(cJSON *to, const char *name, const char *text);
void json_number(cJSON *to, const char *name, double number);

/* Appends a new object to an array and returns it. */
cJSON *json_append(cJSON *array);

/* A new object with the region and account of the inventory. */
cJSON *json_result(const struct inventory *inv);

/* A session as an object. */
cJSON *json_session(const struct inventory *inv,
		    const struct session_status *v);

enum style state_style(enum mirroring_state state);

/* Adds the member tags: an object of keys and values. */
void json_tags(cJSON *o, const struct tag_list *l);

#endif
