/* SPDX-License-Identifier: MIT */
/* From sessions to VPCs, and from there to everything that has an address, since
 * the other end of a connection deserves a name as well. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/deployment.h"
#include "model/names.h"

/* A VNI and a VPC that its packets come from. */
struct network {
	uint32_t vni;
	const char *vpc, *deployment;
};
struct networks LIST_OF(struct network);

struct namer {
	struct arena *a;
	const struct inventory *inv;
	struct name_list list;
};

static void add_network(struct arena *a, struct networks *l,
			const struct mirror_session *s, const char *vpc)
{
	struct network *n;

	FOREACH(old, l)
		if (old->vni == (uint32_t)s->vni && str_same(old->vpc, vpc))
			return;
	n = ARENA_ADD(a, l);
	if (n)
		*n = (struct network){(uint32_t)s->vni, vpc,
				      tags_deployment(&s->tags)};
}

/* --- labels --- */

static void label(struct namer *n, struct name_entry *e, const char *key,
		  const char *value)
{
	if (!str_empty(value) && !tags_value(&e->labels, key))
		tags_add(n->a, &e->labels, key, value);
}

static void label_tags(struct namer *n, struct name_entry *e,
		       const struct aws_tags *tags)
{
	FOREACH(tag, tags)
		if (strncmp(tag->key, "metlo-mirror:", 13) != 0 &&
		    strcmp(tag->key, TAG_NAME) != 0)
			label(n, e, arena_printf(n->a, "tag:%s", tag->key),
			      tag->value);
}

/* The task of a service that has this interface. */
static bool name_task(struct namer *n, struct name_entry *e,
		      const struct ec2_interface *eni)
{
	FOREACH(service, &n->inv->services) {
		FOREACH(task, &service->tasks) {
			const char *slash =
				task->arn ? strrchr(task->arn, '/') : NULL;

			if (!str_same(ecs_task_interface(task), eni->id))
				continue;
			e->name = arena_printf(n->a, "%s/%s", service->cluster,
					       service->service);
			label(n, e, "ecs_cluster", service->cluster);
			label(n, e, "ecs_service", service->service);
			label(n, e, "ecs_task", slash ? slash + 1 : task->arn);
			return true;
		}
	}
	return false;
}

/* AWS describes the interfaces of load balancers as "ELB app/NAME/ID", "ELB
 * net/NAME/ID" and, of a classic one, "ELB NAME". */
static bool name_load_balancer(struct namer *n, struct name_entry *e,
			       const struct ec2_interface *eni)
{
	const char *d = eni->description, *name, *end;

	if (!d || strncmp(d, "ELB ", 4) != 0 || !d[4])
		return false;
	d += 4;
	name = strchr(d, '/');
	end = name ? strchr(name + 1, '/') : NULL;
	if (end) {
		e->name = arena_dup_n(n->a, name + 1, (size_t)(end - name) - 1);
		label(n, e, "load_balancer_type",
		      !strncmp(d, "app/", 4)   ? "application"
		      : !strncmp(d, "net/", 4) ? "network"
					       : "gateway");
	} else {
		e->name = d;
		label(n, e, "load_balancer_type", "classic");
	}
	label(n, e, "load_balancer", e->name);
	return true;
}

static void label_session(struct namer *n, struct name_entry *e,
			  const char *eni)
{
	FOREACH(s, &n->inv->sessions) {
		if ((uint32_t)s->vni != e->vni ||
		    !str_same(s->interface_id, eni) ||
		    !tags_deployment(&s->tags))
			continue;
		label(n, e, "session", s->id);
		label(n, e, "source", aws_tag_value(&s->tags, TAG_SOURCE));
	}
}

/* --- entries --- */

static struct name_entry *add(struct namer *n, const struct network *from,
			      const char *id)
{
	struct name_entry *e = ARENA_ADD(n->a, &n->list);

	if (!e)
		return NULL;
	e->vni = from->vni;
	e->id = id;
	label(n, e, "deployment", from->deployment);
	label(n, e, "vpc", from->vpc);
	return e;
}

/* One entry for each address. */
static void add_addresses(struct namer *n, const struct name_entry *first,
			  const struct ec2_interface *eni)
{
	struct name_entry all = *first, *e;
	struct str_list l = {0};

	if (!str_empty(eni->private_ip))
		str_list_add(n->a, &l, eni->private_ip);
	FOREACH(ip, &eni->private_ips)
		str_list_add(n->a, &l, *ip);
	FOREACH(ip, &eni->ipv6)
		str_list_add(n->a, &l, *ip);
	n->list.n--; /* takes first back */
	FOREACH(ip, &l) {
		e = ARENA_ADD(n->a, &n->list);
		if (!e)
			return;
		*e = all;
		e->address = *ip;
	}
}

