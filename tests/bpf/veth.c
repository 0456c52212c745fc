/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <net/if.h>

#include "capture/lock.h"
#include "capture/pins.h"
#include "veth.h"

void veth_log_open(struct veth_log *h)
{
	h->log = (struct log){open_memstream(&h->text, &h->size), "test",
			      LOG_LEVEL_INFO};
	assert_non_null(h->log.out);
}

void veth_log_free(struct veth_log *h)
{
	fclose(h->log.out);
	free(h->text);
}

void assert_logged(const struct veth_log *h, const char *part)
{
	fflush(h->log.out);
	if (!strstr(h->text, part))
		fail_msg("not logged: \"%s\"; log:\n%s", part, h->text);
}

int shell(const char *fmt, ...)
{
	char cmd[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	return system(cmd);
}

int veth_make(const struct veth *v)
{
	return shell(
		"ip link add %s type veth peer name %s && ip link set %s up && ip link set %s up",
		v->dev, v->peer, v->dev, v->peer);
}

int veth_up(void **state)
{
	struct veth *v = calloc(1, sizeof(*v));

	if (!v)
		return -1;
	*state = v;
	snprintf(v->dev, sizeof(v->dev), "mxt%da", getpid());
	snprintf(v->peer, sizeof(v->peer), "mxt%db", getpid());
	return veth_make(v);
}

int veth_down(void **state)
{
	struct veth *v = *state;

	if (pins_mounted())
		pins_purge(v->dev);
	shell("ip link del %s 2>/dev/null", v->dev);
	shell("rm -f %s/%s.lock; rmdir --ignore-fail-on-non-empty %s 2>/dev/null",
	      LOCK_FOLDER, v->dev, LOCK_FOLDER);
	free(v);
	return 0;
}

bool veth_possible(const char *name)
{
	if (geteuid()) {
		printf("skip %s # needs root\n", name);
		return false;
	}
	if (unshare(CLONE_NEWNET)) {
		printf("skip %s # no network namespaces: %s\n", name,
		       strerror(errno));
		return false;
	}
	return true;
}

struct capture_conf veth_conf(const struct veth *v, const struct veth_log *h)
{
	static struct metlo_config config = {
		.port_bits = {[80 / 64] = 1ull << (80 % 64)},
		.vxlan_port = 4789,
	};

	return (struct capture_conf){
		.iface = v->dev,
		.request = LINK_NATIVE,
		.config = &config,
		.rings = 2,
		.ring_size = 1 << 20,
		.keep = true,
		.log = &h->log,
	};
}

static size_t put_ipv4(uint8_t *p, uint8_t proto, size_t payload, uint32_t src,
		       uint32_t dst)
{
	const size_t total = 20 + payload;

	memset(p, 0, 20);
	p[0] = 0x45;
	p[2] = (uint8_t)(total >> 8);
	p[3] = (uint8_t)total;
	p[8] = 64;
	p[9] = proto;
	src = htonl(src);
	dst = htonl(dst);
	memcpy(p + 12, &src, 4);
	memcpy(p + 16, &dst, 4);
	return 20;
}

static size_t put_ethernet(uint8_t *p)
{
	memset(p, 2, 12);
	p[12] = 0x08;
	p[13] = 0x00;
	return 14;
}

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A mirrored segment from port sport to 80 with 4 bytes of payload. */
static size_t make_frame(uint8_t *p, unsigned int sport, uint32_t number)
{
	const size_t inner = 14 + 20 + 20 + 4;
	size_t n = put_ethernet(p);

	n += put_ipv4(p + n, IPPROTO_UDP, 8 + 8 + inner, 0x0a000001,
		      0x0a000002);
	memset(p + n, 0, 16);
	put16(p + n, 40000);
	put16(p + n + 2, 4789);
	put16(p + n + 4, (unsigned int)(16 + inner));
	p[n + 8] = 0x08; /* VXLAN: the VNI is valid */
	p[n + 14] = 7;	 /* VNI 7 */
	n += 16;
	n += put_ethernet(p + n);
	n += put_ipv4(p + n, IPPROTO_TCP, 24, 0x0a010001, 0x0a010002);
	memset(p + n, 0, 20);
	put16(p + n, sport);
	put16(p + n + 2, 80);
	p[n + 12] = 5 << 4;
	p[n + 13] = 0x18; /* PSH, ACK */
	n += 20;
	memcpy(p + n, &number, 4);
	return n + 4;
}

void veth_inject(const struct veth *v, uint32_t first, uint32_t n)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)if_nametoindex(v->peer),
				 .sll_protocol = htons(0x0800)};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	assert_true(fd >= 0);
	for (uint32_t i = first; i < first + n; i++) {
		uint8_t frame[256];
		size_t len = make_frame(frame, 10000 + i, i);

		assert_int_equal(sendto(fd, frame, len, 0,
					(struct sockaddr *)&to, sizeof(to)),
				 len);
	}
	close(fd);
}

/* The kernel frees a link whose last reference was a file in the background. */
void assert_no_program(const struct veth *v)
{
	struct netdev d;

	for (unsigned int i = 0; i < 1000; i++) {
		assert_int_equal(netdev_read(&d, v->dev), 0);
		if (!d.native.id && !d.generic.id)
			return;
		usleep(10000);
	}
	assert_int_equal(d.native.id, 0);
	assert_int_equal(d.generic.id, 0);
}
