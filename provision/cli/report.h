/* SPDX-License-Identifier: MIT */
/* Pieces of output that several commands print. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <cjson/cJSON.h>

#include "cli/context.h"
#include "cli/view.h"

/* Rows of texts with their columns in line. */
struct table {
	const char *const *heads; /* NULL at the end */
	unsigned int columns;
	struct {
		const char **items; /* columns of each row, one after another */
		size_t n;
	} cells;
	struct {
		enum style *items; /* of the last column of each row */
		size_t n;
	} styles;
};

/* cells: one text for each head; NULL is empty. */
void table_row(struct arena *a, struct table *t, enum style style,
	       const char *const *cells);
/* Each line begins with indent blanks. */
void table_print(struct term *out, const struct table *t, unsigned int indent);

/* Prints the tree as JSON on standard output and deletes it. An exit code. */
int report_json(struct context *ctx, cJSON *tree);

/* A text member, null for NULL or "". */
void json_text(cJSON *to, const char *name, const char *text);
void json_number(cJSON *to, const char *name, double number);

/* A session as a member of arrays. */
cJSON *json_session(const struct inventory *f, const struct session_view *v);

enum style state_style(enum view_state state);

#endif
