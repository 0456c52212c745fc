/* SPDX-License-Identifier: MIT */
/* Checks an interface: driver, MTU, queues, XDP programs, traffic, losses. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/attached.h"
#include "capture/drivers.h"
#include "capture/nlfeatures.h"
#include "capture/traffic.h"
#include "cli/daemon_state.h"
#include "cli/doctor_interface.h"
#include "run/summary.h"

#define WATCH_MS 2000
/* What VXLAN over IPv4 adds to a mirrored packet, as AWS counts it. */
#define MIRROR_OVERHEAD 54u
#define MIRROR_MTU	8947u /* largest packet that fits a target with MTU 9001 */

/* The interface under test. */
struct subject {
	struct netdev dev;
	const struct driver_limits *limits; /* or NULL */
	bool native, frags;		    /* driver features */
	struct attached attached;
	bool is_attached;
};

static const char *driver_name(const struct subject *s)
{
	return s->dev.driver[0] ? s->dev.driver : "(unknown)";
}

static void check_driver(struct doctor *d, struct subject *s)
{
	uint64_t features = 0;
	int err = nlfeatures_read(s->dev.ifindex, &features);

	if (err) {
		s->native = s->limits != NULL;
		s->frags = s->limits && s->limits->frags;
	} else {
		s->native = features & NLFEATURES_NATIVE;
		s->frags = features & NLFEATURES_FRAGS;
	}
	if (s->native)
		doctor_report(
			d, DOCTOR_OK, "driver", "%s: native XDP%s%s",
			driver_name(s),
			s->frags ? ", multi-buffer frames"
				 : ", single-buffer frames only",
			err ? " (guessed from its name; this kernel does not report it)"
			    : "");
	else if (err)
		doctor_report(
			d, DOCTOR_WARN, "driver",
			"%s: native XDP support unknown: attach reports the mode it gets",
			driver_name(s));
	else
		doctor_report(
			d, DOCTOR_WARN, "driver",
			"%s has no native XDP: attach falls back to generic mode, which costs several times the CPU: use an interface whose driver supports it",
			driver_name(s));
}

static void check_mtu(struct doctor *d, const struct subject *s)
{
	uint32_t mtu = s->dev.mtu;
	uint32_t whole = mtu > MIRROR_OVERHEAD ? mtu - MIRROR_OVERHEAD : 0;

	if (s->limits && s->native && !s->frags && mtu > s->limits->max_mtu)
		doctor_report(
			d, DOCTOR_WARN, "MTU",
			"%u exceeds the maximum of driver %s with XDP (%u): attach would fall back to generic mode: ip link set dev %s mtu %u",
			mtu, driver_name(s), s->limits->max_mtu, s->dev.name,
			s->limits->max_mtu);
	else if (whole < MIRROR_MTU)
		doctor_report(
			d, DOCTOR_WARN, "MTU",
			"%u: mirrored packets larger than %u bytes arrive truncated (larger than %u with MTU 9001): %s%s%s",
			mtu, whole, MIRROR_MTU,
			s->limits && !s->frags
				? "the maximum of this driver with XDP: limit the packet length of the mirror sessions"
				: "ip link set dev ",
			s->limits && !s->frags ? "" : s->dev.name,
			s->limits && !s->frags ? "" : " mtu 9001");
	else
		doctor_report(
			d, DOCTOR_OK, "MTU",
			"%u: mirrored packets of up to %u bytes arrive untruncated",
			mtu, whole);
}

static void check_queues(struct doctor *d, const struct subject *s)
{
	const struct netdev *n = &s->dev;

	if (!n->queues_max)
		doctor_report(d, DOCTOR_OK, "queues",
			      "not reported by driver %s", driver_name(s));
	else if (s->limits && s->limits->half_queues && !s->is_attached &&
		 n->queues_max > 1 && n->queues * 2 > n->queues_max)
		doctor_report(
			d, DOCTOR_WARN, "queues",
			"%u of %u in use, but driver %s may need as many again for XDP: ethtool -L %s combined %u",
			n->queues, n->queues_max, driver_name(s), n->name,
			n->queues_max / 2);
	else
		doctor_report(d, DOCTOR_OK, "queues", "%u of %u in use",
			      n->queues, n->queues_max);
}

static void check_programs(struct doctor *d, const struct subject *s)
{
	const struct netdev_program *p =
		s->dev.native.id ? &s->dev.native : &s->dev.generic;
	char other[256];

	drivers_other_program(&s->dev, other, sizeof(other));
	if (s->is_attached && s->attached.prog_id == p->id && p->id)
		doctor_report(d, DOCTOR_OK, "XDP program",
			      "metlo-xdp is attached in %s mode, id %u",
			      xdp_mode_name(s->attached.mode), p->id);
	else if (p->id && geteuid() && /* its pins cannot be read */
		 (!p->name[0] || !strcmp(p->name, "metlo_xdp")))
		doctor_report(
			d, DOCTOR_WARN, "XDP program",
			"id %u is attached, which may be that of metlo-xdp: only root can tell: sudo metlo-xdp doctor %s",
			p->id, s->dev.name);
	else if (p->id)
		doctor_report(d, DOCTOR_FAIL, "XDP program", "%s", other);
	else
		doctor_report(d, DOCTOR_OK, "XDP program", "none attached");
}

