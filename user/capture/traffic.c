/* SPDX-License-Identifier: MIT */
/* Counts VXLAN packets on a packet socket with a classic BPF filter. */
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

/* On a SOCK_DGRAM packet socket the filter's offsets start at the IP header. */
static int set_filter(int fd, uint16_t port)
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
	struct sock_fprog prog = {
		.len = sizeof(code) / sizeof(*code),
		.filter = code,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
			  sizeof(prog));
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
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)ifindex,
	};
	/* Protocol 0 receives nothing until the socket is bound, by which time
	 * the filter is in place. */
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), n;

	if (fd < 0)
		return -errno;
	if (set_filter(fd, port) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)))
		n = -errno;
	else
		n = count(fd, ms);
	close(fd);
	return n;
}
