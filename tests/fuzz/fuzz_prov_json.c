/* SPDX-License-Identifier: MIT */
/* JSON responses: shapes (as for ECS) and credentials. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "auth/cred_json.h"
#include "client/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_LEAF(X)                    \
	X(STRING, name, "name|Name")    \
	X(STRING, value, "value")       \
	X(NUMBER, number, "number", -1) \
	X(BOOL, on, "on")               \
	X(EQUALS, is_a, "value", "a")
SHAPE(fuzz_leaf, fuzz_leaves, FUZZ_LEAF);
SHAPE_TABLE(fuzz_leaf, fuzz_leaves, FUZZ_LEAF)

#define FUZZ_TREE(X)                             \
	X(STRING, arn, "taskArn")                \
	X(NUMBER, count, "a/b")                  \
	X(LIST, details, "details", fuzz_leaves) \
	X(STRINGS, arns, "arns")                 \
	X(STRINGS, inner, "inner", "name")       \
	X(VALUES, values, "values")              \
	X(SUM, sum, "values")
SHAPE(fuzz_tree, fuzz_trees, FUZZ_TREE);
SHAPE_TABLE(fuzz_tree, fuzz_trees, FUZZ_TREE)

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
	struct fuzz_trees list = {0};
	struct fuzz_tree tree;
	cJSON *json = cred_json_parse(data, size);

	if (!shape_from_json(fuzz_trees_shape(), json, &tree)) {
		if (tree.details.n && !tree.details.items)
			abort();
		shape_free(fuzz_trees_shape(), &tree);
	}
	shape_append_json(fuzz_trees_shape(), json, (struct shape_list *)&list);
	fuzz_trees_free(&list);
	read_credentials(json);
	cred_json_free(json);
	return 0;
}
