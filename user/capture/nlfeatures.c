/* SPDX-License-Identifier: MIT */
/* Queries a driver's XDP features from the generic netlink family "netdev". */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "capture/nlfeatures.h"

/* From <linux/netdev.h>, which kernel headers before 6.3 lack. */
#define NETDEV_FAMILY		  "netdev"
#define NETDEV_CMD_DEV_GET	  1
#define NETDEV_A_DEV_IFINDEX	  1
#define NETDEV_A_DEV_XDP_FEATURES 3

/* A request with a single attribute. */
struct genl_request {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	struct nlattr attr;
	char value[16];
};

union genl_reply {
	struct nlmsghdr nlh;
	char bytes[8192];
};

static int query(int sock, uint16_t family, uint8_t cmd, uint16_t type,
		 const void *value, uint16_t len, union genl_reply *reply)
{
	struct genl_request req = {
		.nlh = {.nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST},
		.genl = {.cmd = cmd, .version = 1},
		.attr = {.nla_len = (uint16_t)(NLA_HDRLEN + len),
			 .nla_type = type},
	};
	ssize_t n;

	memcpy(req.value, value, len);
	req.nlh.nlmsg_len = (uint32_t)(offsetof(struct genl_request, value) +
				       NLA_ALIGN((size_t)len));
	if (send(sock, &req, req.nlh.nlmsg_len, 0) < 0)
		return -errno;
	n = recv(sock, reply, sizeof(*reply), 0);
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(reply->nlh) || reply->nlh.nlmsg_len > (size_t)n)
		return -EBADMSG;
	if (reply->nlh.nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = NLMSG_DATA(&reply->nlh);

		if (reply->nlh.nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
			return -EBADMSG;
		return e->error ? e->error : -EBADMSG;
	}
	return 0;
}

/* Copies the value of an attribute from the reply; -ENOENT if absent. */
static int attribute(const union genl_reply *reply, uint16_t type, void *out,
		     size_t size)
{
	size_t off = NLMSG_LENGTH(GENL_HDRLEN);

	while (off + sizeof(struct nlattr) <= reply->nlh.nlmsg_len) {
		const struct nlattr *a =
			(const struct nlattr *)(reply->bytes + off);

		if (a->nla_len < sizeof(*a) ||
		    a->nla_len > reply->nlh.nlmsg_len - off)
			return -EBADMSG;
		if ((a->nla_type & NLA_TYPE_MASK) == type &&
		    a->nla_len >= NLA_HDRLEN + size) {
			memcpy(out, a + 1, size);
			return 0;
		}
		off += NLA_ALIGN(a->nla_len);
	}
	return -ENOENT;
}

int nlfeatures_read(unsigned int ifindex, uint64_t *features)
{
	const struct timeval limit = {.tv_sec = 5};
	const uint32_t index = ifindex;
	union genl_reply reply = {.nlh = {0}};
	uint16_t family;
	int sock, err;

	sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (sock < 0)
		return -errno;
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	err = query(sock, GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
		    CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY, sizeof(NETDEV_FAMILY),
		    &reply);
	if (!err)
		err = attribute(&reply, CTRL_ATTR_FAMILY_ID, &family,
				sizeof(family));
	if (!err)
		err = query(sock, family, NETDEV_CMD_DEV_GET,
			    NETDEV_A_DEV_IFINDEX, &index, sizeof(index),
			    &reply);
	if (!err)
		err = attribute(&reply, NETDEV_A_DEV_XDP_FEATURES, features,
				sizeof(*features));
	close(sock);
	return err;
}
