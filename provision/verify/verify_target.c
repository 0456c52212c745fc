/* SPDX-License-Identifier: MIT */
/* Does the target accept the packets sent to it? */
#include <string.h>
#include <strings.h>

#include "model/limits.h"
#include "base/list.h"
#include "verify/verify_target.h"

#define NAMES_MAX 5

/* --- packet length --- */

#define VXLAN_OVERHEAD 54   /* outer Ethernet through VXLAN header, IPv4 */
#define WHOLE_PACKET   1514 /* Ethernet frame of MTU 1500 */
#define JUMBO_MTU      9001
#define GATEWAY_MTU    8500 /* of transit gateways and GWLB endpoints */
#define NLB_LENGTH     8500 /* the longest packet that AWS mirrors to an NLB */

/* The largest source packet that arrives untruncated. */
static unsigned int largest_whole(const struct checker *c)
{
	switch (c->plan.spec.target.type) {
	case TARGET_NLB:
		return NLB_LENGTH;
	case TARGET_GWLBE:
		return GATEWAY_MTU - VXLAN_OVERHEAD;
	case TARGET_MIRROR:
		if (c->lb)
			return NLB_LENGTH;
		break;
	case TARGET_ENI:
	case TARGET_PLACED:
		break;
	}
	return JUMBO_MTU - VXLAN_OVERHEAD;
}

/* Sessions truncate because the spec says so, or because someone changed them
 * by hand. */
static const char *length_fix(struct checker *c)
{
	if (c->plan.spec.packet_length)
		return check_mirror(c, arena_printf(c->a,
						    "setup --packet-length %u",
						    largest_whole(c)));
	return check_mirror(c, "sync");
}

void check_packet_length(struct checker *c)
{
	FOREACH(s, &c->sessions) {
		if (s->packet_length <= 0 || s->packet_length >= WHOLE_PACKET)
			continue;
		check_row(
			c, VERIFY_WARN, CHECK_PACKET_LENGTH, s->id,
			length_fix(c),
			"truncates each packet after %ld bytes: longer headers and bodies are incomplete",
			(long)s->packet_length);
	}
	if (c->sessions.n && !check_has(c, CHECK_PACKET_LENGTH))
		check_row(
			c, VERIFY_OK, CHECK_PACKET_LENGTH, c->name, "",
			"packets of up to %u bytes arrive complete if the MTU of the collector allows; larger ones are truncated",
			largest_whole(c));
}

/* --- target --- */

static void interface_rows(struct checker *c)
{
	const char *id = c->eni ? c->eni->id : c->plan.spec.target.id;
	const struct ec2_instance *i;

	if (!c->eni) {
		check_row(
			c, VERIFY_FAIL, CHECK_TARGET, id,
			arena_printf(c->a,
				     "name another interface with --target: %s",
				     check_mirror(c, "setup")),
			"the collector's network interface no longer exists");
		return;
	}
	i = inventory_instance(c->inv, c->eni->instance_id);
	if (!str_same(c->eni->status, "in-use"))
		check_row(
			c, VERIFY_FAIL, CHECK_TARGET, id,
			"attach it to the collector, or name another interface with --target",
			"the collector's network interface is not attached to an instance");
	else if (i && !str_same(i->state, "running"))
		check_row(c, VERIFY_FAIL, CHECK_TARGET, id,
			  check_aws(c, "ec2 start-instances --instance-ids %s",
				    i->id),
			  "the collector %s is %s, not running", i->id,
			  i->state ? i->state : "in an unknown state");
}

static void endpoint_rows(struct checker *c)
{
	const char *id = c->plan.spec.target.id;

	if (!c->endpoint)
		check_row(
			c, VERIFY_FAIL, CHECK_TARGET, id,
			arena_printf(c->a,
				     "name another endpoint with --target: %s",
				     check_mirror(c, "setup")),
			"the Gateway Load Balancer endpoint no longer exists");
	else if (!str_empty(c->endpoint->state) &&
		 strcasecmp(c->endpoint->state, "available") != 0)
		check_row(
			c, VERIFY_FAIL, CHECK_TARGET, id,
			"accept the connection in the account of the endpoint service: aws ec2 accept-vpc-endpoint-connections",
			"the endpoint is %s, not available",
			c->endpoint->state);
}