static void add_interface(struct namer *n, const struct network *from,
			  const struct ec2_interface *eni)
{
	const struct ec2_instance *i =
		inventory_instance(n->inv, eni->instance_id);
	struct name_entry *e = add(n, from, eni->id);

	if (!e)
		return;
	label_session(n, e, eni->id);
	label(n, e, "interface", eni->id);
	label(n, e, "subnet", eni->subnet_id);
	label(n, e, "zone", eni->zone);
	label(n, e, "instance", eni->instance_id);
	label(n, e, "instance_type", i ? i->type : NULL);
	if (!name_task(n, e, eni) && !name_load_balancer(n, e, eni)) {
		e->name = inventory_interface_name(n->inv, eni);
		if (str_empty(e->name))
			e->name = str_empty(eni->instance_id)
					  ? eni->id
					  : eni->instance_id;
	}
	label_tags(n, e, &eni->tags);
	if (i)
		label_tags(n, e, &i->tags);
	add_addresses(n, e, eni);
}

static void add_subnet(struct namer *n, const struct network *from,
		       const struct ec2_subnet *subnet)
{
	const char *name = aws_tag_value(&subnet->tags, TAG_NAME);
	struct name_entry *e =
		str_empty(subnet->cidr) ? NULL : add(n, from, subnet->id);

	if (!e)
		return;
	e->address = subnet->cidr;
	e->name = str_empty(name) ? subnet->id : name;
	label(n, e, "subnet", subnet->id);
	label(n, e, "zone", subnet->zone);
	label_tags(n, e, &subnet->tags);
}

static int by_address(const void *x, const void *y)
{
	const struct name_entry *a = x, *b = y;
	int order;

	if (a->vni != b->vni)
		return a->vni < b->vni ? -1 : 1;
	order = strcmp(a->address, b->address);
	return order ? order : strcmp(a->id, b->id);
}

/* Sorts, and leaves out addresses of several interfaces. */
static size_t drop_ambiguous(struct name_list *l)
{
	size_t kept = 0, dropped = 0, next;

	if (l->n > 1)
		qsort(l->items, l->n, sizeof(*l->items), by_address);
	for (size_t i = 0; i < l->n; i = next) {
		const struct name_entry *e = &l->items[i];

		next = i + 1;
		while (next < l->n && l->items[next].vni == e->vni &&
		       !strcmp(l->items[next].address, e->address))
			next++;
		if (next == i + 1)
			l->items[kept++] = *e;
		else
			dropped++;
	}
	l->n = kept;
	return dropped;
}

struct name_list names_list(struct arena *a, const struct inventory *inv,
			    const struct str_list *deployments,
			    size_t *ambiguous)
{
	struct namer n = {.a = a, .inv = inv};
	struct networks networks = {0};

	FOREACH(s, &inv->sessions) {
		const char *name = tags_deployment(&s->tags);
		const struct ec2_interface *eni =
			inventory_interface(inv, s->interface_id);

		if (name && eni && !str_empty(eni->vpc_id) &&
		    str_list_has(deployments, name))
			add_network(a, &networks, s, eni->vpc_id);
	}
	FOREACH(from, &networks) {
		FOREACH(eni, &inv->interfaces)
			if (str_same(eni->vpc_id, from->vpc))
				add_interface(&n, from, eni);
		FOREACH(subnet, &inv->subnets)
			if (str_same(subnet->vpc_id, from->vpc))
				add_subnet(&n, from, subnet);
	}
	*ambiguous = drop_ambiguous(&n.list);
	return n.list;
}

static void add_text(struct buf *to, const char *text)
{
	json_add_string(to, text, strlen(text));
}

void names_write(struct buf *to, const struct name_list *l)
{
	FOREACH(e, l) {
		buf_add_str(to, "{\"vni\":");
		json_add_u64(to, e->vni);
		buf_add_str(to, ",\"address\":");
		add_text(to, e->address);
		buf_add_str(to, ",\"name\":");
		add_text(to, e->name);
		buf_add_str(to, ",\"labels\":{");
		FOREACH(tag, &e->labels) {
			if (tag != e->labels.items)
				buf_add_str(to, ",");
			add_text(to, tag->key);
			buf_add_str(to, ":");
			add_text(to, tag->value);
		}
		buf_add_str(to, "}}\n");
	}
}
