/* SPDX-License-Identifier: MIT */
/* JSON responses: shapes (as for ECS) and credentials. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "auth/cred_json.h"
#include "client/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct leaf {
	char *name;
	char *value;
	int64_t number;
	bool on;
	double ratio;
};
struct leaves {
	struct leaf *items;
	size_t n;
};
struct task {
	char *arn;
	int64_t count;
	struct leaf one;
	struct leaves details;
	struct aws_strings arns;
	struct aws_strings inner;
	struct {
		double *items;
		size_t n;
	} values;
};

static const struct shape shape_leaf = {
	sizeof(struct leaf),
	ROWS(ROW(leaf, name, STRING, "name"), ROW(leaf, value, STRING, "value"),
	     ROW(leaf, number, NUMBER, "number", .missing = -1),
	     ROW(leaf, on, BOOL, "on"), ROW(leaf, ratio, DOUBLE, "ratio")),
};
static const struct shape shape_task = {
	sizeof(struct task),
	ROWS(ROW(task, arn, STRING, "taskArn"), ROW(task, count, NUMBER, "a/b"),
	     ROW(task, one, STRUCT, "one", .of = &shape_leaf),
	     ROW(task, details, LIST, "details", .of = &shape_leaf),
	     ROW(task, arns, STRINGS, "arns"),
	     ROW(task, inner, STRINGS, "inner", .inner = "name"),
	     ROW(task, values, VALUES, "values")),
};

static void read_credentials(const cJSON *json)
{
	struct credentials c = {0};
	struct aws_error err = {0};
	const char *p;

	if (cred_json_read(json, "Token", "fuzz", &c, &err)) {
		if (!err.kind || c.access_key)
			abort();
	} else {
		/* A control character could inject a header. */
		for (p = c.access_key; *p; p++)
			if (*p <= ' ' || *p > '~')
				abort();
		if (!c.secret || !*c.secret)
			abort();
	}
	credentials_wipe(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shape_list list = {0};
	struct task task;
	cJSON *json = cred_json_parse(data, size);

	if (!shape_from_json(&shape_task, json, &task)) {
		if (task.details.n && !task.details.items)
			abort();
		shape_free(&shape_task, &task);
	}
	shape_append_json(&shape_task, json, &list);
	shape_free_list(&shape_task, &list);
	read_credentials(json);
	cred_json_free(json);
	return 0;
}