static bool cross_zone(const struct checker *c, const char *tg, bool *known)
{
	static const char key[] = "load_balancing.cross_zone.enabled";
	const char *v = tg ? verify_attribute(c->extra, tg, key) : NULL;

	/* The setting of the target group overrides that of the load
	 * balancer. */
	if (!v || !strcmp(v, "use_load_balancer_configuration"))
		v = verify_attribute(c->extra, c->lb->arn, key);
	*known = v != NULL;
	return v && !strcmp(v, "true");
}

static bool has_zone(const struct elbv2_load_balancer *lb, const char *zone)
{
	FOREACH(z, &lb->zones)
		if (str_same(z->name, zone))
			return true;
	return false;
}

/* Whether the zone itself has a healthy collector. */
static bool served(const struct checker *c, const char *zone)
{
	FOREACH(r, &c->receivers) {
		const char *in = r->eni	       ? r->eni->zone
				 : r->instance ? r->instance->zone
					       : NULL;

		if (str_same(in, zone) && r->target &&
		    str_same(r->target->state, "healthy"))
			return true;
	}
	return false;
}

static void cross_zone_row(struct checker *c, const char *tg)
{
	struct str_list lost = {0};
	bool known, on = cross_zone(c, tg, &known);

	if (!known) {
		check_unknown(c, CHECK_CROSS_ZONE, c->lb->name);
		return;
	}
	for (size_t i = 0; i < c->plan.sources.n && !on; i++) {
		const char *zone = c->plan.sources.items[i].eni->zone;

		if (!str_empty(zone) &&
		    (!has_zone(c->lb, zone) || !served(c, zone)))
			str_list_add(c->a, &lost, zone);
	}
	if (lost.n)
		check_row(
			c, VERIFY_FAIL, CHECK_CROSS_ZONE, c->lb->name,
			check_aws(
				c,
				"elbv2 modify-load-balancer-attributes --load-balancer-arn %s --attributes Key=load_balancing.cross_zone.enabled,Value=true",
				c->lb->arn),
			"is off, and no healthy collector is in %s: traffic mirrored there is lost",
			str_list_text(c->a, &lost, NAMES_MAX));
	else
		check_row(
			c, VERIFY_OK, CHECK_CROSS_ZONE, c->lb->name, "",
			on ? "is on"
			   : "is off; every source zone has a healthy collector of its own");
}

static void stickiness_row(struct checker *c, const char *tg)
{
	const char *on = verify_attribute(c->extra, tg, "stickiness.enabled");
	const char *type = verify_attribute(c->extra, tg, "stickiness.type");

	if (c->receivers.n < 2)
		check_row(c, VERIFY_OK, CHECK_STICKINESS, c->lb->name, "",
			  "irrelevant with a single collector");
	else if (!on)
		check_unknown(c, CHECK_STICKINESS, c->lb->name);
	else if (strcmp(on, "true") != 0 || !str_same(type, "source_ip"))
		check_row(
			c, VERIFY_FAIL, CHECK_STICKINESS, c->lb->name,
			check_aws(
				c,
				"elbv2 modify-target-group-attributes --target-group-arn %s --attributes Key=stickiness.enabled,Value=true Key=stickiness.type,Value=source_ip",
				tg),
			"is not by source IP: the two directions of a connection may reach different collectors, each of which then sees only half of it");
	else
		check_row(
			c, VERIFY_OK, CHECK_STICKINESS, c->lb->name, "",
			"by source IP: all packets of an interface go to the same collector");
}

