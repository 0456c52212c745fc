/* SPDX-License-Identifier: MIT */
/*
 * Explains why a driver rejected native XDP. The kernel reports little more than
 * an errno, so the cause is inferred from its extended acknowledgement, the
 * errno, and what is known of the driver, in that order.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/drivers.h"

/*
 * For 4 KiB pages. If only recent versions of a driver support multi-buffer
 * XDP, it is listed as unsupported: attaching is tried with frags first in any
 * case, and this table only serves to explain a failure.
 */
static const struct driver_limits known_drivers[] = {
	{"ena", 3498, false, true},	  {"gve", 2032, false, true},
	{"mlx5_core", 3498, true, false}, {"virtio_net", 3506, true, false},
	{"veth", 3520, true, false},
};

const struct driver_limits *driver_limits(const char *driver)
{
	for (size_t i = 0; i < sizeof(known_drivers) / sizeof(*known_drivers);
	     i++)
		if (!strcmp(known_drivers[i].driver, driver))
			return &known_drivers[i];
	return NULL;
}

static bool is_mtu_refusal(const struct refusal *r,
			   const struct driver_limits *l)
{
	if (strcasestr(r->extack, "mtu"))
		return true;
	if (r->error == ERANGE)
		return true;
	return l && !r->frags && r->dev->mtu > l->max_mtu;
}

static bool is_queue_refusal(const struct refusal *r,
			     const struct driver_limits *l)
{
	if (strcasestr(r->extack, "queue") || strcasestr(r->extack, "channel"))
		return true;
	if (r->error == ENOSPC)
		return true;
	return l && l->half_queues && r->dev->queues_max &&
	       r->dev->queues * 2 > r->dev->queues_max;
}

void drivers_other_program(const struct netdev *d, char *out, size_t size)
{
	bool native = d->native.id;
	const struct netdev_program *p = native ? &d->native : &d->generic;
	size_t n;

	n = (size_t)snprintf(
		out, size,
		"another XDP program is attached, id %u (%s), %s mode: ", p->id,
		p->name[0] ? p->name : "unknown name",
		native ? "native" : "generic");
	if (n >= size)
		return;
	if (p->link_id)
		snprintf(
			out + n, size - n,
			"stop the process that holds bpf_link %u, or run: bpftool link detach id %u",
			p->link_id, p->link_id);
	else
		snprintf(
			out + n, size - n,
			"remove it with the tool that attached it, or run: ip link set dev %s %s off",
			d->name, native ? "xdpdrv" : "xdpgeneric");
}

static void explain_mtu(const struct refusal *r, const struct driver_limits *l,
			char *out, size_t size)
{
	const struct netdev *d = r->dev;

	if (l)
		snprintf(
			out, size,
			"MTU %u exceeds what driver %s supports with XDP (%u): ip link set dev %s mtu %u",
			d->mtu, d->driver, l->max_mtu, d->name, l->max_mtu);
	else
		snprintf(
			out, size,
			"MTU %u exceeds what driver %s supports with XDP: lower it with ip link set dev %s mtu N (often 3498 or less)",
			d->mtu, d->driver[0] ? d->driver : "(unknown)",
			d->name);
}

static void explain_queues(const struct refusal *r, char *out, size_t size)
{
	const struct netdev *d = r->dev;

	if (!strcmp(d->driver, "veth"))
		snprintf(
			out, size,
			"the other end of the veth pair has more transmit queues than this end has receive queues (%u): ethtool -L %s rx N",
			d->queues, d->name);
	else
		snprintf(
			out, size,
			"%u of %u queues are in use, and driver %s needs the same number again for XDP: ethtool -L %s combined %u",
			d->queues, d->queues_max, d->driver, d->name,
			d->queues_max > 1 ? d->queues_max / 2 : 1);
}

void refusal_explain(const struct refusal *r, char *out, size_t size)
{
	const struct driver_limits *l = driver_limits(r->dev->driver);
	char advice[512];

	if (r->dev->native.id || r->dev->generic.id)
		drivers_other_program(r->dev, advice, sizeof(advice));
	else if (is_mtu_refusal(r, l))
		explain_mtu(r, l, advice, sizeof(advice));
	else if (is_queue_refusal(r, l))
		explain_queues(r, advice, sizeof(advice));
	else if (r->error == EOPNOTSUPP)
		snprintf(
			advice, sizeof(advice),
			"driver %s does not support native XDP: use --mode skb",
			r->dev->driver[0] ? r->dev->driver : "(unknown)");
	else
		snprintf(
			advice, sizeof(advice),
			"driver %s, MTU %u, %u of %u queues: use --mode skb, or see the kernel log",
			r->dev->driver[0] ? r->dev->driver : "(unknown)",
			r->dev->mtu, r->dev->queues, r->dev->queues_max);

	snprintf(out, size, "%s%s%s%s: %s",
		 r->extack[0] ? r->extack : strerror(r->error),
		 r->extack[0] ? " (" : "",
		 r->extack[0] ? strerror(r->error) : "",
		 r->extack[0] ? ")" : "", advice);
}
