/* SPDX-License-Identifier: MIT */
/*
 * live_tpacket IFACE RING_MIB: receives all packets of an interface by AF_PACKET
 * (TPACKET_V3) and only counts them, until SIGTERM. This measures the cost of
 * bringing packets to user space that way. Prints its counts as a JSON object.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#define BLOCK_SIZE (1u << 20)
#define FRAME_SIZE 2048u
#define BLOCK_MS   10

struct tpacket_reader {
	int socket, signals;
	unsigned int blocks;
	uint8_t *ring;
	uint64_t packets, bytes;
	uint64_t kernel_packets, kernel_drops; /* packets includes drops */
};

static void open_ring(struct tpacket_reader *r, const char *iface)
{
	const int version = TPACKET_V3;
	struct tpacket_req3 req = {
		.tp_block_size = BLOCK_SIZE,
		.tp_block_nr = r->blocks,
		.tp_frame_size = FRAME_SIZE,
		.tp_frame_nr = BLOCK_SIZE / FRAME_SIZE * r->blocks,
		.tp_retire_blk_tov = BLOCK_MS,
	};
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(iface),
	};

	if (!to.sll_ifindex)
		err(1, "%s", iface);
	r->socket = socket(AF_PACKET, SOCK_RAW, 0);
	if (r->socket < 0)
		err(1, "cannot open a packet socket");
	if (setsockopt(r->socket, SOL_PACKET, PACKET_VERSION, &version,
		       sizeof(version)) ||
	    setsockopt(r->socket, SOL_PACKET, PACKET_RX_RING, &req,
		       sizeof(req)))
		err(1, "TPACKET_V3");
	r->ring = mmap(NULL, (size_t)BLOCK_SIZE * r->blocks,
		       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_LOCKED,
		       r->socket, 0);
	if (r->ring == MAP_FAILED)
		err(1, "cannot map the ring");
	if (bind(r->socket, (struct sockaddr *)&to, sizeof(to)))
		err(1, "%s", iface);
}

static void open_signals(struct tpacket_reader *r)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	r->signals = signalfd(-1, &set, 0);
	if (r->signals < 0)
		err(1, "signalfd");
}

static void count_block(struct tpacket_reader *r,
			struct tpacket_block_desc *block)
{
	const uint8_t *p =
		(const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;

	for (uint32_t n = block->hdr.bh1.num_pkts; n; n--) {
		const struct tpacket3_hdr *head =
			(const struct tpacket3_hdr *)p;

		r->packets++;
		r->bytes += head->tp_snaplen;
		p += head->tp_next_offset;
	}
}

static void read_all(struct tpacket_reader *r)
{
	struct pollfd wait[2] = {{.fd = r->socket, .events = POLLIN},
				 {.fd = r->signals, .events = POLLIN}};
	unsigned int at = 0;

	while (!wait[1].revents) {
		struct tpacket_block_desc *block =
			(struct tpacket_block_desc *)(r->ring +
						      (size_t)at * BLOCK_SIZE);
		uint32_t *status = &block->hdr.bh1.block_status;

		if (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) &
		      TP_STATUS_USER)) {
			if (poll(wait, 2, -1) < 0 && errno != EINTR)
				err(1, "poll");
			continue;
		}
		count_block(r, block);
		__atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		at = (at + 1) % r->blocks;
	}
}

static void report(struct tpacket_reader *r)
{
	struct tpacket_stats_v3 stats;
	socklen_t len = sizeof(stats);

	if (getsockopt(r->socket, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		err(1, "PACKET_STATISTICS");
	printf("{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64
	       ",\"kernel_packets\":%u,\"kernel_drops\":%u}\n",
	       r->packets, r->bytes, stats.tp_packets, stats.tp_drops);
}

int main(int argc, char **argv)
{
	struct tpacket_reader r = {0};

	if (argc != 3 || (r.blocks = (unsigned int)atoi(argv[2])) < 1 ||
	    r.blocks > 2048)
		errx(2, "usage: live_tpacket IFACE RING_MIB");
	open_signals(&r);
	open_ring(&r, argv[1]);
	fprintf(stderr, "ready\n");
	read_all(&r);
	report(&r);
	return 0;
}