static void listener_rows(struct checker *c)
{
	bool ours = str_empty(c->plan.spec.target.id);

	if (!c->listener) {
		check_row(
			c, VERIFY_FAIL, CHECK_LISTENER, c->lb->name,
			ours ? check_mirror(c, "sync")
			     : "create one that forwards to a UDP target group with the collectors",
			"has no UDP listener on port %d: AWS silently drops mirrored packets",
			VXLAN_PORT);
		return;
	}
	if (!c->listener->target_group_arns.n) {
		check_row(
			c, VERIFY_FAIL, CHECK_LISTENER, c->lb->name,
			c->current.tg
				? check_aws(
					  c,
					  "elbv2 modify-listener --listener-arn %s --default-actions Type=forward,TargetGroupArn=%s",
					  c->listener->arn, c->current.tg->arn)
				: "let it forward to a UDP target group with the collectors",
			"its UDP listener on port %d has no target group to forward to",
			VXLAN_PORT);
		return;
	}
	check_row(c, VERIFY_OK, CHECK_LISTENER, c->lb->name, "", "UDP port %d",
		  VXLAN_PORT);
	cross_zone_row(c, c->listener->target_group_arns.items[0]);
	stickiness_row(c, c->listener->target_group_arns.items[0]);
}

static void lb_rows(struct checker *c)
{
	const char *id = c->plan.spec.target.id;

	if (!c->lb) {
		check_row(c, VERIFY_FAIL, CHECK_BALANCER,
			  str_empty(id) ? c->name : id,
			  str_empty(id)
				  ? check_mirror(c, "sync")
				  : check_mirror(c, "setup --target nlb:new"),
			  "the network load balancer no longer exists");
		return;
	}
	if (!str_same(c->lb->state, "active"))
		check_row(
			c,
			str_same(c->lb->state, "provisioning") ||
					str_same(c->lb->state,
						 "active_impaired")
				? VERIFY_WARN
				: VERIFY_FAIL,
			CHECK_BALANCER, c->lb->name,
			str_same(c->lb->state, "provisioning")
				? "wait: it takes 2 to 5 minutes"
				: "remove it and set it up again, or contact AWS support",
			"is %s%s%s", c->lb->state ? c->lb->state : "?",
			str_empty(c->lb->state_reason) ? "" : ": ",
			c->lb->state_reason ? c->lb->state_reason : "");
	else
		check_row(c, VERIFY_OK, CHECK_BALANCER, c->lb->name, "",
			  "active, in %zu zone%s, %s", c->lb->zones.n,
			  c->lb->zones.n == 1 ? "" : "s",
			  c->lb->scheme ? c->lb->scheme : "");
	listener_rows(c);
}

/* Where the sessions go is a matter of the sessions; here each collector that has a
 * target must run. */
static void placed_rows(struct checker *c)
{
	struct str_list l = {0};

	FOREACH(r, &c->receivers) {
		str_list_add(c->a, &l, r->eni->id);
		if (!r->instance || !str_same(r->instance->state, "running"))
			check_row(
				c, VERIFY_FAIL, CHECK_TARGET, r->eni->id,
				check_mirror(c, "sync"),
				"the collector does not run; sync moves its sources to others");
	}
	if (!l.n)
		check_row(c, VERIFY_FAIL, CHECK_TARGET, c->name,
			  check_mirror(c, "sync"),
			  "no mirror target for the collectors");
	else if (!check_has(c, CHECK_TARGET))
		check_row(c, VERIFY_OK, CHECK_TARGET,
			  str_list_text(c->a, &l, 4), "",
			  "%zu collector interface%s", l.n,
			  l.n == 1 ? "" : "s");
}

