/* SPDX-License-Identifier: MIT */
/* Parameters of a call in the query protocol, as a form is encoded. */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "http/types.h"
#include "base/buf.h"

/* RFC 3986: everything but unreserved characters as %XX. */
void uri_encode(struct buf *to, const char *p, size_t n);

/* Zero-initialised is empty. Failures of memory stay in body.failed. */
struct query {
	struct buf body;
};

void query_free(struct query *q);

/* Adds name=value; a NULL value adds nothing. name is a printf format. */
void query_string(struct query *q, const char *value, const char *name, ...)
	__attribute__((format(printf, 3, 4)));
void query_number(struct query *q, int64_t value, const char *name, ...)
	__attribute__((format(printf, 3, 4)));
void query_bool(struct query *q, bool value, const char *name, ...)
	__attribute__((format(printf, 3, 4)));

/* prefix.1, prefix.2, ...; of the query services prefix is "X.member". */
void query_names(struct query *q, struct aws_names names, const char *prefix);
/* TagSpecification.1 of an EC2 create action; nothing without tags. */
void query_tag_specification(struct query *q, const char *resource_type,
			     struct aws_new_tags tags);
/* prefix.1.Key, prefix.1.Value, ... A NULL value is left out. */
void query_tags(struct query *q, struct aws_new_tags tags, const char *prefix);

#endif
