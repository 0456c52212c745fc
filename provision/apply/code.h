/* SPDX-License-Identifier: MIT */
/*
 * Writes resources as Terraform (HCL, provider hashicorp/aws) or CloudFormation
 * (JSON). Both describe the same resources by different names, so each property
 * is listed once with its name in either language; NULL: it has none there.
 */
#ifndef APPLY_CODE_H
#define APPLY_CODE_H

#include "base/buf.h"
#include "apply/step_ops.h"

enum code_language { TERRAFORM, CLOUDFORMATION };

struct code {
	struct buf *b;
	const struct plan *plan;
	enum code_language language;
	/* Before code_begin(): a step whose resource must exist first, though
	 * nothing refers to it; -1: none. */
	int depends_on;
	bool any_resource, any_property;
};

/* The resource of step number i; part numbers the resources of a step that has
 * several, from 0. */
void code_begin(struct code *c, int i, size_t part);
void code_end(struct code *c);
/* Appends HCL with the equals signs aligned, as "terraform fmt" does. */
void code_align(struct buf *out, const char *text);
/* The name of the resource of a step: "aws_lb.metlo_3", "LoadBalancer3". */
void code_name(struct code *c, int step);

/* Properties. */
void code_text(struct code *c, const char *tf, const char *cfn,
	       const char *value);
void code_number(struct code *c, const char *tf, const char *cfn,
		 unsigned int value);
void code_ref(struct code *c, const char *tf, const char *cfn, struct ref r);
void code_texts(struct code *c, const char *tf, const char *cfn,
		const struct str_list *l);
void code_ports(struct code *c, const char *tf, const char *cfn,
		const struct port_range *r);
void code_tags(struct code *c, const struct tag_list *l);

/* For properties with a structure of their own: the name (CloudFormation only),
 * then formatted text of at most 255 bytes and values. */
void code_key(struct code *c, const char *cfn);
void code_add(struct code *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void code_string(struct code *c, const char *s); /* NULL is "" */
void code_ref_value(struct code *c, struct ref r);
/* CloudFormation: a list of objects with Key and Value. */
void code_pairs(struct code *c, const char *cfn, const struct tag_list *l);

#endif
