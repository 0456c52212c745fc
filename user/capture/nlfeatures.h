/* SPDX-License-Identifier: MIT */
/* What a driver can do with XDP, by its own word: the generic netlink family
 * "netdev", which Linux has since 6.3. */
#ifndef CAPTURE_NLFEATURES_H
#define CAPTURE_NLFEATURES_H

#include <stdint.h>

#define NLFEATURES_NATIVE 0x01 /* NETDEV_XDP_ACT_BASIC */
#define NLFEATURES_FRAGS  0x20 /* NETDEV_XDP_ACT_RX_SG: multi-buffer */

/* 0, or a negative errno: -ENOENT, this kernel cannot tell. */
int nlfeatures_read(unsigned int ifindex, uint64_t *features);

#endif