void check_target(struct checker *c)
{
	const char *id = c->plan.target.id;
	enum target_type type = c->plan.spec.target.type;

	if (type == TARGET_PLACED) {
		placed_rows(c);
		return;
	}
	if (type == TARGET_MIRROR && !inventory_target(c->inv, id))
		check_row(
			c, VERIFY_FAIL, CHECK_TARGET, id,
			"ask its owner to share it again (AWS RAM), or set up another --target",
			"the mirror target no longer exists or is no longer shared with this account");
	if (type == TARGET_ENI || (type == TARGET_MIRROR && c->eni))
		interface_rows(c);
	else if (type == TARGET_GWLBE || (type == TARGET_MIRROR && c->endpoint))
		endpoint_rows(c);
	if (!check_has(c, CHECK_TARGET)) {
		if (id)
			check_row(c, VERIFY_OK, CHECK_TARGET, id, "",
				  "leads to the %s%s%s", target_type_text(type),
				  str_empty(c->plan.spec.target.id) ? "" : " ",
				  c->plan.spec.target.id);
		else
			check_row(
				c, VERIFY_FAIL, CHECK_TARGET, c->name,
				check_mirror(c, "sync"),
				"no mirror target for the %s: the sessions send elsewhere or nowhere",
				target_type_text(type));
	}
	if (type == TARGET_NLB || c->lb)
		lb_rows(c);
}

/* --- collectors behind the load balancer --- */

static const char *unhealthy_fix(struct checker *c, const struct receiver *r)
{
	unsigned int port = check_health_port(r);

	if (r->instance && !str_same(r->instance->state, "running"))
		return check_aws(c, "ec2 start-instances --instance-ids %s",
				 r->instance->id);
	if (str_same(r->target->state, "unused"))
		return "give the load balancer a subnet in the zone of the collector (aws elbv2 set-subnets, with all of its subnets)";
	if (str_same(r->target->state, "unhealthy") && !check_health_path(c, r))
		return check_mirror(c, "sync");
	return arena_printf(
		c->a,
		"on the collector, run sudo metlo-xdp attach IFACE%s, which answers on TCP %u; see also \"" CHECK_GROUPS
		"\" and \"" CHECK_ACLS "\"",
		port == VXLAN_PORT
			? ""
			: arena_printf(c->a, " --health 0.0.0.0:%u", port),
		port);
}

static void receiver_row(struct checker *c, const struct receiver *r)
{
	const struct elbv2_target *t = r->target;

	if (str_same(t->state, "healthy"))
		check_row(c, VERIFY_OK, CHECK_HEALTH, t->id, "",
			  "healthy; packets arrive at %s",
			  r->eni && r->eni->private_ip ? r->eni->private_ip
						       : t->id);
	else if (str_same(t->state, "initial"))
		check_row(c, VERIFY_WARN, CHECK_HEALTH, t->id,
			  "wait 30 seconds and verify again",
			  "in its first health check");
	else if (str_same(t->state, "draining"))
		check_row(c, VERIFY_WARN, CHECK_HEALTH, t->id,
			  check_mirror(c, "sync"),
			  "being deregistered from the load balancer");
	else
		check_row(c, VERIFY_FAIL, CHECK_HEALTH, t->id,
			  unhealthy_fix(c, r), "%s: %s",
			  t->state ? t->state : "in an unknown state",
			  t->description ? t->description
			  : t->reason	 ? t->reason
					 : "AWS gives no reason");
}

/* Collectors of the spec that are not registered. */
static void unregistered(struct checker *c)
{
	FOREACH(s, &c->plan.steps) {
		if (s->type == STEP_REGISTER && c->current.tg)
			check_row(c, VERIFY_FAIL, CHECK_HEALTH,
				  str_list_text(c->a, &s->ids, NAMES_MAX),
				  check_mirror(c, "sync"),
				  "not registered with the load balancer");
	}
}

void check_health(struct checker *c)
{
	if (!c->lb || !c->listener || !c->listener->target_group_arns.n)
		return;
	FOREACH(r, &c->receivers)
		receiver_row(c, r);
	unregistered(c);
	if (!check_has(c, CHECK_HEALTH))
		check_row(
			c, VERIFY_FAIL, CHECK_HEALTH, c->lb->name,
			arena_printf(
				c->a,
				"register the collectors in the target group %s",
				c->listener->target_group_arns.items[0]),
			"no collector is registered: mirrored traffic stops at the load balancer");
}
