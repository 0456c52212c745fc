/* SPDX-License-Identifier: MIT */
/* The parameters of a request to a query service (EC2, ELB, STS, CloudWatch). */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "http/types.h"
#include "base/buf.h"

/* Percent-encodes all but the unreserved characters of RFC 3986. */
void uri_encode(struct buf *to, const char *p, size_t n);

/* Zero-initialised is empty. A failed allocation sets body.failed. */
struct aws_query {
	struct buf body;
};

void query_free(struct aws_query *q);

/* Append name=value, where name is a printf format. A NULL value appends
 * nothing. */
void query_string(struct aws_query *q, const char *value, const char *name, ...)
	__attribute__((format(printf, 3, 4)));
void query_number(struct aws_query *q, int64_t value, const char *name, ...)
	__attribute__((format(printf, 3, 4)));
void query_bool(struct aws_query *q, bool value, const char *name, ...)
	__attribute__((format(printf, 3, 4)));

/* Appends prefix.1, prefix.2, ... All services except EC2 expect a prefix that
 * ends with ".member". */
void query_names(struct aws_query *q, struct aws_names names,
		 const char *prefix);
/* Appends TagSpecification.1, which an EC2 create action takes; nothing if there
 * are no tags. */
void query_tag_specification(struct aws_query *q, const char *resource_type,
			     struct aws_new_tags tags);
/* Appends prefix.1.Key, prefix.1.Value, ... A NULL value is left out. */
void query_tags(struct aws_query *q, struct aws_new_tags tags,
		const char *prefix);

#endif
