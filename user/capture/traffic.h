/* SPDX-License-Identifier: MIT */
/* Checks whether mirrored packets reach an interface at all, and in what form. */
#ifndef CAPTURE_TRAFFIC_H
#define CAPTURE_TRAFFIC_H

#include <stdint.h>

/*
 * Counts the UDP packets to port, over IPv4 and IPv6, that arrive within ms
 * milliseconds, up to 1000. Does not see packets that an XDP program drops.
 * Returns the count or a negative errno. Needs CAP_NET_RAW.
 */
int traffic_count_udp(unsigned int ifindex, uint16_t port, unsigned int ms);

/* Packets that look mirrored, but not as we read them. */
struct traffic_seen {
	uint64_t geneve;     /* GENEVE, to its port */
	uint64_t vxlan;	     /* VXLAN, to another port */
	uint16_t vxlan_port; /* the last such */
};

/* A socket that receives the beginning of such packets, as far as no XDP program
 * drops them. A negative errno. Needs CAP_NET_RAW. */
int traffic_watch_open(unsigned int ifindex, uint16_t vxlan_port);

/* Adds what has arrived to seen, a bounded number of packets. */
void traffic_watch_read(int fd, struct traffic_seen *seen);

#endif
