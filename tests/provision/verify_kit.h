/* SPDX-License-Identifier: MIT */
/*
 * A healthy deployment in an in-memory account: tests break one thing at a time
 * and check the rows.
 */
#ifndef TEST_VERIFY_KIT_H
#define TEST_VERIFY_KIT_H

#include "verify/verify.h"
#include "plan_world.h"

struct scene {
	struct world w;
	struct verify_extra extra; /* attribute lists are allocated in w.mem */
};

#define SOURCES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* For the scene s: a writable string, its load balancer, the first
 * collector. */
#define TEXT(t) ((char *)arena_dup(&s->w.mem, t))
#define LB	(&s->w.inv.load_balancers.items[0])
#define TARGET	(&s->w.inv.registered.items[0].targets.items[0])

/* --- setting up --- */

/* Account, deployment and everything around it, with 1000 packets in every
 * metric that should count them. Freed after the test, or when the next scene
 * is created. */
struct scene *scene_set_up(void **state, const char *target,
			   const char *const *sources);

/* The same in two steps: the account alone, then a deployment with an open
 * network but without attributes and metrics. */
struct scene *scene_new(void **state);
void scene_deploy(struct scene *s, const struct spec *spec);

/* A cmocka teardown. */
int scene_teardown(void **state);

#define SCENE_TEST(f) cmocka_unit_test_teardown(f, scene_teardown)

/* --- changing it --- */

struct ec2_instance *scene_instance(struct scene *s, const char *id);
struct ec2_interface *scene_interface(struct scene *s, const char *id);
struct ec2_group *scene_group(struct scene *s, const char *id);

/* i-8 with eni-8 in subnet-b, healthy behind the load balancer. */
struct elbv2_target *scene_second_collector(struct scene *s);

/* An attribute of a load balancer or target group. */
void scene_attribute(struct scene *s, const char *arn, const char *key,
		     const char *value);

struct ec2_acl *scene_acl(struct scene *s, const char *id, const char *subnet);
void scene_acl_entry(struct scene *s, struct ec2_acl *a, int number,
		     bool egress, bool allow, const char *cidr);
/* In the main route table. */
void scene_route(struct scene *s, const char *cidr, const char *gateway,
		 const char *state);

/* Resets all metrics: 0 for those that indicate loss, 1000 for the others. */
void scene_metrics(struct scene *s);
/* Sets the sum of a metric's series for one resource, or (NULL) for all. */
void scene_metric(struct scene *s, const char *metric, const char *of,
		  double sum);

/* --- checking --- */

/* Verifies; asserts what holds for every row. */
void scene_verify(struct scene *s, struct verify_report *r);
/* Asserts that every row is OK. */
void scene_ok(struct scene *s);
/* Asserts that exactly one row is not OK: this one. The strings must occur in
 * those of the row. */
void scene_only(struct scene *s, enum verify_state state, const char *check,
		const char *subject, const char *detail, const char *fix);
bool scene_has(struct scene *s, enum verify_state state, const char *check);

/* Does so while a field has another value, and asserts that all is well
 * afterwards. */
void scene_fault(struct scene *s, char **field, const char *value,
		 enum verify_state state, const char *check,
		 const char *subject, const char *detail, const char *fix);

#endif
