/* SPDX-License-Identifier: MIT */
/* Attaches by rtnetlink only to obtain the driver's error message. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "capture/nlxdp.h"

struct set_xdp {
	struct nlmsghdr nlh;
	struct ifinfomsg ifi;
	struct nlattr xdp;
	struct nlattr fd_attr;
	int32_t fd;
	struct nlattr flags_attr;
	uint32_t flags;
};

/* Copies the text of NLMSGERR_ATTR_MSG, if the error message has one. */
static void read_extack(const struct nlmsghdr *nlh, char *out, size_t size)
{
	const struct nlmsgerr *e = NLMSG_DATA(nlh);
	size_t off = sizeof(*nlh) + sizeof(*e);

	/* Unless capped, a copy of the request precedes the attributes. */
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) &&
	    e->msg.nlmsg_len >= sizeof(struct nlmsghdr))
		off += NLMSG_ALIGN(e->msg.nlmsg_len - sizeof(struct nlmsghdr));

	while (off + sizeof(struct nlattr) <= nlh->nlmsg_len) {
		const struct nlattr *a =
			(const struct nlattr *)((const char *)nlh + off);

		if (a->nla_len < sizeof(*a) ||
		    a->nla_len > nlh->nlmsg_len - off)
			return;
		if ((a->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
			snprintf(out, size, "%.*s",
				 (int)(a->nla_len - sizeof(*a)),
				 (const char *)(a + 1));
		off += NLA_ALIGN(a->nla_len);
	}
}

static int set_xdp(int sock, unsigned int ifindex, int prog_fd, uint32_t flags,
		   char *extack, size_t size)
{
	struct set_xdp req = {
		.nlh = {.nlmsg_len = sizeof(req),
			.nlmsg_type = RTM_SETLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.ifi = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex},
		.xdp = {.nla_len = sizeof(req) - offsetof(struct set_xdp, xdp),
			.nla_type = NLA_F_NESTED | IFLA_XDP},
		.fd_attr = {.nla_len = NLA_HDRLEN + sizeof(req.fd),
			    .nla_type = IFLA_XDP_FD},
		.fd = prog_fd,
		.flags_attr = {.nla_len = NLA_HDRLEN + sizeof(req.flags),
			       .nla_type = IFLA_XDP_FLAGS},
		.flags = flags,
	};
	union {
		struct nlmsghdr nlh;
		char bytes[4096];
	} ans;
	const struct nlmsgerr *e = NLMSG_DATA(&ans.nlh);
	ssize_t n;

	if (send(sock, &req, sizeof(req), 0) != (ssize_t)sizeof(req))
		return -errno;
	n = recv(sock, &ans, sizeof(ans), 0);
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(ans.nlh) + sizeof(*e) ||
	    ans.nlh.nlmsg_len > (size_t)n || ans.nlh.nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	if (e->error && extack)
		read_extack(&ans.nlh, extack, size);
	return e->error;
}

int nlxdp_try_native(unsigned int ifindex, int prog_fd, char *extack,
		     size_t size)
{
	const struct timeval limit = {.tv_sec = 5};
	const int on = 1;
	int sock, err;

	extack[0] = '\0';
	sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (sock < 0)
		return -errno;
	setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));

	err = set_xdp(sock, ifindex, prog_fd,
		      XDP_FLAGS_UPDATE_IF_NOEXIST | XDP_FLAGS_DRV_MODE, extack,
		      size);
	if (!err)
		set_xdp(sock, ifindex, -1, XDP_FLAGS_DRV_MODE, NULL, 0);
	close(sock);
	return err;
}