/* While we are attached, mirrored packets do not reach a socket, so compare our
 * own counters. */
static int watch_attached(const struct subject *s)
{
	const struct metlo_stats *before = &s->attached.stats;
	struct attached now;
	uint64_t n;

	usleep(WATCH_MS * 1000);
	if (attached_read(&now, s->dev.name))
		return -EIO;
	n = (now.stats.packets - before->packets) -
	    (now.stats.pass_not_vxlan - before->pass_not_vxlan) -
	    (now.stats.bad_outer - before->bad_outer);
	attached_free(&now);
	return n > 1000 ? 1000 : (int)n;
}

static void check_traffic(struct doctor *d, const struct subject *s,
			  unsigned int port)
{
	int n;

	if (!s->dev.up)
		return;
	n = s->is_attached ? watch_attached(s)
			   : traffic_count_udp(s->dev.ifindex, (uint16_t)port,
					       WATCH_MS);
	if (n < 0)
		doctor_report(d, DOCTOR_WARN, "mirrored traffic",
			      "cannot be observed: %s: run doctor as root",
			      strerror(-n));
	else if (!n)
		doctor_report(
			d, DOCTOR_WARN, "mirrored traffic",
			"no packet to UDP port %u in %d s: check the mirror session, that the security group of %s allows inbound UDP %u, and that the sources have traffic",
			port, WATCH_MS / 1000, s->dev.name, port);
	else
		doctor_report(d, DOCTOR_OK, "mirrored traffic",
			      "%s%d packets to UDP port %u in %d s",
			      n >= 1000 ? "at least " : "", n, port,
			      WATCH_MS / 1000);
}

static void check_losses(struct doctor *d, const struct subject *s)
{
	const struct summary sum = {.packets = &s->attached.stats};
	struct summary_loss loss[SUMMARY_LOSSES_MAX];
	size_t n = summary_losses(&sum, loss), bad = 0;

	for (size_t i = 0; i < n; i++) {
		if (!loss[i].value)
			continue;
		doctor_report(d, DOCTOR_WARN, "losses", "%s %llu: %s",
			      loss[i].counter,
			      (unsigned long long)loss[i].value,
			      loss[i].remedy);
		bad++;
	}
	if (!bad)
		doctor_report(d, DOCTOR_OK, "losses", "none");
	if (!s->attached.daemon)
		doctor_report(
			d, DOCTOR_WARN, "daemon",
			"not running, and the rings will overflow: metlo-xdp attach %s, or as a service: systemctl start metlo-xdp@%s",
			s->dev.name, s->dev.name);
	else
		doctor_report(d, DOCTOR_OK, "daemon", "process %ld",
			      (long)s->attached.daemon);
}

/* The same hints as those of status and /healthz. */
static void check_hints(struct doctor *d, const struct subject *s)
{
	struct advice advice[N_ADVICES];
	struct shared_state state;
	const bool known = daemon_state_read(&state, &s->attached);
	const unsigned int n = daemon_state_advice(
		&s->attached, known ? &state : NULL, advice);

	for (unsigned int i = 0; i < n; i++)
		doctor_report(d, DOCTOR_WARN, "hint", "%s: %s",
			      advice_names[advice[i].id], advice[i].text);
	if (!n && known)
		doctor_report(d, DOCTOR_OK, "hints", "none");
	if (known)
		shared_state_free(&state);
}

void doctor_interface(struct doctor *d, const char *iface, unsigned int port)
{
	struct subject s = {0};
	char names[512];

	if (netdev_read(&s.dev, iface)) {
		netdev_names(names, sizeof(names));
		doctor_report(d, DOCTOR_FAIL, "interface",
			      "%s does not exist: choose one of: %s", iface,
			      names);
		return;
	}
	if (s.dev.up)
		doctor_report(d, DOCTOR_OK, "interface", "%s is up", iface);
	else
		doctor_report(d, DOCTOR_FAIL, "interface",
			      "%s is down: ip link set dev %s up", iface,
			      iface);
	s.limits = driver_limits(s.dev.driver);
	s.is_attached = !attached_read(&s.attached, iface) && s.attached.live;
	if (s.is_attached)
		port = s.attached.config.vxlan_port;
	check_driver(d, &s);
	check_mtu(d, &s);
	check_queues(d, &s);
	check_programs(d, &s);
	check_traffic(d, &s, port);
	if (s.is_attached) {
		check_losses(d, &s);
		check_hints(d, &s);
	}
	attached_free(&s.attached);
}
