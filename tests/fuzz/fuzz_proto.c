/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of any bytes, and a message of their first type. The first two bytes
 * are the length of the descriptors; without them, the message is of the types
 * with a JSON form of their own.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "grpc/proto_descriptor.h"
#include "grpc/proto_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define JSON_MAX (1u << 16)

static void must(bool so)
{
	if (!so)
		abort();
}

static void print(const struct proto_set *set, const struct proto_message *m,
		  const uint8_t *p, size_t n)
{
	struct buf json = {0}, again = {0};

	buf_add_str(&json, "before");
	if (proto_json(&json, set, m, p, n, JSON_MAX)) {
		must(json.len > 6 && json.len <= JSON_MAX);
		must(proto_json(&again, set, m, p, n, JSON_MAX));
		must(again.len == json.len - 6 &&
		     !memcmp(again.p, json.p + 6, again.len));
	} else {
		must(json.len == 6);
	}
	buf_free(&json);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A file without a type. */
	static const uint8_t none[] = {0x0a, 0x02, 0x12, 0x00};
	const uint8_t *types = none, *p;
	size_t n = sizeof(none), left;
	struct parse_error err;
	struct proto_set *set;
	unsigned int printed = 0;

	if (size < 2)
		return 0;
	p = data + 2;
	left = size - 2;
	if (data[0] || data[1]) {
		n = (size_t)data[0] << 8 | data[1];
		n = n < left ? n : left;
		types = p;
		p += n;
		left -= n;
	}
	set = proto_set_parse(types, n, &err);
	must(set || strlen(err.text));
	if (!set)
		return 0;
	FOREACH(m, &set->messages) {
		must(proto_set_message(set, (*m)->name.p, (*m)->name.n) == *m);
		if (types == none || ((*m)->special == PROTO_ORDINARY &&
				      !(*m)->map_entry && printed++ < 4))
			print(set, *m, p, left);
	}
	FOREACH(m, &set->methods)
		must((*m)->in && (*m)->out);
	proto_set_free(set);
	return 0;
}
