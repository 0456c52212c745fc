/* SPDX-License-Identifier: MIT */
/* Checks whether mirrored packets reach an interface at all. */
#ifndef CAPTURE_TRAFFIC_H
#define CAPTURE_TRAFFIC_H

#include <stdint.h>

/*
 * Counts the UDP packets to port, over IPv4 and IPv6, that arrive within ms
 * milliseconds, up to 1000. Does not see packets that an XDP program drops.
 * Returns the count or a negative errno. Needs CAP_NET_RAW.
 */
int traffic_count_udp(unsigned int ifindex, uint16_t port, unsigned int ms);

#endif
