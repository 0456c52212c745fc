/* SPDX-License-Identifier: MIT */
/* Reads an interface's properties by ioctl(), ethtool and netlink. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "capture/netdev.h"

/* Issues an ioctl() for the interface; data becomes ifr_data. */
static int device_ioctl(int fd, unsigned long request, const char *name,
			struct ifreq *ifr, void *data)
{
	memset(ifr, 0, sizeof(*ifr));
	memcpy(ifr->ifr_name, name, strnlen(name, sizeof(ifr->ifr_name) - 1));
	if (data)
		ifr->ifr_data = data;
	return ioctl(fd, request, ifr);
}

static void read_driver(int fd, struct netdev *d)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq ifr;

	if (!device_ioctl(fd, SIOCETHTOOL, d->name, &ifr, &info))
		snprintf(d->driver, sizeof(d->driver), "%.*s",
			 (int)sizeof(info.driver) - 1, info.driver);
}

static void read_queues(int fd, struct netdev *d)
{
	struct ethtool_channels ch = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq ifr;

	if (device_ioctl(fd, SIOCETHTOOL, d->name, &ifr, &ch))
		return;
	d->queues = ch.combined_count + ch.rx_count;
	d->queues_max = ch.max_combined + ch.max_rx;
}

bool netdev_running(unsigned int ifindex)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {.ifr_ifindex = (int)ifindex};
	bool running = true;

	/* Unknown without a socket: assume that it is up. */
	if (fd < 0)
		return true;
	/* By index, because the interface may have been renamed. */
	if (ioctl(fd, SIOCGIFNAME, &ifr) || ioctl(fd, SIOCGIFFLAGS, &ifr))
		running = false;
	else
		running = ifr.ifr_flags & IFF_UP && ifr.ifr_flags & IFF_RUNNING;
	close(fd);
	return running;
}

static uint32_t find_link(uint32_t prog_id)
{
	__u32 id = 0;

	while (!bpf_link_get_next_id(id, &id)) {
		struct bpf_link_info info = {0};
		__u32 len = sizeof(info);
		int fd = bpf_link_get_fd_by_id(id), err;

		if (fd < 0)
			continue;
		err = bpf_obj_get_info_by_fd(fd, &info, &len);
		close(fd);
		if (!err && info.type == BPF_LINK_TYPE_XDP &&
		    info.prog_id == prog_id)
			return id;
	}
	return 0;
}

void netdev_program_read(struct netdev_program *p, uint32_t id)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	int fd;

	memset(p, 0, sizeof(*p));
	p->id = id;
	if (!id)
		return;
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len))
		snprintf(p->name, sizeof(p->name), "%.*s",
			 (int)sizeof(info.name) - 1, info.name);
	close(fd);
	p->link_id = find_link(id);
}

static void read_programs(struct netdev *d)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	if (bpf_xdp_query((int)d->ifindex, 0, &q))
		return;
	/* With a single program the kernel may leave the per-mode ids 0. */
	if (!q.drv_prog_id && q.attach_mode == XDP_ATTACHED_DRV)
		q.drv_prog_id = q.prog_id;
	if (!q.skb_prog_id && q.attach_mode == XDP_ATTACHED_SKB)
		q.skb_prog_id = q.prog_id;
	netdev_program_read(&d->native, q.drv_prog_id);
	netdev_program_read(&d->generic, q.skb_prog_id);
}

int netdev_read(struct netdev *d, const char *name)
{
	struct ifreq ifr;
	int fd, err = 0;

	memset(d, 0, sizeof(*d));
	if (strlen(name) >= sizeof(d->name))
		return -ENODEV;
	memcpy(d->name, name, strlen(name) + 1);

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (device_ioctl(fd, SIOCGIFINDEX, name, &ifr, NULL)) {
		err = -errno;
		goto out;
	}
	d->ifindex = (unsigned int)ifr.ifr_ifindex;
	if (!device_ioctl(fd, SIOCGIFMTU, name, &ifr, NULL))
		d->mtu = (uint32_t)ifr.ifr_mtu;
	if (!device_ioctl(fd, SIOCGIFFLAGS, name, &ifr, NULL))
		d->up = ifr.ifr_flags & IFF_UP;
	read_driver(fd, d);
	read_queues(fd, d);
	read_programs(d);
out:
	close(fd);
	return err;
}

void netdev_names(char *out, size_t size)
{
	struct if_nameindex *all = if_nameindex();
	size_t n = 0;

	out[0] = '\0';
	if (!all)
		return;
	for (struct if_nameindex *i = all; i->if_index; i++) {
		int m;

		if (!strcmp(i->if_name, "lo"))
			continue;
		m = snprintf(out + n, size - n, "%s%s", n ? ", " : "",
			     i->if_name);
		if (m < 0 || (size_t)m >= size - n)
			break;
		n += (size_t)m;
	}
	if_freenameindex(all);
}

const char *xdp_mode_name(enum xdp_mode mode)
{
	switch (mode) {
	case XDP_MODE_NATIVE:
		return "native";
	case XDP_MODE_GENERIC:
		return "generic";
	default:
		return "none";
	}
}
