/* SPDX-License-Identifier: MIT */
/*
 * A deployment that verify has nothing to say against, in a small AWS: tests
 * break one thing at a time and look at the rows.
 */
#ifndef TEST_VERIFY_KIT_H
#define TEST_VERIFY_KIT_H

#include "verify/verify.h"
#include "plan_world.h"

struct scene {
	struct world w;
	struct verify_extra extra; /* lists of attributes are in w.mem */
};

#define SOURCES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Of the scene s: a writable text, its load balancer, the first collector. */
#define TEXT(t) ((char *)arena_dup(&s->w.mem, t))
#define LB	(&s->w.inv.load_balancers.items[0])
#define TARGET	(&s->w.inv.registered.items[0].targets.items[0])

/* --- making one --- */

/* World, deployment and all that belongs to it, 1000 packets of everything that
 * should be counted. It goes with the test, or when the next one is made. */
struct scene *scene_set_up(void **state, const char *target,
			   const char *const *sources);

/* In two steps: the world alone, then a deployment with an open network, but
 * neither attributes nor metrics. */
struct scene *scene_new(void **state);
void scene_deploy(struct scene *s, const struct spec *spec);

/* Of cmocka. */
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

/* All metrics anew: none that tells of loss, 1000 of the others. */
void scene_metrics(struct scene *s);
/* The sum of a metric's series, of those of one thing or (NULL) of all. */
void scene_metric(struct scene *s, const char *metric, const char *of,
		  double sum);

/* --- looking at it --- */

/* The report; what holds for every row is asserted. */
void scene_look(struct scene *s, struct verify_report *r);
/* Every row is OK. */
void scene_well(struct scene *s);
/* Exactly one row is not OK: this one. Texts are parts of the row's. */
void scene_only(struct scene *s, enum verify_state state, const char *check,
		const char *subject, const char *detail, const char *fix);
bool scene_has(struct scene *s, enum verify_state state, const char *check);

/* The same while a field has another text; all is well afterwards. */
void scene_fault(struct scene *s, char **field, const char *value,
		 enum verify_state state, const char *check,
		 const char *subject, const char *detail, const char *fix);

#endif
