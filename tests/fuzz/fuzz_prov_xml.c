/* SPDX-License-Identifier: MIT */
/* XML responses of AWS: the tree, the shapes that read it, and errors. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/ec2_instances.h"
#include "services/ec2_network.h"
#include "services/elbv2.h"
#include "http/error_codes.h"
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const struct xml_node *node, unsigned int depth)
{
	size_t n = 0;

	if (depth > XML_MAX_DEPTH)
		abort();
	for (; node; node = node->next) {
		if (!node->name || !node->text)
			abort();
		n++;
		if (strchr(node->name, ':'))
			abort();
		n += count(node->child, depth + 1);
	}
	return n;
}

static void read_lists(const struct xml_node *root)
{
	static shape_fn *const shapes[] = {
		ec2_interfaces_shape,
		ec2_groups_shape,
		ec2_acls_shape,
		aws_tags_shape,
		elbv2_load_balancers_shape,
		elbv2_target_groups_shape,
		elbv2_listeners_shape,
	};
	size_t i;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct shape_list list = {0};
		int error = shape_append_xml(shapes[i](), root, &list);

		if (error && error != -EPROTO && error != -ENOMEM)
			abort();
		shape_free_list(shapes[i](), &list);
	}
}

static void read_error(const uint8_t *data, size_t size)
{
	struct http_response response = {.status = 400};
	struct aws_error err = {0};
	char text[512], permission[64];
	int error;

	buf_add(&response.body, data, size);
	buf_add(&response.body, "", 1);
	if (response.body.failed)
		return;
	response.body.len--;
	error = aws_response_error(&response, &err);
	if (!error || !err.kind || error != aws_error_errno(err.kind))
		abort();
	if (!*aws_error_text(&err, text, sizeof(text)))
		abort();
	if (aws_error_permission(&err, permission, sizeof(permission)) &&
	    !strchr(permission, ':'))
		abort();
	http_response_free(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xml x;
	int error = xml_parse(&x, data, size);

	if (!error) {
		if (!x.root || count(x.root, 1) > XML_MAX_NODES)
			abort();
		read_lists(x.root);
		if (x.root->child)
			read_lists(x.root->child);
	} else if (x.root || x.memory) {
		abort();
	}
	xml_free(&x);
	read_error(data, size);
	return 0;
}
