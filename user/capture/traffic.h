/* SPDX-License-Identifier: MIT */
/* Do mirrored packets reach an interface at all? */
#ifndef CAPTURE_TRAFFIC_H
#define CAPTURE_TRAFFIC_H

#include <stdint.h>

/*
 * Counts the UDP packets to port, IPv4 and IPv6, that arrive within ms
 * milliseconds, up to 1000 of them. Sees nothing of what an XDP program
 * drops. The count or a negative errno; needs CAP_NET_RAW.
 */
int traffic_count_udp(unsigned int ifindex, uint16_t port, unsigned int ms);

#endif
