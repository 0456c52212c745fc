/* SPDX-License-Identifier: MIT */
/* Packet sockets with classic BPF filters: mirrored packets that arrive, and those in
 * another encapsulation. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "capture/traffic.h"

#define COUNT_MAX 1000

/* A socket with that filter, bound to the interface, or a negative errno. */
static int open_filtered(unsigned int ifindex, const struct sock_fprog *filter)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)ifindex,
	};
	/* Protocol 0 receives nothing until the socket is bound, by which time
	 * the filter is in place. */
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter,
			sizeof(*filter)) &&
	    !bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* On a SOCK_DGRAM packet socket the filter's offsets start at the IP header. */
static int open_counter(unsigned int ifindex, uint16_t port)
{
	struct sock_filter code[] = {
		/* 0: IP version */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 0, 7),
		/* 3: IPv4: UDP, and not a later fragment */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 11),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 9, 0),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 5, 6),
		/* 10: IPv6: UDP without extension headers */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x60, 0, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 42),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {
		.len = sizeof(code) / sizeof(*code),
		.filter = code,
	};

	return open_filtered(ifindex, &filter);
}

static int count(int fd, unsigned int ms)
{
	const uint64_t end = clock_mono_ns() + ms * NSEC_PER_MSEC;
	int n = 0;

	while (n < COUNT_MAX) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		struct sockaddr_ll from = {0};
		socklen_t len = sizeof(from);
		uint64_t now = clock_mono_ns();
		char byte;

		if (now >= end)
			break;
		if (poll(&p, 1, (int)((end - now) / NSEC_PER_MSEC) + 1) <= 0)
			continue;
		if (recvfrom(fd, &byte, 1, MSG_DONTWAIT | MSG_TRUNC,
			     (struct sockaddr *)&from, &len) >= 0 &&
		    from.sll_pkttype != PACKET_OUTGOING)
			n++;
	}
	return n;
}

int traffic_count_udp(unsigned int ifindex, uint16_t port, unsigned int ms)
{
	int fd = open_counter(ifindex, port), n;

	if (fd < 0)
		return fd;
	n = count(fd, ms);
	close(fd);
	return n;
}

/* --- other encapsulations ------------------------------------------------ */

#define GENEVE_PORT 6081
/* Of VXLAN with a VNI and nothing else, in the first 32 bits. */
#define VXLAN_FLAGS 0x08000000u
/* Bytes kept of a packet: of IPv6, UDP and the headers that are judged. */
#define SEEN_BYTES 64
/* Packets read at a time. */
#define SEEN_MAX 256

/* As a first selection; the rest is decided in user space. */
int traffic_watch_open(unsigned int ifindex, uint16_t vxlan_port)
{
	struct sock_filter code[] = {
		/* 0: IP version */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 0, 6),
		/* 3: IPv4: UDP, and not a later fragment */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 13),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 11, 0),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_JUMP(BPF_JMP | BPF_JA, 4, 0, 0),
		/* 9: IPv6: UDP without extension headers */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x60, 0, 8),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
		BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 40),
		/* 13: the port, then what is behind the header of UDP */
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, vxlan_port, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, GENEVE_PORT, 3, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_IND, 8),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VXLAN_FLAGS, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, SEEN_BYTES),
	};
	const struct sock_fprog filter = {
		.len = sizeof(code) / sizeof(*code),
		.filter = code,
	};

	return open_filtered(ifindex, &filter);
}

static unsigned int be16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* p: from the IP header on, of a packet that the filter has selected. */
static void judge(const uint8_t *p, size_t n, struct traffic_seen *seen)
{
	const size_t ip = n && p[0] >> 4 == 4 ? (p[0] & 0xfu) * 4 : 40;
	const uint8_t *udp = p + ip, *tunnel = udp + 8;
	unsigned int inner;

	if (n < ip + 16)
		return;
	if (be16(udp + 2) != GENEVE_PORT) {
		seen->vxlan++;
		seen->vxlan_port = (uint16_t)be16(udp + 2);
		return;
	}
	/* Version 0, and Ethernet or IP within. */
	inner = be16(tunnel + 2);
	if (tunnel[0] >> 6 == 0 &&
	    (inner == ETH_P_TEB || inner == ETH_P_IP || inner == ETH_P_IPV6))
		seen->geneve++;
}

void traffic_watch_read(int fd, struct traffic_seen *seen)
{
	for (unsigned int i = 0; i < SEEN_MAX; i++) {
		struct sockaddr_ll from = {0};
		socklen_t len = sizeof(from);
		uint8_t p[SEEN_BYTES];
		ssize_t n = recvfrom(fd, p, sizeof(p), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &len);

		if (n < 0)
			return;
		if (from.sll_pkttype != PACKET_OUTGOING)
			judge(p, (size_t)n, seen);
	}
}
