/* SPDX-License-Identifier: MIT */
/* The XDP features that a driver advertises, by the generic netlink family
 * "netdev" of Linux 6.3 and later. */
#ifndef CAPTURE_NLFEATURES_H
#define CAPTURE_NLFEATURES_H

#include <stdint.h>

#define NLFEATURES_NATIVE 0x01 /* NETDEV_XDP_ACT_BASIC */
#define NLFEATURES_FRAGS  0x20 /* NETDEV_XDP_ACT_RX_SG: multi-buffer */

/* 0, or a negative errno: -ENOENT if this kernel does not report them. */
int nlfeatures_read(unsigned int ifindex, uint64_t *features);

#endif
